"""Meters and readings: an exchange in whichever order, and registers that add up with the consumption."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from harness.clock import message_time
from simulators.participants.readings import profile
from simulators.participants.record import Point
from tests.simulators.participants.player import MPAN, Player, names, point
from tests.simulators.participants.publications import METERING, REGISTRATION

AT = datetime(2026, 3, 1, 15, tzinfo=UTC)
READINGS = ["IF-041 ReadingRemv", "IF-041 ReadingInstl"]


def metering() -> Player:
    """Return a metering service that knows the metering point."""
    return Player(METERING, "metering-service", points=point(metering_service=METERING))


@pytest.mark.parametrize(
    ("order", "sent"),
    [
        ("readings-first", [*READINGS, "IF-005 MeterExchange"]),
        ("readings-reversed", [*reversed(READINGS), "IF-005 MeterExchange"]),
        ("registration-first", ["IF-005 MeterExchange", *READINGS]),
    ],
)
def test_an_exchange_goes_out_in_the_order_told(order: str, sent: list[str]) -> None:
    """The right order and both wrong ones."""
    assert names(metering().told("exchange-meter", at=message_time(AT), order=order)) == sent


def test_an_exchange_agrees_with_itself() -> None:
    """The removed meter of IF-005 is that of the removal reading, the new one that of the other, at zero."""
    player = metering()
    removed, installed, update = (
        player.written(message)["CustomBlock"]
        for message in player.told("exchange-meter", at=message_time(AT), meter="21P1234567")
    )
    old, new = removed["B064List"][0], installed["B064List"][0]
    assert update["B039"]["meterIDRemoved"] == old["meterID"]
    assert update["B906"]["existingMeter"]["meterID"] == new["meterID"] == "21P1234567"
    assert new["cumulativeRegisterReading"] == "0.000"
    assert old["cumulativeRegisterReadingDateTime"] == message_time(AT)
    assert player.knows()["meters"] == ["21P1234567"]
    assert player.knows()["removed_meters"] == [old["meterID"]]


def test_registers_move_on_with_the_consumption_over_an_exchange() -> None:
    """The old meter's advance and the new one's together are the consumption of the time between."""
    player, start, end = metering(), AT - timedelta(days=3), AT + timedelta(days=3)
    (before,) = player.told("read", at=message_time(start))
    removed, _, _ = player.told("exchange-meter", at=message_time(AT))
    (after,) = player.told("read", at=message_time(end))

    def shown(message: object) -> int:
        block = player.written(message)["CustomBlock"]["B064List"][0]  # type: ignore[arg-type]
        return round(float(block["cumulativeRegisterReading"]) * 1000)

    used = profile(Point(MPAN), player.acting())
    assert shown(removed) - shown(before) == used.advance(start, AT)
    assert shown(after) == used.advance(AT, end)


def test_the_incumbent_knows_that_meter_details_are_asked_for() -> None:
    """IMS-SendMTD is kept: the hand-over itself is a legacy exchange beside the hub."""
    player = metering()
    assert player.knows()["heard"] == {}
    assert player.hears("IF-035", "IMS-SendMTD", REGISTRATION) == []
    assert player.knows()["meter_details_asked"] == 1


def test_energisation_carries_its_time() -> None:
    """IF-007 says what it is now, and since when."""
    player = metering()
    reading, change = player.told("de-energise", at=message_time(AT))
    block = player.written(change)["CustomBlock"]["B025"]
    assert block == {"energisationStatus": "D", "energisationStatusEffectiveFromDate": message_time(AT)}
    assert reading.event == "ReadingEnergisationChg"
