"""The trace of a catalogue before anything is run: what each requirement is tested by, and what is missing.

`test_catalogue/rttm.json` is its content for the shipped catalogue; a test holds the two together. It tells
scenarios, not cases, and leaves hashes out, so that it changes where the trace does and nowhere else. Make it
again with ``python -m harness.reports.catalogue_trace > test_catalogue/rttm.json``.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.data import folder as data_folder
from harness.reports.rttm_layout import PHASE_OF_STAGE
from harness.scenarios.catalogue import read_variants, scenario_files
from harness.scenarios.expand import cases_of, read_families
from harness.scenarios.model import Case, Scenario
from harness.scenarios.requirements import Register, Requirement, register_of
from harness.settings import read
from harness.spec.release import load, names
from harness.spec.roles import roles
from harness.spec.routing import Routing, load_routing
from harness.stages.impact import ANY, pairs_of
from harness.stages.options import folder_of

FILE = "rttm.json"
HUB = "DIP"
_LOAD, _PROFILE = "sit-non-functional", "profile"
_SEED = 1
"""Of no bearing on what is traced."""
_NOTE = (
    "Made from the requirement register and the scenarios alone; nothing was run. Ids and layout are this "
    "project's own. Do not edit: python -m harness.reports.catalogue_trace > test_catalogue/rttm.json"
)


@dataclass(frozen=True, slots=True)
class Traced:
    """A scenario with all its variants over the releases, or a load profile: what it uses and verifies."""

    id: str
    title: str
    stage: str
    area: str
    polarities: tuple[str, ...]
    segments: tuple[str, ...]
    cases: Mapping[str, int]
    """How many, by release."""
    pairs: frozenset[tuple[str, str]]
    """Interface and event that its cases are about or that their steps name."""
    roles: frozenset[str]
    """Who sends, is named, or is a recipient by routing of what it is about."""
    requirements: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as the file has it."""
        by_interface: dict[str, list[str]] = {}
        for interface, event in sorted(self.pairs):
            by_interface.setdefault(interface, []).extend([event] if event != ANY else [])
        return {
            "title": self.title,
            "stage": self.stage,
            "area": self.area,
            "polarity": " and ".join(self.polarities),
            "segments": " ".join(self.segments) or "any",
            "cases": ", ".join(f"{count} on {release}" for release, count in self.cases.items())
            or "one load profile, on any release",
            "interfaces": {name: " ".join(events) or "any" for name, events in by_interface.items()},
            "roles": " ".join(sorted(self.roles)),
            "requirements": " ".join(self.requirements),
        }


