"""When the DIP is in service: an opening, and outages by the simulated clock; and the gate before deliveries.

That the DIP refuses messages before an environment opens and in an outage is assumed, and so is the status.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from harness.clock import Clock
from harness.errors import ConfigurationError, nearest

_LONGEST_LOOK = 3600.0
_KEYS = ("opens", "outages")


@dataclass(frozen=True, slots=True)
class Times:
    """When the service opens (None: it is open since ever) and its outages (start, end)."""

    opens: datetime | None = None
    outages: tuple[tuple[datetime, datetime], ...] = ()

    def closed(self, now: datetime) -> str:
        """Return why the service is closed; empty when it is open."""
        if self.opens is not None and now < self.opens:
            return f"this environment opens at {self.opens.isoformat()}"
        for start, end in self.outages:
            if start <= now < end:
                return f"the DIP is out of service until {end.isoformat()}"
        return ""

    def next_change(self, now: datetime) -> datetime | None:
        """Return the next moment at which it opens or closes."""
        moments = [moment for outage in self.outages for moment in outage]
        if self.opens is not None:
            moments.append(self.opens)
        return min((moment for moment in moments if moment > now), default=None)

    def as_dict(self) -> dict[str, Any]:
        """Return it as it is written in a file and in the admin API."""
        return {
            "opens": self.opens.isoformat() if self.opens else None,
            "outages": [{"from": start.isoformat(), "to": end.isoformat()} for start, end in self.outages],
        }


ALWAYS = Times()


def times(content: object, *, where: str = "service") -> Times:
    """Read the times of service; raises ConfigurationError for what can't be used."""
    if not isinstance(content, Mapping):
        raise ConfigurationError("is no mapping with opens and outages", where=where)
    for key in content:
        if key not in _KEYS:
            raise ConfigurationError(f"'{key}' is no part of it", where=where, mend=nearest(str(key), _KEYS))
    outages = content.get("outages") or []
    if not isinstance(outages, list):
        raise ConfigurationError("outages is no list", where=where)
    found = []
    for place, outage in enumerate(outages, 1):
        at = f"{where}, outage {place}"
        if not isinstance(outage, Mapping) or set(outage) != {"from", "to"}:
            raise ConfigurationError('is not {"from": ..., "to": ...}', where=at)
        start, end = _moment(outage["from"], at), _moment(outage["to"], at)
        if not start < end:
            raise ConfigurationError("ends before it begins", where=at)
        found.append((start, end))
    opens = content.get("opens")
    return Times(_moment(opens, where) if opens is not None else None, tuple(sorted(found)))


def _moment(value: object, where: str) -> datetime:
    """Read a time; a YAML file may hold it as one already."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ConfigurationError(f"{value!r} is no time: {error}", where=where) from error
    if moment.tzinfo is None:
        raise ConfigurationError(
            f"{value} has no offset from UTC", where=where, mend="Add +00:00, in quotes."
        )
    return moment


class Service:
    """The times of service of a running hub, and who waits for it to be open."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._times = ALWAYS
        self._pulse = asyncio.Event()

    @property
    def times(self) -> Times:
        """The times that hold now."""
        return self._times

    def put(self, found: Times) -> None:
        """Replace the times."""
        self._times = ALWAYS if found == ALWAYS else found
        self.changed()

    def closed(self) -> str:
        """Return why the service is closed now; empty when it is open."""
        return "" if self._times is ALWAYS else self._times.closed(self._clock.now())

    def changed(self) -> None:
        """Let everybody who waits look again: the clock, the times or the faults changed."""
        pulse, self._pulse = self._pulse, asyncio.Event()
        pulse.set()

    async def wait(self, held: Callable[[], bool]) -> None:
        """Return when the service is open and ``held`` is false."""
        while self.closed() or held():
            pulse = self._pulse
            change = self._times.next_change(self._clock.now())
            seconds = (change - self._clock.now()).total_seconds() if change else _LONGEST_LOOK
            try:
                async with asyncio.timeout(min(max(seconds, 0.001), _LONGEST_LOOK)):
                    await pulse.wait()
            except TimeoutError:
                continue
