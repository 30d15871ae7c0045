"""One line of a completion report for each evidence class: what an overarching exit report is made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from harness.evidence.verdicts import ExecutionStatus
from harness.reports.completion.model import Completion


@dataclass(frozen=True, slots=True)
class Roll:
    """A party in one evidence class; ``verdict`` is that of the exit gate."""

    party: str
    stage: str
    evidence: str
    requirements: int
    requirements_met: int
    requirements_with_work_off: int
    planned: int
    run: int
    passed: int
    passed_with_work_off: int
    failed: int
    blocked: int
    open_defects: int
    work_off: int
    verdict: str
    draft: bool

    def as_dict(self) -> dict[str, Any]:
        """Return it for a program."""
        return asdict(self)


def roll_up(report: Completion) -> tuple[Roll, ...]:
    """Return a line for each evidence class of a report."""
    lines = []
    for kind in report.classes:
        counts, covered = report.totals[kind], report.coverage[kind]
        lines.append(
            Roll(
                party=report.party,
                stage=report.stage.id,
                evidence=kind.value,
                requirements=covered.in_scope,
                requirements_met=covered.met,
                requirements_with_work_off=covered.with_work_off,
                planned=counts.tests,
                run=counts.played,
                passed=counts.passed,
                passed_with_work_off=counts.statuses[ExecutionStatus.PASSED_WITH_WORK_OFF],
                failed=counts.statuses[ExecutionStatus.FAILED],
                blocked=counts.statuses[ExecutionStatus.BLOCKED],
                open_defects=sum(each.open for each in report.registers.defects),
                work_off=len(report.exit.work_off) if report.exit else 0,
                verdict=report.exit.verdict.value if report.exit else "none: no exit criteria",
                draft=report.draft,
            )
        )
    return tuple(lines)
