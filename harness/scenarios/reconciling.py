"""The oracle of reports: what a report says, added up by the harness itself (pure).

Settlement's reports give volumes in MWh with six decimals, so that each watt hour shows (the unit is
assumed). Which consumption a report of a day has to hold follows from the messages that the scenario saw:
the last value of each metering point, quantity and period that settlement was sent for the day and did not
refuse.
"""

from __future__ import annotations

import base64
import binascii
import copy
import zlib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from harness.errors import ConfigurationError
from harness.messages.report_totals import TOTALS
from harness.scenarios.publications import Publication, value_at

MOST_BYTES = 64_000_000
"""Of a report once it is unpacked."""
_DAILY = "R0105"
_DAILY_FIELDS = ("dailyTotalVolumeBasedOnActualData", "dailyTotalVolumeBasedOnEstimatedData")
_PERIOD_FIELDS = ("totalUncorrectedVolume", "embeddedTotalUncorrectedVolume")


def opened(publication: Publication) -> dict[str, Any]:
    """Return the body of a report; raises ConfigurationError saying why it can't be opened."""
    packed = value_at(publication.payload, "P03.compressedReport")
    try:
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(base64.b64decode(str(packed), validate=True), MOST_BYTES)
        if unpacking.unconsumed_tail:
            raise ConfigurationError(f"is over {MOST_BYTES // 1_000_000} MB when it is unpacked")
        body = orjson.loads(text)
    except (binascii.Error, zlib.error, orjson.JSONDecodeError) as error:
        raise ConfigurationError(f"can't be unpacked: {error}") from error
    if not isinstance(body, dict):
        raise ConfigurationError("is no JSON object when it is unpacked")
    return body


def departures(body: Mapping[str, Any]) -> list[str]:
    """Return where a report does not add up: a total that is another than the sum of its parts."""
    return list(_departures(body, ""))


def _departures(node: Any, path: str) -> Iterator[str]:
    if isinstance(node, list):
        for number, each in enumerate(node):
            yield from _departures(each, f"{path}.{number}")
        return
    if not isinstance(node, dict):
        return
    block = next((part for part in reversed(path.split(".")) if part and not part.isdigit()), "")
    try:
        yield from _total(block, node, path)
    except (KeyError, TypeError, InvalidOperation) as error:
        yield f"{path.lstrip('.')}: its total can't be worked out: {error!r}"
    for key, each in node.items():
        yield from _departures(each, f"{path}.{key}")


def _total(block: str, node: Mapping[str, Any], path: str) -> Iterator[str]:
    where = path.lstrip(".")
    if _DAILY in node:
        said = sum((Decimal(str(node[_DAILY][name])) for name in _DAILY_FIELDS), Decimal(0))
        parts = sum(_volumes(node), Decimal(0))
        if said != parts:
            yield f"{where}: the daily totals are {said}, the periods add up to {parts}"
    elif block in TOTALS:
        right = copy.deepcopy(dict(node))
        TOTALS[block](right)
        for name, value in right.items():
            if value != node[name] and Decimal(str(value)) != Decimal(str(node[name])):
                yield f"{where}.{name} is {node[name]}, its parts make {value}"


def _volumes(node: Any) -> Iterator[Decimal]:
    """Yield the volume of every settlement period at or below a node."""
    if isinstance(node, list):
        for each in node:
            yield from _volumes(each)
    elif isinstance(node, dict):
        yield from (Decimal(str(node[name])) for name in _PERIOD_FIELDS if name in node)
        for each in node.values():
            yield from _volumes(each)


def reported_watt_hours(bodies: Iterable[Mapping[str, Any]]) -> int:
    """Return the volume of all periods of all bodies, in Wh."""
    return sum(int(volume * 1_000_000) for body in bodies for volume in _volumes(body))


def consumed_watt_hours(publications: Iterable[Publication], day: str, holder: str) -> int:
    """Return what the party ``holder`` (a DIP id) was sent for a settlement day and did not refuse, in Wh.

    ``publications`` in the order in which the hub took them; of two values for a period the later one counts.
    """
    listed = list(publications)
    refused = {
        str(value_at(each.payload, "S1.senderCorrelationID") or "")
        for each in listed
        if (each.interface, each.event_code) == ("IF-014", "ActivePowerRejected") and each.sender == holder
    }
    values: dict[tuple[str, str, str], int] = {}
    for each in listed:
        if (each.interface, each.event_code, each.party) != ("IF-021", "ActivePower", holder):
            continue
        if each.correlation in refused or each.reference in refused:
            continue
        quantity = str(value_at(each.payload, "B900.MQID.measurementQuantityID"))
        for sent in value_at(each.payload, "B900.settlementDayConsumptionPeriods") or ():
            if str(sent["settlementDay"]["settlementDayDate"])[:10] != day:
                continue
            for period in sent["consumptionPeriods"]:
                values[each.mpan, quantity, period["sp"]] = round(Decimal(str(period["v"])) * 1000)
    return sum(values.values())
