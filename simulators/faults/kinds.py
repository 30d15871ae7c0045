"""The kinds of faults: each turns its options into what is done to a call. Pure.

A kind registers itself under its name, with the points where it can be applied:

* ``ingress``: the hub's answer to a sender's request
* ``delivery``: the hub's call to a recipient's webhook
* ``webhook``: a simulated party's answer to the hub's call
* ``connection``: what the hub shows to whoever connects to it
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from harness.errors import ConfigurationError, nearest
from harness.security.profiles import Flaw

CALLS = INGRESS, DELIVERY, WEBHOOK = ("ingress", "delivery", "webhook")
CONNECTION = "connection"
POINTS = (*CALLS, CONNECTION)
BEFORE, AFTER = "before", "after"
SIGNING, TLS, BOTH, SERVER = "signing", "tls", "both", "server"
_LONGEST_SECONDS = 3600.0
_MOST_COPIES = 100
_MOST_MESSAGES = 10_000
FLAWS: tuple[Flaw, ...] = tuple(flaw for flaw in get_args(Flaw) if flaw != "revoked")
SERVER_FLAWS: tuple[Flaw, ...] = tuple(flaw for flaw in FLAWS if flaw != "wrong-party")
_ROTATIONS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Which of the hub's certificates is another one: a flaw, or none for a good new one (rotation)."""

    which: str
    flaw: Flaw | None
    number: int = 0
    """Tells one rotation from the next."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What is done to one call."""

    wait: float = 0.0
    """Seconds before anything else."""
    status: int | None = None
    """An answer instead of the real one; the request has no other effect."""
    retry_after: int | None = None
    drop: str = ""
    """The connection is cut before the request has an effect, or after it and without its answer."""
    copies: int = 0
    """How often the same call is made once more."""
    hold_back: float | None = None
    """Seconds to let deliveries gather; they then go latest first."""
    spoil_signature: bool = False
    credentials: Credentials | None = None
    gather: float | None = None
    """Seconds to let deliveries gather; their order stays."""
    most: int | None = None
    """How many messages a call holds at most."""
    outage: bool = False
    """Requests are refused with the status of an outage, deliveries wait until it is over."""


class Options:
    """The options of one fault, taken out one by one; `close` refuses what nobody took."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self._values = dict(values)
        self._names: list[str] = []
        self._where = where

    def number(self, name: str, default: float | None, *, least: float, most: float) -> float:
        """Take a number within bounds; ``default`` None means that it must be there."""
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise self._wrong(name, value, f"a number from {least:g} to {most:g}")
        return float(value)

    def whole(self, name: str, default: int | None, *, least: int, most: int) -> int:
        """Take a whole number within bounds."""
        value = self._take(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self._wrong(name, value, f"a whole number from {least} to {most}")
        return value

    def one_of(self, name: str, default: str, known: tuple[str, ...]) -> str:
        """Take one of several words."""
        value = self._take(name, default)
        if value not in known:
            raise self._wrong(name, value, f"one of {', '.join(known)}")
        return str(value)

    def has(self, name: str) -> bool:
        """Say whether an option is given."""
        return name in self._values

    def close(self) -> None:
        """Raise ConfigurationError for an option that the kind does not have."""
        for name in self._values:
            mend = nearest(name, self._names) if self._names else "It has none."
            raise ConfigurationError(f"'{name}' is no option", where=self._where, mend=mend)

    def _take(self, name: str, default: object) -> object:
        self._names.append(name)
        return self._values.pop(name, default)

    def _wrong(self, name: str, value: object, expected: str) -> ConfigurationError:
        return ConfigurationError(f"{name} is {value!r}, expected {expected}", where=self._where)


Maker = Callable[[Options], Effect]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault: where it can be applied, and what its options make of a call."""

    name: str
    points: tuple[str, ...]
    make: Maker
    summary: str

    @property
    def usual(self) -> tuple[str, ...] | None:
        """Where it is applied when nothing is said; None where that must be said."""
        return self.points if len(self.points) == 1 or self.name == "outage" else None


KINDS: dict[str, Kind] = {}


