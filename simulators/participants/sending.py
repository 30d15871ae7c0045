"""How a party finds whom to write to, and what every message of its own has in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from harness.errors import ConfigurationError
from harness.messages.context import SEGMENT_OF_ROLE
from harness.messages.identifiers import distributor_of, mpan
from harness.messages.metering_point import MeteringPoint, metering_point
from harness.transport.network import Party
from simulators.participants.behaviours import Acting, Outgoing, Publication
from simulators.participants.content import Content
from simulators.participants.record import DATA, SERVICES, Point, Record

Blocks = Mapping[str, Mapping[str, Any] | Sequence[Any] | None]
_ROLE_OF_SERVICE = {"supplier": "SUP", "retriever": "MDR"}


def party(acting: Acting, dip_id: str) -> Party | None:
    """Return a party of the network, None for a stranger."""
    return next((each for each in acting.network.parties if each.dip_id == dip_id), None)


def distributor(acting: Acting, number: str) -> str:
    """Return the DIP id of the LDSO of an MPAN; raises ConfigurationError where the network has none."""
    return _by_distributor(acting, "LDSO", number)


def registration(acting: Acting, number: str) -> str:
    """Return the DIP id of the registration service of an MPAN."""
    return _by_distributor(acting, "REGS", number)


def _by_distributor(acting: Acting, role: str, number: str) -> str:
    found = acting.network.with_role(role)
    own = [each for each in found if each.distributor_id == distributor_of(number)]
    if not (own or found):
        raise ConfigurationError(f"the network has no {role}", where="network file")
    return (own or list(found))[0].dip_id


def segment(point: Point, acting: Acting) -> str:
    """Return the market segment: as told, else by the party's own role, else by the data service, else S."""
    told = point.facts.get("segment")
    if told:
        return str(told)
    own = SEGMENT_OF_ROLE.get(acting.party.role)
    if own:
        return own
    serving = party(acting, point.of(DATA, acting.now) or "")
    return SEGMENT_OF_ROLE.get(serving.role, "S") if serving else "S"


def described(point: Point, acting: Acting) -> MeteringPoint:
    """Return the metering point that every message of the harness means by the MPAN."""
    return metering_point(point.mpan, segment(point, acting))


def around(point: Point, acting: Acting, moment: datetime) -> dict[str, tuple[str, str]]:
    """Return (DIP id, MPID) by role of who serves the metering point at ``moment``."""
    found = {}
    for service in SERVICES:
        serving = party(acting, point.of(service, moment) or "")
        if serving is not None:
            found[_ROLE_OF_SERVICE.get(service, serving.role)] = (serving.dip_id, serving.mpid)
    return found


def message(
    release: str,
    interface: str,
    event: str,
    point: Point,
    acting: Acting,
    *,
    to: tuple[str, ...] = (),
    custom: Blocks | None = None,
    common: Mapping[str, Mapping[str, Any]] | None = None,
    places: Mapping[str, object] | None = None,
) -> Outgoing:
    """Return a message of a party about a metering point."""
    header = {"M0": point.header} if point.header else {}
    return Outgoing(
        release=release,
        interface=interface,
        event=event,
        mpan=point.mpan,
        distributor=distributor(acting, point.mpan),
        primary=to,
        common={**header, **(common or {})},
        custom=custom or {},
        places=places or {},
        parties=around(point, acting, acting.now),
        segment=segment(point, acting),
    )


def answer(
    publication: Publication,
    interface: str,
    event: str,
    point: Point,
    acting: Acting,
    *,
    custom: Blocks | None = None,
    common: Mapping[str, Mapping[str, Any]] | None = None,
) -> Outgoing:
    """Return the answer to a publication: to its sender, about the same metering point, correlated."""
    written = message(
        publication.release,
        interface,
        event,
        point,
        acting,
        to=(publication.sender,),
        custom=custom,
        common=common,
    )
    return replace(written, correlation=publication.correlation)


def any_message(record: Record, content: Content, acting: Acting) -> Outgoing:
    """Return whatever message a party is told to send; without ``to`` the DIP finds the recipients."""
    interface, event = content.text("interface"), content.text("event")
    return told_message(record, content, acting, interface, event, content.names("to"))


def told_message(
    record: Record,
    content: Content,
    acting: Acting,
    interface: str,
    event: str,
    to: tuple[str, ...],
    places: Mapping[str, object] | None = None,
) -> Outgoing:
    """Return a message with ``places``, and those besides that a party was told.

    A message without a metering point is built around the first one of the network's first distributor.
    """
    number = content.mpan() if content.has("mpan") else any_mpan(acting)
    point = record.point(number)
    return message(
        content.release, interface, event, point, acting, to=to, places={**(places or {}), **content.places()}
    )


def any_mpan(acting: Acting) -> str:
    """Return the MPAN that a message without a metering point is built around."""
    numbers = (each.distributor_id for each in acting.network.with_role("LDSO"))
    return mpan(next(filter(None, numbers), "10"), 1)
