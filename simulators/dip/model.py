"""The values that go through the hub, one after another: call, caller, draft, accepted message, delivery.

Every stage takes one of these and returns the next, or says why it can't: a `Refusal` before the body is
looked at (an HTTP status without a message body), or `Fault`s of single messages (a 400 with a
StandardResponse). What is made for each message is a named tuple, which takes a quarter of the
time of a frozen dataclass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

HUB_ROLE = "DIP"


@dataclass(frozen=True, slots=True)
class Member:
    """One DIP id of the network: a market participant in one role, or the hub itself (role ``DIP``)."""

    dip_id: str
    role: str
    organisation: str
    mpid: str = ""
    connection_provider: str | None = None
    """DIP id of the provider that it nominated."""
    former_providers: tuple[str, ...] = ()
    """DIP ids of providers whose nomination has not ended yet: a change with overlap."""
    distributors: tuple[str, ...] = ()
    """The two-digit distributor ids of an LDSO, e.g. ``("10",)``."""

    @property
    def providers(self) -> tuple[str, ...]:
        """Return the DIP ids of every provider that may act for it now, the nominated one first."""
        return (*((self.connection_provider,) if self.connection_provider else ()), *self.former_providers)


class Call(NamedTuple):
    """One request as it arrived: full URL, headers by lower-case name, the client's certificate in DER."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    certificate: bytes | None


class Caller(NamedTuple):
    """Who called: the owner of the API key, and the nominated provider if its certificates carried it."""

    member: Member
    provider: Member | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that gets a bare HTTP status; ``reason`` is for the log and a one-line text body."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one message of a batch; any fault refuses the whole batch."""

    code: str
    """Response code, e.g. ``MSG1001``."""
    pointer: str
    """JSON pointer from the root of the request body."""
    text: str
    reference: str | None = None
    """The message's senderUniqueReference where it could be read."""


class Draft(NamedTuple):
    """One message that passed L1, not accepted yet: field names are in the release's case.

    Its custom block is kept in bytes. Its objects would be ten times as large, and by the time they were let
    go the processor's caches would hold them no longer, nor what they had put out.
    """

    common: Mapping[str, Any]
    """The payload's ``CommonBlock``."""
    interface: str
    event: str
    """Without brackets."""
    reference: str
    sender: str
    role: str
    provider: str | None
    correlation: str | None
    tag: str | None
    """S1.subText, which separates test runs."""
    mpan: str | None
    primary: tuple[str, ...]
    outcome: str | None
    """The response code of a message that answers another: of R0, or of B099."""
    custom: bytes | None = None
    """The payload's ``CustomBlock``; None where it has none."""

    def blocks(self) -> Mapping[str, Any]:
        """Read the custom block; empty where there is none."""
        return (orjson.loads(self.custom) if self.custom else None) or {}


class Address(NamedTuple):
    """One recipient of a message and why: ``tier`` is primary, secondary or always."""

    dip_id: str
    role: str
    tier: str
    basis: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says of who serves an MPAN: ``dip_id`` (empty: whoever it is) comes, goes or is there.

    ``kind`` is in, out or current; ``at`` has 25 characters, in UTC; empty with ``in``: since ever.
    """

    mpan: str
    kind: str
    service: str
    dip_id: str
    at: str

    def __str__(self) -> str:
        return f"{self.service} {self.kind} {self.dip_id or 'anybody'} {self.at}".rstrip()


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the hub finds wrong with a message after its 201 (L2): a response code and a sentence."""

    code: str
    text: str


class Addressing(NamedTuple):
    """Everybody who gets a message, and the roles that secondary routing could not resolve."""

    recipients: tuple[Address, ...]
    unresolved: tuple[str, ...]
    troubles: tuple[Trouble, ...] = ()
    heard: tuple[Said, ...] = ()
    """What the message told the MPAN address store, which is updated before the message is addressed."""
    unheard: str = ""
    """Why it could tell nothing, where it should have."""


class Accepted(NamedTuple):
    """An accepted message, D0 and A0 filled; ``body`` is ``{"payload": ...}`` as every recipient gets it."""

    number: int
    """Its row in the store."""
    transaction: str
    correlation: str | None
    draft: Draft
    addressing: Addressing
    body: bytes
