"""Runs, registers and plan -> the standing of every test (pure), and reading the runs that it needs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

from harness.errors import ConfigurationError
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus
from harness.registers.model import Defect, Override, Registers
from harness.reports.run import UNFINISHED, Instance, Run, read_run
from harness.reports.standing.model import Attempt, Conditions, Standing, Test
from harness.stages.plan.gate import holds
from harness.stages.plan.measures import RANK
from harness.stages.plan.model import Plan, WorkOff


def read_runs(folders: Iterable[Path]) -> tuple[Run, ...]:
    """Read runs without their messages, in the order in which they began.

    Raises ConfigurationError for a folder without a run, for a damaged one, and where one is given twice.
    """
    found: dict[str, Run] = {}
    for folder in folders:
        run = read_run(folder, lean=True)
        if run.header.run in found:
            raise ConfigurationError(
                f"run {run.header.run} is given twice",
                where=str(folder),
                mend=f"It is the run of {found[run.header.run].folder}; name it once.",
            )
        found[run.header.run] = run
    return tuple(sorted(found.values(), key=lambda run: (run.header.at, run.header.run)))


def standing(
    runs: Iterable[Run],
    registers: Registers | None = None,
    plan: Plan | None = None,
    *,
    as_of: date | None = None,
) -> Standing:
    """Merge runs into one standing per case, release and evidence class; classes are never merged.

    The last result counts, the first stays visible, being left out replaces nothing. A run that was cut off
    proves no more than a rehearsal and is counted there. ``as_of`` decides which work-off holds (default:
    the day of the last run); overrides come from ``registers``, work-off from ``plan``.
    """
    ordered = tuple(sorted(runs, key=lambda run: (run.header.at, run.header.run)))
    gathered: dict[tuple[EvidenceClass, str], list[tuple[Run, Instance]]] = {}
    for run in ordered:
        for instance in run.instances:
            gathered.setdefault((run.evidence_class, instance.case), []).append((run, instance))
    day = as_of or max((date.fromisoformat(run.finished[:10]) for run in ordered), default=None)
    items = [] if plan is None or day is None else [item for item in plan.work_off if holds(item, day)]
    tests = [
        _test(kind, played, registers, _own(items, plan, played[-1][1].started.stage))
        for (kind, _), played in gathered.items()
    ]
    return Standing(
        runs=ordered, tests=tuple(sorted(tests, key=lambda test: (-RANK.index(test.evidence), test.case)))
    )


def _own(items: Iterable[WorkOff], plan: Plan | None, stage: str) -> list[WorkOff]:
    """Return the work-off items that carry a criterion of a stage."""
    if plan is None:
        return []
    return [item for item in items if plan.criteria[item.criterion].stage == stage]


def _test(
    kind: EvidenceClass,
    played: list[tuple[Run, Instance]],
    registers: Registers | None,
    items: Iterable[WorkOff],
) -> Test:
    attempts = tuple(_attempt(run, instance) for run, instance in played)
    found = Test(played[-1][1].started, kind, attempts, ExecutionStatus.NOT_STARTED)
    last = found.last
    covering = tuple(item.id for item in items if any(fnmatchcase(found.case, it) for it in item.covers))
    override = None
    defects: tuple[Defect, ...] = ()
    if registers is not None:
        override = registers.override_of(found.id, release=found.release, run=last.run, evidence=kind)
        defects = tuple(
            each for each in registers.defects_of(found.id) if not each.evidence or kind in each.evidence
        )
    status, why = _status(last, override, covering)
    return Test(found.started, kind, attempts, status, why, override, covering, defects)


def _status(
    last: Attempt, override: Override | None, covering: tuple[str, ...]
) -> tuple[ExecutionStatus, str]:
    """Return where a test stands for people, and what moved it away from its last result."""
    if override is not None:
        words = f"override {override.id} by {override.by} and {override.second}: {override.reason}"
        return override.status, words
    if last.status is ExecutionStatus.FAILED and covering:
        return ExecutionStatus.PASSED_WITH_WORK_OFF, f"work-off {', '.join(covering)}"
    return last.status, ""


def _attempt(run: Run, instance: Instance) -> Attempt:
    header = run.header
    return Attempt(
        run=header.run,
        folder=run.folder,
        began=instance.started.at,
        at=instance.finished_at,
        verdict=instance.verdict,
        status=instance.status,
        reason=instance.reason,
        blame=instance.blame,
        key=instance.key,
        seconds=instance.seconds,
        conditions=Conditions(
            scenario=instance.started.scenario_hash or header.catalogue,
            release=instance.started.release,
            seed=header.seed,
            target=header.target,
            environment=header.environment,
            harness=header.harness_version,
            builds=tuple(sorted(header.builds.items())),
            real=tuple(sorted(party.dip_id for party in run.parties if party.real)),
        ),
        cycle=header.cycle,
        ended=instance.reason != UNFINISHED,
    )
