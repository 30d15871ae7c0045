"""What a party knows from what it was told: appointments, facts, meters, readings, and each thing once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from harness.clock import message_time
from tests.simulators.participants.player import MPAN, Player, point
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    OTHER_DATA,
    OTHER_SUPPLIER,
    REGISTRATION,
    SUPPLIER,
)

T = datetime(2026, 6, 30, 23, tzinfo=UTC)
TEXT = message_time(T)
BEGINS = {"B015": {"incomingDataServiceDIPID": OTHER_DATA, "incomingDataServiceEffectiveFromDate": TEXT}}
ENDS = {
    "B009": {
        "deAppointedDataServiceDIPID": DATA,
        "dataServiceEffectiveFromDate": "2025-01-01T00:00:00+00:00",
        "dataServiceEffectiveToDate": TEXT,
    }
}


def enquiry() -> Player:
    """Return an enquiry service that knows who reads the metering point."""
    return Player("2100000001", "enquiry", points=point(data_service=DATA))


@pytest.mark.parametrize("order", [("IF-036", "IF-037"), ("IF-037", "IF-036")])
def test_an_appointment_is_the_same_in_whatever_order_it_is_told(order: tuple[str, str]) -> None:
    """The end of one term and the beginning of the next may come either way round: they meet in one time."""
    player = enquiry()
    for interface in order:
        event, custom = ("DSAppActive", BEGINS) if interface == "IF-036" else ("DSDeApp", ENDS)
        player.hears(interface, event, REGISTRATION, custom)
    assert player.knows()["data_service"] == [
        {"dip_id": DATA, "from": None, "to": TEXT},
        {"dip_id": OTHER_DATA, "from": TEXT, "to": None},
    ]


def test_a_transaction_is_applied_once() -> None:
    """The same transaction a second time is counted and changes nothing."""
    player = enquiry()
    received = player.received("IF-036", "DSAppActive", REGISTRATION, BEGINS)
    player.takes(received)
    once = player.knows()
    player.takes(received)
    twice = player.knows()
    assert (once.pop("repeated"), twice.pop("repeated")) == (0, 1)
    assert once == twice
    assert once["heard"] == {"IF-036/DSAppActive": 1}


def test_a_refusal_teaches_nothing() -> None:
    """A change that registration refused is heard of, and no fact."""
    player = enquiry()
    blocks = {"B025": {"energisationStatus": "D"}}
    refused = {"responseCode": "R", "responseMessages": ["REG1004"]}
    player.hears("IF-008", "EnergisationStatusChange", REGISTRATION, blocks, CommonBlock__R0=refused)
    assert "energisation" not in player.knows()
    accepted = {"responseCode": "A", "responseMessages": []}
    player.hears("IF-008", "EnergisationStatusChange", REGISTRATION, blocks, CommonBlock__R0=accepted)
    assert player.knows()["energisation"] == "D"
    assert player.knows()["heard"]["IF-008/EnergisationStatusChange"] == 2


def test_a_change_of_supplier_is_known_from_one_message() -> None:
    """IF-001 names who comes and who goes; the outgoing supplier's term ends where the other's begins."""
    player = enquiry()
    custom = {
        "B002": {"incomingSupplierDIPID": OTHER_SUPPLIER, "supplierEffectiveFromDate": TEXT},
        "B003": {"outgoingSupplierDIPID": SUPPLIER},
    }
    player.hears("IF-001", "ChangeOfSupplier", REGISTRATION, custom)
    assert player.knows()["supplier"] == [
        {"dip_id": SUPPLIER, "from": None, "to": TEXT},
        {"dip_id": OTHER_SUPPLIER, "from": TEXT, "to": None},
    ]


def test_meters_follow_an_accepted_exchange() -> None:
    """IF-036 lists the meter in place; IF-006 takes it away and puts another one there."""
    player = enquiry()
    meter = {"meterID": "OLD1", "meterType": "S2B"}
    player.hears("IF-036", "DSAppActive", REGISTRATION, {"B905List": [{"existingMeter": meter}]})
    assert player.knows()["meters"] == ["OLD1"]
    exchange = {
        "B039": {"meterIDRemoved": "OLD1"},
        "B906": {"existingMeter": {"meterID": "NEW1"}},
        "B905List": [],
    }
    player.hears("IF-006", "MeterExchange", REGISTRATION, exchange)
    assert (player.knows()["meters"], player.knows()["removed_meters"]) == (["NEW1"], ["OLD1"])


def test_readings_are_kept_with_who_sent_them() -> None:
    """A cumulative reading is kept with its event, meter, time and sender."""
    player = Player(SUPPLIER, "supplier")
    player.hears("IF-041", "ReadingCOS", DATA)
    (reading,) = player.knows()["readings"]
    assert (reading["event"], reading["by"]) == ("ReadingCOS", DATA)
    assert reading["reading"]
    assert reading["meter"]


def test_disconnection_and_reconnection() -> None:
    """A reconnection takes the disconnection back."""
    player = enquiry()
    player.hears("IF-009", "MPANDisconnection", REGISTRATION)
    assert "disconnected_from" in player.knows()
    player.hears("IF-009", "MPANReconnection", REGISTRATION)
    assert "disconnected_from" not in player.knows()


def test_nothing_is_known_of_another_metering_point() -> None:
    """A metering point that nobody mentioned is not there."""
    player = enquiry()
    assert player.behaviour.look_up(player.state, "2000000000011") is None
    assert player.knows(MPAN)["data_service"][0]["dip_id"] == DATA


def test_a_party_of_any_role_can_listen() -> None:
    """`listen` keeps what it hears and answers nothing."""
    player = Player(METERING, "listen")
    assert player.hears("IF-033", "MSAppSPRequest", REGISTRATION) == []
    assert player.knows()["heard"] == {"IF-033/MSAppSPRequest": 1}


def test_points_are_read_as_registration_writes_them() -> None:
    """One list of metering points serves registration and participants alike."""
    entry = {
        "supplier": {"dip_id": SUPPLIER, "from": "2026-01-01"},
        "data_service": [{"dip_id": DATA}, {"dip_id": OTHER_DATA, "from": TEXT}],
        "metering_service": "none",
        "mdr": "1600000001",
        "market_segment": {"value": "A"},
        "energisation": {"value": "D", "from": "2026-01-31"},
        "mp_status": "T",
        "meters": [{"serial": "OLD1", "removed": "2026-01-01"}, {"serial": "NEW1"}],
        "address": {"postcode": "AB1 2CD"},
    }
    found = Player("2100000001", "enquiry", points=point(**entry)).knows()
    assert found["supplier"][0]["from"] == "2026-01-01T00:00:00+00:00"
    assert [term["to"] for term in found["data_service"]] == [TEXT, None]
    assert found["retriever"][0]["dip_id"] == "1600000001"
    assert (found["segment"], found["energisation"]) == ("A", "D")
    assert found["energisation_from"] == "2026-01-31T00:00:00+00:00"
    assert found["meters"] == ["NEW1"]
    assert "metering_service" not in found
