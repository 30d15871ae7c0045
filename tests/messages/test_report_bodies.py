"""Report bodies: valid against their definition, and their totals are right."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from contexts import context, report_body

from harness.messages.build import build
from harness.spec.examine import examine
from harness.spec.release import load, names


def body(interface: str, event: str) -> dict[str, Any]:
    """Return the body of a report."""
    return report_body(build(load("2.1.0"), interface, event, context()))


def total(parts: list[dict[str, Any]], field: str) -> Decimal:
    """Add up a field."""
    return sum((Decimal(part[field]) for part in parts), Decimal(0))


@pytest.mark.parametrize("release_name", names())
def test_bodies_keep_their_definition(release_name: str) -> None:
    """The decompressed body of every report is what the release defines for it."""
    release = load(release_name)
    reports = [pair for pair in release.pairs if pair.report]
    assert len(reports) == 13
    for pair in reports:
        payload = build(release, pair.interface, pair.event, context())
        assert "schema" not in payload["CustomBlock"]
        payload["CustomBlock"]["schema"] = report_body(payload)
        assert payload["CustomBlock"]["schema"]
        assert not examine(release, payload).findings


def test_daily_volumes_add_up() -> None:
    """The daily volume of a tariff is that of its 48 periods."""
    (tariff,) = body("REP-002", "DUOSSupplierAggData")["REP002-R027"][0]["REP002-R013"][0]["REP002-R010"]
    periods = tariff["REP002-R011"]
    assert [period["settlementPeriod"] for period in periods] == list(range(1, 49))
    day = tariff["R0105"]
    volume = Decimal(day["dailyTotalVolumeBasedOnActualData"]) + Decimal(
        day["dailyTotalVolumeBasedOnEstimatedData"]
    )
    assert volume == total(periods, "totalUncorrectedVolume") > 0


def test_allocated_volumes_add_up() -> None:
    """A BM unit's volumes are those of its components, a disconnection's those of its periods."""
    (unit,) = body("REP-003", "BMUnitAllocatedDemandVolumesToMarketParticipants")["REP003-R015"][0][
        "REP003-R016"
    ]
    (component,) = unit["REP003-R017"]
    corrected = total(component["REP003-R018"], "correctedComponentConsumption")
    assert Decimal(component["R019"]["dailyCorrectedComponent"]) == corrected > 0
    assert Decimal(unit["R021"]["dailyPeriodBMUnitTotalAllocatedVolume"]) == corrected
    (event,) = unit["REP003-R051"]
    assert [period["SettlementPeriod"] for period in event["REP003-R022"]] == [35, 36, 37, 38]
    lost = total(event["REP003-R022"], "BMUnitAllocatedDemandDisconnectionVolume")
    assert Decimal(event["R023"]["dailyBMUnitAllocatedDemandDisconnectionVolume"]) == lost > 0


def test_deemed_take_adds_up() -> None:
    """A supplier's take of the day is that of its periods."""
    report = body("REP-004", "SupplierDeemedTakeReport")["REP004-R009"]
    assert Decimal(report["REP004-R025"][0]["dailySupplierDeemedTakeforSettlementDay"]) == total(
        report["REP004-R026"], "supplierDeemedTake"
    )


def test_an_invoice_adds_up() -> None:
    """A charge is quantity times price; the invoice is the sum of its charges, VAT of 20 % and both."""
    (invoice,) = body("REP-900", "DUoSSupplierInvData")["R900-03"][0]["R900-04"]
    for charge in invoice["R900-05"]:
        assert Decimal(charge["totalChargeForChargeTypeExVAT"]) == Decimal(charge["quantity"]) * Decimal(
            charge["price"]
        )
    net = total(invoice["R900-05"], "totalChargeForChargeTypeExVAT")
    assert Decimal(invoice["totalInvoiceAmountExVAT"]) == net > 0
    assert Decimal(invoice["totalInvoiceVAT"]) == net / 5
    assert Decimal(invoice["totalInvoiceAmountIncVAT"]) == net * 6 / 5


@pytest.mark.parametrize(
    ("event", "holder", "other"),
    [("DUoSSupplierAggInvData", "R901-04", "R901-05"), ("DUoSEmbeddedLDSOAggInvData", "R901-05", "R901-04")],
)
def test_use_of_system_adds_up(event: str, holder: str, other: str) -> None:
    """A day's counts, charges and volumes are those of its tariffs; the event says for whom they are."""
    (day,) = body("REP-901", event)["R901-03"]
    assert other not in day
    (totals,) = day[holder][0]["R901-06"]
    tariffs = totals["R901-07"]
    bands = [band for tariff in tariffs for band in tariff["R901-08"]]
    assert totals["dailyTotalMSIDCount"] == sum(tariff["dailyTariffNumberOfMSIDs"] for tariff in tariffs)
    assert Decimal(totals["dailyTotalMSIDCharge"]) == total(tariffs, "dailyTariffMSIDCharge")
    assert Decimal(totals["dailyTotalUnitVolume"]) == total(bands, "dailyUncorrectedVolumeForChargeBand")
    assert Decimal(totals["dailyTotalUnitCharge"]) == total(bands, "totalVolumeChargeForChargeBand") > 0
