"""Progress of a run on the terminal: counts, and the time left."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

_PLAIN_SECONDS = 10.0
_COLOURS = {"pass": "green", "fail": "red", "error": "magenta", "inconclusive": "yellow"}


class ProgressView:
    """A pytest plugin that shows how far a run is: a bar on a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._counts: Counter[str] = Counter()
        self._total = 0
        self._began = time.monotonic()
        self._last_line = self._began
        self._bar: Progress | None = None
        self._task: Any = None
        self.problems: list[str] = []
        self.internal: list[str] = []
        self.faults: list[tuple[int, str]] = []
        """What kept a target from starting: the exit code and the sentence."""

    @property
    def selected(self) -> int:
        """How many cases were selected."""
        return self._total

    def start(self, total: int) -> None:
        """Begin to show a run of ``total`` cases."""
        if self._total or not total:
            return
        self._total = total
        self._began = time.monotonic()
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.completed}/{task.total}"),
                BarColumn(bar_width=30),
                TextColumn("{task.fields[counts]}"),
                TimeElapsedColumn(),
                TextColumn("left"),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
            )
            self._task = self._bar.add_task("run", total=total, counts="")
            self._bar.start()

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take the number of cases where this process runs them."""
        self.start(len(session.items))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what made a scenario file unreadable."""
        text = str(report.longrepr)
        if report.failed and text not in self.problems:
            self.problems.append(text)

    def pytest_internalerror(self, excrepr: Any) -> None:
        """Keep a fault of the harness itself."""
        self.internal.append(str(excrepr))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one finished case."""
        if report.when != "call" and not (report.when == "setup" and not report.passed):
            return
        told = dict(report.user_properties)
        if "dip_fault" in told:
            self.faults.append((int(str(told["dip_fault"])), str(report.longrepr)))
            return
        verdict = str(told.get("dip_verdict", "error"))
        self._counts[verdict] += 1
        if self._bar is not None:
            shown = "  ".join(
                f"[{_COLOURS.get(name, 'dim')}]{name} {number}[/]"
                for name, number in self._counts.most_common()
            )
            self._bar.update(self._task, advance=1, counts=shown)
        elif time.monotonic() - self._last_line >= _PLAIN_SECONDS:
            self._last_line = time.monotonic()
            done = self._counts.total()
            left = (self._last_line - self._began) / done * (self._total - done)
            counts = ", ".join(f"{name} {number}" for name, number in self._counts.most_common())
            self._console.print(f"{done}/{self._total}: {counts}; about {left:.0f} s left")


class DistributedProgress:
    """The hook of pytest-xdist that gives the number of cases."""

    def __init__(self, view: ProgressView) -> None:
        self._view = view

    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Take the number of cases from the first worker."""
        self._view.start(len(ids))
