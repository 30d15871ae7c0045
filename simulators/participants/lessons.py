"""What a party learns from a publication: one table of blocks and items, applied once per transaction.

A block means the same wherever it is published, so the table is by block. A response that refuses teaches
nothing, nor does a proposal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from simulators.participants.behaviours import Publication
from simulators.participants.record import DATA, METERING, RETRIEVER, SUPPLIER, Point, Record

FACTS: Mapping[str, Mapping[str, str]] = {
    "B023": {
        "connectionTypeIndicator": "connection_type",
        "connectionTypeEffectiveFromDate": "connection_type_from",
        "energyDirection": "energy_direction",
        "meteredIndicator": "metered",
    },
    "B024": {"DUOSTariffID": "tariff"},
    "B025": {
        "energisationStatus": "energisation",
        "energisationStatusEffectiveFromDate": "energisation_from",
    },
    "B026": {"marketSegmentIndicator": "segment"},
    "B027": {"annualConsumption": "annual_consumption"},
    "B028": {"domesticPremiseIndicator": "domestic"},
    "B029": {"DCCServiceFlag": "dcc_service_flag"},
    "B032": {"SSC": "ssc", "profileClass": "profile_class"},
    "B041": {"disconnectionEffectiveFromDate": "disconnected_from"},
    "B057": {"additionalInformation": "circumstance"},
    "B059": {
        "annualConsumption": "annual_consumption",
        "annualConsumptionQualityIndicator": "annual_quality",
    },
    "B068": {"consentGranularity": "consent"},
}
"""Fact by block and item; a null item teaches nothing."""


@dataclass(frozen=True, slots=True)
class Tenancy:
    """A block that says from when or until when a party serves."""

    block: str
    service: str
    party: str
    since: str
    until: str = ""
    """Empty: the block says that the party begins."""


TENANCIES = (
    Tenancy("B003", SUPPLIER, "outgoingSupplierDIPID", ""),
    Tenancy("B002", SUPPLIER, "incomingSupplierDIPID", "supplierEffectiveFromDate"),
    Tenancy("B014", METERING, "incomingMeteringServiceDIPID", "incomingMeteringServiceEffectiveFromDate"),
    Tenancy("B015", DATA, "incomingDataServiceDIPID", "incomingDataServiceEffectiveFromDate"),
    Tenancy(
        "B008", METERING, "deAppointedMeteringServiceDIPID", "meteringServiceEffectiveFromDate",
        "meteringServiceEffectiveToDate",
    ),
    Tenancy(
        "B009", DATA, "deAppointedDataServiceDIPID", "dataServiceEffectiveFromDate",
        "dataServiceEffectiveToDate",
    ),
    Tenancy("B019", RETRIEVER, "assignedMDRDIPID", "assignedMDREffectiveFromDate"),
    Tenancy("B083", RETRIEVER, "assignedMDRDIPID", "", "assignedMDREffectiveToDate"),
)  # fmt: skip

_WITH_METER = frozenset({"MeterInstall", "MeterExchange", "MeterUpdate"})
"""Events whose B906 is a meter in place; in MeterHistoryUpdate it is the one before."""
_REVERSED = "ReverseMigNotification"
_MIGRATIONS = frozenset({"MCA", "MCS"})
_MIGRATED = {
    "B014": "incomingMeteringServiceEffectiveFromDate",
    "B015": "incomingDataServiceEffectiveFromDate",
}
_REFUSING = frozenset({"R", "L"})
_RECONNECTED = "MPANReconnection"
_REPLAYED = "IF-016"


def learn(record: Record, publication: Publication) -> tuple[Record, bool]:
    """Return the record after a publication, and whether it was new.

    A transaction that was applied before changes nothing; one replayed on request (IF-016) is only counted.
    """
    if publication.transaction and publication.transaction in record.applied:
        return replace(record, repeated=record.repeated + 1), False
    record = replace(record, applied=record.applied.put(publication.transaction, None))
    mpan = publication.principal
    if not mpan:
        return record, True
    point = _heard(record.point(mpan), publication)
    if publication.interface != _REPLAYED and publication.common("R0").get("responseCode") not in _REFUSING:
        point = _taught(point, publication)
    return record.with_point(point), True


def _heard(point: Point, publication: Publication) -> Point:
    name = f"{publication.interface}/{publication.event}"
    heard = {**point.heard, name: point.heard.get(name, 0) + 1}
    return replace(point, heard=MappingProxyType(heard), header=publication.common("M0") or point.header)


def _taught(point: Point, publication: Publication) -> Point:
    learnt = {
        fact: value
        for block, items in FACTS.items()
        for item, fact in items.items()
        if (value := publication.custom(block).get(item)) is not None
    }
    facts = {**point.facts, **learnt, **_regime(publication)}
    if publication.event == _RECONNECTED:
        facts.pop("disconnected_from", None)
    point = replace(point, facts=MappingProxyType(facts))
    for tenancy in TENANCIES:
        block = publication.custom(tenancy.block)
        if not block.get(tenancy.party):
            continue
        dip_id, since = str(block[tenancy.party]), moment(block.get(tenancy.since))
        if tenancy.until:
            point = point.ends(tenancy.service, dip_id, since, moment(block.get(tenancy.until)))
        else:
            point = point.begins(tenancy.service, dip_id, since)
    return _with_readings(_with_meters(point, publication), publication)


def _regime(publication: Publication) -> dict[str, Any]:
    """Return when half-hourly settlement begins (a migration) or ends (a reverse migration).

    It ends when the incoming supplier begins: IF-003 names both dates, and this one is not ambiguous.
    """
    if publication.event == _REVERSED:
        return {"mhhs_until": publication.custom("B002").get("supplierEffectiveFromDate")}
    for block, since in _MIGRATED.items():
        appointed = publication.custom(block)
        if appointed.get("appointmentScenario") in _MIGRATIONS:
            return {"mhhs_from": appointed.get(since)}
    return {}


def _with_meters(point: Point, publication: Publication) -> Point:
    listed = [entry.get("existingMeter") for entry in publication.custom_list("B905List")]
    if publication.event in _WITH_METER:
        listed.append(publication.custom("B906").get("existingMeter"))
    listed += publication.custom_list("B074List")
    gone = publication.custom("B039").get("meterIDRemoved")
    meters = dict(point.meters)
    for meter in listed:
        if meter and meter.get("meterID"):
            meters[str(meter["meterID"])] = meter
    if gone:
        meters.pop(str(gone), None)
    removed = (*point.removed, str(gone)) if gone else point.removed
    return replace(point, meters=MappingProxyType(meters), removed=removed)


def _with_readings(point: Point, publication: Publication) -> Point:
    found = _readings(publication, publication.custom_list("B064List"))
    return replace(point, readings=(*point.readings, *found))


def _readings(publication: Publication, blocks: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [
        {
            "event": publication.event,
            "meter": block.get("meterID"),
            "reading": block.get("cumulativeRegisterReading"),
            "at": block.get("cumulativeRegisterReadingDateTime"),
            "by": publication.sender,
        }
        for block in blocks
    ]


def moment(text: object) -> datetime | None:
    """Return a time in a message, None for what is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
