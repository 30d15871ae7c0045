"""Which faults are switched on, which of them a call meets, and what was done so far.

Used from the event loop's thread. A fault meets a call when point, party, channel, release and tag fit; what
is left out of it fits any. ``times`` limits how often it is applied.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from harness.clock import Clock
from harness.errors import ConfigurationError, nearest
from harness.settings import read
from simulators.faults.bodies import Named, named
from simulators.faults.kinds import CONNECTION, DELIVERY, KINDS, POINTS, Effect, Options

_OWN = ("fault", "at", "party", "channel", "release", "tag", "times")
_OF_CALLS = ("party", "channel", "release", "times")
_REMEMBERED = 10_000
_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call is: release, DIP id and channel (``IF-031``), in the releases' own case."""

    release: str
    party: str
    channel: str


@dataclass(slots=True)
class Fault:
    """One fault that is switched on."""

    name: str
    points: tuple[str, ...]
    effect: Effect
    given: Mapping[str, Any]
    """As it was written, for the admin API."""
    party: str = ""
    channel: str = ""
    release: str = ""
    tag: str = ""
    left: int | None = None
    """How often it will still be applied; None without end."""
    met: bytes = field(default=b"", repr=False)
    """What a body of publications holds that carries the tag."""

    def meets(self, point: str, place: Place, *, any_channel: bool = False) -> bool:
        """Say whether it may meet a call there, whatever its tag."""
        return (
            point in self.points
            and self.left != 0
            and self.party in ("", place.party)
            and (any_channel or self.channel in ("", place.channel.upper()))
            and self.release in ("", place.release)
        )


@dataclass(frozen=True, slots=True)
class Applied:
    """One fault that was applied to one call."""

    at: str
    fault: str
    point: str
    release: str
    party: str
    channel: str
    tags: tuple[str, ...]
    references: tuple[str, ...]
    transactions: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as the admin API lists it."""
        return {name: getattr(self, name) for name in self.__slots__}


TagOf = Callable[[str, str, str], str | None]
"""Gets release, transaction and sender's reference (either may be empty)."""


def _no_tag(_release: str, _transaction: str, _reference: str) -> str | None:
    return None


