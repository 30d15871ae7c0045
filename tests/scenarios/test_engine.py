"""The engine against real simulators: what passes, what fails, and whose move it is then."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from harness.evidence.events import (
    AssumptionUsed,
    CheckMade,
    FaultApplied,
    InstanceFinished,
    InstanceStarted,
    InstanceWaiting,
    MessageSent,
    PublicationReceived,
)
from harness.evidence.verdicts import BlameClass, Verdict
from harness.scenarios.instance import path_of
from harness.scenarios.model import Ask, ExpectStatus, Send
from tests.scenarios.conftest import Stage, shipped_cases

EXCHANGE = "CIT-EXC/IF-027/ConsumptionAmendment/SUP"

Report = dict[str, Any]


def _first(report: Report) -> Report:
    found: Report = report["receipts"][0]
    return found


def _rewrite(receipt: Report, change: Callable[[Any], None]) -> None:
    body = orjson.loads(base64.b64decode(receipt["body_base64"]))
    change(body)
    receipt["body_base64"] = base64.b64encode(orjson.dumps(body)).decode()


def _lost(report: Report) -> None:
    report["receipts"].clear()


def _never_addressed(report: Report) -> None:
    _lost(report)
    for message in report["messages"]:
        message["recipients"].clear()


def _refused_by_recipient(report: Report) -> None:
    _lost(report)
    for message in report["messages"]:
        for recipient in message["recipients"]:
            recipient.update(status="RejectedByRecipient", http_status=400)


def _unreachable(report: Report) -> None:
    _lost(report)
    for message in report["messages"]:
        for recipient in message["recipients"]:
            recipient.update(status="RetriesExhausted", http_status=None)


def _twice(report: Report) -> None:
    report["receipts"].append(dict(_first(report)))


def _changed_content(report: Report) -> None:
    def change(body: Any) -> None:
        body[0]["payload"]["CommonBlock"]["S1"]["environmentTag"] = "UIT"

    _rewrite(_first(report), change)


def _without_header(report: Report) -> None:
    def change(body: Any) -> None:
        del body[0]["payload"]["CommonBlock"]["D0"]["publicationID"]

    _rewrite(_first(report), change)


def _bad_signature(report: Report) -> None:
    headers = _first(report)["headers"]
    name = next(key for key in headers if key.lower() == "x-dip-signature")
    headers[name] = base64.b64encode(b"\0" * 256).decode()


def _answered_badly(report: Report) -> None:
    _first(report)["answer_status"] = 400


def _stray(report: Report) -> None:
    copy = dict(_first(report))
    copy["party"] = "2500000002"
    copy["role"] = "LDSO"
    report["receipts"].append(copy)


@pytest.mark.parametrize(
    ("change", "blame", "says"),
    [
        (_lost, BlameClass.ENVIRONMENT, "receives IF-027"),
        (_never_addressed, BlameClass.CENTRAL_SYSTEM, "receives IF-027"),
        (_refused_by_recipient, BlameClass.COUNTERPARTY, "receives IF-027"),
        (_unreachable, BlameClass.ENVIRONMENT, "receives IF-027"),
        (_twice, BlameClass.CENTRAL_SYSTEM, "once"),
        (_changed_content, BlameClass.CENTRAL_SYSTEM, "environmentTag"),
        (_without_header, BlameClass.CENTRAL_SYSTEM, "publicationID"),
        (_bad_signature, BlameClass.CENTRAL_SYSTEM, "signature"),
        (_answered_badly, BlameClass.COUNTERPARTY, "answers the publication"),
        (_stray, BlameClass.CENTRAL_SYSTEM, "Nobody else"),
    ],
)
def test_every_way_a_delivery_can_go_wrong_is_seen_and_blamed(
    stage: Stage, change: Callable[[Report], None], blame: BlameClass, says: str
) -> None:
    """A hub or recipient that misbehaves fails the exchange, and the blame names the right class."""
    if change is _lost:

        def undelivered(report: Report) -> None:
            _lost(report)
            for message in report["messages"]:
                for recipient in message["recipients"]:
                    recipient.update(status="DeliveryFailure", http_status=None)

        change = undelivered
    outcome, events = stage.play(EXCHANGE, change=change)
    assert outcome.verdict is Verdict.FAIL
    assert outcome.blame is not None
    assert (outcome.blame.cause, says in outcome.reason) == (blame, True), outcome
    failed = [event for event in events if isinstance(event, CheckMade) and not event.passed]
    assert failed
    assert failed[0].blame == {"class": blame.value, "party": outcome.blame.party}


def test_a_passed_exchange_keeps_everything_that_a_report_needs(stage: Stage) -> None:
    """Events name what was sent, received and checked; the bytes are stored; no key is anywhere."""
    outcome, events = stage.play(EXCHANGE)
    assert outcome.verdict is Verdict.PASS, outcome
    started, finished = events[0], events[-1]
    assert isinstance(started, InstanceStarted)
    assert isinstance(finished, InstanceFinished)
    assert (started.case_id, finished.verdict, finished.blame) == (EXCHANGE, "pass", None)
    (sent,) = [event for event in events if isinstance(event, MessageSent)]
    body = stage.bench.store.get(sent.body)
    assert (
        orjson.loads(body)[0]["payload"]["CommonBlock"]["S1"]["senderUniqueReference"] == sent.references[0]
    )
    received = [event for event in events if isinstance(event, PublicationReceived)]
    assert received
    assert all(event.signature_valid and not event.findings for event in received)
    keys = [party.api_key() for party in stage.target.network.parties if party.api_key_file]
    recorded = orjson.dumps([event.as_dict() for event in events]).decode()
    assert keys
    assert not [key for key in keys if key in recorded]


def test_assumptions_are_recorded_once(stage: Stage) -> None:
    """A verdict says which settings and routing rows that nobody published it leans on."""
    outcome, events = stage.play("CIT-N-SIGNATURE/IF-001/ChangeOfSupplier/REGS")
    assert outcome.verdict is Verdict.PASS, outcome
    names = [event.name for event in events if isinstance(event, AssumptionUsed)]
    assert "setting:refusal.signature_status" in names
    assert len(names) == len(set(names))


def test_a_lacking_capability_omits_the_case_before_it_begins(stage: Stage) -> None:
    """Nothing is sent to a target that can't show what was received."""
    outcome, events = stage.play(EXCHANGE, capabilities=frozenset())
    assert outcome.verdict is Verdict.OMITTED
    assert not [event for event in events if isinstance(event, MessageSent)]


