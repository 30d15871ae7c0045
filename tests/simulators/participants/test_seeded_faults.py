"""Seeded faults: each changes what its party does in some scene, shows that it did, and is off otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from harness.clock import message_time
from harness.errors import ConfigurationError
from simulators.participants import flaws
from simulators.participants.behaviours import Outgoing
from simulators.participants.choosing import VARIABLE, chosen
from simulators.participants.seeded import FAULTS, Fault, Seeded, Spoilt, fault
from tests.simulators.participants.player import NOW, Player, names, point
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    OTHER_DATA,
    REGISTRATION,
    RETRIEVER,
    SUPPLIER,
    network,
)
from tests.simulators.participants.test_settlement import period, sent_by

T = datetime(2026, 6, 30, 23, tzinfo=UTC)
MDS = "1800000001"
KNOWN = point(supplier=SUPPLIER, metering_service=METERING, data_service=DATA, retriever=RETRIEVER)
Scene = Callable[[dict[str, Any]], tuple[Player, list[Outgoing]]]


def metering(word: str, **content: Any) -> Scene:
    """Return a scene in which a metering service is told something."""

    def play(options: dict[str, Any]) -> tuple[Player, list[Outgoing]]:
        player = Player(METERING, "metering-service", points=KNOWN, **options)
        return player, player.told(word, **content)

    return play


def data(word: str, **content: Any) -> Scene:
    """Return a scene in which a data service is told something."""

    def play(options: dict[str, Any]) -> tuple[Player, list[Outgoing]]:
        player = Player(DATA, "data-service", points=KNOWN, **options)
        return player, player.told(word, **content)

    return play


def asked(options: dict[str, Any]) -> tuple[Player, list[Outgoing]]:
    """Play a data service that is asked to take an appointment, with a nominated retriever."""
    player = Player(DATA, "data-service", retriever=RETRIEVER, **options)
    sent = player.hears("IF-033", "DSAppSPRequest", REGISTRATION)
    return player, [*sent, *player.later(days=1)]


def amended(options: dict[str, Any]) -> tuple[Player, list[Outgoing]]:
    """Play a data service that is asked for an amendment, and sends it."""
    player = Player(DATA, "data-service", automatic="amendment", **options)
    return player, player.hears("IF-027", "ConsumptionAmendment", SUPPLIER)


def dismissed(options: dict[str, Any]) -> tuple[Player, list[Outgoing]]:
    """Play a data service that begins and ends, and sends its days."""
    player = Player(DATA, "data-service", automatic=["consumption"], **options)
    begins = {"incomingDataServiceDIPID": DATA, "incomingDataServiceEffectiveFromDate": message_time(T)}
    ends = {
        "deAppointedDataServiceDIPID": DATA,
        "dataServiceEffectiveToDate": message_time(T + timedelta(days=2)),
    }
    player.hears("IF-036", "DSAppActive", REGISTRATION, {"B015": begins})
    player.hears("IF-037", "DSDeApp", REGISTRATION, {"B009": ends})
    return player, player.at(T + timedelta(days=5))


def energised(options: dict[str, Any]) -> tuple[Player, list[Outgoing]]:
    """Play a data service that hears of a de-energisation, and sends a day."""
    player = Player(DATA, "data-service", points=KNOWN, **options)
    block = {"energisationStatus": "D", "energisationStatusEffectiveFromDate": "2026-01-01T00:00:00+00:00"}
    player.hears("IF-008", "EnergisationStatusChange", REGISTRATION, {"B025": block})
    return player, player.told("consumption", day="2026-03-01")


def retrieved(options: dict[str, Any]) -> tuple[Player, list[Outgoing]]:
    """Play a retriever that starts and delivers."""
    player = Player(RETRIEVER, "retriever", **options)
    sent = player.hears("IF-061", "MDRStart", DATA)
    return player, sent + player.told("consumption", day="2026-03-01")


def settled(options: dict[str, Any]) -> tuple[Player, list[Outgoing]]:
    """Play settlement that takes a day, refuses another, and runs."""
    player = Player(MDS, "market-data-service", points=KNOWN, **options)
    player.hears("IF-021", "ActivePower", DATA, CustomBlock=sent_by())
    bad = sent_by(day="2026-02-26")
    period(3, v="-1.000")(bad)
    sent = player.hears("IF-021", "ActivePower", DATA, CustomBlock=bad)
    return player, sent + player.told("run", run="SF", day="2026-02-26", anyway="true")


def charged(options: dict[str, Any]) -> tuple[Player, list[Outgoing]]:
    """Play settlement that reports the volumes of a run."""
    player = Player(MDS, "market-data-service", points=KNOWN, **options)
    player.hears("IF-021", "ActivePower", DATA, CustomBlock=sent_by(day="2026-02-26"))
    player.told("run", run="SF", day="2026-02-26", anyway="true")
    return player, player.told("charges", mpan=None, report="REP-002", run="SF", day="2026-02-26")


def appointing(options: dict[str, Any]) -> tuple[Player, list[Outgoing]]:
    """Play a supplier that appoints both services."""
    plan = {"metering_service": METERING, "data_service": DATA}
    player = Player(SUPPLIER, "supplier", appoints=plan, **options)
    return player, player.hears("IF-002", "GainMPANInfo", REGISTRATION)


def shaped(options: dict[str, Any]) -> tuple[Player, list[Outgoing]]:
    """Play load shaping that publishes."""
    player = Player("1900000001", "load-shaping", **options)
    return player, player.told("publish", mpan=None, day="2026-03-01")


def repeated(options: dict[str, Any]) -> tuple[Player, list[Outgoing]]:
    """Play a provider that gets the same request twice."""
    player = Player(METERING, "metering-service", **options)
    received = player.received("IF-033", "MSAppSPRequest", REGISTRATION)
    return player, player.takes(received) + player.takes(replace(received, repeated=True))


AT = "2026-03-01T15:00:00+00:00"
EXCHANGE = metering("exchange-meter", at=AT)
A_DAY = data("consumption", day="2026-03-01", estimated="2")
SCENES: dict[str, Scene] = {
    **dict.fromkeys(
        ("answer-lost", "answer-late", "answer-twice", "answer-other-mpan", "answer-contradicts",
         "answer-without-code", "answer-uncorrelated", "nomination-lost", "nomination-mismatched"),
        asked,
    ),
    **dict.fromkeys(
        ("exchange-first", "removal-reading-lost", "installation-reading-lost", "exchange-lost",
         "exchange-wrong-meter", "device-id-lost"),
        EXCHANGE,
    ),
    "energisation-inverted": metering("energise", at=AT),
    **dict.fromkeys(
        ("consumption-lost", "consumption-short", "consumption-shifted", "consumption-doubled",
         "consumption-negative", "consumption-repeated-period", "estimate-unexplained"),
        A_DAY,
    ),
    "amendment-unexplained": amended,
    "amendment-answer-lost": amended,
    "dismissal-missed": dismissed,
    "appointment-missed": dismissed,
    "energisation-missed": energised,
    "retrieval-not-stopped": data("stop-retrieval"),
    "retrieval-not-started": data("start-retrieval"),
    "start-unanswered": retrieved,
    "retrieved-for-another": retrieved,
    **dict.fromkeys(("rejection-lost", "rejection-uncoded", "default-lost", "default-wrong-run"), settled),
    "consumption-unheard": settled,
    "charges-doubled": charged,
    "charges-unbalanced": charged,
    "appointed-on-registration-date": appointing,
    "appointment-forgotten": appointing,
    "load-shapes-lost": shaped,
    "replay-applied": repeated,
}  # fmt: skip
NEEDS_TWO = {"answer-elsewhere"}
"""Scenes with a second registration service."""


def seen(player: Player, sent: list[Outgoing]) -> tuple[list[Any], dict[str, Any]]:
    """Return everything of a scene that others can see: payloads without their references, and the record."""
    payloads = []
    for message in sent:
        common = dict(message.common)
        payloads.append((message.interface, message.event, message.primary, message.correlation, common,
                         message.custom, dict(message.places)))  # fmt: skip
    return payloads, player.knows()


@pytest.mark.parametrize("name", sorted(SCENES))
def test_a_fault_changes_what_its_party_does(name: str) -> None:
    """With it the scene runs otherwise, and the change is kept; without it the scene runs as always."""
    right = seen(*SCENES[name]({}))
    assert seen(*SCENES[name]({})) == right
    player, sent = SCENES[name]({"seeded": name})
    assert seen(player, sent) != right
    assert isinstance(player.state, Spoilt)
    assert {each.fault for each in player.state.applied} == {name}
    assert all(each.party == player.party.dip_id for each in player.state.applied)


def test_every_fault_of_participants_has_a_scene() -> None:
    """A fault that is added is shown to do something; there are more than twenty."""
    own = {each.name for each in FAULTS.values() if each.roles <= flaws.EVERYBODY}
    assert own == {*SCENES, *NEEDS_TWO}
    assert len(own) > 20


def test_an_answer_can_go_to_another_registration_service() -> None:
    """The wrong recipient has the right one's role."""
    player, _ = asked({"seeded": "answer-elsewhere"})
    acting = player.acting()
    message = asked({})[1][0]
    other = replace(network().by_dip_id(REGISTRATION), dip_id="2200000002")
    parties = (*acting.network.parties, other)
    organisation = replace(acting.network.organisations[0], parties=parties)
    wider = replace(acting.network, organisations=(organisation,))
    (changed,) = FAULTS["answer-elsewhere"].sends((message,), replace(acting, network=wider))
    assert changed.primary == ("2200000002",)


