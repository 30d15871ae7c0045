"""A metering point's consumption history: the newest value of each period, out of IF-021. Pure.

An answer goes by measurement quantity, and by who issued the values under which connection type, as IF-016
has one of each (published), with 200 settlement days at most and 48 periods a UTC day (published). That the
value published last is the one that counts, is assumed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import orjson

DAYS = 200
"""Most settlement days of a message."""
PERIODS = 48
"""Most periods of a day. The definition of IF-021 holds no time against its day, so what goes beyond this
number is no half hour of the day, and is left out."""


class Part(NamedTuple):
    """What one IF-016 brings."""

    event: str
    origin: Mapping[str, Any]
    """S1 of the newest message that a value is taken from."""
    blocks: bytes
    """CustomBlock, as JSON."""


class _Source(NamedTuple):
    """What the values of a part have in common; blocks as JSON."""

    event: str
    quantity: bytes
    issuer: bytes
    connection: bytes


class _Gathered(NamedTuple):
    origin: Mapping[str, Any]
    days: dict[str, tuple[Mapping[str, Any], dict[str, Mapping[str, Any]]]]
    """By settlement day: its block, and its periods by the moment at which they begin."""


class Newest:
    """Gathers the newest values of some settlement days; at most `DAYS` of them make messages that fit."""

    def __init__(self, days: Collection[str]) -> None:
        self._days = frozenset(days)
        self._seen: set[tuple[str, bytes, str, str]] = set()
        self._sources: dict[_Source, _Gathered] = {}

    def take(self, event: str, body: bytes) -> None:
        """Take in a message as the store has it; newer ones come first."""
        payload = orjson.loads(body)["payload"]
        blocks = payload["CustomBlock"]
        consumption = blocks["B900"]
        quantity = _text(consumption["MQID"])
        source = _Source(event, quantity, _text(blocks["B044"]), _text(blocks["B067"]))
        for entry in consumption["settlementDayConsumptionPeriods"]:
            day = entry["settlementDay"]["settlementDayDate"]
            if day not in self._days:
                continue
            for period in entry["consumptionPeriods"]:
                place = (event, quantity, day, period["sp"])
                if place in self._seen:
                    continue
                self._seen.add(place)
                gathered = self._sources.get(source)
                if gathered is None:
                    gathered = self._sources[source] = _Gathered(payload["CommonBlock"]["S1"], {})
                periods = gathered.days.setdefault(day, (entry["settlementDay"], {}))[1]
                if len(periods) < PERIODS:
                    periods[period["sp"]] = period

    def parts(self) -> Iterator[Part]:
        """Return what was gathered, days and periods in order of time; the same gathered, the same parts."""
        for source, gathered in sorted(self._sources.items(), key=lambda item: item[0]):
            days = [
                {"settlementDay": block, "consumptionPeriods": [periods[at] for at in sorted(periods)]}
                for _, (block, periods) in sorted(gathered.days.items(), key=lambda item: item[0])
            ]
            blocks = {
                "B044": orjson.Fragment(source.issuer),
                "B067": orjson.Fragment(source.connection),
                "B900": {
                    "MQID": orjson.Fragment(source.quantity),
                    "settlementDayConsumptionPeriods": days,
                },
            }
            yield Part(source.event, gathered.origin, orjson.dumps(blocks))


def days_in(body: bytes) -> Iterator[str]:
    """Return the settlement days that a message of IF-021 has values of, as it writes them."""
    for entry in orjson.loads(body)["payload"]["CustomBlock"]["B900"]["settlementDayConsumptionPeriods"]:
        yield entry["settlementDay"]["settlementDayDate"]


def _text(block: object) -> bytes:
    return orjson.dumps(block, option=orjson.OPT_SORT_KEYS)
