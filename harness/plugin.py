"""The pytest plugin: collects scenario files as test items and runs them through the engine.

Inert without ``--stage``. With it, ``pytest test_catalogue --stage cit`` and ``dip run --stage cit`` are one
run: both write the same events, reports and verdicts. With pytest-xdist each worker has a target of its own
and writes its part of the events; the controller merges them.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.data import folder
from harness.errors import ConfigurationError, HarnessError
from harness.evidence.verdicts import Outcome, Verdict
from harness.reports.write import write_reports
from harness.scenarios.catalogue import is_scenario, read_variants
from harness.scenarios.expand import cases_of, read_families, twinned
from harness.scenarios.model import Case
from harness.scenarios.requirements import register_of
from harness.spec.release import load
from harness.spec.routing import load_routing
from harness.stages.finish import begin, end
from harness.stages.impact import touched
from harness.stages.options import RunOptions, folder_of, options
from harness.stages.resume import resumed, waits
from harness.stages.session import Session, prepare

RUN = pytest.StashKey["StageRun"]()
VERDICT = "dip_verdict"
FAULT = "dip_fault"


class ScenarioFailure(AssertionError):
    """A scenario instance that did not pass: its outcome, and a stable key to group by."""

    def __init__(self, case: Case, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.case = case
        self.outcome = outcome

    def __str__(self) -> str:
        blame = self.outcome.blame
        move = (
            ""
            if blame is None
            else f"\nwhose move: {blame.cause.value}" + (f", {blame.party}" if blame.party else "")
        )
        return f"{self.outcome.verdict.value}: {self.case.title}\n{self.outcome.reason}{move}"


class StageRun:
    """What one pytest process keeps of a run."""

    def __init__(self, chosen: RunOptions, config: pytest.Config) -> None:
        worker = getattr(config, "workerinput", None)
        self.options = chosen
        self.worker: str = worker["workerid"] if worker else "main"
        self.controls = worker is None
        self.distributed = bool(config.getoption("numprocesses", None) or config.getoption("tx", None))
        self.shared: Path | None = Path(worker["dip_shared"]) if worker and worker["dip_shared"] else None
        self.began = time.perf_counter()
        self.interrupted = False
        self.session: Session | None = None
        self.written: list[Path] = []
        self.log: Any = None
        if self.controls:
            self.prepared = prepare(chosen)
            self.shared = self.prepared.folder

    def play(self, case: Case) -> Outcome:
        """Run a case on this process's target, which the first case starts."""
        if self.session is None:
            self.session = Session(self.options, self.shared, self.worker)
        return self.session.play(case)

    def begin(self, selected: int) -> None:
        """Write the run's first event, once the number of selected cases is known."""
        if self.controls and self.log is None and selected:
            self.log = begin(self.options, self.prepared, selected)

    def close(self) -> None:
        """Stop the target; the controller also merges the events and writes the reports."""
        if self.session is not None:
            self.session.close()
            self.session = None
        if not self.controls:
            return
        if self.log is not None:
            end(
                self.options,
                self.log,
                self.prepared,
                seconds=time.perf_counter() - self.began,
                interrupted=self.interrupted,
            )
            self.log = None
            self.written = write_reports(self.options.out, register=register_of(self.options.catalogue))
        if self.shared is not None:
            shutil.rmtree(self.shared, ignore_errors=True)


