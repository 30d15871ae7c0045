"""How a process writes what it sends: forms in rows, and the message that comes of a form.

A form names the parties that a message is addressed to; those whose role has the tier ``primary`` in the
routing file stand in A0.primaryRecipients, and secondary and always recipients are the hub's to find. What
no form writes is built from the API release around it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from harness.messages.context import SEGMENT_OF_ROLE
from simulators.participants.behaviours import Acting, Outgoing, Publication
from simulators.registration.case import Case
from simulators.registration.items import Item
from simulators.registration.point import MeteringPoint
from simulators.registration.rule import stated
from simulators.registration.services import Service

Blocks: TypeAlias = Mapping[str, Any]
"""Items by block of CustomBlock: a mapping, a list of mappings for a list, None to leave the block out."""
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Form(Generic[S]):
    """A message, whom it concerns, and how its blocks are written from a process's own subject."""

    interface: str
    event: str
    concerns: tuple[str, ...]
    """Names of parties: ``sender`` (of what is answered), ``supplier``, ``metering service``,
    ``data service``, ``retriever``, ``distributor`` (of the point now), a role (``MDS``), or a name that
    the process gives in ``parties``."""
    blocks: Callable[[S], Blocks]
    basis: str
    reason: str


FORMS: dict[str, tuple[Form[Any], ...]] = {}
"""By process: every message that registration can send."""


def forms(process: str, *rows: Form[Any]) -> None:
    """List the forms of a process."""
    if process in FORMS:
        raise ValueError(f"{process} has its forms twice")
    FORMS[process] = rows


@dataclass(frozen=True, slots=True)
class Around:
    """What a message needs to know beside the case; empty fields follow from case and point."""

    parties: Mapping[str, str] = field(default_factory=dict)
    """DIP ids by the names that a form uses."""
    event: str = ""
    header: Mapping[str, Any] = field(default_factory=dict)
    """Block M0 or M1."""
    release: str = ""
    correlation: str | None = None
    fills: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """(DIP id, MPID) by role and place, for fields that no block writes."""
    segment: str | None = None


_NOTHING_AROUND = Around()


def write(
    form: Form[S],
    case: Case,
    point: MeteringPoint | None,
    subject: S,
    *,
    around: Around = _NOTHING_AROUND,
    code: str | None = None,
    answers: bool = False,
) -> Outgoing:
    """Return the message of a form.

    ``answers`` writes R0: rejected with the REG ``code``, or accepted where there is none.
    """
    event = around.event or form.event
    roles = {party.dip_id: party.role for party in case.acting.network.parties}
    tiers = case.acting.routing.receivers(form.interface, event)
    primary = {row.role for row in tiers if row.tier == "primary"}
    concerned = [dip_id for name in form.concerns for dip_id in _named(name, case, point, around)]
    header = around.header or _header(case, point)
    common: dict[str, Mapping[str, Any]] = {"M1" if "principalMPAN" in header else "M0": header}
    if answers:
        common["R0"] = {
            "responseCode": "R" if code else "A",
            "responseMessages": [stated(code)] if code else [],
        }
    return Outgoing(
        release=around.release or case.release,
        interface=form.interface,
        event=event,
        mpan=point.mpan if point else case.mpan,
        distributor=str(header["distributorDIPID"]),
        primary=tuple(dict.fromkeys(d for d in concerned if roles.get(d) in primary)),
        common=common,
        custom=form.blocks(subject),
        parties={**_fills(case.acting, point, case), **around.fills},
        segment=around.segment or (point.at(Item.MARKET_SEGMENT, case.moment) if point else None),
        correlation=around.correlation or case.correlation,
    )


def _named(name: str, case: Case, point: MeteringPoint | None, around: Around) -> list[str]:
    if name in around.parties:
        return [around.parties[name]] if around.parties[name] else []
    if name == "sender":
        return [case.received.sender] if isinstance(case.received, Publication) else []
    if name in _OF_POINT:
        found = _OF_POINT[name](point, case) if point else None
        return [found] if found else []
    return [party.dip_id for party in case.acting.network.with_role(name)]


def _supplier(point: MeteringPoint, case: Case) -> str | None:
    held = point.supplier_at(case.moment)
    return held.dip_id if held else None


def _provider(service: Service) -> Callable[[MeteringPoint, Case], str | None]:
    def find(point: MeteringPoint, case: Case) -> str | None:
        held = point.provider_at(service, case.moment)
        return held.dip_id if held else None

    return find


def _retriever(point: MeteringPoint, case: Case) -> str | None:
    held = point.retriever_at(case.moment)
    return held.dip_id if held else None


_OF_POINT: Mapping[str, Callable[[MeteringPoint, Case], str | None]] = {
    "supplier": _supplier,
    "metering service": _provider(Service.METERING),
    "data service": _provider(Service.DATA),
    "retriever": _retriever,
    "distributor": lambda point, _: point.distributor,
}


def _header(case: Case, point: MeteringPoint | None) -> Mapping[str, Any]:
    """Return block M0 or M1: as received, else of the point."""
    if isinstance(case.received, Publication) and (point is None or point.mpan == case.mpan):
        received = case.publication.common("M0") or case.publication.common("M1")
        if received:
            return received
    assert point is not None
    group = point.at(Item.GSP_GROUP, case.moment)
    held = {"MPANCore": point.mpan, "distributorDIPID": point.distributor}
    return {**held, "GSPGroupID": group} if group else held


def _fills(acting: Acting, point: MeteringPoint | None, case: Case) -> dict[str, tuple[str, str]]:
    """Return who fills what nobody writes: the point's own supplier and services."""
    if point is None:
        return {}
    roles = {party.dip_id: party.role for party in acting.network.parties}
    held = (
        point.supplier_at(case.moment),
        point.provider_at(Service.METERING, case.moment),
        point.provider_at(Service.DATA, case.moment),
        point.retriever_at(case.moment),
    )
    return {roles[one.dip_id]: (one.dip_id, one.mpid) for one in held if one and one.dip_id in roles}


def segment_of(acting: Acting, dip_id: str) -> str | None:
    """Return the market segment that a provider's role belongs to."""
    roles = (party.role for party in acting.network.parties if party.dip_id == dip_id)
    return next((SEGMENT_OF_ROLE[role] for role in roles if role in SEGMENT_OF_ROLE), None)
