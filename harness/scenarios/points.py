"""Metering points of a scenario: their MPANs, who serves them, what registration and hub know (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import ConfigurationError
from harness.messages.identifiers import mpan as make_mpan
from harness.scenarios.texts import Words
from harness.transport.network import Network, Party

FIRST = "point"
"""The alias that ``{mpan}`` stands for; where no point is called so, the first one."""
SEGMENTS = {"smart": "S", "advanced": "A", "unmetered": "U"}
_SERVED_BY = ("supplier", "metering_service", "data_service", "mdr", "distributor")
_OURS = frozenset({"register", "segment", "known_to", "hub_parties"})
HUB, REGISTRATION = "hub", "registration"


@dataclass(frozen=True, slots=True)
class Point:
    """A metering point of a case."""

    alias: str
    mpan: str
    register: Party | None
    distributor: Party
    segment: str | None
    """S, A or U"""
    serves: Mapping[str, Party]
    """``supplier``, ``metering_service``, ``data_service``, ``distributor``: who is in place at the start."""
    hub_parties: tuple[Party, ...]
    known_to: frozenset[str]
    entry: Mapping[str, Any]
    """As the scenario file has it."""


def points_of(
    given: Mapping[str, Mapping[str, Any]],
    parties: Mapping[str, Party],
    network: Network,
    *,
    seed: int,
    where: str,
) -> dict[str, Point]:
    """Return the points by alias; raises ConfigurationError for an alias that no party has."""
    return {
        alias: _point(alias, entry, parties, network, (seed + 7919 * number) % 10_000_000_000, where)
        for number, (alias, entry) in enumerate(given.items())
    }


def _point(
    alias: str,
    entry: Mapping[str, Any],
    parties: Mapping[str, Party],
    network: Network,
    unique: int,
    where: str,
) -> Point:
    place = f"{where}: given/points/{alias}"
    register = _party(entry.get("register"), parties, f"{place}/register")
    serves = {
        name: party
        for name in _SERVED_BY
        if (party := _party(_named(entry.get(name)), parties, f"{place}/{name}")) is not None
    }
    distributor = serves.get("distributor") or _distributor(register, network, place)
    serves["distributor"] = distributor
    further = tuple(
        party
        for name in entry.get("hub_parties", ())
        if (party := _party(name, parties, f"{place}/hub_parties")) is not None
    )
    return Point(
        alias=alias,
        mpan=make_mpan(distributor.distributor_id or "10", unique),
        register=register,
        distributor=distributor,
        segment=SEGMENTS.get(entry.get("segment", "")),
        serves=serves,
        hub_parties=further,
        known_to=frozenset(entry.get("known_to", (HUB, REGISTRATION))),
        entry=entry,
    )


def _named(value: Any) -> Any:
    """Return the alias of ``alias``, ``{party: alias, from: ...}``, or the last one of a list of such."""
    if isinstance(value, list | tuple):
        value = value[-1] if value else None
    return value.get("party") if isinstance(value, Mapping) else value


def _party(alias: Any, parties: Mapping[str, Party], where: str) -> Party | None:
    if alias in (None, ""):
        return None
    if not isinstance(alias, str) or alias not in parties:
        raise ConfigurationError(
            f"no party is called '{alias}'", where=where, mend=f"Known: {', '.join(sorted(parties))}."
        )
    return parties[alias]


def _distributor(register: Party | None, network: Network, where: str) -> Party:
    """Return the distributor whose metering points a registration service holds."""
    wanted = register.distributor_id if register is not None else None
    for party in network.with_role("LDSO"):
        if wanted in (None, party.distributor_id):
            return party
    raise ConfigurationError(f"no LDSO of the network has the distributor id {wanted}", where=where)


def addresses(points: Mapping[str, Point]) -> list[dict[str, str]]:
    """Return what the hub's store of MPANs is told: ``mpan``, ``role``, ``dip_id``."""
    return [
        {"mpan": point.mpan, "role": party.role, "dip_id": party.dip_id}
        for point in points.values()
        if HUB in point.known_to
        for party in {p.dip_id: p for p in (*point.serves.values(), *point.hub_parties)}.values()
    ]


def registered(
    points: Mapping[str, Point], parties: Mapping[str, Party], words: Words
) -> dict[str, list[Any]]:
    """Return the entries that each registration service starts from, by its DIP id, aliases as DIP ids."""
    found: dict[str, list[Any]] = {}
    for point in points.values():
        if point.register is not None and REGISTRATION in point.known_to:
            found.setdefault(point.register.dip_id, []).append(_entry(point, parties, words))
    return found


def _entry(point: Point, parties: Mapping[str, Party], words: Words) -> dict[str, Any]:
    entry: dict[str, Any] = {"mpan": point.mpan}
    if point.segment is not None:
        entry["market_segment"] = point.segment
    for name, value in point.entry.items():
        if name in _OURS or value == "":
            continue
        if name in _SERVED_BY and isinstance(value, str):
            dip_id = parties[value].dip_id
            entry[name] = dip_id if name in ("supplier", "distributor") else {"dip_id": dip_id}
        else:
            entry[name] = _typed(words.value(value), parties, f"given/points/{point.alias}/{name}")
    return entry


def _typed(value: Any, parties: Mapping[str, Party], where: str) -> Any:
    """Return true and false as truth values, and ``party: alias`` as ``dip_id``."""
    if isinstance(value, Mapping):
        typed = {key: _typed(inner, parties, where) for key, inner in value.items() if key != "party"}
        named = _party(value.get("party"), parties, where)
        return typed if named is None else {"dip_id": named.dip_id, **typed}
    if isinstance(value, list | tuple):
        return [_typed(inner, parties, where) for inner in value]
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