def kind(name: str, *points: str) -> Callable[[Maker], Maker]:
    """Register a function as the kind ``name``; a name that is taken fails at import."""

    def register(make: Maker) -> Maker:
        if name in KINDS:
            raise ValueError(f"two kinds of faults are called '{name}'")
        KINDS[name] = Kind(name, points, make, (make.__doc__ or "").split("\n")[0])
        return make

    return register


def described() -> Iterator[tuple[str, str, str]]:
    """Yield name, points and summary of every kind."""
    for found in KINDS.values():
        yield found.name, ", ".join(found.points), found.summary


@kind("latency", *CALLS)
def _latency(options: Options) -> Effect:
    """Wait ``seconds`` before the request is worked on, or the call is made."""
    return Effect(wait=options.number("seconds", None, least=0, most=_LONGEST_SECONDS))


@kind("status", INGRESS, WEBHOOK)
def _status(options: Options) -> Effect:
    """Answer ``status`` (400 to 599) with no other effect; ``retry_after`` seconds go into the header."""
    status = options.whole("status", None, least=400, most=599)
    wait = options.whole("retry_after", None, least=0, most=86400) if options.has("retry_after") else None
    return Effect(status=status, retry_after=wait)


@kind("drop", *CALLS)
def _drop(options: Options) -> Effect:
    """Cut the connection ``when``: before the request has an effect, or after it, without the answer."""
    return Effect(drop=options.one_of("when", BEFORE, (BEFORE, AFTER)))


@kind("duplicate", DELIVERY)
def _duplicate(options: Options) -> Effect:
    """Make the same call again, ``copies`` times (1)."""
    return Effect(copies=options.whole("copies", 1, least=1, most=_MOST_COPIES))


@kind("reorder", DELIVERY)
def _reorder(options: Options) -> Effect:
    """Let deliveries gather for ``seconds`` (0.5), then send them latest first."""
    return Effect(hold_back=options.number("seconds", 0.5, least=0, most=_LONGEST_SECONDS))


@kind("batch", DELIVERY)
def _batch(options: Options) -> Effect:
    """Put at most ``messages`` into a call, after deliveries gathered for ``seconds`` (0)."""
    most = options.whole("messages", None, least=1, most=_MOST_MESSAGES) if options.has("messages") else None
    return Effect(gather=options.number("seconds", 0.0, least=0, most=_LONGEST_SECONDS), most=most)


@kind("corrupt-signature", DELIVERY)
def _corrupt_signature(_: Options) -> Effect:
    """Spoil the signature, so that it does not verify."""
    return Effect(spoil_signature=True)


@kind("wrong-certificate", DELIVERY)
def _wrong_certificate(options: Options) -> Effect:
    """Use a broken certificate: ``flaw`` (wrong-party) of the ``which`` one: signing (default), tls, both."""
    which = options.one_of("which", SIGNING, (SIGNING, TLS, BOTH))
    flaw = options.one_of("flaw", "wrong-party", FLAWS)
    return Effect(credentials=Credentials(which, next(known for known in FLAWS if known == flaw)))


@kind("rotate-certificate", DELIVERY)
def _rotate_certificate(options: Options) -> Effect:
    """Use a new and good certificate of the hub: ``which`` is signing, tls or both (default)."""
    which = options.one_of("which", BOTH, (SIGNING, TLS, BOTH))
    return Effect(credentials=Credentials(which, None, next(_ROTATIONS)))


@kind("rotate-server-certificate", CONNECTION)
def _rotate_server_certificate(options: Options) -> Effect:
    """Show new connections another certificate of the hub: a good one, or one with a ``flaw``."""
    flaw = options.one_of("flaw", "", SERVER_FLAWS) if options.has("flaw") else ""
    found = next((known for known in SERVER_FLAWS if known == flaw), None)
    return Effect(credentials=Credentials(SERVER, found, next(_ROTATIONS)))


@kind("outage", INGRESS, DELIVERY)
def _outage(_: Options) -> Effect:
    """Refuse requests as in an outage, and hold deliveries back until it is over."""
    return Effect(outage=True)
