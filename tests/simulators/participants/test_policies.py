"""Policies: a party accepts, refuses, keeps silent, answers late, twice, elsewhere or wrongly."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from harness.errors import ConfigurationError
from harness.spec.codes import codes
from tests.simulators.participants.player import MPAN, NOW, Player, names
from tests.simulators.participants.publications import DATA, METERING, REGISTRATION

ANSWERING = {
    METERING: ("metering-service", "MSAppSPRequest"),
    "1200000002": ("metering-service", "MSAppSPRequest"),
    "1300000001": ("unmetered-operator", "MSAppSPRequest"),
    DATA: ("data-service", "DSAppSPRequest"),
    "1400000002": ("data-service", "DSAppSPRequest"),
    "1400000003": ("unmetered-data-service", "DSAppSPRequest"),
}


def asked(dip_id: str = METERING, **options: Any) -> tuple[Player, list[Any]]:
    """Return a provider that has been asked to take an appointment, and what it sent."""
    name, event = ANSWERING[dip_id]
    player = Player(dip_id, name, **options)
    return player, player.hears("IF-033", event, REGISTRATION)


@pytest.mark.parametrize("dip_id", sorted(ANSWERING))
def test_a_provider_accepts_by_default(dip_id: str) -> None:
    """Every provider's role answers IF-033 with SP000, to who asked, in a message that the release allows."""
    player, (sent,) = asked(dip_id)
    block = player.written(sent)["CustomBlock"]["B007"]
    assert (sent.interface, sent.primary, sent.correlation) == ("IF-034", (REGISTRATION,), "CI-1")
    assert block["responseCode"] == "A"
    assert block["proposedAppointmentResponseCode"].startswith("SP000 - ")


@pytest.mark.parametrize("code", sorted(c for c in codes() if c.startswith(("SP", "DS"))))
def test_every_published_code_can_be_answered(code: str) -> None:
    """Any SP or DS code is a policy, SP000 as an acceptance and every other one as a refusal."""
    player, (sent,) = asked(answers={"IF-033": code})
    block = player.written(sent)["CustomBlock"]["B007"]
    assert block["proposedAppointmentResponseCode"].startswith(f"{code} - ")
    assert block["responseCode"] == ("A" if code == "SP000" else "R")


def test_the_most_particular_policy_decides() -> None:
    """The event's policy stands before the interface's, and that before the one for any question."""
    policies = {"*": "silent", "IF-033": "SP001", "MSAppSPRequest": "SP002"}
    for name, code in (("MSAppSPRequest", "SP002"), ("IF-033", "SP001")):
        _, (sent,) = asked(answers=policies)
        assert str(sent.custom["B007"]).count(code) == 1
        del policies[name]
    assert asked(answers=policies)[1] == []


def test_a_late_answer_waits_for_the_clock() -> None:
    """Nothing goes out before its time, one answer at it, and none again."""
    player, sent = asked(answers={"IF-033": {"after": "86400"}})
    assert sent == []
    assert player.behaviour.next_due(player.state) == NOW + timedelta(days=1)
    assert player.later(hours=23) == []
    assert names(player.later(hours=1)) == ["IF-034 MSAppSPResponse"]
    assert player.later(days=1) == []


def test_a_wrong_answer_is_right_but_for_what_is_set() -> None:
    """Single places, recipients, the number of answers and the correlation id can be wrong."""
    wrong = {
        "set": {"M0.MPANCore": "1000000000016", "B007.responseCode": "A"},
        "response": "SP004",
        "to": ["2200000009"],
        "times": "2",
        "correlated": "false",
    }
    player, sent = asked(answers={"IF-033": wrong})
    assert len(sent) == 2
    references = {player.written(each)["CommonBlock"]["S1"]["senderUniqueReference"] for each in sent}
    payload = player.written(sent[0])
    assert len(references) == 2
    assert payload["CommonBlock"]["M0"]["MPANCore"] == "1000000000016"
    assert payload["CustomBlock"]["B007"]["responseCode"] == "A"
    assert payload["CustomBlock"]["B007"]["proposedAppointmentResponseCode"].startswith("SP004")
    assert sent[0].primary == ("2200000009",)
    assert payload["CommonBlock"]["S1"]["senderCorrelationID"] is None


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "question": ({"answers": {"IF-034": "accept"}}, "no question"),
    "word": ({"answers": {"IF-033": "acept"}}, "Did you mean 'accept'"),
    "key": ({"answers": {"IF-033": {"afterwards": 1}}}, "Did you mean 'after'"),
    "seconds": ({"answers": {"IF-033": {"after": "soon"}}}, "expected a number"),
    "before": ({"answers": {"IF-033": {"after": "-1"}}}, "expected a number"),
    "places": ({"answers": {"IF-033": {"set": {"B007..x": 1}}}}, "no path"),
    "recipients": ({"answers": {"IF-033": {"to": "2200000001"}}}, "no list"),
    "flag": ({"answers": {"IF-033": {"correlated": "maybe"}}}, "expected true or false"),
    "no mapping": ({"answers": ["accept"]}, "no mapping"),
    "no policy": ({"answers": {"IF-033": 7}}, "neither a word nor a mapping"),
    "point": ({"points": [{"mpan": "1"}]}, "points[0]"),
    "points": ({"points": {}}, "no list"),
    "field": ({"points": [{"mpan": MPAN, "suplier": "x"}]}, "Did you mean 'supplier'"),
    "term": ({"points": [{"mpan": MPAN, "supplier": {"from": "x"}}]}, "dip_id"),
    "offset": (
        {"points": [{"mpan": MPAN, "supplier": {"dip_id": "x", "from": "2026-01-01T00:00:00"}}]},
        "no offset",
    ),
    "time": ({"points": [{"mpan": MPAN, "supplier": {"dip_id": "x", "from": "soon"}}]}, "no time"),
    "option": ({"answer": {}}, "Did you mean 'answers'"),
    "fault": ({"seeded": "answer-lst"}, "Did you mean 'answer-lost'"),
    "fault's role": ({"seeded": "rejection-lost"}, "is for MDS"),
}


@pytest.mark.parametrize("case", sorted(WRONG))
def test_a_wrong_option_is_named_with_its_place(case: str) -> None:
    """Each mistake is a ConfigurationError that says what is wrong and how to mend it."""
    options, words = WRONG[case]
    with pytest.raises(ConfigurationError) as caught:
        Player(METERING, "metering-service", **options)
    assert words in str(caught.value)
