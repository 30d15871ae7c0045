"""What a party knows of metering points before the first message: the option ``points``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from harness.errors import ConfigurationError, nearest
from harness.messages.identifiers import is_mpan
from simulators.participants.record import SERVICES, Point, Term

FACTS = frozenset(
    {"connection_type", "connection_type_from", "consent", "disconnected_from", "domestic", "energisation",
     "energisation_from", "energy_direction", "mhhs_from", "mhhs_until", "segment"}
)  # fmt: skip
FIELDS = frozenset({"mpan", "distributor", *SERVICES, *FACTS})


def points_of(entries: object, *, where: str) -> dict[str, Point]:
    """Return metering points from ``[{"mpan", "supplier": dip id or {"dip_id", "from", "to"}, facts}]``.

    The fields are those of a registration service's option of the same name, and facts besides. Raises
    ConfigurationError naming the entry and the field.
    """
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
    terms = {
        service: tuple(_term(each, f"{where}: {service}") for each in _listed(entry[service]))
        for service in SERVICES
        if entry.get(service) is not None
    }
    facts = {name: entry[name] for name in FACTS if entry.get(name) is not None}
    return Point(mpan, facts=MappingProxyType(facts), terms=MappingProxyType(terms))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _term(value: object, where: str) -> Term:
    if isinstance(value, str):
        return Term(value)
    if not isinstance(value, Mapping) or not value.get("dip_id"):
        raise ConfigurationError("is neither a DIP id nor a mapping with dip_id", where=where)
    for name in value:
        if name not in ("dip_id", "from", "to"):
            raise ConfigurationError(f"'{name}' is no field", where=where, mend="Known: dip_id, from, to.")
    return Term(str(value["dip_id"]), _moment(value, "from", where), _moment(value, "to", where))


def _moment(value: Mapping[str, Any], name: str, where: str) -> datetime | None:
    if value.get(name) is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value[name]))
    except ValueError:
        raise ConfigurationError(f"{name} {value[name]!r} is no time", where=where) from None
    if moment.tzinfo is None:
        raise ConfigurationError(
            f"{name} {value[name]!r} has no offset", where=where, mend="Write +00:00 after it."
        )
    return moment
