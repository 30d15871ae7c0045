"""What a party knows of metering points before the first message: the option ``points``.

The entries are those that a registration service starts from (`simulators.registration.loading`), so that one
list serves both; what a participant has no use for is passed over. Besides, a service may have ``to``, and a
point ``disconnected_from``, ``mhhs_from`` and ``mhhs_until``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from harness.calendars.local_time import clock_midnight
from harness.clock import message_time
from harness.errors import ConfigurationError, nearest
from harness.messages.identifiers import is_mpan
from simulators.participants.record import RETRIEVER, SERVICES, Point, Term
from simulators.registration.items import Item

_SEGMENTS = {"smart": "S", "advanced": "A", "unmetered": "U"}
_NAMED = {Item.MDR.value: RETRIEVER, Item.MARKET_SEGMENT.value: "segment"}
"""Where a participant calls an item otherwise than registration does."""
_SINCE = {"energisation": "energisation_from", "connection_type": "connection_type_from"}
_DATES = frozenset({"disconnected_from", "mhhs_from", "mhhs_until", *_SINCE.values()})
_FACTS = frozenset(
    {"connection_type", "consent", "dcc", "domestic", "duos_tariff", "energisation", "energy_direction",
     "metered", "mp_status", "profile_class", "regime", "rmp_status", "segment", "ssc"}
)  # fmt: skip
FIELDS = frozenset(
    {"mpan", "distributor", "created", *(item.value for item in Item), *SERVICES, *_DATES, *_FACTS}
)
_NONE = "none"


def points_of(entries: object, *, where: str) -> dict[str, Point]:
    """Return metering points by MPAN; raises ConfigurationError naming the entry and the field."""
    if not isinstance(entries, list):
        raise ConfigurationError("points is no list", where=where)
    found: dict[str, Point] = {}
    for number, entry in enumerate(entries):
        point = _point(entry, f"{where}: points[{number}]")
        found[point.mpan] = point
    return found


def _point(entry: object, where: str) -> Point:
    if not isinstance(entry, Mapping):
        raise ConfigurationError("is no mapping", where=where)
    for name in entry:
        if name not in FIELDS:
            raise ConfigurationError(f"'{name}' is no field", where=where, mend=nearest(str(name), FIELDS))
    mpan = entry.get("mpan")
    if not isinstance(mpan, str) or not is_mpan(mpan):
        raise ConfigurationError(f"mpan {mpan!r} is not 13 digits with a right check digit", where=where)
    known = {_NAMED.get(str(name), str(name)): given for name, given in entry.items() if given is not None}
    terms = {
        service: _terms(known[service], f"{where}: {service}") for service in SERVICES if service in known
    }
    facts = _facts(known, where)
    meters = _meters(known.get(Item.METERS.value))
    return Point(
        mpan,
        facts=MappingProxyType(facts),
        terms=MappingProxyType({service: held for service, held in terms.items() if held}),
        meters=MappingProxyType(meters),
    )


def _facts(known: Mapping[str, Any], where: str) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for name in _FACTS & known.keys():
        latest = _versions(known[name])[-1]
        value = latest.get("value") if isinstance(latest, Mapping) else latest
        if value == _NONE:
            continue
        facts[name] = _SEGMENTS.get(str(value), value) if name == "segment" else value
        if name in _SINCE and isinstance(latest, Mapping) and latest.get("from"):
            facts[_SINCE[name]] = message_time(_moment(latest["from"], f"{where}: {name}: from"))
    for name in _DATES & known.keys():
        facts[name] = message_time(_moment(known[name], f"{where}: {name}"))
    return facts


def _versions(given: Any) -> list[Any]:
    return given if isinstance(given, list) and given else [given]


def _meters(given: Any) -> dict[str, Mapping[str, Any]]:
    """Return the meters in place by serial, as registration lists them."""
    latest = _versions(given)[-1] if isinstance(given, list) and given and "meters" in given[-1] else given
    listed = latest.get("meters") if isinstance(latest, Mapping) else latest
    meters = listed if isinstance(listed, list) else []
    return {
        str(meter["serial"]): {"meterID": str(meter["serial"])}
        for meter in meters
        if isinstance(meter, Mapping) and meter.get("serial") and not meter.get("removed")
    }


def _terms(given: Any, where: str) -> tuple[Term, ...]:
    """Return who serves from when to when; a term without an end ends where the next one begins."""
    terms: list[Term] = []
    for each in _versions(given):
        term = _term(each, where)
        if terms and terms[-1].until is None:
            terms[-1] = replace(terms[-1], until=term.since)
        terms.append(term)
    return tuple(term for term in terms if term.dip_id)


def _term(value: object, where: str) -> Term:
    """Return a term; without DIP id for nobody, and for a party of the legacy arrangements."""
    if isinstance(value, str):
        return Term("" if value == _NONE else value)
    if not isinstance(value, Mapping) or not ({"dip_id", "mpid", "value"} & value.keys()):
        raise ConfigurationError("is neither a DIP id nor a mapping with dip_id", where=where)
    bounds = [
        _moment(value[name], f"{where}: {name}") if value.get(name) else None for name in ("from", "to")
    ]
    return Term(str(value.get("dip_id") or ""), bounds[0], bounds[1])


def _moment(value: object, where: str) -> datetime:
    text = str(value)
    try:
        if len(text) == len("2026-07-01"):
            return clock_midnight(date.fromisoformat(text))
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{value!r} is no time", where=where) from None
    if moment.tzinfo is None:
        raise ConfigurationError(f"{value!r} has no offset", where=where, mend="Write +00:00 after it.")
    return moment