def test_what_is_late_goes_out_in_the_end() -> None:
    """A message that is held back goes out when its time has come, once."""
    player, sent = asked({"seeded": "answer-late"})
    assert sent == []
    assert names(player.at(NOW + timedelta(days=10))) == ["IF-034 DSAppSPResponse"]
    assert player.at(NOW + timedelta(days=30)) == []


def test_several_faults_work_together() -> None:
    """Each of them changes what the one before left."""
    player, sent = EXCHANGE({"seeded": ["removal-reading-lost", "exchange-first"]})
    assert names(sent) == ["IF-005 MeterExchange", "IF-041 ReadingInstl"]
    applied = {each.as_dict()["fault"] for each in player.state.applied}
    assert applied == {"removal-reading-lost", "exchange-first"}


def test_a_variable_seeds_every_party_that_a_fault_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """`DIP_SEEDED` needs no change of a scenario; other roles stay right, and a wrong name is refused."""
    monkeypatch.setenv(VARIABLE, "answer-lost, rejection-lost")
    provider, _ = chosen({"name": "data-service"}, network().by_dip_id(OTHER_DATA), where="test")
    assert isinstance(provider, Seeded)
    assert [each.name for each in provider.faults] == ["answer-lost"]
    supplier, _ = chosen({"name": "supplier"}, network().by_dip_id(SUPPLIER), where="test")
    assert not isinstance(supplier, Seeded)
    monkeypatch.setenv(VARIABLE, "answer-lst")
    with pytest.raises(ConfigurationError, match="answer-lost"):
        chosen({"name": "supplier"}, network().by_dip_id(SUPPLIER), where="test")


def test_a_second_fault_of_the_same_name_fails_at_import() -> None:
    """A name can't be taken twice."""
    with pytest.raises(ValueError, match="answer-lost"):
        fault(Fault("answer-lost", frozenset({"MSS"}), "again"))
