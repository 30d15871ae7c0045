"""Which parties of a plan a run is about, and which cases are theirs (pure).

A cohort, or one pairing of it, and an interval name parties of the plan. They are the ones that play their
roles wherever the target's network has several of a role; a case is theirs when one of their roles has a
part in it.
An interval is a label: it selects, and bars nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

from harness.errors import ConfigurationError, nearest
from harness.scenarios.model import Case
from harness.spec.routing import load_routing
from harness.stages.plan.model import Cycle, Party, Plan
from harness.stages.plan.reading import find, read_plan
from harness.transport.admin import Admin
from harness.transport.parties import Network
from harness.transport.parties import Party as NetworkParty
from harness.transport.target import Target

_NOBODY = "DIP"


def members(plan: Plan, cohorts: Iterable[str], intervals: Iterable[str]) -> tuple[Party, ...]:
    """Return the parties of these cohorts or pairings and of these intervals, of both where both are given.

    Raises ConfigurationError for a name that the plan doesn't have, or where no party is of both.
    """
    asked = [
        (_of_cohort(plan, name) for name in cohorts),
        (_of_interval(plan, name) for name in intervals),
    ]
    groups = [set().union(*found) for each in asked if (found := list(each))]
    if not groups:
        return ()
    chosen = set.intersection(*groups)
    if not chosen:
        raise ConfigurationError("no party of the plan is of both", where="--cohort, --interval")
    return tuple(party for name, party in plan.parties.items() if name in chosen)


def _of_cohort(plan: Plan, name: str) -> set[str]:
    found = {
        party
        for pairing in plan.pairings
        if name in (pairing.cohort, pairing.id)
        for party in pairing.parties
    }
    if not found:
        known = [word for each in plan.pairings for word in (each.cohort, each.id) if word]
        raise ConfigurationError(
            f"'{name}' is no cohort or pairing of the plan",
            where=f"--cohort, {plan.where}",
            mend=nearest(name, known) or "The plan has no pairings; add them under 'pairings'.",
        )
    return found


def _of_interval(plan: Plan, name: str) -> set[str]:
    found = {party.id for party in plan.parties.values() if party.interval == name}
    if not found:
        known = sorted({party.interval for party in plan.parties.values() if party.interval})
        raise ConfigurationError(
            f"no party of the plan is of interval '{name}'",
            where=f"--interval, {plan.where}",
            mend=nearest(name, known) or "Give parties an 'interval' in the plan.",
        )
    return found


def cycle_of(plan: Plan, name: str, stage: str) -> Cycle:
    """Return a cycle of a plan; raises ConfigurationError where the stage has none of that name."""
    if name not in plan.cycles:
        raise ConfigurationError(
            f"'{name}' is no cycle of the plan",
            where=f"--cycle, {plan.where}",
            mend=nearest(name, plan.cycles) or "The plan has no cycles; add them under 'cycles'.",
        )
    found = plan.cycles[name]
    if found.stage != stage:
        raise ConfigurationError(
            f"cycle '{name}' is one of stage {found.stage}",
            where="--cycle",
            mend=f"Add --stage {found.stage}.",
        )
    return found


def in_network(network: Network, party: Party) -> NetworkParty:
    """Return the party of a network that a plan means: by DIP id, else by organisation and role.

    Raises ConfigurationError with the nearest organisation.
    """
    if party.dip_id:
        return network.by_dip_id(party.dip_id)
    same = [each for each in network.parties if each.organisation == party.organisation]
    found = [each for each in same if each.role == party.role]
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        what = f"{party.organisation} is there {len(found)} times as {party.role}"
        raise ConfigurationError(what, where=network.where, mend=f"Give '{party.id}' its dip_id in the plan.")
    if same:
        roles = ", ".join(dict.fromkeys(each.role for each in same))
        raise ConfigurationError(
            f"{party.organisation} is no {party.role} there, as plan party '{party.id}' has it",
            where=network.where,
            mend=f"Its roles there: {roles}.",
        )
    raise ConfigurationError(
        f"there is no organisation '{party.organisation}', which is plan party '{party.id}'",
        where=network.where,
        mend=nearest(party.organisation, (each.name for each in network.organisations)),
    )


def builds(plan: Plan, stage: str, day: date) -> Mapping[str, str]:
    """Return each party's build on a day in the environment of a stage, by ``organisation (role)``."""
    environment = plan.stages[stage].environment if stage in plan.stages else ""
    found: dict[str, tuple[date, str]] = {}
    for place in plan.places:
        if place.environment != environment or not place.build or place.ready is None or place.ready > day:
            continue
        party = plan.parties[place.party]
        name = name_of(party)
        if name not in found or found[name][0] <= place.ready:
            found[name] = (place.ready, place.build)
    return MappingProxyType({name: build for name, (_, build) in found.items()})


def name_of(party: Party) -> str:
    """Name a party as a network does that gives it no name of its own."""
    return f"{party.organisation} ({party.role})"


def roles_in(case: Case) -> frozenset[str]:
    """Return the roles that have a part in a case: sender, those it names, who receives its message."""
    named = {wanted.partition("#")[0] for wanted in case.scenario.given.parties.values()}
    receiving = {row.role for row in load_routing().receivers(case.interface, case.event, sender=case.role)}
    return frozenset({case.role, *named, *receiving} - {_NOBODY})


def preferring(network: Network, plan_file: str, chosen: Iterable[str]) -> Network:
    """Return the network in which the chosen parties of a plan play their roles before others.

    Raises ConfigurationError for one that the network doesn't have. Reads the plan where anybody is chosen.
    """
    names = list(chosen)
    if not names:
        return network
    plan = read_plan(find(plan_file))
    return replace(
        network, preferred=frozenset(in_network(network, plan.parties[name]).dip_id for name in names)
    )


@dataclass(frozen=True, slots=True)
class CohortTarget:
    """A target whose network prefers some parties; all else is the target's own."""

    target: Target
    network: Network

    @property
    def ca(self) -> Path:
        """Who vouches for the DIP's TLS and signing certificates (PEM)."""
        return self.target.ca

    @property
    def capabilities(self) -> frozenset[str]:
        """What can be asked of the target."""
        return self.target.capabilities

    @property
    def admin(self) -> Admin | None:
        """The simulators' admin API, where there is one."""
        return self.target.admin

    @property
    def environment(self) -> str:
        """The environment tag that messages carry."""
        return self.target.environment

    def url(self, release: str) -> str:
        """Return the base URL of an API release."""
        return self.target.url(release)

    def close(self) -> None:
        """Let go of the target."""
        self.target.close()
