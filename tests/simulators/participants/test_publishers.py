"""Load shapes from what was heard, standing data, reports: parties that publish when they are told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from harness.errors import ConfigurationError
from harness.messages.consumption import OFF_PEAK_PERIODS
from simulators.participants.behaviours import Outgoing
from tests.simulators.participants.player import Player
from tests.simulators.participants.publications import DATA, OTHER_DATA, SUPPLIER
from tests.simulators.participants.test_settlement import period, sent_by

DAY = "2026-02-27"


def shaping() -> Player:
    """Return a load shaping service."""
    return Player("1900000001", "load-shaping")


def published(player: Player) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the groups of IF-022 and of IF-023 for the day."""
    shapes, totals = (player.written(message)["CustomBlock"] for message in told(player))
    (day,), (sums,) = shapes["B903List"], totals["B912List"]
    assert day["settlementDay"] == sums["settlementDay"]
    return day["LSGSettlementPeriods"], sums["LSGTotals"]


def told(player: Player) -> list[Outgoing]:
    """Return what it publishes on the day."""
    return player.told("publish", mpan=None, day=DAY)


def test_a_load_shape_is_the_mean_of_the_actual_values() -> None:
    """Two metering points of a group: each period is their mean, an estimate left out."""
    player, first, second = shaping(), sent_by(), sent_by(scale="3")
    period(5, q="E1", e="2")(second)
    player.hears("IF-021", "ActivePower", DATA, CustomBlock=first)
    player.hears(
        "IF-021", "ActivePower", OTHER_DATA, CustomBlock=second, CommonBlock__M0__MPANCore="1000000000016"
    )
    (shape,), (sums,) = published(player)
    values = [Decimal(each["loadShapePeriodValue"]) for each in shape["LSGroupSettlementPeriods"]]
    own = [Decimal(each["v"]) for each in _periods(first)]
    other = [Decimal(each["v"]) for each in _periods(second)]
    for number, value in enumerate(values):
        mean = own[number] if number == 5 else (own[number] + other[number]) / 2
        assert abs(value - mean) <= Decimal("0.001")
    assert {each["defaultLoadShapeFlag"] for each in shape["LSGroupSettlementPeriods"]} == {"A"}
    (total,) = sums["LSTTotals"]
    assert Decimal(total["loadShapeDayTotal"]) == sum(values)
    assert Decimal(total["loadShapeDayOffPeakTotal"]) == sum(values[:OFF_PEAK_PERIODS])
    assert Decimal(total["loadShapeDayPeakTotal"]) == sum(values[OFF_PEAK_PERIODS:])
    assert total["loadShape7DayRollingTotal"] == total["loadShapeDayTotal"]


def test_a_period_of_which_nothing_was_heard_is_a_default() -> None:
    """It is published as zero, and said to be a default."""
    player, block = shaping(), sent_by()
    del _periods(block)[40:]
    player.hears("IF-021", "ActivePower", DATA, CustomBlock=block)
    (shape,), _ = published(player)
    flags = [each["defaultLoadShapeFlag"] for each in shape["LSGroupSettlementPeriods"]]
    assert flags == ["A"] * 40 + ["D"] * 8
    assert shape["LSGroupSettlementPeriods"][-1]["loadShapePeriodValue"] == "0.000"


def test_groups_are_kept_apart() -> None:
    """The segment, told by the role of the data service, and the quantity make groups of their own."""
    player = shaping()
    player.hears("IF-021", "ActivePower", DATA, CustomBlock=sent_by())
    player.hears("IF-021", "ActivePower", DATA, CustomBlock=sent_by(quantity="AE"))
    player.hears("IF-021", "ActivePower", "1400000002", CustomBlock=sent_by())
    shapes, _ = published(player)
    groups = [each["LSGroup"] for each in shapes]
    assert {(g["marketSegmentIndicator"], g["measurementQuantityID"]) for g in groups} == {
        ("S", "AI"),
        ("S", "AE"),
        ("A", "AI"),
    }
    advanced = next(group for group in groups if group["marketSegmentIndicator"] == "A")
    assert advanced["loadShapeDomesticPremiseIndicator"] is None


def _periods(block: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = block["B900"]["settlementDayConsumptionPeriods"][0]["consumptionPeriods"]
    return found


def test_standing_data_names_its_version() -> None:
    """IF-047 carries the version told."""
    (sent,) = Player("2000000001", "standing-data").told("publish", mpan=None, version="9.9.9")
    assert (
        Player("2000000001", "standing-data").written(sent)["CustomBlock"]["P01"]["publicationVersionID"]
        == "9.9.9"
    )


def test_a_report_goes_to_who_is_named_or_the_first_receiver() -> None:
    """Without `to` it is the network's first party of a primary receiver's role."""
    player = Player("1100000001", "volume-allocation")
    (sent,) = player.told("report", mpan=None, report="REP-003")
    assert sent.primary == (SUPPLIER,)
    (sent,) = player.told("report", mpan=None, report="REP-003", to=["2300000002"])
    assert sent.primary == ("2300000002",)


def test_a_report_of_another_party_is_refused() -> None:
    """Volume allocation does not publish what settlement does."""
    with pytest.raises(ConfigurationError, match="expected one of REP-003"):
        Player("1100000001", "volume-allocation").told("report", mpan=None, report="REP-002")
