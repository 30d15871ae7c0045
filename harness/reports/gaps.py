"""What a run leaves unproved (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.evidence.events import AnswerReceived, PublicationReceived
from harness.evidence.evidence_class import EvidenceClass
from harness.reports.run import Run
from harness.reports.tally import RequirementResult, interfaces, pairs
from harness.spec.codes import codes
from harness.spec.routing import load_routing

_TRANSPORT_CODES = ("MSG", "RCP")


@dataclass(frozen=True, slots=True)
class Gap:
    """Something missing; ``role`` and ``release`` are empty where it concerns all."""

    kind: str
    subject: str
    role: str
    release: str
    text: str


def gaps(run: Run, by_requirement: Iterable[RequirementResult]) -> tuple[Gap, ...]:
    """Return every gap of the run, requirements first."""
    return (
        *_requirement_gaps(run, tuple(by_requirement)),
        *_test_gaps(run),
        *_pair_gaps(run),
        *_role_gaps(run),
        *_code_gaps(run),
    )


def _requirement_gaps(run: Run, results: tuple[RequirementResult, ...]) -> Iterator[Gap]:
    for result in results:
        requirement = result.requirement
        if requirement is None:
            yield Gap(
                "requirement not registered", result.id, "", "", "tests cite an id that the register lacks"
            )
        elif not result.instances:
            yield Gap("requirement without test", result.id, "", "", requirement.title)
        else:
            if not requirement.refusal and not any(each.positive for each in result.instances):
                yield Gap("only negative evidence", result.id, "", "", requirement.title)
            if run.evidence_class is EvidenceClass.REHEARSAL:
                yield Gap("only rehearsal evidence", result.id, "", "", requirement.title)


def _test_gaps(run: Run) -> Iterator[Gap]:
    for instance in run.instances:
        if not instance.started.requirements:
            started = instance.started
            yield Gap("test without requirement", instance.id, started.role, started.release, started.title)


def _pair_gaps(run: Run) -> Iterator[Gap]:
    for pair in pairs(run):
        if not pair.tried:
            subject = f"{pair.interface} [{pair.event}]"
            yield Gap(
                "interface or event never exercised", subject, "", pair.release, "no positive case was run"
            )


def _role_gaps(run: Run) -> Iterator[Gap]:
    routing = load_routing()
    for result in interfaces(run):
        events = {pair.event for pair in result.pairs}
        for verb, rows, seen in (
            ("sent", routing.senders, result.senders),
            ("received", routing.receivers, result.receivers),
        ):
            named = {row.role for event in sorted(events) for row in rows(result.interface, event)}
            for role in sorted(named - set(seen) - {"DIP"}):
                text = f"routing names the role, and it {verb} nothing in this run"
                yield Gap(f"role never {verb}", result.interface, role, result.release, text)


def _code_gaps(run: Run) -> Iterator[Gap]:
    seen = {
        code
        for instance in run.instances
        for step in instance.steps
        if isinstance(step, AnswerReceived | PublicationReceived)
        for code in (step.codes if isinstance(step, AnswerReceived) else step.response_codes)
    }
    for code in codes().values():
        if code.code.startswith(_TRANSPORT_CODES) and code.code not in seen:
            yield Gap("code never provoked", code.code, "", "", code.meaning)
