"""The tests that a catalogue holds for a role on a release: what a submission has to show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.reports.rttm_layout import PHASE_OF_STAGE
from harness.scenarios.catalogue import read_variants, scenario_files
from harness.scenarios.expand import cases_of, read_families
from harness.scenarios.model import (
    Case,
    Check,
    ExpectNone,
    ExpectStatus,
    InOrder,
    Receive,
    ReceiveStatus,
    Send,
)
from harness.scenarios.saying import WORD_OF, said, written
from harness.spec.release import load
from harness.spec.roles import roles
from harness.spec.routing import Routing, load_routing
from harness.stages.options import folder_of

HUB = "DIP"
_EXPECTING = (ExpectStatus, Receive, ReceiveStatus, ExpectNone, InOrder)


@dataclass(frozen=True, slots=True)
class Planned:
    """One case of the catalogue, and the roles that send and receive in it by its steps and by routing."""

    case: Case
    senders: frozenset[str]
    recipients: frozenset[str]

    @property
    def phase(self) -> str:
        """The phase that it shows something for."""
        stage = self.case.scenario.stage
        return PHASE_OF_STAGE.get(stage, stage.upper())

    def needs(self, role: str, part: str = "") -> bool:
        """Say whether a role takes part; with ``part`` sender or recipient, in that one."""
        if role == HUB:
            return True
        return (part != "recipient" and role in self.senders) or (
            part != "sender" and role in self.recipients
        )

    @property
    def preconditions(self) -> str:
        """What the scenario says has to hold before its first step, in words; empty where it says nothing."""
        scenario = self.case.scenario
        given = scenario.given
        told = {
            "parties": ", ".join(f"{alias} {role}" for alias, role in given.parties.items()),
            "metering points": "; ".join(f"{name}: {written(each)}" for name, each in given.points.items()),
            "known to the DIP for the MPAN": written(given.metering_point),
            "clock": given.clock,
            "effective date": given.effective
            or (f"{given.effective_in_days} days after the start" if given.points else ""),
        }
        checks = (
            f"holds: {said(step)}" for step in scenario.steps if isinstance(step, Check) and step.precondition
        )
        return " | ".join([*(f"{name}: {text}" for name, text in told.items() if text), *checks])

    @property
    def expected(self) -> str:
        """What its steps expect, in words."""
        steps = self.case.scenario.steps
        words = (
            f"{WORD_OF[type(step)].replace('_', ' ')}: {said(step)}".removesuffix(": ")
            for step in steps
            if isinstance(step, _EXPECTING)
        )
        return " | ".join(dict.fromkeys(words))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The planned tests of a release, and what each scenario does now (by scenario and variant)."""

    release: str
    tests: tuple[Planned, ...]
    digests: Mapping[tuple[str, str], str]

    def by_id(self) -> Mapping[str, Planned]:
        """Return the tests by case id (without the release)."""
        return {each.case.id: each for each in self.tests}


def read_catalogue(folder: Path, release: str, stages: Iterable[str] = ()) -> Catalogue:
    """Read a catalogue's tests for a release, of some stages (none named: all).

    Raises ConfigurationError for a scenario that can't be read or a release that is not installed.
    """
    wanted, loaded, routing = set(stages), load(release), load_routing()
    tests, digests = [], {}
    places = [folder_of(folder, stage) for stage in sorted(wanted)] or [folder]
    for path in (path for place in places if place.is_dir() for path in scenario_files(place)):
        for scenario in read_variants(path):
            digests[scenario.id, scenario.variant] = scenario.digest
            if wanted and scenario.stage not in wanted:
                continue
            families = read_families(folder_of(folder, scenario.stage) / "families.yaml")
            for case in cases_of(scenario, loaded, routing, families, 1):
                tests.append(Planned(case, frozenset(_senders(case)), frozenset(_recipients(case, routing))))
    return Catalogue(release, tuple(tests), digests)


def _senders(case: Case) -> Iterator[str]:
    yield case.role
    for step in case.scenario.steps:
        if isinstance(step, Send):
            yield from _roles(case, (step.by,))


def _recipients(case: Case, routing: Routing) -> Iterator[str]:
    for row in routing.receivers(case.interface, case.event):
        yield row.role
    for step in case.scenario.steps:
        if isinstance(step, Receive):
            yield from _roles(case, step.by)
        elif isinstance(step, ReceiveStatus):
            yield from _roles(case, (step.by,))


def _roles(case: Case, names: Iterable[str]) -> Iterator[str]:
    """Yield the roles behind names of a step: an alias of a party, or a role itself."""
    for name in names:
        role = case.scenario.given.parties.get(name, name).partition("#")[0]
        if role in roles():
            yield role
