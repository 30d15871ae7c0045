"""What has to be done next, by whom (pure): read off tests, registers and work-off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date

from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus
from harness.registers.model import DefectStatus
from harness.reports.standing.model import Standing
from harness.stages.plan.model import Plan

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Move:
    """One thing to do: what, who has it, and about what."""

    what: str
    who: str
    about: str
    command: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return it for a program."""
        return asdict(self)


def moves(found: Standing, plan: Plan | None, as_of: date) -> tuple[Move, ...]:
    """Return what to do next, what holds up most first."""
    return (
        *_open_runs(found),
        *_defects(found),
        *_unraised(found),
        *_flaky(found),
        *_work_off(plan, as_of),
        *_not_run(found),
    )


def _open_runs(found: Standing) -> Iterator[Move]:
    for run in found.open_runs:
        what = "Go on with the run, or run what it left again"
        yield Move(what, "the testers", run.header.run, f"dip run --resume {run.folder}")


def _defects(found: Standing) -> Iterator[Move]:
    """Yield defects of these tests that wait for somebody: fixed ones for a retest first."""
    seen = {defect.id: (defect, test) for test in found.tests for defect in test.defects if defect.open}
    for wanted, what in (
        ((DefectStatus.FIXED, DefectStatus.RETEST), "Test the fix again"),
        ((DefectStatus.OPEN,), "Fix the defect"),
        ((DefectStatus.NEW,), "Assess the defect: severity and owner"),
    ):
        for defect, test in seen.values():
            if defect.status in wanted:
                retest = DefectStatus.FIXED in wanted
                who = "the testers" if retest else defect.owner or "nobody owns it yet"
                again = f"dip run --stage {test.started.stage} --scenario {test.started.scenario}"
                yield Move(what, who, f"{defect.id}: {defect.title}", again if retest else "")


def _unraised(found: Standing) -> Iterator[Move]:
    """Yield what fails without a defect, by run."""
    failing: dict[tuple[str, str], int] = {}
    for test in found.tests:
        if test.status is ExecutionStatus.FAILED and not any(defect.open for defect in test.defects):
            place = (test.last.run, str(test.last.folder))
            failing[place] = failing.get(place, 0) + 1
    for (run, folder), count in failing.items():
        what = f"Raise what fails without a defect: {count:,} {'test' if count == 1 else 'tests'}"
        yield Move(what, "the testers", run, f"dip defect raise {folder}")


def _flaky(found: Standing) -> Iterator[Move]:
    flaky = [test for test in found.tests if test.flaky is not None]
    if flaky:
        more = f" and {len(flaky) - _SHOWN} more" if len(flaky) > _SHOWN else ""
        yield Move(
            "Find out why the same test passed and failed with nothing changed between",
            "the testers",
            ", ".join(test.case for test in flaky[:_SHOWN]) + more,
        )


def _work_off(plan: Plan | None, as_of: date) -> Iterator[Move]:
    for item in plan.work_off if plan is not None else ():
        if item.closed is None or item.closed > as_of:
            late = ", which is past" if item.due < as_of else ""
            yield Move(f"Work off, due {item.due}{late}", item.owner, f"{item.id}: {item.item}")


def _not_run(found: Standing) -> Iterator[Move]:
    for kind in found.classes:
        waiting = [test for test in found.of(kind) if test.status is ExecutionStatus.NOT_STARTED]
        if waiting and kind is not EvidenceClass.REHEARSAL:
            reasons = sorted({test.last.reason for test in waiting if test.last.reason})
            more = f" and {len(reasons) - _SHOWN} more reasons" if len(reasons) > _SHOWN else ""
            yield Move(
                f"Run what was left out ({kind}): {len(waiting):,}",
                "the testers",
                "; ".join(reasons[:_SHOWN]) + more or "no reason is known",
            )
