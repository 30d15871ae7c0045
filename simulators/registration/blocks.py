"""What stands in messages of what registration holds: standing data of a metering point, by block.

A block is written where the item was ever on record, and left out where it is on record that there is none.
Blocks about which nothing is on record are not named, so that the message is filled from its release.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from harness.clock import message_time
from simulators.registration.history import Span
from simulators.registration.items import Address, AnnualConsumption, Item, Linked, Meter, Related
from simulators.registration.point import MeteringPoint
from simulators.registration.services import Service

Blocks = Mapping[str, Any]
Find = Callable[[str], MeteringPoint | None]


def standing_blocks(point: MeteringPoint, moment: datetime, other: Find = lambda _: None) -> dict[str, Any]:
    """Return every block of standing data, as in force at ``moment``; a message takes those that it has."""
    written: dict[str, Any] = {
        "B005": current_services(point, moment),
        "B006": _direct_contracts(point, moment),
        "B022": _address(point.at(Item.ADDRESS, moment)),
        "B023": _connection(point, moment),
        "B004": _dated(point, moment, Item.DOMESTIC, "domesticPremiseIndicator"),
        "B028": _dated(point, moment, Item.DOMESTIC, "domesticPremiseIndicator"),
        "B024": _dated(point, moment, Item.DUOS_TARIFF, "DUOSTariffID"),
        "B025": _dated(point, moment, Item.ENERGISATION, "energisationStatus"),
        "B026": _dated(point, moment, Item.MARKET_SEGMENT, "marketSegmentIndicator"),
        "B027": _annual(point.span(Item.ANNUAL_CONSUMPTION, moment)),
        "B029": _dated(point, moment, Item.DCC, "DCCServiceFlag", "DCCEffectiveFromDate"),
        "B030": _dated(point, moment, Item.IHD, "IHDInstallStatus", "IHDEffectiveFromDate"),
        "B031": _dated(point, moment, Item.SMSO, "SMSOID", "SMSOEffectiveFromDate"),
        "B032": _profile(point, moment),
    }
    written = {name: block for name, block in written.items() if block}
    for name, item in _LEFT_OUT.items():
        if name not in written and _none_held(point, item, moment):
            written[name] = None
    if point.history(Item.METERS).versions:
        meters = [listed_meter(meter) for meter in point.meters_at(moment) if meter.removed is None]
        written["B905List"] = meters or None
    written |= _linked(point, moment, other)
    written |= _related(point, moment)
    return written


_LEFT_OUT = {
    "B027": Item.ANNUAL_CONSUMPTION,
    "B029": Item.DCC,
    "B030": Item.IHD,
    "B031": Item.SMSO,
    "B032": Item.PROFILE_CLASS,
}
"""Optional blocks by the item that decides whether there is anything to say."""


def _none_held(point: MeteringPoint, item: Item, moment: datetime) -> bool:
    return bool(point.history(item).versions) and point.at(item, moment) is None


def _dated(
    point: MeteringPoint, moment: datetime, item: Item, field: str, date: str = ""
) -> dict[str, Any] | None:
    span = point.span(item, moment)
    if span is None or span.value is None:
        return None
    return {field: span.value, date or f"{field}EffectiveFromDate": message_time(span.since)}


def current_services(point: MeteringPoint, moment: datetime) -> dict[str, Any] | None:
    """Return block B005, None where neither service has a provider of the new arrangements."""
    metering, data = (point.provider_at(service, moment) for service in (Service.METERING, Service.DATA))
    if not (metering and metering.dip_id) and not (data and data.dip_id):
        return None
    return {
        "currentMeteringServiceDIPID": metering.dip_id or None if metering else None,
        "currentMeteringServiceMPID": metering.mpid if metering and metering.dip_id else None,
        "currentDataServiceDIPID": data.dip_id or None if data else None,
        "currentDataServiceMPID": data.mpid if data and data.dip_id else None,
    }


def _direct_contracts(point: MeteringPoint, moment: datetime) -> dict[str, Any] | None:
    if not any(
        point.history(item).versions for item in (Item.DIRECT_CONTRACT_METERING, Item.DIRECT_CONTRACT_DATA)
    ):
        return None
    metering = point.contract_at(Service.METERING, moment)
    data = point.contract_at(Service.DATA, moment)
    return {
        "customerDirectContractMeteringService": metering is not None,
        "customerDirectContractMeteringServiceDIPID": metering.dip_id if metering else None,
        "customerDirectContractDataService": data is not None,
        "customerDirectContractDataServiceDIPID": data.dip_id if data else None,
    }


def _address(address: Address | None) -> dict[str, Any] | None:
    if address is None:
        return None
    lines = {f"addressLine{number}": line for number, line in enumerate(address.lines, start=1)}
    return {**lines, "meteringPointPostcode": address.postcode}


def _connection(point: MeteringPoint, moment: datetime) -> dict[str, Any]:
    found = _dated(
        point, moment, Item.CONNECTION_TYPE, "connectionTypeIndicator", "connectionTypeEffectiveFromDate"
    )
    block = dict(found or {})
    for item, field in ((Item.ENERGY_DIRECTION, "energyDirection"), (Item.METERED, "meteredIndicator")):
        value = point.at(item, moment)
        if value is not None:
            block[field] = value
    return block


def _annual(span: Span[Any] | None) -> dict[str, Any] | None:
    if span is None or not isinstance(span.value, AnnualConsumption):
        return None
    return {
        "annualConsumption": span.value.kwh,
        "annualConsumptionQualityIndicator": span.value.quality,
        "annualConsumptionEffectiveFromDate": message_time(span.since),
    }


def _profile(point: MeteringPoint, moment: datetime) -> dict[str, Any]:
    return {
        **(_dated(point, moment, Item.PROFILE_CLASS, "profileClass") or {}),
        **(_dated(point, moment, Item.SSC, "SSC") or {}),
    }


def listed_meter(meter: Meter) -> dict[str, Any]:
    """Return an item of B905List: a meter and who owns it now."""
    """Return an item of B905List: a meter, and who owns it."""
    listed: dict[str, Any] = {
        "existingMeter": {
            "meterID": meter.serial,
            "meterType": meter.kind,
            "manufacturersMakeAndType": meter.make or None,
            "ESMEGUID": meter.esme,
            "meterLocation": meter.location or "A",
            "numberOfDisplayedRegisterDigits": meter.digits,
            "meterInstallationDate": message_time(meter.installed),
        }
    }
    if meter.asset_providers:
        owner = meter.asset_providers[-1]
        listed["existingMAP"] = {
            "meterAssetProviderID": owner.provider,
            "meterAssetProviderEffectiveFromDate": message_time(owner.effective_from),
        }
    return listed


def _linked(point: MeteringPoint, moment: datetime, other: Find) -> dict[str, Any]:
    """Return B035List and B907List: the other members of an import/export relationship."""
    if not point.history(Item.LINKED).versions:
        return {}
    linked = point.at(Item.LINKED, moment)
    if not isinstance(linked, Linked):
        return {"B035List": None, "B907List": None}
    members = [linked.principal, *linked.subsidiaries]
    blocks = [_link(mpan, linked, other(mpan), moment) for mpan in members if mpan != point.mpan]
    return {"B035List": blocks or None, "B907List": [{"existingMeter": block} for block in blocks] or None}


def _link(mpan: str, linked: Linked, held: MeteringPoint | None, moment: datetime) -> dict[str, Any]:
    supplier = held.supplier_at(moment) if held else None
    return {
        "linkedImportExportMPAN": mpan,
        "linkedMPANEnergyDirection": "I" if mpan == linked.principal else "E",
        "importExportMPANSupplierDIPID": supplier.dip_id or None if supplier else None,
        "importExportMPANSupplierMPID": supplier.mpid if supplier else None,
    }


def _related(point: MeteringPoint, moment: datetime) -> dict[str, Any]:
    if not point.history(Item.RELATED).versions:
        return {}
    related = point.at(Item.RELATED, moment)
    if not isinstance(related, Related):
        return {"B037List": None, "B908List": None}
    blocks = [{"primaryMPAN": related.primary, "secondaryMPAN": mpan} for mpan in related.secondaries]
    return {"B037List": blocks or None, "B908List": [{"existingMeter": block} for block in blocks] or None}
