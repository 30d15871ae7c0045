"""Behaviours: what a simulated party does with what it receives, as pure functions in a registry.

A behaviour holds no state and does no I/O. It gets its state and a publication, and returns the new state
and the messages that the party sends; the runner keeps the state per test instance and party, signs and
sends. A behaviour that waits for a date says so in `next_due` and is asked again when the clock has reached
it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar

from harness.errors import ConfigurationError
from harness.spec.routing import Routing
from harness.transport.network import Network, Party


@dataclass(frozen=True, slots=True)
class Publication:
    """A publication that a party has accepted."""

    release: str
    interface: str
    event: str
    """Without brackets."""
    sender: str
    """DIP id"""
    tag: str
    """S1.subText"""
    correlation: str | None
    """D0.initialCorrelationID"""
    payload: Mapping[str, Any]
    repeated: bool = False
    """The party had the transaction before: a retry, a requeue or a second delivery."""

    @property
    def transaction(self) -> str:
        """Return D0.transactionID, empty when the message has none."""
        return str(self.common("D0").get("transactionID") or "")

    def common(self, block: str) -> Mapping[str, Any]:
        """Return a block of CommonBlock, empty when absent."""
        return self.payload["CommonBlock"].get(block) or {}

    def custom(self, block: str) -> Mapping[str, Any]:
        """Return a block of CustomBlock, empty when absent."""
        return (self.payload.get("CustomBlock") or {}).get(block) or {}

    def custom_list(self, block: str) -> Sequence[Mapping[str, Any]]:
        """Return a list of CustomBlock (``B905List``), empty when absent."""
        return (self.payload.get("CustomBlock") or {}).get(block) or ()

    @property
    def mpan(self) -> str:
        """Return the MPAN of M0, empty when the message has none."""
        return str(self.common("M0").get("MPANCore", ""))

    @property
    def principal(self) -> str:
        """Return the MPAN of M0, or the principal one of M1; empty when the message has neither."""
        return self.mpan or str(self.common("M1").get("principalMPAN", ""))


@dataclass(frozen=True, slots=True)
class Told:
    """What a party learns beside the hub: from the switching service, on site, from its own staff."""

    what: str
    """A word that the party's behaviour knows, such as ``switch-pending``."""
    release: str
    """The API release in which messages that come of it are written."""
    content: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that a behaviour wants sent: what must stand in it; the rest is built from the release."""

    release: str
    interface: str
    event: str
    mpan: str
    distributor: str
    """DIP id"""
    primary: tuple[str, ...] = ()
    """DIP ids for A0.primaryRecipients; the hub adds secondary and always."""
    common: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Items by block of CommonBlock."""
    custom: Mapping[str, Mapping[str, Any] | Sequence[Any] | None] = field(default_factory=dict)
    """Items by block of CustomBlock, or a list as a whole; None leaves the block out."""
    places: Mapping[str, object] = field(default_factory=dict)
    """Single places (``B007.responseCode``), set last of all."""
    parties: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """(DIP id, MPID) by role and place (``MSS``, ``SUP:outgoing``) for fields that nothing above fills."""
    segment: str | None = None
    """Market segment of the metering point: S, A or U; None lets the builder tell it from the roles."""
    correlation: str | None = None
    """S1.senderCorrelationID"""


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts, when, and among whom."""

    party: Party
    network: Network
    routing: Routing
    now: datetime
    tag: str


Reaction = tuple[Any, tuple[Outgoing, ...]]
"""A behaviour's new state and what the party sends because of it."""


class Behaviour(Protocol):
    """What a simulated party does; the state is the behaviour's own immutable value."""

    @property
    def roles(self) -> frozenset[str]:
        """Return the roles that may have it."""

    @property
    def options(self) -> frozenset[str]:
        """Return the names of its options."""

    def start(self, options: Mapping[str, Any], acting: Acting, /) -> Any:
        """Return the first state; raises ConfigurationError when an option's value is wrong."""

    def on_publication(self, state: Any, publication: Publication, acting: Acting, /) -> Reaction:
        """React to an accepted publication."""

    def on_told(self, state: Any, told: Told, acting: Acting, /) -> Reaction:
        """React to what reached the party beside the hub; raises ConfigurationError for an unknown word."""

    def next_due(self, state: Any, /) -> datetime | None:
        """Return when the party acts next without being asked, or None."""

    def on_time(self, state: Any, acting: Acting, /) -> Reaction:
        """Act on everything that is due at ``acting.now``."""

    def look_up(
        self, state: Any, mpan: str, as_of: datetime | None, as_known: datetime | None, /
    ) -> dict[str, Any] | None:
        """Return what the party has registered for an MPAN, or None.

        A party with a history shows what was in force ``as_of`` a moment, and what it knew at ``as_known``.
        """


BEHAVIOURS: dict[str, Behaviour] = {}

_Class = TypeVar("_Class", bound=Callable[[], Behaviour])


def behaviour(name: str) -> Callable[[_Class], _Class]:
    """Register a class as the behaviour ``name``; a name that is taken fails at import."""

    def register(cls: _Class) -> _Class:
        add(name, cls())
        return cls

    return register


def add(name: str, instance: Behaviour) -> None:
    """Register the behaviour ``name``; a name that is taken fails at import."""
    if name in BEHAVIOURS:
        raise ValueError(f"two behaviours are called '{name}'")
    BEHAVIOURS[name] = instance


def unknown_word(told: Told, acting: Acting, known: Iterable[str] = ()) -> ConfigurationError:
    """Return the error of a behaviour that was told something it does not know."""
    words = ", ".join(sorted(known)) or "nothing"
    return ConfigurationError(
        f"'{told.what}' means nothing to it", where=acting.party.dip_id, mend=f"It can be told: {words}."
    )
