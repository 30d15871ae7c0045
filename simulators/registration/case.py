"""What a process gets and gives: a case in, an outcome out; and the registries of who handles what.

A handler is a pure function. It is registered under the messages, words or dates that it handles; a key
that is taken fails at import.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from simulators.participants.behaviours import Acting, Outgoing, Publication, Told
from simulators.registration.moments import moment
from simulators.registration.point import MeteringPoint
from simulators.registration.terms import Terms


@dataclass(frozen=True, slots=True)
class Case:
    """What happened at a metering point, and everything that may be looked at to decide what comes of it."""

    mpan: str
    point: MeteringPoint | None
    """None when the MPAN is not in the register."""
    received: Publication | Told | None
    """None when a date was reached."""
    acting: Acting
    moment: datetime
    """The date that was reached; else the present. What takes effect does so at this moment."""
    terms: Terms
    other: Callable[[str], MeteringPoint | None]
    """Another metering point of the same register."""

    @property
    def now(self) -> datetime:
        """Return the present: when whatever is put on record is recorded."""
        return self.acting.now

    @property
    def accepted(self) -> datetime:
        """Return when the DIP took what was received; the present where it was not a publication.

        What is late because of an outage is judged by this moment and not by that of its delivery (assumed).
        """
        if not isinstance(self.received, Publication):
            return self.now
        stated = moment(self.received.common("D0").get("transactionTimestamp"))
        return min(stated, self.now) if stated is not None else self.now

    @property
    def publication(self) -> Publication:
        """Return the publication that was received; only where one was."""
        assert isinstance(self.received, Publication)
        return self.received

    @property
    def told(self) -> Told:
        """Return what was told beside the hub; only where something was."""
        assert isinstance(self.received, Told)
        return self.received

    @property
    def known_point(self) -> MeteringPoint:
        """Return the point; only where it is in the register."""
        assert self.point is not None
        return self.point

    @property
    def release(self) -> str:
        """Return the API release in which this is answered."""
        if self.received is not None:
            return self.received.release
        return self.known_point.release

    @property
    def correlation(self) -> str | None:
        """Return the correlation id of what was received."""
        return self.received.correlation if isinstance(self.received, Publication) else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The points that are changed, and what is sent, in this order."""

    points: tuple[MeteringPoint, ...] = ()
    sent: tuple[Outgoing, ...] = ()

    def then(self, other: Outcome) -> Outcome:
        """Return both, one after the other; a later state of a point replaces an earlier one."""
        return Outcome((*self.points, *other.points), (*self.sent, *other.sent))


NOTHING = Outcome()
Handler: TypeAlias = Callable[[Case], Outcome]
Due: TypeAlias = Callable[[MeteringPoint], datetime | None]

HANDLERS: dict[tuple[str, str], Handler] = {}
"""By interface and event."""
WORDS_TOLD: dict[str, Handler] = {}
"""By the word that is told."""
DATES: dict[str, tuple[Due, Handler]] = {}
"""By name: when a point is next due, and what happens then. ``Case.moment`` is that date."""


def handles(interface: str, *events: str) -> Callable[[Handler], Handler]:
    """Register a handler for events of an interface."""

    def register(handler: Handler) -> Handler:
        for event in events:
            _once(HANDLERS, (interface, event), handler)
        return handler

    return register


def told(*words: str) -> Callable[[Handler], Handler]:
    """Register a handler for words that registration is told; ``Told.content["mpan"]`` names the point."""

    def register(handler: Handler) -> Handler:
        for word in words:
            _once(WORDS_TOLD, word, handler)
        return handler

    return register


def due(name: str, when: Due) -> Callable[[Handler], Handler]:
    """Register a handler for a date; it must move the point on, so that ``when`` gives another date."""

    def register(handler: Handler) -> Handler:
        _once(DATES, name, (when, handler))
        return handler

    return register


def _once(registry: dict[Any, Any], key: object, value: object) -> None:
    if key in registry:
        raise ValueError(f"{key} is handled twice")
    registry[key] = value
