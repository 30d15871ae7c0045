"""The register of one registration service: its points, and the dates on which something is due.

It is the one part that changes in place. What one message or date costs does not depend on how many points
there are: points come from a dictionary, or from a read-only source that many test instances share, and the
dates stand in a heap.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from harness.errors import ConfigurationError
from simulators.participants.behaviours import Acting, Outgoing, Publication, Told
from simulators.registration.case import DATES, HANDLERS, WORDS_TOLD, Case, Outcome
from simulators.registration.point import MeteringPoint
from simulators.registration.terms import Terms

_REMEMBERED = 100_000
"""Transactions that are recognised when they come again."""
_LONGEST_CHAIN = 10_000
"""Dates that are worked off at one moment; more means that a process never moves on."""


class PointSource(Protocol):
    """Points that many registers share and none changes."""

    def find(self, mpan: str, /) -> MeteringPoint | None:
        """Return a point, or None."""


class NoPoints:
    """No points."""

    def find(self, _mpan: str) -> MeteringPoint | None:
        """Return None."""
        return None


@dataclass
class Register:
    """Points by MPAN over a source, due dates, and the transactions that were had before."""

    source: PointSource = field(default_factory=NoPoints)
    terms: Terms = field(default_factory=Terms)
    points: dict[str, MeteringPoint] = field(default_factory=dict)
    _dates: list[tuple[datetime, str]] = field(default_factory=list)
    _had: OrderedDict[str, None] = field(default_factory=OrderedDict)

    def find(self, mpan: str) -> MeteringPoint | None:
        """Return a point, or None."""
        return self.points.get(mpan) or self.source.find(mpan)

    def keep(self, point: MeteringPoint) -> None:
        """Put a point into the register and note when it is next due."""
        self.points[point.mpan] = point
        moment = next_date(point)
        if moment is not None:
            heapq.heappush(self._dates, (moment, point.mpan))

    def next_due(self) -> datetime | None:
        """Return the earliest date on which a point is due, or None."""
        while self._dates:
            moment, mpan = self._dates[0]
            if next_date(self.points[mpan]) == moment:
                return moment
            heapq.heappop(self._dates)
        return None

    def receive(self, publication: Publication, acting: Acting) -> tuple[Outgoing, ...]:
        """Handle a publication; one that was had before, or that nobody handles, changes nothing."""
        handler = HANDLERS.get((publication.interface, publication.event))
        if handler is None or self._again(publication):
            return ()
        mpan = publication.mpan or str(publication.common("M1").get("principalMPAN", ""))
        case = self._case(mpan, publication, acting, acting.now)
        return self._apply(handler(case), publication)

    def tell(self, told: Told, acting: Acting) -> tuple[Outgoing, ...]:
        """Handle what is told beside the hub; raises ConfigurationError where it makes no sense."""
        where = f"{acting.party.dip_id} was told {told.what}"
        mpan = told.content.get("mpan")
        if not isinstance(mpan, str) or not mpan:
            raise ConfigurationError("names no mpan", where=where)
        return self._apply(WORDS_TOLD[told.what](self._case(mpan, told, acting, acting.now)), told)

    def reach(self, acting: Acting) -> tuple[Outgoing, ...]:
        """Do everything that is due by ``acting.now``, in the order of the dates."""
        sent: list[Outgoing] = []
        for _ in range(_LONGEST_CHAIN):
            moment = self.next_due()
            if moment is None or moment > acting.now:
                return tuple(sent)
            _, mpan = heapq.heappop(self._dates)
            for when, handler in DATES.values():
                if when(self.points[mpan]) == moment:
                    sent += self._apply(handler(self._case(mpan, None, acting, moment)), None)
            self.keep(self.points[mpan])
        raise AssertionError(f"{mpan} stays due at {moment}")

    def _case(self, mpan: str, received: Publication | Told | None, acting: Acting, moment: datetime) -> Case:
        return Case(mpan, self.find(mpan), received, acting, moment, self.terms, self.find)

    def _apply(self, outcome: Outcome, received: Publication | Told | None) -> tuple[Outgoing, ...]:
        for point in outcome.points:
            self.keep(heard(point, received))
        return outcome.sent

    def _again(self, publication: Publication) -> bool:
        """Say whether a transaction was had before: a second delivery or a replay is no second request."""
        transaction = publication.common("D0").get("transactionID")
        if transaction is None:
            return False
        if transaction in self._had:
            return True
        self._had[str(transaction)] = None
        if len(self._had) > _REMEMBERED:
            self._had.popitem(last=False)
        return False


def heard(point: MeteringPoint, received: Publication | Told | None) -> MeteringPoint:
    """Return the point with the release in which something was last heard of it."""
    return replace(point, release=received.release) if received is not None else point


def next_date(point: MeteringPoint) -> datetime | None:
    """Return when the point is next due under any process."""
    dates = (when(point) for when, _ in DATES.values())
    return min((moment for moment in dates if moment is not None), default=None)


def of(points: Iterable[MeteringPoint], terms: Terms, source: PointSource | None = None) -> Register:
    """Return a register that holds the points."""
    register = Register(source or NoPoints(), terms)
    for point in points:
        register.keep(point)
    return register
