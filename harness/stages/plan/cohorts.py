"""The minimum viable cohort as a rule, and pairings that can be tested."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from harness.stages.plan.model import Party, Plan


@dataclass(frozen=True, slots=True)
class Shortage:
    """A role with fewer organisations than the minimum viable cohort needs."""

    role: str
    needed: int
    found: tuple[str, ...]

    def __str__(self) -> str:
        names = f" ({', '.join(self.found)})" if self.found else ""
        many = "organisation" if self.needed == 1 else "organisations"
        return f"{self.role}: {len(self.found)} of {self.needed} {many}{names}"


def shortages(plan: Plan, parties: Iterable[Party]) -> tuple[Shortage, ...]:
    """Return the roles that these parties don't fill; an organisation counts once a role."""
    if plan.cohort is None:
        return ()
    taking_part = list(parties)
    found = []
    for role, needed in plan.cohort.roles.items():
        organisations = sorted({party.organisation for party in taking_part if party.role == role})
        if len(organisations) < needed:
            found.append(Shortage(role, needed, tuple(organisations)))
    return tuple(found)


def through(plan: Plan, stages: Iterable[str], as_of: date) -> tuple[Party, ...]:
    """Return the parties that left all of these stages; one that is not per party asks nothing of them."""
    asked = [stage for stage in stages if plan.stages[stage].per.value == "party"]
    return tuple(
        party
        for party in plan.parties.values()
        if all(stage in party.reached and party.reached[stage] <= as_of for stage in asked)
    )


def odd_pairings(plan: Plan) -> list[tuple[str, str]]:
    """Return pairings that pair nobody, as (id, what is odd)."""
    found = []
    for pairing in plan.pairings:
        parties = [plan.parties[name] for name in pairing.parties]
        if len({party.organisation for party in parties}) < 2:
            found.append((pairing.id, "holds one organisation alone: nothing passes between two systems"))
        elif len({party.role for party in parties}) < 2:
            found.append(
                (pairing.id, f"holds one role alone ({parties[0].role}): the DIP carries between roles")
            )
    return found