def test_a_refused_right_request_blames_the_senders_configuration(stage: Stage) -> None:
    """401 on a request that was meant to be right is the sender's configuration, not the hub's fault."""
    case = shipped_cases()[EXCHANGE]
    wrong = replace(case.scenario, steps=(Send(request="wrong-api-key"), ExpectStatus(http=("201",))))
    outcome, _ = stage.play(replace(case, scenario=wrong))
    assert outcome.blame is not None
    assert outcome.blame.cause is BlameClass.CENTRAL_SYSTEM, "a deliberate departure that is not accepted"
    no_certificate = replace(case.scenario, steps=(Send(certificate="none"), ExpectStatus(http=("403",))))
    outcome, _ = stage.play(replace(case, scenario=no_certificate))
    assert outcome.verdict is Verdict.FAIL
    assert "refused in the TLS handshake" in outcome.reason


def test_a_question_waits_for_a_person_and_goes_on_when_answered(stage: Stage, tmp_path: Path) -> None:
    """Without an answer the instance is stored and inconclusive; with one it ends where it had stopped."""
    case = shipped_cases()[EXCHANGE]
    asking = replace(
        case,
        scenario=replace(
            case.scenario,
            steps=(
                *case.scenario.steps[:2],
                Ask(question="Is it on the screen?", of="Supplier A"),
                *case.scenario.steps[2:],
            ),
        ),
    )
    outcome, events = stage.play(asking, folder=tmp_path)
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert path_of(tmp_path, asking.key).exists()
    (waiting,) = [event for event in events if isinstance(event, InstanceWaiting)]
    assert (waiting.awaited, waiting.move) == ("Is it on the screen?", "Supplier A")
    outcome, events = stage.play(asking, folder=tmp_path, answers={"Is it on the screen?": "yes"})
    assert outcome.verdict is Verdict.PASS, outcome
    assert not [event for event in events if isinstance(event, MessageSent)], (
        "what was sent is not sent again"
    )
    assert [event for event in events if isinstance(event, PublicationReceived)]


def test_a_no_from_a_person_fails(stage: Stage, tmp_path: Path) -> None:
    """A person who did not see it makes the case fail with that person's party as blame."""
    case = shipped_cases()[EXCHANGE]
    asking = replace(case, scenario=replace(case.scenario, steps=(Ask(question="Seen?", of="Supplier A"),)))
    outcome, _ = stage.play(asking, folder=tmp_path, answers={"Seen?": "no"})
    assert outcome.verdict is Verdict.FAIL
    assert outcome.blame is not None
    assert outcome.blame.party == "Supplier A"


def test_a_fault_that_was_asked_for_is_in_the_events_and_ends_with_the_case(stage: Stage) -> None:
    """What the hub or a party did wrong on request is on record, and the next case meets none of it."""
    outcome, events = stage.play("CIT-RETRY/IF-027/ConsumptionAmendment/SUP")
    assert outcome.verdict is Verdict.PASS, outcome
    applied = [event for event in events if isinstance(event, FaultApplied)]
    assert [(event.fault, event.point) for event in applied] == [("status", "webhook")] * 2
    assert stage.target.admin is not None
    assert stage.target.admin.call("GET", "/faults")["faults"] == []


def test_a_delivery_that_never_repeats_is_seen(stage: Stage) -> None:
    """A publication that should have come twice and came once fails, so the duplicate was really there."""

    def once(report: Report) -> None:
        report["receipts"] = report["receipts"][1:]

    outcome, _ = stage.play("CIT-TWICE/IF-031/MSApp/SUP", change=once)
    assert outcome.verdict is Verdict.FAIL
    assert "2 times" in outcome.reason


def test_a_status_message_that_never_comes_is_the_hubs_move(stage: Stage) -> None:
    """A sender that is told nothing blames the central system."""

    def silent(report: Report) -> None:
        report["status_receipts"].clear()

    outcome, _ = stage.play("CIT-STATUS/IF-027/ConsumptionAmendment/SUP", change=silent)
    assert outcome.verdict is Verdict.FAIL
    assert outcome.blame is not None
    assert outcome.blame.cause is BlameClass.CENTRAL_SYSTEM
    assert "no status message" in outcome.reason


def test_a_fault_of_the_harness_is_an_error_and_no_verdict_on_anybody(stage: Stage) -> None:
    """An unexpected exception is the harness's own, with the place where it happened."""

    def broken(report: Report) -> None:
        del report["receipts"]

    outcome, events = stage.play(EXCHANGE, change=broken)
    assert outcome.verdict is Verdict.ERROR
    assert outcome.blame is not None
    assert outcome.blame.cause is BlameClass.HARNESS
    assert isinstance(events[-1], InstanceFinished)
