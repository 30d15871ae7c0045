"""Addressing: who gets a message. Pure; the MPAN address store comes in as a lookup.

Three tiers: primary recipients are the sender's choice, secondary ones are looked up by MPAN and role, always
ones follow from the interface. Assumed, as no public source says it: a DIP id that more than one tier names
gets one publication (the first of primary, secondary, always), the sender never gets its own message, and a
secondary role that can't be resolved stops nothing but is written into the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from harness.spec.routing import Row
from simulators.dip.model import HUB_ROLE, Address, Addressing, Draft, Member

ONLY_ACCEPTED = "the update was accepted"
"""The condition of a routing row that a rejection (R0.responseCode R) does not meet."""
Lookup = Callable[[str, str], tuple[str, ...]]
"""(mpan, role) -> the DIP ids that hold that role for the MPAN at this moment."""


def address(
    draft: Draft,
    rows: Iterable[Row],
    members: Mapping[str, Member],
    with_role: Callable[[str], tuple[Member, ...]],
    lookup: Lookup,
) -> Addressing:
    """Return the recipients of a message in the order primary, secondary, always, each once."""
    rows = tuple(row for row in rows if not (row.condition == ONLY_ACCEPTED and draft.outcome == "R"))
    found: dict[str, Address] = {}
    unresolved: list[str] = []

    def add(dip_id: str, tier: str, basis: str) -> None:
        member = members.get(dip_id)
        if member and dip_id != draft.sender and dip_id not in found:
            found[dip_id] = Address(dip_id, member.role, tier, basis)

    for dip_id in draft.primary:
        add(dip_id, "primary", "published")
    for row in rows:
        if row.role == HUB_ROLE:
            for member in with_role(HUB_ROLE):
                add(member.dip_id, row.tier, row.basis)
        elif row.tier == "secondary":
            holders = lookup(draft.mpan, row.role) if draft.mpan else ()
            known = [dip_id for dip_id in holders if dip_id in members]
            if not known:
                unresolved.append(row.role)
            for dip_id in known:
                add(dip_id, "secondary", row.basis)
    for row in rows:
        if row.tier == "always" and row.role != HUB_ROLE:
            for member in with_role(row.role):
                add(member.dip_id, "always", row.basis)
    return Addressing(tuple(found.values()), tuple(dict.fromkeys(unresolved)))
