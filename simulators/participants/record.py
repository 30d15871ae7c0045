"""What a party knows about metering points, from what it was told: values; a lesson makes a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from harness.clock import message_time
from simulators.participants.sharded import Sharded

SUPPLIER, METERING, DATA, RETRIEVER = "supplier", "metering_service", "data_service", "retriever"
SERVICES = (SUPPLIER, METERING, DATA, RETRIEVER)
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Term:
    """How long a party serves a metering point; None is the beginning of time, or until further notice."""

    dip_id: str
    since: datetime | None = None
    until: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Say whether the party serves at ``moment``; a term ends where the next one begins."""
        begun = self.since is None or self.since <= moment
        return begun and (self.until is None or moment < self.until)

    def as_dict(self) -> dict[str, str | None]:
        """Return the term as ``look_up`` shows it."""
        return {
            "dip_id": self.dip_id,
            "from": message_time(self.since) if self.since else None,
            "to": message_time(self.until) if self.until else None,
        }


@dataclass(frozen=True, slots=True)
class Point:
    """One metering point as a party knows it."""

    mpan: str
    header: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    """Block M0, empty until a message showed it."""
    facts: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    terms: Mapping[str, tuple[Term, ...]] = field(default_factory=lambda: _NOTHING)
    """By service, earliest first."""
    meters: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: _NOTHING)
    """Meters in place, by meter id."""
    removed: tuple[str, ...] = ()
    readings: tuple[Mapping[str, Any], ...] = ()
    heard: Mapping[str, int] = field(default_factory=lambda: _NOTHING)
    """How often each ``IF-036/MSAppActive`` was applied."""

    def with_fact(self, name: str, value: Any) -> Point:
        """Return the point with a fact set."""
        return replace(self, facts=MappingProxyType({**self.facts, name: value}))

    def of(self, service: str, moment: datetime) -> str | None:
        """Return the DIP id of who serves at ``moment``, None where that is not known."""
        serving = [term for term in self.terms.get(service, ()) if term.covers(moment)]
        return serving[-1].dip_id if serving else None

    def begins(self, service: str, dip_id: str, since: datetime | None) -> Point:
        """Return the point with a party in place from ``since``; whoever served openly ends there.

        The order in which the beginning of one term and the end of another are told does not matter.
        """
        if since is None and any(term.dip_id == dip_id for term in self.terms.get(service, ())):
            return self
        found = []
        for term in self.terms.get(service, ()):
            if term.dip_id == dip_id and term.since == since:
                continue
            earlier = since is not None and (term.since is None or term.since < since)
            found.append(replace(term, until=since) if term.until is None and earlier else term)
        return self._with_terms(service, [*found, Term(dip_id, since)])

    def ends(self, service: str, dip_id: str, since: datetime | None, until: datetime | None) -> Point:
        """Return the point with a party's term ended at ``until``."""
        found, ended = [], False
        for term in self.terms.get(service, ()):
            if term.dip_id == dip_id and not ended and (term.until is None or term.until == until):
                term, ended = replace(term, until=until), True
            found.append(term)
        if not ended:
            found.append(Term(dip_id, since, until))
        return self._with_terms(service, found)

    def _with_terms(self, service: str, terms: list[Term]) -> Point:
        ordered = tuple(sorted(terms, key=lambda term: (term.since is not None, term.since or 0)))
        return replace(self, terms=MappingProxyType({**self.terms, service: ordered}))

    def as_dict(self) -> dict[str, Any]:
        """Return the point as ``look_up`` shows it."""
        return {
            "mpan": self.mpan,
            **self.facts,
            **{name: [term.as_dict() for term in terms] for name, terms in self.terms.items()},
            "meters": sorted(self.meters),
            "removed_meters": list(self.removed),
            "readings": [dict(reading) for reading in self.readings],
            "heard": dict(self.heard),
        }


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that a party knows in one test instance."""

    points: Sharded[str, Point] = field(default_factory=Sharded)
    """By MPAN."""
    applied: Sharded[str, None] = field(default_factory=Sharded)
    """By transaction id, so that the same transaction is applied once."""
    repeated: int = 0
    """Publications that came again and were not applied."""

    def point(self, mpan: str) -> Point:
        """Return a metering point, an unknown one where nothing was told."""
        return self.points.get(mpan) or Point(mpan)

    def with_point(self, point: Point) -> Record:
        """Return the record with a point replaced."""
        return replace(self, points=self.points.put(point.mpan, point))
