"""Why a completion report can't be final (pure): everything at once, each by name."""

from __future__ import annotations

from collections.abc import Iterator

from harness.evidence.verdicts import ExecutionStatus
from harness.reports.completion.model import Completion, Lack
from harness.stages.plan.gate import State

OPEN_RUN = "open run"
NO_STATUS = "test without status"
NO_EVIDENCE = "criterion without evidence"
UNDECLARED = "simulated party not declared"
SEAL = "seal"

WITHOUT_STATUS = (ExecutionStatus.NOT_STARTED, ExecutionStatus.IN_PROGRESS)


def lacks(report: Completion) -> tuple[Lack, ...]:
    """Return what a final report still lacks."""
    return (
        *_runs(report),
        *_tests(report),
        *_criteria(report),
        *_parties(report),
        *_seals(report),
    )


def _runs(report: Completion) -> Iterator[Lack]:
    for run in report.runs:
        if run.open:
            yield Lack(OPEN_RUN, f"run {run.run} has not ended: it was interrupted or still goes on")


def _tests(report: Completion) -> Iterator[Lack]:
    for test in report.standing.tests:
        if test.status in WITHOUT_STATUS:
            reason = f" ({test.last.reason})" if test.last.reason else ""
            yield Lack(NO_STATUS, f"{test.case}, {test.evidence}: {test.status}{reason}")
    for run in report.runs:
        if run.never_started:
            yield Lack(NO_STATUS, f"run {run.run}: {run.never_started} selected cases never started")


def _criteria(report: Completion) -> Iterator[Lack]:
    for point, decision in (("entry", report.entry), ("exit", report.exit)):
        if decision is None:
            if point == "exit":
                yield Lack(NO_EVIDENCE, f"the plan has no exit criteria for stage {report.stage.id}")
            continue
        for each in decision.criteria:
            if each.state is State.NO_EVIDENCE:
                yield Lack(NO_EVIDENCE, f"{point} criterion {each.criterion.id}: {each.said}")


def _parties(report: Completion) -> Iterator[Lack]:
    for party in report.parties:
        if not party.real and not party.declared:
            name = f"{party.name} ({party.role} {party.dip_id})" if party.dip_id else party.name
            yield Lack(UNDECLARED, f"{name} was simulated, and the title block does not declare it")


def _seals(report: Completion) -> Iterator[Lack]:
    sealed = {pack.run for pack in report.packs}
    for pack in report.packs:
        for difference in pack.differences:
            yield Lack(SEAL, f"{pack.name}: {difference}")
    for run in report.runs:
        if run.run not in sealed:
            yield Lack(SEAL, f"run {run.run}: no sealed pack of it was given")
