"""Reading metering points from mappings: the options of a behaviour, or the rows of a file of test data.

A point is a mapping with ``mpan``, perhaps ``distributor`` and ``created``, and any of the items
(`simulators.registration.items`). An item is its value, a mapping of its parts (``value`` where it has
none) with ``from``, or a list of such mappings, one for each time it changed; the word ``none`` says that
there is none. A party is given as its DIP id or as ``dip_id``; a party of the legacy arrangements as
``mpid`` alone. A time has an offset; a date alone is the clock midnight that begins it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import UTC, date, datetime
from typing import Any

from harness.calendars.local_time import clock_midnight
from harness.errors import ConfigurationError, nearest
from harness.messages.identifiers import distributor_of, is_mpan
from harness.transport.network import Network, Party
from simulators.registration.items import (
    Address,
    AnnualConsumption,
    AssetProvider,
    DirectContract,
    GreenDeal,
    Holder,
    Item,
    Linked,
    Meter,
    Related,
)
from simulators.registration.point import MeteringPoint
from simulators.registration.services import WORDS, Service

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
"""From when a value is in force whose date the entry does not give."""

ROLES: Mapping[Item, frozenset[str]] = {
    Item.SUPPLIER: frozenset({"SUP"}),
    Item.METERING_SERVICE: WORDS[Service.METERING].roles,
    Item.DATA_SERVICE: WORDS[Service.DATA].roles,
    Item.MDR: frozenset({"MDR"}),
}
CHOICES: Mapping[Item, tuple[object, ...]] = {
    Item.REGIME: ("mhhs", "legacy", "reverse-migrated"),
    Item.MP_STATUS: ("N", "R", "T", "X"),
    Item.RMP_STATUS: ("O", "C", "T"),
    Item.CONNECTION_TYPE: ("W", "L", "H", "E", "U"),
    Item.MARKET_SEGMENT: ("S", "A", "U"),
    Item.ENERGISATION: ("E", "D", "U"),
    Item.ENERGY_DIRECTION: ("I", "E"),
    Item.CONSENT: ("H", "D", "M", "N"),
    Item.DCC: ("A", "I", "N"),
    Item.IHD: ("I", "D", "E", "F"),
    Item.METERED: (True, False),
    Item.DOMESTIC: (True, False),
}
FORMS: Mapping[Item, re.Pattern[str]] = {
    Item.GSP_GROUP: re.compile(r"_[A-HJ-NP]"),
    Item.PROFILE_CLASS: re.compile(r"[0-9]{1,2}"),
    Item.SSC: re.compile(r"[0-9]{4}"),
    Item.DUOS_TARIFF: re.compile(r".{1,3}"),
    Item.SMSO: re.compile(r".{1,4}"),
}
"""The published form of items that have no list of values."""
_PARTS: Mapping[Item, type] = {
    Item.ADDRESS: Address,
    Item.ANNUAL_CONSUMPTION: AnnualConsumption,
    Item.DIRECT_CONTRACT_METERING: DirectContract,
    Item.DIRECT_CONTRACT_DATA: DirectContract,
    Item.LINKED: Linked,
    Item.RELATED: Related,
    Item.GREEN_DEAL: GreenDeal,
}
FLAGS = frozenset({Item.METERED, Item.DOMESTIC})
SEGMENTS = {"smart": "S", "advanced": "A", "unmetered": "U"}
NONE = "none"
"""In the place of a value: it is on record that there is none."""
_FLAG_WORDS = {"true": True, "false": False, "yes": True, "no": False}
_DAY = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]")
_FIELDS = frozenset({"mpan", "distributor", "created", "segment", *(item.value for item in Item)})


def points(entries: object, network: Network, *, where: str) -> list[MeteringPoint]:
    """Return metering points from a list of mappings; raises ConfigurationError naming entry and field."""
    if not isinstance(entries, list):
        raise ConfigurationError("points is no list", where=where)
    found = [point(entry, network, where=f"{where}: points[{n}]") for n, entry in enumerate(entries)]
    seen: set[str] = set()
    for one in found:
        if one.mpan in seen:
            raise ConfigurationError(f"MPAN {one.mpan} is listed twice", where=where)
        seen.add(one.mpan)
    return found


def point(entry: object, network: Network, *, where: str) -> MeteringPoint:
    """Return a metering point from a mapping; raises ConfigurationError naming the field."""
    if not isinstance(entry, Mapping):
        raise ConfigurationError("is no mapping", where=where)
    _known_fields(entry, _FIELDS, where)
    mpan = entry.get("mpan")
    if not isinstance(mpan, str) or not is_mpan(mpan):
        raise ConfigurationError(f"mpan {mpan!r} is not 13 digits with a right check digit", where=where)
    if entry.get("supplier") is None and entry.get("mp_status") is None:
        raise ConfigurationError(
            "has no supplier", where=where, mend="Name its DIP id, or give mp_status where there is none yet."
        )
    created = stated_moment(entry.get("created"), f"{where}: created")
    found = MeteringPoint(mpan, _distributor(entry, mpan, network, where), created)
    for item in Item:
        given = _item(entry, item)
        if given is None:
            continue
        for version in _versions(given, item):
            place = f"{where}: {item.value}"
            since = stated_moment(_given(version, "from"), f"{place}: from", otherwise=created)
            found = found.put(item, value(item, version, network, where=place), since, min(since, LONG_AGO))
    return found


def _item(entry: Mapping[str, Any], item: Item) -> object:
    """Return what an entry says of an item; ``segment`` is the market segment in words."""
    if item is Item.MARKET_SEGMENT and entry.get(item.value) is None:
        return SEGMENTS.get(str(entry.get("segment")))
    return entry.get(item.value)


def _versions(given: object, item: Item) -> list[object]:
    """Return the versions of an item; a list of meters is one value."""
    if not isinstance(given, list):
        return [given]
    if item is Item.METERS and not any(isinstance(one, Mapping) and "meters" in one for one in given):
        return [{"meters": given}]
    return given


def _given(version: object, name: str) -> object:
    return version.get(name) if isinstance(version, Mapping) else None


def value(item: Item, version: object, network: Network, *, where: str) -> object:
    """Return the value of an item from its mapping, or from itself; raises ConfigurationError."""
    if NONE in (version, _given(version, "value")) or _held_none(version):
        return None
    if item in ROLES:
        return _holder(version, ROLES[item], network, where)
    if item is Item.METERS:
        entries = _given(version, "meters")
        if not isinstance(entries, list):
            raise ConfigurationError("is no list of meters", where=where)
        return tuple(_meter(each, f"{where}[{number}]") for number, each in enumerate(entries))
    if item in _PARTS:
        return _built(_PARTS[item], version, where, also=frozenset({"from"}))
    if isinstance(version, Mapping):
        _known_fields(version, frozenset({"value", "from"}), where)
    given = _given(version, "value") if isinstance(version, Mapping) else version
    if item in FLAGS and str(given).lower() in _FLAG_WORDS:
        given = _FLAG_WORDS[str(given).lower()]
    if item in CHOICES and given not in CHOICES[item]:
        wanted = ", ".join(str(choice) for choice in CHOICES[item])
        raise ConfigurationError(f"is {given!r}, expected one of {wanted}", where=where)
    if item in FORMS and (not isinstance(given, str) or not FORMS[item].fullmatch(given)):
        raise ConfigurationError(f"is {given!r}, which has not the form of one", where=where)
    return given


def _held_none(version: object) -> bool:
    return isinstance(version, Mapping) and "value" in version and version["value"] is None


def _holder(version: object, roles: frozenset[str], network: Network, where: str) -> Holder:
    if isinstance(version, str):
        version = {"dip_id": version}
    if not isinstance(version, Mapping):
        raise ConfigurationError("is no mapping with dip_id", where=where)
    _known_fields(version, frozenset({field.name for field in fields(Holder)} | {"from"}), where)
    named = {key: version[key] for key in version if key not in ("from", "dip_id", "mpid")}
    if version.get("dip_id") is None and version.get("mpid"):
        return Holder("", str(version["mpid"]), **named)
    party = _party(version.get("dip_id"), network, roles, f"{where}: dip_id")
    return Holder(party.dip_id, party.mpid, **named)


def _meter(entry: object, where: str) -> Meter:
    if isinstance(entry, Mapping) and isinstance(entry.get("asset_providers"), list):
        providers = tuple(
            _built(AssetProvider, each, f"{where}: asset_providers") for each in entry["asset_providers"]
        )
        entry = {**entry, "asset_providers": providers}
    built = _built(Meter, entry, where)
    assert isinstance(built, Meter)
    return built


_MAKERS: Mapping[str, Callable[[object, str], object]] = {
    "datetime": lambda value, where: stated_moment(value, where),
    "datetime | None": lambda value, where: None if value is None else stated_moment(value, where),
    "int | None": lambda value, where: None if value is None else _number(value, where),
    "tuple[str, ...]": lambda value, where: _texts(value, where),
    "tuple[str | None, ...]": lambda value, where: _texts(value, where),
}
"""How a part is read, by the type that its dataclass gives it; others are taken as they are."""


def _built(kind: type, entry: object, where: str, also: frozenset[str] = frozenset()) -> Any:
    parts = {field.name: field for field in fields(kind)}
    if not isinstance(entry, Mapping):
        raise ConfigurationError(f"is no mapping with {', '.join(parts)}", where=where)
    _known_fields(entry, frozenset(parts) | also, where)
    for name, field in parts.items():
        if name not in entry and field.default is MISSING:
            raise ConfigurationError(f"has no {name}", where=where)
    values = {
        name: _MAKERS[str(field.type)](entry[name], f"{where}: {name}")
        if str(field.type) in _MAKERS
        else entry[name]
        for name, field in parts.items()
        if name in entry
    }
    return kind(**values)


def _number(value: object, where: str) -> int:
    if isinstance(value, bool) or not str(value).isdigit():
        raise ConfigurationError(f"{value!r} is no number", where=where)
    return int(str(value))


def _texts(value: object, where: str) -> tuple[object, ...]:
    if not isinstance(value, list | tuple):
        raise ConfigurationError("is no list", where=where)
    return tuple(value)


def _distributor(entry: Mapping[str, Any], mpan: str, network: Network, where: str) -> str:
    if entry.get("distributor") is not None:
        named = _party(entry["distributor"], network, frozenset({"LDSO"}), f"{where}: distributor")
        return named.dip_id
    for party in network.with_role("LDSO"):
        if party.distributor_id == distributor_of(mpan):
            return party.dip_id
    raise ConfigurationError(
        f"no LDSO of the network has the distributor id {distributor_of(mpan)}",
        where=where,
        mend="Name the distributor.",
    )


def stated_moment(value: object, where: str, *, otherwise: datetime = LONG_AGO) -> datetime:
    """Return an aware moment, ``otherwise`` for None; raises ConfigurationError."""
    if value is None:
        return otherwise
    if isinstance(value, datetime):
        moment = value
    elif _DAY.fullmatch(str(value)):
        return clock_midnight(date.fromisoformat(str(value)))
    else:
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            raise ConfigurationError(f"{value!r} is no time", where=where) from None
    if moment.tzinfo is None:
        raise ConfigurationError(f"{value!r} has no offset", where=where, mend="Write +00:00 after it.")
    return moment


def _party(value: object, network: Network, roles: frozenset[str], where: str) -> Party:
    fitting = {party.dip_id: party for party in network.parties if party.role in roles}
    if not isinstance(value, str) or value not in fitting:
        wanted = ", ".join(sorted(roles))
        raise ConfigurationError(
            f"{value!r} is no DIP id of role {wanted}", where=where, mend=nearest(str(value), fitting)
        )
    return fitting[value]


def _known_fields(entry: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    for name in entry:
        if name not in known:
            raise ConfigurationError(f"'{name}' is no field", where=where, mend=nearest(str(name), known))