class ScenarioFile(pytest.File):
    """One scenario file; its items are its cases."""

    def collect(self) -> Iterator[ScenarioItem]:
        """Yield the selected cases, release by release."""
        run = self.config.stash[RUN]
        scenarios = read_variants(self.path)
        if scenarios[0].stage != run.options.stage:
            return
        families = read_families(folder_of(run.options.catalogue, run.options.stage) / "families.yaml")
        for name in run.options.releases:
            for scenario in scenarios:
                for case in cases_of(scenario, load(name), load_routing(), families, run.options.seed):
                    told = touched(case, run.options.selection.changed_since)
                    if run.options.selection.takes(told):
                        yield from self._items(run, run.options.selection.told(told))

    def _items(self, run: StageRun, calm: Case) -> Iterator[ScenarioItem]:
        """Yield an item for a case and for each of its twins, of a resumed run those that wait."""
        suffix = f"@{calm.release}" if len(run.options.releases) > 1 else ""
        for case in twinned(calm, run.options.selection.twins, run.options.seed):
            if run.options.selection.names(case) and waits(run.options, case):
                title = case.id.removeprefix(case.scenario.id).lstrip("/.")
                yield ScenarioItem.from_parent(self, name=f"{title}{suffix}", case=case)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ARG002
        """Show a malformed scenario file as one sentence."""
        if isinstance(excinfo.value, ConfigurationError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


class ScenarioItem(pytest.Item):
    """One case."""

    def __init__(self, *, case: Case, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case = case

    def runtest(self) -> None:
        """Run the case; anything but a pass is raised with its outcome."""
        try:
            outcome = self.config.stash[RUN].play(self.case)
        except HarnessError as fault:
            # The target did not start: no other case would fare better.
            self.user_properties.append((FAULT, fault.exit_code))
            self.session.shouldstop = str(fault)
            raise
        self.user_properties.append((VERDICT, outcome.verdict.value))
        if outcome.verdict is Verdict.PASS:
            return
        if outcome.verdict in (Verdict.OMITTED, Verdict.SKIPPED):
            pytest.skip(f"{outcome.verdict.value}: {outcome.reason}")
        raise ScenarioFailure(self.case, outcome)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ARG002
        """Show a failed scenario in its own words instead of a traceback."""
        if isinstance(excinfo.value, ScenarioFailure | HarnessError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name the case in pytest's reports."""
        return self.path, 0, self.case.id


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a run; `dip run` passes its own on through these."""
    group = parser.getgroup("dip", "DIP harness")
    group.addoption("--stage", help="run the catalogue of this stage, e.g. cit")
    group.addoption("--release", action="append", default=[], help="DIP API release (default 2.1.0); many")
    group.addoption("--target", default="embedded", help="'embedded', or a target profile (.toml)")
    group.addoption("--environment", default="", help="environment tag of the messages (default SIT)")
    group.addoption("--seed", type=int, default=None, help="seed of all test data (default 1)")
    group.addoption("--out", default=None, help="folder of the run (default runs/<run id>)")
    group.addoption("--interface", action="append", default=[], help="only this interface; many")
    group.addoption("--event", action="append", default=[], help="only this event code; many")
    group.addoption("--role", action="append", default=[], help="only cases that this role sends; many")
    group.addoption("--segment", action="append", default=[], help="only this market segment; many")
    group.addoption("--area", action="append", default=[], help="only this process area; many")
    group.addoption("--theme", action="append", default=[], help="only this theme, by id or number; many")
    group.addoption(
        "--twins", action="append", default=[], help="run each case again, perturbed; all, or names"
    )
    group.addoption("--changed-since", default="", help="only cases that a change since this release touches")
    group.addoption("--last-failures", default=None, help="only cases that did not pass in this run's folder")
    group.addoption("--tag", action="append", default=[], help="only scenarios with this tag; many")
    group.addoption("--cycle", default="", help="only cases of this cycle")
    group.addoption(
        "--cohort", action="append", default=[], help="only cases of this cohort of the plan; many"
    )
    group.addoption(
        "--interval", action="append", default=[], help="only cases of this interval's roles; many"
    )
    group.addoption("--plan", default="", help="the plan that says who cohorts and intervals are")
    group.addoption("--shard", default="", metavar="K/N", help="only the K-th of N parts of the cases")
    group.addoption("--build", action="append", default=[], help="PARTY=BUILD that the run records; many")
    group.addoption("--requirement", action="append", default=[], help="only cases that verify this; many")
    group.addoption("--scenario", action="append", default=[], help="only this scenario; many")
    group.addoption("--run", default="", help="id of the run (default: made from the time)")
    group.addoption("--resume", default=None, help="go on with the run in this folder")
    group.addoption("--answers", default=None, help="YAML file of a person's answers")


def pytest_configure(config: pytest.Config) -> None:
    """Check the run's options before anything is collected."""
    if not config.getoption("--stage") and not config.getoption("--resume"):
        return
    try:
        chosen = _options(config)
        config.stash[RUN] = StageRun(chosen, config)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from error


def _options(config: pytest.Config) -> RunOptions:
    """Check the options of a run, its own or those of the run that it goes on with."""
    get = config.getoption
    worker = getattr(config, "workerinput", None)
    answers = Path(get("--answers")) if get("--answers") else None
    catalogue = _catalogue(config)
    if get("--resume"):
        return resumed(
            Path(get("--resume")), answers=answers, catalogue=catalogue or folder("test_catalogue")
        )
    return options(
        stage=get("--stage"),
        releases=tuple(get("--release")),
        target=get("--target"),
        environment=get("--environment"),
        seed=get("--seed"),
        out=Path(worker["dip_out"]) if worker else (Path(get("--out")) if get("--out") else None),
        run=worker["dip_run"] if worker else get("--run"),
        catalogue=catalogue,
        interfaces=tuple(get("--interface")),
        events=tuple(get("--event")),
        roles=tuple(get("--role")),
        requirements=tuple(get("--requirement")),
        scenarios=tuple(get("--scenario")),
        segments=tuple(get("--segment")),
        areas=tuple(get("--area")),
        themes=tuple(get("--theme")),
        twins=tuple(get("--twins")),
        changed_since=get("--changed-since"),
        last_failures=Path(get("--last-failures")) if get("--last-failures") else None,
        tags=tuple(get("--tag")),
        cycle=get("--cycle"),
        cohorts=tuple(get("--cohort")),
        intervals=tuple(get("--interval")),
        plan=get("--plan"),
        builds=tuple(get("--build")),
        shard=get("--shard"),
        answers=answers,
    )


def _catalogue(config: pytest.Config) -> Path | None:
    """Return the catalogue that the arguments lie in: the nearest folder that holds requirements."""
    for argument in config.args:
        path = Path(str(argument).split("::")[0]).resolve()
        for candidate in (path, *path.parents):
            if (candidate / "requirements").is_dir() and candidate.name != "tests":
                return candidate
    return None


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take the scenario files of a run."""
    if RUN not in parent.config.stash or file_path.suffix != ".yaml":
        return None
    return ScenarioFile.from_parent(parent, path=file_path) if is_scenario(file_path) else None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin the run where this process runs the cases itself."""
    run = session.config.stash.get(RUN, None)
    if run is not None and not run.distributed:
        run.begin(len(session.items))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int | pytest.ExitCode) -> None:
    """Stop the target, merge the events and write the reports."""
    run = session.config.stash.get(RUN, None)
    if run is None:
        return
    run.interrupted = int(exitstatus) == int(pytest.ExitCode.INTERRUPTED)
    run.close()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what is still running when the session ended before it began."""
    run = config.stash.get(RUN, None)
    if run is not None:
        run.close()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say where the reports are."""
    run = config.stash.get(RUN, None)
    if run is not None and run.written:
        terminalreporter.section("DIP harness")
        for path in run.written:
            terminalreporter.write_line(str(path))


class _Distributed:
    """Hooks of pytest-xdist; registered only where it is installed."""

    @staticmethod
    def pytest_configure_node(node: Any) -> None:
        """Tell a worker which run it belongs to."""
        run = node.config.stash.get(RUN, None)
        node.workerinput["dip_run"] = run.options.run if run else ""
        node.workerinput["dip_out"] = str(run.options.out) if run else ""
        node.workerinput["dip_shared"] = str(run.shared or "") if run else ""

    @staticmethod
    def pytest_xdist_node_collection_finished(node: Any, ids: list[str]) -> None:
        """Begin the run when the first worker knows the cases."""
        run = node.config.stash.get(RUN, None)
        if run is not None:
            run.begin(len(ids))


def pytest_plugin_registered(manager: pytest.PytestPluginManager) -> None:
    """Register the distributed hooks once pytest-xdist is there."""
    if manager.hasplugin("xdist") and not manager.hasplugin("dip-distributed"):
        manager.register(_Distributed(), "dip-distributed")
