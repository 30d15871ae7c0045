"""Faults seeded into registration: rules that are missing, messages lost, late, out of order, elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from simulators.participants.behaviours import Outgoing
from simulators.participants.seeded import FAULTS, Spoilt
from simulators.registration.flaws import REGISTRATION as ROLES
from simulators.registration.flaws import RULE_OFF
from simulators.registration.rule import RULES, refusal, without
from tests.simulators.participants.player import Player, names
from tests.simulators.participants.publications import METERING, OTHER_METERING, REGISTRATION
from tests.simulators.registration.exchange import SMART, answer, midnight, request


def registration(**options: Any) -> Player:
    """Return a registration service with one metering point."""
    return Player(REGISTRATION, "registration", points=[dict(SMART)], **options)


def exchange(player: Player) -> list[Outgoing]:
    """Change the metering service, from the request to the day after its date."""
    sent = player.takes(identified(request(provider=OTHER_METERING), "T-1"))
    sent += player.takes(identified(answer(provider=OTHER_METERING), "T-2"))
    return sent + player.at(midnight(3)) + player.later(days=4)


def identified(received: Any, transaction: str) -> Any:
    """Return a publication under a transaction id."""
    common = dict(received.payload["CommonBlock"])
    common["D0"] = {**common["D0"], "transactionID": transaction}
    return replace(received, payload={**received.payload, "CommonBlock": common})


def seen(sent: list[Outgoing]) -> list[Any]:
    """Return what others see of messages."""
    return [(m.interface, m.event, m.primary, m.common, m.custom, m.places) for m in sent]


IN_THE_EXCHANGE = {
    "request-unanswered": ["IF-033", "IF-035", "IF-035", "IF-036", "IF-037"],
    "request-answered-late": ["IF-033", "IF-035", "IF-035", "IF-036", "IF-037", "IF-032"],
    "provider-not-asked": ["IF-032", "IF-035", "IF-035", "IF-036", "IF-037"],
    "provider-asked-twice": ["IF-032", "IF-033", "IF-033", "IF-035", "IF-035", "IF-036", "IF-037"],
    "meter-details-not-asked": ["IF-032", "IF-033", "IF-035", "IF-036", "IF-037"],
    "acceptance-lost": ["IF-032", "IF-033", "IF-035", "IF-036", "IF-037"],
    "confirmation-lost": ["IF-032", "IF-033", "IF-035", "IF-035", "IF-037"],
    "confirmation-late": ["IF-032", "IF-033", "IF-035", "IF-035", "IF-037", "IF-036"],
    "dismissed-before-confirmed": ["IF-032", "IF-033", "IF-035", "IF-035", "IF-037", "IF-036"],
    "dismissal-lost": ["IF-032", "IF-033", "IF-035", "IF-035", "IF-036"],
    "provider-unheard": ["IF-032", "IF-033"],
}
CHANGED = (
    "other-provider-asked", "incumbent-unnamed", "supplier-not-told", "outcome-inverted",
    "confirmed-to-another", "dismissal-wrong-reason",
)  # fmt: skip


@pytest.mark.parametrize("name", sorted(IN_THE_EXCHANGE))
def test_a_fault_loses_delays_or_reorders(name: str) -> None:
    """The messages of the exchange are those that the fault leaves, in its order; the change is kept."""
    player = registration(seeded=name)
    found = [message.interface for message in exchange(player)]
    assert found[: len(IN_THE_EXCHANGE[name])] == IN_THE_EXCHANGE[name]
    assert isinstance(player.state, Spoilt)
    assert {each.fault for each in player.state.applied} == {name}


@pytest.mark.parametrize("name", CHANGED)
def test_a_fault_changes_what_a_message_says_or_whom_it_reaches(name: str) -> None:
    """The same messages go out, and one of them is not what it should be."""
    right, player = exchange(registration()), registration(seeded=name)
    wrong = exchange(player)
    assert names(wrong) == names(right)
    assert seen(wrong) != seen(right)
    assert {each.fault for each in player.state.applied} == {name}


def test_a_rule_can_be_missing() -> None:
    """What REG1026 refuses is let pass, and only with the fault; what went unanswered is kept."""
    wanted = request(provider=METERING)
    (refused,) = registration().takes(wanted)
    assert refused.common["R0"]["responseCode"] == "R"
    player = registration(seeded=f"{RULE_OFF}REG1026")
    assert names(player.takes(wanted)) == ["IF-032 MSAppInitialResp", "IF-033 MSAppSPRequest"]
    assert [each.what for each in player.state.applied] == ["REG1026 not answered"]


def test_every_code_that_a_rule_answers_with_can_be_missing() -> None:
    """There is a fault for each; the context ends with its block."""
    codes = {row.code for rows in RULES.values() for row in rows}
    assert {name.removeprefix(RULE_OFF) for name in FAULTS if name.startswith(RULE_OFF)} == codes
    rows = RULES["appointment"]
    with without(rows[0].code) as passed:
        assert passed == []
    always = replace(rows[0], broken=lambda _question: True)
    assert refusal((always,), None) == always.code
    with without(always.code) as passed:
        assert refusal((always,), None) is None
        assert passed == [f"{always.code} not answered"]


def test_a_replay_can_be_applied_as_new() -> None:
    """The same transaction leads to a second request only with the fault."""
    received = identified(request(provider=OTHER_METERING), "T-1")
    again = replace(received, repeated=True)
    player = registration(seeded="registration-replays")
    first = player.takes(received)
    assert names(first) == ["IF-032 MSAppInitialResp", "IF-033 MSAppSPRequest"]
    assert player.takes(again) != []
    right = registration()
    right.takes(received)
    assert right.takes(again) == []


def test_a_refusal_can_be_without_code() -> None:
    """IF-032 refuses and does not say why."""
    player = registration(seeded="refusal-uncoded")
    (refused,) = player.takes(request(provider=METERING))
    assert refused.common["R0"] == {"responseCode": "R", "responseMessages": ["Refused"]}


def test_there_are_many() -> None:
    """More than forty faults of registration, besides those of participants."""
    own = [each for each in FAULTS.values() if each.roles == ROLES]
    assert len([each for each in own if not each.name.startswith(RULE_OFF)]) > 20
    assert len(own) > 40
