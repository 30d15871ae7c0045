"""How far a cycle is against its plan (pure values); evidence classes stay apart, rehearsals never count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from harness.calendars.working_days import Calendar
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus
from harness.registers.model import Registers
from harness.reports.moves import whose_move
from harness.reports.progress.burn_up import Day, burn_up, by_day
from harness.reports.progress.next_moves import Move, moves
from harness.reports.progress.planned import Planned, planned
from harness.reports.run import Run
from harness.reports.standing.merging import standing
from harness.reports.standing.model import Standing, Test, Totals, totals
from harness.settings import current
from harness.stages.plan.model import Plan, Rag

SCALE = "progress"
"""The RAG scale of the shipped plan data that progress is shown on."""
WEEK = timedelta(days=7)
_WAITING = (ExecutionStatus.FAILED, ExecutionStatus.BLOCKED, ExecutionStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Blocker:
    """Who has to act, and how many tests wait for it since when."""

    move: str
    tests: tuple[str, ...]
    since: str
    """The day of the oldest of these results."""
    defects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClassProgress:
    """One evidence class by itself."""

    evidence: EvidenceClass
    tests: tuple[Test, ...]
    totals: Totals
    planned: Planned
    days: tuple[Day, ...]
    now: Day
    week_ago: Day
    before_last_run: Totals | None
    """What stood before the last run; None where there was one run alone."""
    last_run: str
    rag: Rag | None
    """None where nothing is planned by a day, and for rehearsals."""
    rag_reason: str
    blockers: tuple[Blocker, ...]

    @property
    def counts(self) -> bool:
        """Whether it counts towards the plan."""
        return self.evidence is not EvidenceClass.REHEARSAL

    @property
    def flaky(self) -> tuple[Test, ...]:
        """Tests that passed and failed with nothing changed between."""
        return tuple(test for test in self.tests if test.flaky is not None)


@dataclass(frozen=True, slots=True)
class Progress:
    """The whole of a progress report."""

    stages: tuple[str, ...]
    cycle: str
    as_of: date
    since: date
    standing: Standing
    classes: tuple[ClassProgress, ...]
    """Most real first."""
    scale_basis: str
    moves: tuple[Move, ...]
    plan: Plan | None
    left_out: tuple[str, ...]
    """Runs that were given and are not of the stage, the cycle or the time."""

    @property
    def counting(self) -> tuple[ClassProgress, ...]:
        """The classes that count towards the plan."""
        return tuple(each for each in self.classes if each.counts)

    def as_dict(self) -> dict[str, Any]:
        """Return it for a program."""
        return {
            "format": 1,
            "kind": "progress-report",
            "stages": list(self.stages),
            "cycle": self.cycle,
            "as_of": self.as_of.isoformat(),
            "since": self.since.isoformat(),
            "classes": [_class_as_dict(each, self) for each in self.classes],
            "next_moves": [each.as_dict() for each in self.moves],
            "left_out": list(self.left_out),
            "runs": self.standing.as_dict()["runs"],
        }


def _class_as_dict(found: ClassProgress, whole: Progress) -> dict[str, Any]:
    return {
        "evidence_class": found.evidence.value,
        "counts": found.counts,
        "totals": found.totals.as_dict(),
        "planned": {
            "tests": found.planned.tests,
            "tests_from": found.planned.tests_from,
            "passed_by_now": found.planned.by(whole.as_of),
            "days_from": found.planned.points_from,
            "points": [{"date": str(day), "passed": passed} for day, passed in found.planned.points],
        },
        "rag": {
            "scale": found.rag.scale,
            "value": found.rag.value,
            "basis": whole.scale_basis,
            "reason": found.rag_reason,
        }
        if found.rag
        else None,
        "burn_up": [
            {"date": str(each.day), "run": each.run, "passed": each.passed, "failed": each.failed}
            for each in found.days
        ],
        "flaky": [test.case for test in found.flaky],
        "blocked_by": [
            {"move": each.move, "tests": list(each.tests), "since": each.since, "defects": list(each.defects)}
            for each in found.blockers
        ],
    }


def progress(
    runs: Iterable[Run],
    registers: Registers | None,
    plan: Plan | None,
    *,
    calendar: Calendar,
    as_of: date,
    stage: str = "",
    cycle: str = "",
    since: date | None = None,
) -> Progress:
    """Fold runs into a progress report as of a day; ``since`` is what it is compared with (a week before)."""
    given = list(runs)
    chosen = [
        run
        for run in given
        if date.fromisoformat(run.header.at[:10]) <= as_of
        and (not stage or run.header.stage == stage)
        and (not cycle or run.header.cycle == cycle)
    ]
    names = {run.header.run for run in chosen}
    found = standing(chosen, registers, plan, as_of=as_of)
    stages = tuple(dict.fromkeys(run.header.stage for run in found.runs))
    before = since or as_of - WEEK
    classes = tuple(
        _of_class(kind, found, plan, calendar, as_of, before, stage or (stages[0] if stages else ""), cycle)
        for kind in found.classes
    )
    return Progress(
        stages=stages,
        cycle=cycle,
        as_of=as_of,
        since=before,
        standing=found,
        classes=classes,
        scale_basis=plan.scales[SCALE].basis if plan is not None and SCALE in plan.scales else "",
        moves=moves(found, plan, as_of),
        plan=plan,
        left_out=tuple(run.header.run for run in given if run.header.run not in names),
    )


def _of_class(
    kind: EvidenceClass,
    found: Standing,
    plan: Plan | None,
    calendar: Calendar,
    as_of: date,
    before: date,
    stage: str,
    cycle: str,
) -> ClassProgress:
    tests = found.of(kind)
    aim = planned(plan, stage=stage, cycle=cycle, selected=len(tests), calendar=calendar)
    days = burn_up(tests)
    last = [run.header.run for run in found.runs if run.evidence_class is kind and run.instances][-1]
    counts = totals(tests)
    rag, reason = _rag(kind, counts, aim, as_of, plan)
    return ClassProgress(
        evidence=kind,
        tests=tests,
        totals=counts,
        planned=aim,
        days=days,
        now=by_day(days, as_of),
        week_ago=by_day(days, before),
        before_last_run=_without(tests, last),
        last_run=last,
        rag=rag,
        rag_reason=reason,
        blockers=_blockers(found, tests),
    )


def _without(tests: Sequence[Test], run: str) -> Totals | None:
    """Count the tests as they stood before a run; None where nothing did."""
    earlier = []
    for test in tests:
        attempts = tuple(each for each in test.attempts if each.run != run)
        if attempts:
            past = replace(test, attempts=attempts)
            earlier.append(replace(past, status=past.last.status))
    return totals(earlier) if earlier else None


def _rag(
    kind: EvidenceClass, counts: Totals, aim: Planned, as_of: date, plan: Plan | None
) -> tuple[Rag | None, str]:
    """Return the colour and its reason: as planned, behind by no more than the setting says, or by more."""
    if kind is EvidenceClass.REHEARSAL:
        return None, "a rehearsal counts towards no plan, so it has no colour"
    due = aim.by(as_of)
    if due is None or plan is None or SCALE not in plan.scales:
        return None, f"no colour: {aim.points_from}"
    carried = counts.statuses[ExecutionStatus.PASSED_WITH_WORK_OFF]
    done = counts.passed + carried
    share = current().number("progress.amber_behind")
    with_work_off = f", {carried:,} of them with work-off," if carried else ""
    said = f"{done:,} passed{with_work_off} where {due:,} were planned by {as_of}"
    values = plan.scales[SCALE].values
    if done >= due:
        return Rag(SCALE, values[0]), said
    late = f"{said}; behind by {due - done:,}"
    if due - done <= share * due:
        return Rag(SCALE, values[min(1, len(values) - 1)]), f"{late}, no more than {share:.0%} of the plan"
    return Rag(SCALE, values[-1]), f"{late}, more than {share:.0%} of the plan"


def _blockers(found: Standing, tests: Iterable[Test]) -> tuple[Blocker, ...]:
    waiting: dict[str, list[Test]] = {}
    for test in tests:
        if test.status in _WAITING:
            move = whose_move(found, test.last.blame) or "nobody is named"
            waiting.setdefault(move, []).append(test)
    listed = [
        Blocker(
            move,
            tuple(test.case for test in held),
            min(test.last.at[:10] for test in held),
            tuple(sorted({defect.id for test in held for defect in test.defects if defect.open})),
        )
        for move, held in waiting.items()
    ]
    return tuple(sorted(listed, key=lambda each: (-len(each.tests), each.move)))
