"""Relationships between metering points: IF-019 from a supplier, IF-020 in answer.

A relationship is held by every point that it joins, with the same value, from the moment of the request on
(assumed). One that loses its last subsidiary is at an end. The points that join get the principal's services,
from the clock midnight that began the day (assumed; that they are aligned is published).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.calendars.local_time import clock_midnight, local_date
from simulators.registration.answering import repeated
from simulators.registration.blocks import standing_blocks
from simulators.registration.case import NOTHING, Case, Outcome, handles
from simulators.registration.items import Item, Linked, Related
from simulators.registration.notices import Blocks, Form, forms, write
from simulators.registration.point import MeteringPoint
from simulators.registration.processes.activation import follow
from simulators.registration.processes.moving import Moved
from simulators.registration.processes.relationship_rules import LINKED_RULES, RELATED_RULES, Proposal
from simulators.registration.rule import Rule, refusal
from simulators.registration.services import Service

_ACTIONS = ("Create", "Add", "Remove")
_repeated = repeated("B090List", "B091")


def _accepted(after: tuple[Case, MeteringPoint]) -> Blocks:
    case, principal = after
    standing = standing_blocks(principal, case.moment, case.other)
    return {**_repeated(case), "B907List": standing.get("B907List")}


_EVENTS = tuple(f"{kind}{action}" for kind in ("LinkedImportExport", "Related") for action in _ACTIONS)
ACCEPTED: dict[str, Form[tuple[Case, MeteringPoint]]] = {
    event: Form(
        "IF-020", event, ("sender", "supplier", "data service", "metering service", "distributor", "EES"),
        _accepted, "third-party", "receivers of IF-020; the suppliers of all points are addressed (assumed)",
    )
    for event in _EVENTS
}  # fmt: skip
REFUSED: dict[str, Form[Case]] = {
    event: Form(
        "IF-020", event, ("sender",), lambda case: {**_repeated(case), "B907List": None}, "assumed",
        "a refusal is nobody's business but the sender's",
    )
    for event in _EVENTS
}  # fmt: skip
forms("relationships", *ACCEPTED.values(), *REFUSED.values())


@handles("IF-019", *(f"LinkedImportExport{action}" for action in _ACTIONS))
def linked(case: Case) -> Outcome:
    """Create, add to or take from an import/export relationship, or refuse to."""
    return _decided(_proposal(case, "LinkedImportExport"), LINKED_RULES, Item.LINKED)


@handles("IF-019", *(f"Related{action}" for action in _ACTIONS))
def related(case: Case) -> Outcome:
    """Create, add to or take from a related relationship, or refuse to."""
    return _decided(_proposal(case, "Related"), RELATED_RULES, Item.RELATED)


def _decided(proposal: Proposal, rows: Sequence[Rule[Proposal]], item: Item) -> Outcome:
    case, event = proposal.case, proposal.case.publication.event
    code = refusal(rows, proposal)
    if code:
        sent = write(REFUSED[event], case, case.point, case, code=code, answers=True)
        return Outcome(sent=(sent,))
    points = _changed(proposal, item)
    sent = write(ACCEPTED[event], case, points[0], (case, points[0]), answers=True)
    holders = [point.supplier_at(case.moment) for point in proposal.known]
    suppliers = [holder.dip_id for holder in holders if holder is not None and holder.dip_id]
    primary = tuple(dict.fromkeys((*sent.primary, *suppliers)))
    outcome = Outcome(points, (replace(sent, primary=primary),))
    return outcome if proposal.action == "Remove" else outcome.then(_aligned(proposal, points, item))


def _aligned(proposal: Proposal, points: Sequence[MeteringPoint], item: Item) -> Outcome:
    """Return what it takes that the points which join have the principal's services, from today on."""
    case, reason = proposal.case, "IMPEXP" if item is Item.LINKED else "RELATED"
    midnight = clock_midnight(local_date(case.moment))
    found = NOTHING
    for point in points[1:]:
        if point.mpan in proposal.named:
            moved = Moved(point)
            for service in Service:
                moved = moved.then(follow(case, points[0], moved.point, service, midnight, reason))
            found = found.then(moved.outcome)
    return found


def _proposal(case: Case, prefix: str) -> Proposal:
    principal = str(case.publication.common("M1").get("principalMPAN"))
    subsidiaries = case.publication.payload["CustomBlock"]["B090List"]
    named = (principal, *(str(each["subsidiaryMPAN"]) for each in subsidiaries))
    points = tuple(case.point if mpan == case.mpan else case.other(mpan) for mpan in named)
    return Proposal(case, case.publication.event.removeprefix(prefix), named, points)


def _changed(proposal: Proposal, item: Item) -> tuple[MeteringPoint, ...]:
    """Return every point of the relationship, the ones that leave it included."""
    principal, case = proposal.principal, proposal.case
    held = principal.at(item, case.moment)
    before = (
        held.subsidiaries
        if isinstance(held, Linked)
        else held.secondaries
        if isinstance(held, Related)
        else ()
    )
    named = proposal.named[1:]
    if proposal.action == "Remove":
        after = tuple(mpan for mpan in before if mpan not in named)
    else:
        after = (*before, *named)
    leaving = tuple(mpan for mpan in before if mpan not in after)
    value = (Linked if item is Item.LINKED else Related)(principal.mpan, after) if after else None
    joined = _put(case, item, value, (principal.mpan, *after))
    return (*joined, *_put(case, item, None, leaving))


def _put(
    case: Case, item: Item, value: Linked | Related | None, mpans: Sequence[str]
) -> tuple[MeteringPoint, ...]:
    points = (case.point if mpan == case.mpan else case.other(mpan) for mpan in mpans)
    return tuple(point.put(item, value, case.moment, case.now) for point in points if point is not None)
