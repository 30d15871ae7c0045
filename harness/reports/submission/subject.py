"""Who submits: one party in one role, found by MPID, DIP id, name or the plan's id (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from harness.errors import ConfigurationError, nearest
from harness.reports.run import Party as RunParty
from harness.stages.plan.model import Party as PlanParty
from harness.stages.plan.model import Plan

HUB = "DIP"


@dataclass(frozen=True, slots=True)
class Subject:
    """A party in a role; ``plan_id`` is empty where the plan has none, the ids where no run has it."""

    organisation: str
    role: str
    mpid: str
    dip_id: str
    plan_id: str

    @property
    def file_name(self) -> str:
        """What stands for it in a file's name: the MPID, else the id in the plan or the organisation."""
        name = self.mpid or self.plan_id or self.organisation
        return re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-")

    @property
    def names(self) -> frozenset[str]:
        """Everything that it is called in registers and plans."""
        return frozenset(filter(None, (self.organisation, self.mpid, self.dip_id, self.plan_id)))

    def __str__(self) -> str:
        return f"{self.organisation} ({self.role}{f' {self.mpid}' if self.mpid else ''})"


def find(asked: str, role: str, parties: Iterable[RunParty], plan: Plan | None) -> Subject:
    """Return the party that is meant in a role.

    Raises ConfigurationError for one that neither the runs nor the plan has, one that has no such role, and a
    name that stands for several.
    """
    listed = list(dict.fromkeys(parties))
    planned = list(plan.parties.values()) if plan else []
    wanted = asked.casefold()
    if wanted == HUB.casefold() and role == HUB:
        return Subject(HUB, HUB, HUB, "", "")
    known = [each for each in planned if wanted in {each.id.casefold(), each.organisation.casefold()}]
    called = {wanted, *(each.organisation.casefold() for each in known)}
    own = [each for each in listed if called & {name.casefold() for name in _names(each)}]
    if not own and not known:
        names = sorted({name for each in listed for name in _names(each)} | {each.id for each in planned})
        raise ConfigurationError(
            f"'{asked}' is no party of these runs or of the plan",
            where="--party",
            mend=nearest(asked, [*names, HUB]),
        )
    inside = {each.dip_id: each for each in own if each.role == role}
    in_plan = [each for each in known if each.role == role]
    if not inside and not in_plan:
        roles = sorted({each.role for each in own} | {each.role for each in known})
        raise ConfigurationError(f"'{asked}' has no role {role}", where="--role", mend=nearest(role, roles))
    if len(inside) > 1:
        mpids = ", ".join(sorted(each.mpid or each.dip_id for each in inside.values()))
        raise ConfigurationError(
            f"'{asked}' stands for several parties in role {role}",
            where="--party",
            mend=f"Name one: {mpids}.",
        )
    party = next(iter(inside.values()), None)
    organisation = party.organisation if party else in_plan[0].organisation
    return Subject(
        organisation,
        role,
        party.mpid if party else "",
        party.dip_id if party else "",
        next(_plan_ids(in_plan or planned, organisation, role), ""),
    )


def _names(party: RunParty) -> Iterator[str]:
    yield from filter(
        None, (party.mpid, party.dip_id, party.name, party.name.removesuffix(f" ({party.role})"))
    )
    yield from filter(None, (party.organisation,))


def _plan_ids(parties: Iterable[PlanParty], organisation: str, role: str) -> Iterator[str]:
    for each in parties:
        if each.role == role and each.organisation.casefold() == organisation.casefold():
            yield each.id
