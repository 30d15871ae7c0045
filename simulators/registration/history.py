"""What was in force when, and as known when: the history of one item of one metering point.

A version says from when its value is in force and when that was recorded; nothing is ever overwritten. A
version that is withdrawn never came: whatever was in force before goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Version(Generic[T]):
    """A value (None: there is none) that is in force from ``effective_from`` until the next one."""

    value: T | None
    effective_from: datetime
    recorded: datetime
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Span(Generic[T]):
    """A value and the time for which it is in force; ``until`` is None for until further notice."""

    value: T | None
    since: datetime
    until: datetime | None

    def holds(self, moment: datetime) -> bool:
        """Say whether the value is in force at a moment; the end is not part of it."""
        return self.since <= moment and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class History(Generic[T]):
    """Versions in the order in which they were recorded. All times are aware."""

    versions: tuple[Version[T], ...] = ()

    def put(self, value: T | None, effective_from: datetime, recorded: datetime) -> History[T]:
        """Return the history with one more version."""
        return History((*self.versions, Version(value, effective_from, recorded)))

    def withdraw(self, effective_from: datetime, recorded: datetime) -> History[T]:
        """Return the history without what was to come, or came, into force exactly at ``effective_from``."""
        return History((*self.versions, Version(None, effective_from, recorded, withdrawn=True)))

    def spans(self, known: datetime | None = None) -> tuple[Span[T], ...]:
        """Return what is in force when, earliest first, as it was known at ``known`` (None: as known now)."""
        latest: dict[datetime, Version[T]] = {}
        for version in self._recorded_by(known):
            held = latest.get(version.effective_from)
            if held is None or version.recorded >= held.recorded:
                latest[version.effective_from] = version
        kept = sorted(
            (version for version in latest.values() if not version.withdrawn),
            key=lambda version: version.effective_from,
        )
        ends: list[datetime | None] = [version.effective_from for version in kept[1:]]
        return tuple(
            Span(version.value, version.effective_from, until)
            for version, until in zip(kept, [*ends, None], strict=False)
        )

    def span(self, moment: datetime, known: datetime | None = None) -> Span[T] | None:
        """Return what is in force at ``moment``, as known at ``known``; None before the first value."""
        return next((span for span in self.spans(known) if span.holds(moment)), None)

    def at(self, moment: datetime, known: datetime | None = None) -> T | None:
        """Return the value in force at ``moment``, as it was known at ``known``."""
        span = self.span(moment, known)
        return span.value if span else None

    def _recorded_by(self, known: datetime | None) -> Iterator[Version[T]]:
        return (version for version in self.versions if known is None or version.recorded <= known)
