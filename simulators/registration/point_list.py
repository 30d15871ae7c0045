"""Reading the metering points that a registration service starts from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from harness.errors import ConfigurationError, nearest
from harness.messages.identifiers import is_mpan
from harness.transport.network import Network, Party
from simulators.registration.services import WORDS, Service
from simulators.registration.tenures import MeteringPoint, Tenure

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
"""When a provider began whose date the list does not give."""

_FIELDS = frozenset({"mpan", "supplier", "distributor", *(service.value for service in Service)})


def points(entries: object, network: Network, *, where: str) -> list[MeteringPoint]:
    """Return metering points from a list of mappings; raises ConfigurationError naming entry and field."""
    if not isinstance(entries, list):
        raise ConfigurationError("points is no list", where=where)
    found = [_point(entry, network, f"{where}: points[{number}]") for number, entry in enumerate(entries)]
    seen: set[str] = set()
    for point in found:
        if point.mpan in seen:
            raise ConfigurationError(f"MPAN {point.mpan} is listed twice", where=where)
        seen.add(point.mpan)
    return found


def _point(entry: object, network: Network, where: str) -> MeteringPoint:
    if not isinstance(entry, Mapping):
        raise ConfigurationError("is no mapping", where=where)
    _known_fields(entry, _FIELDS, where)
    mpan = entry.get("mpan")
    if not isinstance(mpan, str) or not is_mpan(mpan):
        raise ConfigurationError(f"mpan {mpan!r} is not 13 digits with a right check digit", where=where)
    tenures = {
        service: (_tenure(entry[service.value], network, service, f"{where}: {service.value}"),)
        for service in Service
        if entry.get(service.value) is not None
    }
    distributor = (
        _party(entry["distributor"], network, frozenset({"LDSO"}), f"{where}: distributor").dip_id
        if entry.get("distributor") is not None
        else _distributor_of(mpan, network, where)
    )
    supplier = _party(entry.get("supplier"), network, frozenset({"SUP"}), f"{where}: supplier")
    return MeteringPoint(mpan, supplier.dip_id, distributor, MappingProxyType(tenures))


def _distributor_of(mpan: str, network: Network, where: str) -> str:
    for party in network.with_role("LDSO"):
        if party.distributor_id == mpan[:2]:
            return party.dip_id
    raise ConfigurationError(
        f"no LDSO of the network has the distributor id {mpan[:2]}", where=where, mend="Name the distributor."
    )


def _tenure(entry: object, network: Network, service: Service, where: str) -> Tenure:
    if not isinstance(entry, Mapping):
        raise ConfigurationError("is no mapping with dip_id", where=where)
    _known_fields(entry, frozenset({"dip_id", "from"}), where)
    party = _party(entry.get("dip_id"), network, WORDS[service].roles, f"{where}: dip_id")
    return Tenure(party.dip_id, party.mpid, _moment(entry.get("from"), f"{where}: from"))


def _moment(value: object, where: str) -> datetime:
    if value is None:
        return LONG_AGO
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
