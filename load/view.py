"""A load on the terminal while it runs, and its result when it is over."""

from __future__ import annotations

import time
from collections import deque
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from load.figures import Result
from load.histogram import Histogram
from load.judging import bound, shown
from load.playing import Progress
from load.profile import Profile

_STYLES = {"pass": "green", "fail": "bold red"}
_PLAIN_SECONDS = 10.0
_BARS = " ▁▂▃▄▅▆▇█"
_KEPT = 40


class LoadView:
    """Shows a load: a live table on a terminal, a line now and then elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._course: deque[float] = deque(maxlen=_KEPT)
        self._answers = Histogram()
        self._last = 0.0
        self._requests = 0
        self._profile = ""

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(console=self._console, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def __call__(self, profile: Profile, progress: Progress) -> None:
        """Show how far a profile is."""
        if profile.id != self._profile:
            self._profile, self._answers, self._requests = profile.id, Histogram(), 0
            self._course.clear()
        for each in progress.latencies:
            self._answers.add(each)
        now = time.monotonic()
        if self._live is not None:
            if now - self._last >= 1.0:
                self._course.append(max(0, progress.requests - self._requests))
                self._requests, self._last = progress.requests, now
            self._live.update(self._table(profile, progress))
        elif now - self._last >= _PLAIN_SECONDS:
            self._last = now
            self._console.print(
                f"{profile.id}: {progress.phase}, {max(0, progress.seconds):.0f} of {profile.seconds:.0f} s, "
                f"{progress.requests:,} messages, {progress.refused:,} refused, "
                f"{progress.publications:,} publications",
                highlight=False,
                soft_wrap=True,
            )

    def _table(self, profile: Profile, progress: Progress) -> RenderableType:
        seconds = min(max(0.0, progress.seconds), profile.seconds)
        filled = round(30 * seconds / profile.seconds)
        head = Text.assemble(
            (profile.id, "bold"), f"  {progress.phase}  ", ("━" * filled, "green"),
            ("━" * (30 - filled), "dim"),
            f"  {seconds:.0f} of {profile.seconds:.0f} s",
        )  # fmt: skip
        table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
        table.add_column(style="dim")
        table.add_column(justify="right")
        table.add_column(style="dim")
        table.add_column(justify="right")
        p50, p99 = self._answers.percentile(0.5) * 1000, self._answers.percentile(0.99) * 1000
        table.add_row("due", f"{progress.due:,.0f}", "answer, half within", f"{p50:,.1f} ms")
        table.add_row("sent", f"{progress.requests:,}", "answer, 99 % within", f"{p99:,.1f} ms")
        table.add_row("refused", _alarm(progress.refused), "publications", f"{progress.publications:,}")
        table.add_row("sent late", _alarm(progress.late), "per second", _spark(self._course))
        return Group(head, table)


def _alarm(number: int) -> Text:
    return Text(f"{number:,}", style="red" if number else "")


def _spark(values: deque[float]) -> str:
    most = max(values, default=0.0) or 1.0
    return "".join(_BARS[round(value / most * (len(_BARS) - 1))] for value in values)


def outcome(found: Result) -> RenderableType:
    """Return a result: verdict, limits, and how the generator fared."""
    judgement, profile = found.judgement, found.profile
    verdict = judgement.verdict.value
    title = Text.assemble((verdict, _STYLES.get(verdict, "yellow")), f"  {profile.id}  {profile.title}")
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False)
    for name, justify in (("limit", "left"), ("measured", "right"), ("bound", "left"), ("basis", "left")):
        table.add_column(name, justify=justify, header_style="dim")  # type: ignore[arg-type]
    for check in judgement.checks:
        style = "" if check.passed else "red" if check.decides else "yellow"
        table.add_row(
            check.limit.measure,
            Text(shown(check.limit.measure, check.value), style=style),
            bound(check.limit),
            f"{check.limit.basis}{', relaxed' if check.limit.relaxed else ''}",
        )
    fitness = judgement.health
    generator = Text(
        f"generator {'healthy' if fitness.healthy else 'NOT healthy'}: 99 % begun within "
        f"{fitness.late_p99_ms:.3g} ms of being due, {fitness.busy:.0%} of a core; "
        f"{fitness.signed:,} signatures at {fitness.signing_us:.0f} us",
        style="" if fitness.healthy else "yellow",
    )
    parts: list[RenderableType] = [title]
    if judgement.reason:
        parts.append(Text(judgement.reason))
    return Group(*parts, table, generator)
