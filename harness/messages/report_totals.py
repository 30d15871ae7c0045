"""Totals inside report bodies: each is the sum of its parts, so that a reader can add up what it received.

Which parts a daily total adds up is read from the items' names; no public source states the formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

from harness.messages.values.reports import VAT_RATE

Body: TypeAlias = dict[str, Any]

_PENCE = Decimal("0.01")


def _sum(parts: list[Body], field: str) -> Decimal:
    return sum((Decimal(part[field]) for part in parts), Decimal(0))


def _volume(parts: list[Body], field: str) -> str:
    return f"{_sum(parts, field):.6f}"


def _pence(amount: Decimal) -> Decimal:
    return amount.quantize(_PENCE, ROUND_HALF_UP)


def _daily(block: str, parts: str, sums: Mapping[str, str]) -> Callable[[Body], None]:
    """Make the fields of ``block`` the sums of a field of each of ``parts``, both siblings in one object."""

    def total(body: Body) -> None:
        for field, summand in sums.items():
            body[block][field] = _volume(body[parts], summand)

    return total


_ALLOCATED = {
    "dailyBMUnitPeriodLevelConsumption": "uncorrectedBMUnitPeriodLevelConsumption",
    "dailyBMUnitPeriodLevelConsumptionLosses": "uncorrectedBMUnitPeriodLevelConsumptionLosses",
    "dailyCorrectedComponent": "correctedComponentConsumption",
    "dailyCorrectedComponentLosses": "correctedComponentLosses",
}
_DISCONNECTED = {
    "dailyBMUnitAllocatedDemandDisconnectionVolume": "BMUnitAllocatedDemandDisconnectionVolume",
    "dailyBMUnitAllocatedDemandDisconnectionVolumeLosses": "BMUnitAllocatedDemandDisconnectionVolumeLosses",
}


def _unit(components: str) -> Callable[[Body], None]:
    def total(body: Body) -> None:
        days = [component["R019"] for component in body[components]]
        body["R021"]["dailyUncorrectedPeriodBMUnitTotalAllocatedVolume"] = _volume(
            days, "dailyBMUnitPeriodLevelConsumption"
        )
        body["R021"]["dailyPeriodBMUnitTotalAllocatedVolume"] = _volume(days, "dailyCorrectedComponent")

    return total


def _deemed_take(body: Body) -> None:
    for day in body["REP004-R025"]:
        day["dailySupplierDeemedTakeforSettlementDay"] = _volume(body["REP004-R026"], "supplierDeemedTake")


def _charge(body: Body) -> None:
    body["totalChargeForChargeTypeExVAT"] = str(_pence(Decimal(body["quantity"]) * Decimal(body["price"])))


def _invoice(body: Body) -> None:
    net = _sum(body["R900-05"], "totalChargeForChargeTypeExVAT")
    tax = _pence(net * Decimal(VAT_RATE) / 100)
    body["totalInvoiceAmountExVAT"] = str(_pence(net))
    body["totalInvoiceVAT"] = str(tax)
    body["totalInvoiceAmountIncVAT"] = str(_pence(net) + tax)


def _use_of_system(body: Body) -> None:
    tariffs = body["R901-07"]
    bands = [band for tariff in tariffs for band in tariff["R901-08"]]
    body["dailyTotalMSIDCount"] = sum(tariff["dailyTariffNumberOfMSIDs"] for tariff in tariffs)
    body["dailyTotalMSIDCharge"] = str(_sum(tariffs, "dailyTariffMSIDCharge"))
    body["dailyTotalUnitVolume"] = _volume(bands, "dailyUncorrectedVolumeForChargeBand")
    body["dailyTotalUnitCharge"] = str(_sum(bands, "totalVolumeChargeForChargeBand"))


TOTALS: Mapping[str, Callable[[Body], None]] = {
    "REP002-R010": _daily(
        "R0105", "REP002-R011", {"dailyTotalVolumeBasedOnActualData": "totalUncorrectedVolume"}
    ),
    "REP002A-R010": _daily(
        "R0105", "REP002A-R012", {"dailyTotalVolumeBasedOnActualData": "embeddedTotalUncorrectedVolume"}
    ),
    "REP002B-R010": _daily(
        "R0105", "REP002B-R011", {"dailyTotalVolumeBasedOnActualData": "totalUncorrectedVolume"}
    ),
    "REP003-R017": _daily("R019", "REP003-R018", _ALLOCATED),
    "REP003A-R020": _daily("R019", "REP003A-R018", _ALLOCATED),
    "REP003-R016": _unit("REP003-R017"),
    "REP003A-R016": _unit("REP003A-R020"),
    "REP003-R051": _daily("R023", "REP003-R022", _DISCONNECTED),
    "REP003A-R051": _daily("R023", "REP003-R022", _DISCONNECTED),
    "REP004-R009": _deemed_take,
    "REP006-R003": _daily(
        "R034",
        "REP006-R033",
        {
            "dailyUncorrectedBMUnitPeriodLevelConsumption": "uncorrectedBMUnitPeriodLevelConsumption",
            "dailyBMUnitPeriodLevelConsumptionLosses": "uncorrectedBMUnitPeriodLevelConsumptionLosses",
        },
    ),
    "REP006-R051": _daily(
        "R107",
        "REP006-R106",
        {
            "dailyAdvancedDemandDisconnectionVolume": "supplierAdvancedDemandDisconnectionVolume",
            "dailyAdvancedDemandDisconnectionVolumeLosses": "supplierAdvancedDemandDisconnectionVolumeLosses",
            "dailyBMUnitDemandDisconnectionVolume": "BMUnitDemandDisconnectionVolume",
            "dailyBMUnitDemandDisconnectionVolumeLosses": "BMUnitDemandDisconnectionVolumeLosses",
        },
    ),
    "R900-05": _charge,
    "R900-04": _invoice,
    "R901-06": _use_of_system,
}
