"""Publications as the DIP would deliver them to one party: built, addressed (A0) and stamped (D0).

Everything around the party is made up: the senders, their references and the metering points. Nothing
here does I/O; the moment and the seed come from outside.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from harness.clock import message_time
from harness.messages.build import Context, build, build_largest_consumption
from harness.messages.identifiers import mpan, sender_unique_reference
from harness.spec.release import Release
from harness.spec.roles import roles
from harness.spec.routing import Routing

DISTRIBUTOR = "10"
LARGEST = ("IF-021", "ActivePower")
"""The pair whose largest legal message is the largest of all: 200 days of 48 periods."""
_TIER_BLOCKS = {"primary": "primaryRecipients", "secondary": "secondaryRecipients", "always": "always"}
_OTHER_SENDER = 99_000_001
_POINTS = 10**9


@dataclass(frozen=True, slots=True)
class Addressee:
    """The party that is to receive: DIP id, role, MPID, and the provider that it nominated, if any."""

    dip_id: str
    role: str
    mpid: str = ""
    provider: str | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """An interface and event that a role receives, from whom, in which tier."""

    interface: str
    event: str
    sender_role: str
    tier: str
    basis: str


@dataclass(frozen=True, slots=True)
class Publication:
    """One publication with what its answer must repeat."""

    interface: str
    event: str
    transaction: str
    reference: str
    correlation: str | None
    sender: str
    recipient: str
    payload: Mapping[str, Any]

    def but(self, changes: Mapping[str, object]) -> Publication:
        """Return the publication with common-block items changed: ``{"D0.replayIndicator": True}``."""
        common = {name: dict(block) for name, block in self.payload["CommonBlock"].items()}
        for place, value in changes.items():
            block, _, item = place.partition(".")
            common[block][item] = value
        payload = {**self.payload, "CommonBlock": common}
        return replace(
            self,
            payload=payload,
            interface=common["S0"]["interfaceID"],
            transaction=common["D0"]["transactionID"],
            reference=common["S1"]["senderUniqueReference"],
            correlation=common["D0"]["initialCorrelationID"],
        )


def encode(publications: Sequence[Publication]) -> bytes:
    """Return the body of a webhook call: ``[{"payload": ...}, ...]``."""
    return orjson.dumps([{"payload": each.payload} for each in publications])


@lru_cache(maxsize=256)
def received_pairs(release: Release, routing: Routing, role: str) -> tuple[Pair, ...]:
    """Return the interface-event pairs that a role receives, each once, in the release's order."""
    pairs: list[Pair] = []
    for interface in release.interfaces:
        for event in release.events(interface):
            pair = _received(routing, interface, event, role)
            if pair is not None:
                pairs.append(pair)
    return tuple(pairs)


def _received(routing: Routing, interface: str, event: str, role: str) -> Pair | None:
    for sender in routing.senders(interface, event):
        for row in routing.receivers(interface, event, sender=sender.role):
            if row.role == role:
                return Pair(interface, event, sender.role, row.tier, row.basis)
    return None


def sent_pairs(release: Release, routing: Routing, role: str) -> tuple[tuple[str, str], ...]:
    """Return the interface-event pairs that a role sends, in the release's order."""
    return tuple(
        (interface, event)
        for interface in release.interfaces
        for event in release.events(interface)
        if any(row.role == role for row in routing.senders(interface, event))
    )


class Press:
    """Makes publications for one party. Each has its own transaction, reference and metering point."""

    def __init__(
        self, release: Release, routing: Routing, addressee: Addressee, *, environment: str, seed: int
    ) -> None:
        self.release, self.addressee = release, addressee
        self.pairs = received_pairs(release, routing, addressee.role)
        self._routing, self._environment = routing, environment
        self._rng = random.Random(f"{seed}/{addressee.dip_id}/{addressee.role}")
        self._number = 0

    def usual(self) -> Pair | None:
        """Return the pair that conduct is tried with: the first with a metering point; None for no pair."""
        return next((pair for pair in self.pairs if pair.interface.startswith("IF-")), None)

    def publication(
        self,
        pair: Pair,
        now: datetime,
        *,
        recipient: str | None = None,
        replayed: bool = False,
        largest: bool = False,
        provider: str | None = None,
    ) -> Publication:
        """Return a new and valid publication of a pair.

        ``recipient`` is another DIP id than the party's in A0; ``provider`` carried it for its sender;
        ``largest`` makes the longest legal consumption message (IF-021 only).
        """
        self._number += 1
        sender = f"{roles()[pair.sender_role].prefix}{_OTHER_SENDER:08d}"
        token = f"{self._rng.getrandbits(64):016x}"
        recipient = recipient or self.addressee.dip_id
        context = Context(
            seed=self._rng.getrandbits(32),
            now=now,
            environment=self._environment,
            sender_dip_id=sender,
            sender_role=pair.sender_role,
            connection_provider=provider,
            sub_text=None,
            mpan=mpan(DISTRIBUTOR, self._rng.randrange(_POINTS)),
            distributor_dip_id=f"{roles()['LDSO'].prefix}{_OTHER_SENDER:08d}",
            primary_recipients=(recipient,) if pair.tier == "primary" else (),
            parties={self.addressee.role: (self.addressee.dip_id, self.addressee.mpid or "ZZZZ")},
            reference=sender_unique_reference(
                self.release.name, pair.interface, sender, pair.sender_role, now, token
            ),
        )
        make = build_largest_consumption if largest else None
        payload = (
            make(self.release, context, pair.event)
            if make
            else build(self.release, pair.interface, pair.event, context)
        )
        return self._stamped(payload, pair, sender, recipient, now, token, replayed=replayed)

    def batch(self, pair: Pair, now: datetime, count: int) -> tuple[Publication, ...]:
        """Return ``count`` publications of one pair."""
        return tuple(self.publication(pair, now) for _ in range(count))

    def _stamped(
        self,
        payload: dict[str, Any],
        pair: Pair,
        sender: str,
        recipient: str,
        now: datetime,
        token: str,
        *,
        replayed: bool,
    ) -> Publication:
        at = message_time(now)
        day = at[:10].replace("-", "")
        transaction = f"T-{pair.interface}-{sender}-{pair.sender_role}-{day}-{token}"
        correlation = f"CI-{day}-{token}"
        tiers: dict[str, list[str]] = {name: [] for name in _TIER_BLOCKS.values()}
        tiers[_TIER_BLOCKS[pair.tier]].append(recipient)
        common = dict(payload["CommonBlock"])
        common["A0"] = tiers
        common["D0"] = {
            "transactionID": transaction,
            "transactionTimestamp": at,
            "publicationID": _publication_id(pair.interface),
            "initialCorrelationID": correlation,
            "replayIndicator": replayed,
            "serviceTicketURL": None,
        }
        return Publication(
            pair.interface,
            pair.event,
            transaction,
            common["S1"]["senderUniqueReference"],
            correlation,
            sender,
            recipient,
            {**payload, "CommonBlock": common},
        )


def _publication_id(interface: str) -> str:
    """Return the publication of an interface: PUB-nnn of IF-nnn; a report keeps its own (assumed)."""
    return f"PUB-{interface[3:]}" if interface.startswith("IF-") else interface
