"""Addressing: who gets a message. Pure; the MPAN address store comes in as a lookup.

Three tiers: primary recipients are the sender's choice, secondary ones are looked up by MPAN and service,
always ones follow from the interface. Assumed, as no public source says it: a DIP id that more than one tier
names gets one publication (the first of primary, secondary, always), the sender never gets its own message,
and a secondary role that can't be resolved stops nothing: it is a `Trouble` (L2) with a published code.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from harness.spec.routing import ACCEPTED, UNDECIDED, Row
from simulators.dip.model import HUB_ROLE, Address, Addressing, Draft, Member, Trouble
from simulators.dip.serving import SERVICE_OF, SERVICES

SECONDARY_ID, SECONDARY_ROLE, ALWAYS_ROLE = "MSG1033", "MSG1034", "MSG1036"
NO_MPAN, NOBODY = "MSG1037", "MSG1038"
_OPTIONAL = ("MDR",)
"""Roles that a metering point need not have."""
Lookup = Callable[[str, Row], tuple[str, ...]]
"""(mpan, row) -> the DIP ids that serve the MPAN at this moment in the row's role, or in its service."""


class _Secondary(NamedTuple):
    found: list[tuple[Member, Row]]
    unresolved: list[str]
    troubles: list[Trouble]


def chosen(draft: Draft, members: Mapping[str, Member]) -> Addressing:
    """Return the recipients that the sender chose: all there are where no routing row adds any."""
    found: dict[str, Address] = {}
    for dip_id in draft.primary:
        if dip_id in members and dip_id != draft.sender:
            found[dip_id] = Address(dip_id, members[dip_id].role, "primary", "published")
    return Addressing(tuple(found.values()), ())


def address(
    draft: Draft,
    rows: Iterable[Row],
    members: Mapping[str, Member],
    with_role: Callable[[str], tuple[Member, ...]],
    lookup: Lookup,
) -> Addressing:
    """Return the recipients of a message in the order primary, secondary, always, each once."""
    rows = tuple(row for row in rows if not (row.when == ACCEPTED and draft.outcome == "R"))
    found: dict[str, Address] = {}

    def add(member: Member, tier: str, basis: str) -> None:
        if member.dip_id != draft.sender and member.dip_id not in found:
            found[member.dip_id] = Address(member.dip_id, member.role, tier, basis)

    for dip_id in draft.primary:
        if dip_id in members:
            add(members[dip_id], "primary", "published")
    for row in rows:
        if row.role == HUB_ROLE:
            for member in with_role(HUB_ROLE):
                add(member, row.tier, row.basis)
    secondary = _secondary(
        draft, [row for row in rows if row.tier == "secondary" and row.role != HUB_ROLE], members, lookup
    )
    troubles = secondary.troubles
    for member, row in secondary.found:
        add(member, "secondary", row.basis)
    for row in rows:
        if row.tier == "always" and row.role != HUB_ROLE:
            always = with_role(row.role)
            if not always:
                troubles.append(Trouble(ALWAYS_ROLE, f"no party has the role {row.role}"))
            for member in always:
                add(member, "always", row.basis)
    return Addressing(tuple(found.values()), tuple(secondary.unresolved), tuple(dict.fromkeys(troubles)))


def _secondary(
    draft: Draft, rows: Sequence[Row], members: Mapping[str, Member], lookup: Lookup
) -> _Secondary:
    """Look up who serves the MPAN; a service is resolved as soon as one of its roles is."""
    outcome = _Secondary([], [], [])
    if not rows:
        return outcome
    if not draft.mpan:
        roles = list(dict.fromkeys(row.role for row in rows))
        text = f"the message names no MPAN to find {', '.join(roles)} by"
        return _Secondary([], roles, [Trouble(NO_MPAN, text)])
    by_service: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_service[SERVICE_OF.get(row.role, row.role)].append(row)
    for service, alike in by_service.items():
        held = [(row, dip_id) for row in alike for dip_id in lookup(draft.mpan, row)]
        resolved = False
        for row, dip_id in held:
            member = members.get(dip_id)
            if member is None:
                outcome.troubles.append(Trouble(SECONDARY_ID, f"no party has the DIP id {dip_id}"))
            elif member.role not in SERVICES.get(service, (row.role,)):
                text = f"{dip_id} has the role {member.role} and can't be the {service} of {draft.mpan}"
                outcome.troubles.append(Trouble(SECONDARY_ROLE, text))
            else:
                resolved = True
                if member.role == row.role:
                    outcome.found.append((member, row))
        if not resolved:
            outcome.unresolved.extend(dict.fromkeys(row.role for row in alike))
        if not held and any(_needed(row) for row in alike):
            text = f"no {service} is known for MPAN {draft.mpan} [{draft.event}]"
            outcome.troubles.append(Trouble(NOBODY, text))
    return outcome


def _needed(row: Row) -> bool:
    """Say whether a metering point must have the role."""
    return row.role not in _OPTIONAL and row.when != UNDECIDED
