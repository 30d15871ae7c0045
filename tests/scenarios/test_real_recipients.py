"""A real party as a recipient: nobody sees what it took in, the DIP's journal has what it answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conftest import Stage, shipped_cases
from harness.evidence.events import AssumptionUsed, CheckMade, DeliveryAnswered, InstanceStarted
from harness.evidence.verdicts import BlameClass, Verdict
from harness.scenarios.model import Case, Receive
from harness.transport.network import Network

CASE = "CIT-EXC/IF-036/MSAppActive/REGS"
SUPPLIER = "2300000001"


def with_real_supplier(stage: Stage) -> Network:
    """Return the network in which the first supplier has a system of its own."""
    network = stage.target.network
    return network.replacing(replace(network.by_dip_id(SUPPLIER), webhook="https://127.0.0.1:9/"))


def journal(status: int | None) -> Callable[[dict[str, Any]], None]:
    """Return what hides the supplier's receipts in a report, and gives its answer."""

    def change(report: dict[str, Any]) -> None:
        report["receipts"] = [each for each in report["receipts"] if each["party"] != SUPPLIER]
        for message in report["messages"]:
            for recipient in message["recipients"]:
                if recipient["dip_id"] == SUPPLIER:
                    recipient["http_status"] = status

    return change


def twice() -> Case:
    """Return the case with one more step, which waits for the same message again."""
    case = shipped_cases()[CASE]
    scenario = case.scenario
    given = replace(scenario.given, parties={"supplier": "SUP"})
    again = Receive(by=("supplier",), interface="IF-036", event="MSAppActive")
    places = [number for number, each in enumerate(scenario.steps) if isinstance(each, Receive)]
    steps = (*scenario.steps[: places[0] + 1], again, *scenario.steps[places[0] + 1 :])
    return replace(case, scenario=replace(scenario, given=given, steps=steps))


def test_what_a_real_party_answered_well_is_received(stage: Stage) -> None:
    """201 in the journal passes, is an event of its own, and leans on the journal."""
    outcome, events = stage.play(CASE, change=journal(201), network=with_real_supplier(stage))
    assert outcome.verdict is Verdict.PASS, outcome.reason
    (answer,) = [event for event in events if isinstance(event, DeliveryAnswered)]
    assert (answer.party, answer.interface, answer.answered) == (SUPPLIER, "IF-036", 201)
    assert "journal" in {event.name for event in events if isinstance(event, AssumptionUsed)}
    (started,) = [event for event in events if isinstance(event, InstanceStarted)]
    assert SUPPLIER in started.parties


def test_what_a_real_party_refused_is_its_own_failure(stage: Stage) -> None:
    """400 in the journal fails, and the participant is blamed."""
    outcome, events = stage.play(CASE, change=journal(400), network=with_real_supplier(stage))
    assert outcome.verdict is Verdict.FAIL
    assert outcome.blame is not None
    assert outcome.blame.cause is BlameClass.PARTICIPANT
    failed = [event for event in events if isinstance(event, CheckMade) and not event.passed]
    assert (failed[0].key, failed[0].actual) == ("SUP refuses IF-036", "400")


def test_a_webhook_that_nobody_reached_is_no_refusal(stage: Stage) -> None:
    """Without an answer in the journal the environment is looked at first."""
    outcome, _ = stage.play(CASE, change=journal(None), network=with_real_supplier(stage))
    assert outcome.verdict is Verdict.FAIL
    assert outcome.blame is not None
    assert outcome.blame.cause is BlameClass.ENVIRONMENT


def test_one_delivery_answers_one_expectation(stage: Stage) -> None:
    """A second message that is expected and never came is missing, though the first one was answered."""
    outcome, _ = stage.play(twice(), change=journal(201), network=with_real_supplier(stage))
    assert outcome.verdict is Verdict.FAIL


def test_a_simulated_party_is_judged_by_what_it_has(stage: Stage) -> None:
    """What a simulated party did not keep it did not receive, whatever the journal says."""
    outcome, events = stage.play(CASE, change=journal(201))
    assert outcome.verdict is Verdict.FAIL
    assert not [event for event in events if isinstance(event, DeliveryAnswered)]