class Plan:
    """The faults of a process."""

    def __init__(self, clock: Clock, parties: Iterable[str], changed: Callable[[], None]) -> None:
        """``parties`` are the DIP ids that a fault may name; ``changed`` is called after every change."""
        self._clock = clock
        self._parties = frozenset(parties)
        self._changed = changed
        self.tag_of: TagOf = _no_tag
        """Finds the tag that a status message's transaction carries; set by who holds the stores."""
        self._faults: list[Fault] = []
        self._applied: deque[Applied] = deque(maxlen=_REMEMBERED)

    def put(self, entries: Sequence[Any], *, tag: str = "", where: str = "faults") -> None:
        """Replace all faults, or with ``tag`` those of that tag.

        Raises ConfigurationError, and changes nothing, when any of them is wrong.
        """
        if len(entries) > _MOST:
            raise ConfigurationError(f"are {len(entries)}, at most {_MOST} are taken", where=where)
        found = [self._read(entry, tag, f"{where}, entry {place}") for place, entry in enumerate(entries, 1)]
        self._faults = [fault for fault in self._faults if tag and fault.tag != tag] + found
        self._changed()

    def clear(self, *, tag: str = "") -> None:
        """Switch all faults off, or those of a tag; what was applied stays on record."""
        self.put((), tag=tag)

    def listed(self) -> list[dict[str, Any]]:
        """Return what is switched on, as it was written, and how often each will still be applied."""
        return [{**fault.given, "left": fault.left} for fault in self._faults]

    def by_tag(self) -> dict[str, list[dict[str, Any]]]:
        """Return what is switched on, as it was written, by tag; empty: for all messages."""
        found: dict[str, list[dict[str, Any]]] = {}
        for fault in self._faults:
            found.setdefault(fault.tag, []).append(dict(fault.given))
        return found

    def applied(self, *, tag: str = "") -> list[dict[str, Any]]:
        """Return the latest applied faults, oldest first: all, or those that met a tag."""
        return [one.as_dict() for one in self._applied if not tag or tag in one.tags]

    def watches(self, point: str) -> bool:
        """Say whether any fault could meet a call at a point."""
        return bool(self._faults) and any(point in f.points and f.left != 0 for f in self._faults)

    def candidates(self, point: str, place: Place, *, any_channel: bool = False) -> list[Fault]:
        """Return the faults that may meet a call, before its body or even its channel is known."""
        return [fault for fault in self._faults if fault.meets(point, place, any_channel=any_channel)]

    def take(self, point: str, place: Place, body: bytes, *, only: Callable[[Effect], bool]) -> Effect:
        """Apply the faults that a call meets and ``only`` lets pass: count, record and add them up."""
        effect = Effect()
        for fault in self.candidates(point, place):
            if not only(fault.effect) or not self._carries(fault, place, body):
                continue
            if fault.left is not None:
                fault.left -= 1
            self._note(fault, point, place, self._named(place, body))
            effect = _added(effect, fault.effect)
        return effect

    def holds(self, place: Place, body: bytes) -> bool:
        """Say whether an outage holds a delivery back."""
        candidates = self.candidates(DELIVERY, place)
        return any(fault.effect.outage and self._carries(fault, place, body) for fault in candidates)

    def shown(self) -> Fault | None:
        """Return the fault that says what the hub shows to whoever connects: the latest one."""
        return next((fault for fault in reversed(self._faults) if CONNECTION in fault.points), None)

    def record(self, fault: Fault) -> None:
        """Record that a fault was applied which meets no single call."""
        tags = (fault.tag,) if fault.tag else ()
        self._note(fault, CONNECTION, Place("", "", ""), Named(tags, (), ()))

    def _carries(self, fault: Fault, place: Place, body: bytes) -> bool:
        """Say whether a call carries a fault's tag: in S1.subText, or by what a status message speaks of."""
        if fault.met in body:
            return True
        return b'"CommonBlock"' not in body and fault.tag in self._named(place, body).tags

    def _named(self, place: Place, body: bytes) -> Named:
        return named(body, lambda transaction, reference: self.tag_of(place.release, transaction, reference))

    def _note(self, fault: Fault, point: str, place: Place, found: Named) -> None:
        self._applied.append(
            Applied(
                self._clock.now().isoformat(timespec="milliseconds"),
                fault.name,
                point,
                place.release,
                place.party,
                place.channel,
                found.tags,
                found.references,
                found.transactions,
            )
        )

    def _read(self, entry: Any, tag: str, where: str) -> Fault:
        if not isinstance(entry, Mapping):
            raise ConfigurationError('is no mapping such as {"fault": "latency", ...}', where=where)
        name = entry.get("fault")
        if not isinstance(name, str) or name not in KINDS:
            raise ConfigurationError(f"'{name}' is no fault", where=where, mend=nearest(str(name), KINDS))
        found = KINDS[name]
        own = {key: value for key, value in entry.items() if key in _OWN and value is not None}
        party = _word(own, "party", where)
        if party and party not in self._parties:
            raise ConfigurationError(
                f"nobody has the DIP id {party}", where=where, mend=nearest(party, sorted(self._parties))
            )
        times = own.get("times")
        if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
            raise ConfigurationError(f"times is {times!r}, expected a whole number from 1", where=where)
        options = Options({key: value for key, value in entry.items() if key not in _OWN}, where)
        effect = found.make(options)
        options.close()
        points = _points(own.get("at"), found.points, found.usual, where)
        for word in _OF_CALLS if points == (CONNECTION,) else ():
            if word in own:
                raise ConfigurationError(
                    f"{word} can't narrow what every client is shown that connects", where=where
                )
        mine = tag or _word(own, "tag", where)
        return Fault(
            name=name,
            points=points,
            effect=effect,
            given={**entry, **({"tag": mine} if mine else {})},
            party=party,
            channel=_word(own, "channel", where).upper(),
            release=_word(own, "release", where),
            tag=mine,
            left=times,
            met=orjson.dumps(mine) if mine else b"",
        )


def load(path: Path) -> dict[str, Any]:
    """Read a file of faults and service times: a mapping with the keys ``faults`` and ``service``."""
    content = read(path)
    for key in content:
        if key not in ("faults", "service"):
            raise ConfigurationError(
                f"'{key}' is no part of it", where=str(path), mend=nearest(key, ("faults", "service"))
            )
    if not isinstance(content.get("faults", []), list):
        raise ConfigurationError("faults is no list", where=str(path))
    return content


def _word(own: Mapping[str, Any], name: str, where: str) -> str:
    value = own.get(name, "")
    if not isinstance(value, str):
        raise ConfigurationError(
            f"{name} is {value!r}, expected a text", where=where, mend="Write it in quotes."
        )
    return value


def _points(
    given: Any, possible: tuple[str, ...], usual: tuple[str, ...] | None, where: str
) -> tuple[str, ...]:
    if given is None:
        if usual is None:
            raise ConfigurationError(
                "does not say where", where=where, mend=f"Add at: {', '.join(possible)}."
            )
        return usual
    points = [given] if isinstance(given, str) else given
    if not isinstance(points, list) or not points:
        raise ConfigurationError(f"at is {given!r}, expected {', '.join(POINTS)}", where=where)
    for point in points:
        if point not in possible:
            raise ConfigurationError(
                f"this fault can't be applied at '{point}'", where=where, mend=f"At {', '.join(possible)}."
            )
    return tuple(points)


def _added(first: Effect, second: Effect) -> Effect:
    """Add up two faults on one call: waits add, and for the rest the later one counts."""
    return replace(
        first,
        wait=first.wait + second.wait,
        status=second.status or first.status,
        retry_after=second.retry_after if second.status else first.retry_after,
        drop=second.drop or first.drop,
        copies=first.copies + second.copies,
        hold_back=first.hold_back if second.hold_back is None else second.hold_back,
        gather=first.gather if second.gather is None else second.gather,
        most=first.most if second.most is None else second.most,
        spoil_signature=first.spoil_signature or second.spoil_signature,
        credentials=second.credentials or first.credentials,
        outage=first.outage or second.outage,
    )
