"""Energisation (IF-007, IF-008): every refusal beside what is accepted, whom it reaches, and the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from harness.clock import message_time
from harness.spec.release import names
from simulators.participants.behaviours import Outgoing
from simulators.registration.items import Item
from tests.simulators.participants.publications import (
    DATA,
    FIRST,
    METERING,
    MPAN,
    NOW,
    OTHER_METERING,
    RETRIEVER,
    SUPPLIER,
)
from tests.simulators.registration.service import Service, named
from tests.simulators.registration.verdicts import code_of, covers

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
SINCE = NOW - 30 * DAY
POINT = {
    "mpan": MPAN, "supplier": SUPPLIER, "data_service": DATA, "mdr": RETRIEVER, "rmp_status": "O",
    "metering_service": {"dip_id": METERING, "from": message_time(SINCE)}, "mp_status": "T",
    "energisation": {"value": "E", "from": message_time(SINCE - DAY)},
}  # fmt: skip


def left(ended: datetime) -> dict[str, Any]:
    """Return the point with a successor in place since ``ended``."""
    services = [
        {"dip_id": METERING, "from": message_time(SINCE)},
        {"dip_id": OTHER_METERING, "from": message_time(ended)},
    ]
    return {**POINT, "metering_service": services}


def send(
    status: str = "D",
    at: datetime | str = NOW,
    *,
    point: Mapping[str, Any] = POINT,
    sender: str = METERING,
    mpan: str = MPAN,
    release: str = "2.1.0",
    accepted: datetime = NOW,
) -> tuple[Service, list[Outgoing]]:
    """Return a registration service and what it sent because of an IF-007."""
    service = Service(point, release=release)
    date = at if isinstance(at, str) else message_time(at)
    block = {"energisationStatus": status, "energisationStatusEffectiveFromDate": date}
    custom = {"B025": block}
    return service, service.receive(
        "IF-007", "EnergisationStatusChange", sender, custom=custom, mpan=mpan, accepted=accepted
    )


CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "REG0000": ({"mpan": "1012345678907"}, {}),
    "REG9003": ({"point": {**POINT, "regime": "legacy"}}, {"point": {**POINT, "regime": "mhhs"}}),
    "REG1002": ({"sender": OTHER_METERING}, {}),
    "REG1003": (
        {"point": left(datetime.fromisoformat("2026-02-16T00:00:00+00:00")), "at": NOW - 20 * DAY},
        {"point": left(datetime.fromisoformat("2026-02-17T00:00:00+00:00")), "at": NOW - 20 * DAY},
    ),
    "REG1022": ({"status": "U"}, {"status": "E"}),
    "REG1088": ({"at": "the second of March, 2026"}, {}),
    "REG1020": ({"at": NOW + SECOND}, {"at": NOW}),
    "REG1019": ({"at": SINCE - SECOND}, {"at": SINCE}),
    "REG1001": ({"point": {**POINT, "rmp_status": "T"}}, {"point": {**POINT, "rmp_status": "C"}}),
    "REG1014": (
        {"point": {**POINT, "energisation": {"value": "E", "from": message_time(NOW)}}},
        {"point": {**POINT, "energisation": {"value": "E", "from": message_time(NOW - SECOND)}}},
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_a_code_refuses_energisation_and_not_its_neighbour(code: str) -> None:
    """The request that breaks the rule gets the code; the one beside it is accepted."""
    broken, sound = CASES[code]
    assert code_of(send(**broken)[1]) == code
    assert code_of(send(**sound)[1]) is None


def test_what_an_outage_held_up_is_judged_by_when_the_dip_took_it() -> None:
    """A future date stays one, and the tenth working day is that of the sending."""
    assert code_of(send(at=NOW, accepted=NOW - SECOND)[1]) == "REG1020"
    point = left(datetime.fromisoformat("2026-02-16T00:00:00+00:00"))
    assert code_of(send(point=point, at=NOW - 20 * DAY)[1]) == "REG1003"
    assert code_of(send(point=point, at=NOW - 20 * DAY, accepted=NOW - 3 * DAY)[1]) is None


def test_every_code_of_energisation_has_its_case() -> None:
    """No rule for energisation is without a case above, and no case without a rule."""
    covers("energisation", CASES)


@pytest.mark.parametrize("release", names())
def test_a_status_is_repeated_to_those_it_concerns(release: str) -> None:
    """IF-008 repeats the block; the sender is named, the others are the hub's to find."""
    service, sent = send(release=release)
    assert named(sent) == ["IF-008 EnergisationStatusChange"]
    assert sent[0].primary == (METERING,)
    assert sent[0].custom["B025"]["energisationStatus"] == "D"
    assert service.point().at(Item.ENERGISATION, NOW) == "D"
    assert service.point().at(Item.ENERGISATION, NOW - SECOND) == "E"


def test_a_disconnected_point_can_be_de_energised_only() -> None:
    """At MP status X a point can't be energised."""
    point = {**POINT, "mp_status": "X"}
    assert code_of(send("E", point=point)[1]) == "REG1001"
    assert code_of(send("D", point=point)[1]) is None


def test_the_status_on_the_date_decides() -> None:
    """What was done before the registration ended can still be reported."""
    ended = {**POINT, "rmp_status": ["O", {"value": "T", "from": message_time(NOW - 2 * DAY)}]}
    assert code_of(send(point=ended, at=NOW - 3 * DAY)[1]) is None
    assert code_of(send(point=ended, at=NOW - 2 * DAY)[1]) == "REG1001"


def test_a_predecessor_reports_what_it_did_in_its_own_time() -> None:
    """After the hand-over the one that left may report a date before it, and no later one."""
    point = left(NOW - 2 * DAY)
    _, sent = send(point=point, at=NOW - 3 * DAY)
    assert code_of(sent) is None
    assert sent[0].primary == (METERING, OTHER_METERING)
    assert code_of(send(point=point, at=NOW - 2 * DAY)[1]) == "REG1019"


def test_a_service_that_came_back_answers_for_both_its_times() -> None:
    """Its first time and its second count, the time of the one in between does not."""
    days = {METERING: SINCE, OTHER_METERING: NOW - 20 * DAY}
    times = [{"dip_id": service, "from": message_time(at)} for service, at in days.items()]
    times.append({"dip_id": METERING, "from": message_time(NOW - 10 * DAY)})
    point = {**POINT, "metering_service": times}
    found = {back: code_of(send(point=point, at=NOW - back * DAY)[1]) for back in (25, 15, 5)}
    assert found == {25: None, 15: "REG1019", 5: None}


def test_an_unmetered_supplies_operator_energises_as_well() -> None:
    """The operator of an unmetered supply is its metering service."""
    point = {**POINT, "metering_service": FIRST["UMSO"], "market_segment": "U", "connection_type": "U"}
    _, sent = send(point=point, sender=FIRST["UMSO"])
    assert code_of(sent) is None
    assert sent[0].primary == (FIRST["UMSO"],)


def test_a_failure_to_energise_is_none_of_registrations_business() -> None:
    """EnergisationStatusFailure goes to the supplier; registration does nothing about one."""
    assert Service(POINT).receive("IF-007", "EnergisationStatusFailure", METERING) == []