@dataclass(frozen=True, slots=True)
class CatalogueTrace:
    """A catalogue's scenarios against its register."""

    register: Register
    releases: tuple[str, ...]
    scenarios: Mapping[str, Traced]

    def tests_of(self, requirement: str) -> tuple[Traced, ...]:
        """Return the scenarios that verify a requirement, by themselves or through one that covers it."""
        wanted = set(self.register.verified_by(requirement))
        return tuple(each for each in self.scenarios.values() if wanted & set(each.requirements))

    def gaps(self) -> dict[str, list[str]]:
        """Return what is missing, by kind."""
        found: dict[str, list[str]] = {
            "requirement without test": [],
            "requirement with only negative tests": [],
            "role of a requirement in none of its tests": [],
            "phase of a requirement in which nothing tests it": [],
            "test without requirement": [
                each.id for each in self.scenarios.values() if not each.requirements
            ],
            "requirement that is cited and not registered": sorted(
                {cited for each in self.scenarios.values() for cited in each.requirements}
                - set(self.register)
            ),
        }
        for requirement in self.register.values():
            tests = self.tests_of(requirement.id)
            if not tests:
                found["requirement without test"].append(requirement.id)
                continue
            if not requirement.refusal and not any("positive" in each.polarities for each in tests):
                found["requirement with only negative tests"].append(requirement.id)
            roles = sorted(set(requirement.concrete_roles) - {role for each in tests for role in each.roles})
            if roles:
                found["role of a requirement in none of its tests"].append(
                    f"{requirement.id} {' '.join(roles)}"
                )
            phases = [each for each in requirement.phases if each not in _phases(tests)]
            if phases:
                found["phase of a requirement in which nothing tests it"].append(
                    f"{requirement.id} {' '.join(phases)}"
                )
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return the content of `rttm.json`."""
        gaps = self.gaps()
        stages = Counter(each.stage for each in self.scenarios.values())
        return {
            "about": _NOTE,
            "releases": list(self.releases),
            "totals": {
                "requirements": len(self.register),
                "requirements without test": len(gaps["requirement without test"]),
                "scenarios": len(self.scenarios),
                **{f"scenarios of {stage}": stages[stage] for stage in sorted(stages)},
                **{
                    f"cases on {release}": sum(each.cases.get(release, 0) for each in self.scenarios.values())
                    for release in self.releases
                },
            },
            "gaps": gaps,
            "requirements": {each.id: self._requirement(each) for each in self.register.values()},
            "scenarios": {each.id: each.as_dict() for each in self.scenarios.values()},
        }

    def _requirement(self, requirement: Requirement) -> dict[str, Any]:
        return {
            "title": requirement.title,
            "type": requirement.type,
            "basis": requirement.basis,
            "phases": " ".join(requirement.phases),
            "method": requirement.method,
            "roles": " ".join(requirement.roles) or "none named",
            "interfaces": " ".join(requirement.interfaces) or "all",
            "tests": [each.id for each in self.tests_of(requirement.id)],
        }


def catalogue_trace(catalogue: Path, *, releases: Iterable[str] = ()) -> CatalogueTrace:
    """Trace a catalogue's folder over releases (none named: all that are shipped).

    Raises ConfigurationError for a scenario or register that can't be read.
    """
    chosen = tuple(releases) or names()
    loaded = [load(name) for name in chosen]
    routing = load_routing()
    found: dict[str, list[tuple[Scenario, tuple[Case, ...]]]] = {}
    for path in scenario_files(catalogue):
        for scenario in read_variants(path):
            families = read_families(folder_of(catalogue, scenario.stage) / "families.yaml")
            cases = tuple(
                case for release in loaded for case in cases_of(scenario, release, routing, families, _SEED)
            )
            found.setdefault(scenario.id, []).append((scenario, cases))
    traced = {name: _traced(name, variants, routing) for name, variants in found.items()}
    traced |= {each.id: each for each in _profiles(catalogue)}
    return CatalogueTrace(register_of(catalogue), chosen, dict(sorted(traced.items())))


def _profiles(catalogue: Path) -> Iterator[Traced]:
    """Yield the load profiles: each is one test, whatever the release."""
    for path in sorted(folder_of(catalogue, _LOAD).rglob("*.yaml")):
        data = read(path)
        if _PROFILE not in data:
            continue
        flows = [each for each in data.get("flows", []) if isinstance(each, dict)]
        yield Traced(
            id=str(data[_PROFILE]),
            title=str(data.get("title", "")),
            stage=str(data.get("stage", _LOAD)),
            area=str(data.get("area", "")),
            polarities=("positive",),
            segments=(),
            cases={},
            pairs=frozenset(
                (str(each["interface"]), str(each.get("event", ANY))) for each in flows if "interface" in each
            ),
            roles=frozenset({HUB, *_roles_of(flows)}),
            requirements=tuple(sorted(map(str, data.get("requirements", [])))),
        )


def _roles_of(flows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for flow in flows:
        for name in (flow.get("sender", ""), flow.get("to", "")):
            if name in roles():
                yield name


def text(trace: CatalogueTrace) -> str:
    """Return the file's text: one fact a line, in a fixed order."""
    return json.dumps(trace.as_dict(), indent=1, ensure_ascii=False) + "\n"


def _traced(name: str, variants: list[tuple[Scenario, tuple[Case, ...]]], routing: Routing) -> Traced:
    scenarios = [scenario for scenario, _ in variants]
    cases = [case for _, listed in variants for case in listed]
    first = scenarios[0]
    return Traced(
        id=name,
        title=first.title,
        stage=first.stage,
        area=first.area,
        polarities=tuple(sorted({each.polarity for each in scenarios}, reverse=True)),
        segments=tuple(sorted({segment for each in scenarios for segment in each.segments})),
        cases=Counter(case.release for case in cases),
        pairs=frozenset(pair for case in cases for pair in pairs_of(case)),
        roles=frozenset(role for case in cases for role in _roles(case, routing)),
        requirements=tuple(sorted({each for case in cases for each in case.requirements})),
    )


def _roles(case: Case, routing: Routing) -> Iterator[str]:
    yield HUB
    yield case.role
    for party in case.scenario.given.parties.values():
        yield party.partition("#")[0]
    for row in routing.receivers(case.interface, case.event):
        yield row.role


def _phases(tests: Iterable[Traced]) -> set[str]:
    return {PHASE_OF_STAGE.get(each.stage, each.stage.upper()) for each in tests}


def main() -> None:
    """Print the shipped catalogue's trace."""
    sys.stdout.write(text(catalogue_trace(data_folder("test_catalogue"))))


if __name__ == "__main__":
    main()
