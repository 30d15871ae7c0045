"""The roll-up (pure): test -> evidence class -> phase -> overall. Classes are never added up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus
from harness.reports.rttm import roll_up
from harness.reports.rttm_layout import OUTSIDE
from harness.reports.submission.links import Link
from harness.stages.plan.measures import RANK

MET = frozenset({ExecutionStatus.PASSED, ExecutionStatus.PASSED_WITH_WORK_OFF})


@dataclass(frozen=True, slots=True)
class Status:
    """Where something stands, and which evidence class says so; None where none that counts has a result."""

    status: ExecutionStatus
    evidence: EvidenceClass | None = None


def counting(least: EvidenceClass) -> tuple[EvidenceClass, ...]:
    """Return the classes that count where a gate asks for one: it and the more real ones, most real first.

    A rehearsal counts only where no more is asked.
    """
    return tuple(reversed(RANK[RANK.index(least) :]))


def of_class(links: Iterable[Link], evidence: EvidenceClass) -> ExecutionStatus:
    """Return the worst status of the deciding links in one class; one without a result is not started."""
    return roll_up(link.status(evidence) for link in links if link.decides)


def of_phase(links: Sequence[Link], least: EvidenceClass) -> Status:
    """Return where the links of a phase stand: one class alone has to carry it.

    The most real class that has come to an end for good or ill says it: what passed with less real parties
    does not hide what failed with more real ones.
    """
    deciding = [link for link in links if link.decides]
    if not deciding:
        return Status(ExecutionStatus.NOT_STARTED)
    tried: list[Status] = []
    for evidence in counting(least):
        if any(link.tried(evidence) for link in deciding):
            status = of_class(deciding, evidence)
            if status is not ExecutionStatus.NOT_STARTED:
                return Status(status, evidence)
            tried.append(Status(status, evidence))
    if tried:
        return tried[0]
    outside = [link.planned_status for link in deciding if link.planned_status in OUTSIDE]
    if len(outside) == len(deciding):
        return Status(outside[0])
    return Status(ExecutionStatus.NOT_STARTED)


def overall(phases: Mapping[str, Status]) -> Status:
    """Return the worst of the required phases; of the class of the phase that is worst."""
    if not phases:
        return Status(ExecutionStatus.NOT_APPLICABLE)
    worst = roll_up(each.status for each in phases.values())
    kinds = [each.evidence for each in phases.values() if each.status is worst]
    return Status(worst, min(filter(None, kinds), key=RANK.index, default=None))


def by_class(links: Iterable[Link]) -> str:
    """Say how many deciding tests passed in each class: ``paired: 3 of 4 passed``, more real ones first."""
    deciding = [link for link in links if link.decides]
    said = []
    for evidence in reversed(RANK):
        if any(link.tried(evidence) for link in deciding):
            passed = sum(link.status(evidence) in MET for link in deciding)
            said.append(f"{evidence}: {passed} of {len(deciding)} passed")
    return "; ".join(said)
