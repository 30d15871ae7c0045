"""The rules of L1 that a message definition can't say: who may send what, to whom, for which MPAN.

Pure. Which code names which refusal is a setting (`refusal.*`); the codes' meanings are published, most of
the conditions are not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from harness.messages.identifiers import distributor_of, is_mpan
from harness.spec.release import Release
from harness.spec.routing import Routing, Row
from simulators.dip.directory import Directory
from simulators.dip.masking import NOTHING_HIDDEN, Masks
from simulators.dip.model import HUB_ROLE, Caller, Draft, Fault, Member
from simulators.dip.rules import Rules

_ROUTES = 4096


@dataclass(frozen=True, slots=True)
class Route:
    """What the routing table says of an event that a role sends."""

    is_sender: bool
    """Whether the role may send it."""
    rows: tuple[Row, ...]
    """A row per role that receives it."""
    roles: frozenset[str]
    is_chosen: bool
    """Whether nobody receives it but those that the sender chooses."""


@dataclass(frozen=True, slots=True)
class Business:
    """What the rules are held against."""

    release: Release
    routing: Routing
    directory: Directory
    rules: Rules
    environment: str
    masks: Masks = NOTHING_HIDDEN
    _routes: dict[tuple[str, str, str], Route] = field(default_factory=dict, init=False, compare=False)

    def route(self, draft: Draft) -> Route:
        """Return what the routing table says of a message; the first 4,096 answers are kept."""
        key = (draft.interface, draft.event, draft.role)
        found = self._routes.get(key)
        if found is None:
            senders = self.routing.senders(draft.interface, draft.event)
            rows = self.routing.receivers(draft.interface, draft.event, sender=draft.role)
            found = Route(
                any(row.role == draft.role for row in senders),
                rows,
                frozenset(row.role for row in rows),
                all(row.tier == "primary" and row.role != HUB_ROLE for row in rows),
            )
            if len(self._routes) < _ROUTES:
                self._routes[key] = found
        return found


def judge(draft: Draft, caller: Caller, business: Business, pointer: str) -> list[Fault]:
    """Return everything that stands against a message that fits its definition; empty when nothing does."""
    found = _found(draft, caller, business)
    if not found:
        return []
    return [
        Fault(code, f"{pointer}/CommonBlock/{place}", text, draft.reference) for code, place, text in found
    ]


def _found(draft: Draft, caller: Caller, business: Business) -> list[tuple[str, str, str]]:
    """Return (code, place in the common block, sentence) of each fault."""
    rules = business.rules
    found: list[tuple[str, str, str]] = []
    own = draft.common["S1"]
    tag = own["environmentTag"]
    if tag != business.environment:
        text = f"is {tag}, this environment is {business.environment}"
        found.append((rules.environment, "S1/environmentTag", text))
    sender, provider = _sender(draft, caller, business.directory)
    if sender is None:
        text = f"{draft.sender} is not the caller, {caller.member.dip_id}"
        return [*found, (rules.sender, "S1/senderDIPID", text)]
    route = business.route(draft)
    if draft.role != sender.role:
        text = f"{draft.sender} holds the role {sender.role}, not {draft.role}"
        found.append((rules.role, "S1/senderRoleID", text))
    elif not route.is_sender:
        text = f"{draft.role} does not send {draft.interface} [{draft.event}]"
        found.append((rules.role, "S1/senderRoleID", text))
    if draft.provider != provider:
        who = f"carried by {provider}" if provider else "made without a connection provider"
        text = f"is {draft.provider}, the call was {who}"
        found.append((rules.provider, "S1/DIPConnectionProviderID", text))
    stated = own["senderTimestamp"]
    if not _is_moment(stated):
        text = f"{stated} is no time with an offset from UTC"
        found.append((rules.timestamp, "S1/senderTimestamp", text))
    form = rules.correlation_form
    if form and draft.correlation is not None and not form.fullmatch(draft.correlation):
        text = f"{draft.correlation} is not of the known form"
        found.append((rules.correlation, "S1/senderCorrelationID", text))
    members = business.directory.members
    for dip_id in draft.primary:
        member = members.get(dip_id)
        if member is None:
            found.append((rules.recipient, "A0/primaryRecipients", f"no party has the DIP id {dip_id}"))
        elif member.role not in route.roles:
            text = f"{dip_id} is {member.role}, which does not receive {draft.interface} [{draft.event}]"
            found.append((rules.recipient_role, "A0/primaryRecipients", text))
    supply = _supply(draft, business.directory)
    if supply is not None:
        found.append((rules.distributor, *supply))
    return found


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _sender(draft: Draft, caller: Caller, directory: Directory) -> tuple[Member | None, str | None]:
    """Return the sending member and the provider that its message must name, None for a stranger."""
    if draft.sender == caller.member.dip_id:
        return caller.member, caller.provider.dip_id if caller.provider else None
    sender = directory.members.get(draft.sender)
    if sender and caller.member.dip_id in sender.providers:
        return sender, caller.member.dip_id
    return None, None


def _supply(draft: Draft, directory: Directory) -> tuple[str, str] | None:
    """Hold the MPAN against its check digit and against the distributor that the message names."""
    name = "M0" if draft.common.get("M0") else "M1"
    block = draft.common.get(name)
    if not block or draft.mpan is None:
        return None
    key = "MPANCore" if "MPANCore" in block else "principalMPAN"
    if not is_mpan(draft.mpan):
        return f"{name}/{key}", f"{draft.mpan} is no MPAN: its check digit is wrong"
    stated = block.get("distributorDIPID")
    number = distributor_of(draft.mpan)
    owners = directory.distributors.get(number, frozenset())
    member = directory.members.get(stated) if isinstance(stated, str) else None
    holds = member.distributors if member else ()
    if (owners and stated not in owners) or (holds and number not in holds):
        return f"{name}/distributorDIPID", f"{stated} does not distribute MPANs that begin with {number}"
    return None
