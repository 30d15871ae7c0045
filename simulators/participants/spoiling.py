"""Ways to spoil what a party hears and sends: what seeded faults are made of."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from harness.clock import message_time
from harness.messages.build import compress_report
from harness.messages.identifiers import UNIQUE_DIGITS, distributor_of, mpan
from simulators.participants.behaviours import Acting, Outgoing, Publication
from simulators.participants.seeded import Hears, Sends

Fits = Callable[[Outgoing], bool]


def of(interface: str, *events: str) -> Fits:
    """Return whether a message is of an interface, and of one of the events where any are named."""
    return lambda message: message.interface == interface and (not events or message.event in events)


def dropped(fits: Fits) -> Sends:
    """Send all but some messages."""
    return lambda messages, _acting: tuple(message for message in messages if not fits(message))


def doubled(fits: Fits) -> Sends:
    """Send some messages twice, each under a reference of its own."""
    return lambda messages, _acting: tuple(
        again for message in messages for again in ((message, message) if fits(message) else (message,))
    )


def changed(fits: Fits, change: Callable[[Outgoing, Acting], Outgoing]) -> Sends:
    """Send some messages otherwise."""
    return lambda messages, acting: tuple(
        change(message, acting) if fits(message) else message for message in messages
    )


def places(fits: Fits, **values: object) -> Sends:
    """Send some messages with other values; ``B007__responseCode`` names B007.responseCode."""
    wanted = {place.replace("__", "."): value for place, value in values.items()}
    return changed(fits, lambda message, _: replace(message, places={**message.places, **wanted}))


def charged(change: Callable[[dict[str, Any]], None]) -> Sends:
    """Change each tariff of the charge reports that were worked out from a settlement run."""

    def spoil(message: Outgoing, _acting: Acting) -> Outgoing:
        body = orjson.loads(zlib.decompress(base64.b64decode(str(message.places[_PACKED]))))
        for tariff in _tariffs(body):
            change(tariff)
        return replace(message, places={**message.places, _PACKED: compress_report(body)})

    return changed(lambda message: _PACKED in message.places, spoil)


_PACKED = "P03.compressedReport"


def _tariffs(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [tariff for each in node for tariff in _tariffs(each)]
    if not isinstance(node, dict):
        return []
    return [node] if "R0105" in node else _tariffs(list(node.values()))


def estimated_twice(tariff: dict[str, Any]) -> None:
    """Count the actual volume of a tariff as estimated as well."""
    daily = tariff["R0105"]
    daily["dailyTotalVolumeBasedOnEstimatedData"] = daily["dailyTotalVolumeBasedOnActualData"]


def doubled_volume(tariff: dict[str, Any]) -> None:
    """Double every volume of a tariff, so that it adds up all the same."""
    for field in tariff["R0105"]:
        tariff["R0105"][field] = f"{2 * Decimal(tariff['R0105'][field]):.6f}"
    for period in next(value for value in tariff.values() if isinstance(value, list)):
        period["totalUncorrectedVolume"] = f"{2 * Decimal(period['totalUncorrectedVolume']):.6f}"


def reversed_order(interfaces: frozenset[str]) -> Sends:
    """Send the messages of one turn in the opposite order, where they are of these interfaces."""

    def send(messages: tuple[Outgoing, ...], _acting: Acting) -> tuple[Outgoing, ...]:
        fits = all(message.interface in interfaces for message in messages)
        return tuple(reversed(messages)) if fits else messages

    return send


def deaf(interface: str, *events: str) -> Hears:
    """Hear all but some publications."""

    def hears(publication: Publication, _acting: Acting) -> tuple[Publication, ...]:
        named = publication.interface == interface and (not events or publication.event in events)
        return () if named else (publication,)

    return hears


def periods(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Sends:
    """Send IF-021 with other settlement periods in every day."""

    def other(message: Outgoing, _acting: Acting) -> Outgoing:
        block = message.custom["B900"]
        assert isinstance(block, dict)
        days = [
            {**day, "consumptionPeriods": change([dict(each) for each in day["consumptionPeriods"]])}
            for day in block["settlementDayConsumptionPeriods"]
        ]
        custom = {**message.custom, "B900": {**block, "settlementDayConsumptionPeriods": days}}
        return replace(message, custom=custom)

    fits = of("IF-021")
    return changed(lambda message: fits(message) and "B900" in message.custom, other)


def other_recipient(message: Outgoing, acting: Acting) -> Outgoing:
    """Return the message to another party of the first recipient's role."""
    roles = {each.dip_id: each.role for each in acting.network.parties}
    role = roles.get(message.primary[0], "") if message.primary else ""
    others = [each.dip_id for each in acting.network.with_role(role) if each.dip_id not in message.primary]
    return replace(message, primary=tuple(others[:1])) if others else message


def neighbour(message: Outgoing, _acting: Acting) -> Outgoing:
    """Return the message about the next MPAN of the same distributor."""
    unique = (int(message.mpan[2:12]) + 1) % 10**UNIQUE_DIGITS
    other = mpan(distributor_of(message.mpan), unique)
    return replace(message, places={**message.places, "M0.MPANCore": other})


def an_hour(period: dict[str, Any]) -> dict[str, Any]:
    """Return a settlement period an hour later."""
    return {**period, "sp": message_time(datetime.fromisoformat(period["sp"]) + timedelta(hours=1))}


def scaled(period: dict[str, Any], factor: float) -> dict[str, Any]:
    """Return a settlement period with its value times a factor."""
    return {**period, "v": f"{float(period['v']) * factor:.3f}"}


def hour_off(message: Outgoing) -> dict[str, object]:
    """Return the proposed date as the UTC midnight that a party without clock time writes."""
    found: dict[str, object] = {}
    for block, items in message.custom.items():
        if not isinstance(items, dict):
            continue
        for item, value in items.items():
            if item.startswith("proposed") and item.endswith("EffectiveFromDate"):
                moment = datetime.fromisoformat(str(value)) + timedelta(hours=1)
                found[f"{block}.{item}"] = message_time(moment)
    return found
