"""From a scenario file to its cases for one release (pure)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from harness.errors import ConfigurationError, nearest
from harness.scenarios.model import Case, Matrix, Scenario
from harness.scenarios.yaml_text import load_text_yaml
from harness.spec.release import Pair, Release
from harness.spec.routing import Routing

Families = Mapping[str, tuple[str, ...]]


def read_families(path: Path) -> Families:
    """Read a stage's interface families (name to interfaces), none without a file."""
    if not path.exists():
        return {}
    data = load_text_yaml(path)
    if not isinstance(data, dict) or not all(isinstance(value, list) for value in data.values()):
        raise ConfigurationError("is no mapping of family to interfaces", where=str(path))
    return {name: tuple(value) for name, value in data.items()}


def case_seed(run_seed: int, case_id: str) -> int:
    """Return a case's seed: a function of the run's seed and the case id alone."""
    return int.from_bytes(hashlib.sha256(f"{run_seed}:{case_id}".encode()).digest()[:6], "big")


def cases_of(
    scenario: Scenario, release: Release, routing: Routing, families: Families, run_seed: int
) -> list[Case]:
    """Return the scenario's cases in catalogue order; none when the scenario is not for this release."""
    if scenario.releases and release.name not in scenario.releases:
        return []
    if scenario.case is not None:
        one = scenario.case
        if release.message_for(one.interface, one.event) is None:
            raise ConfigurationError(
                f"release {release.name} has no {one.interface} [{one.event}]",
                where=str(scenario.file),
                mend="Name the releases that have it under 'releases'.",
            )
        triples = [(one.interface, one.event, one.role)]
    else:
        assert scenario.matrix is not None
        triples = [
            (pair.interface, pair.event, role)
            for pair in _pairs(scenario, scenario.matrix, release, routing, families)
            for role in _senders(scenario.matrix, pair, routing)
        ]
    found = []
    for interface, event, role in triples:
        draft = Case(scenario, release.name, interface, event, role, 0)
        found.append(Case(scenario, release.name, interface, event, role, case_seed(run_seed, draft.key)))
    return found


def twinned(case: Case, twins: Iterable[str], run_seed: int) -> Iterator[Case]:
    """Yield a case, and after it the case again under each perturbation, with test data of its own."""
    yield case
    for name in twins:
        draft = replace(case, twin=name)
        yield replace(draft, seed=case_seed(run_seed, draft.key))


def _senders(matrix: Matrix, pair: Pair, routing: Routing) -> tuple[str, ...]:
    roles = tuple(dict.fromkeys(row.role for row in routing.senders(pair.interface, pair.event)))
    return roles if matrix.senders == "every" else roles[:1]


def _pairs(
    scenario: Scenario, matrix: Matrix, release: Release, routing: Routing, families: Families
) -> Iterable[Pair]:
    for interface in matrix.interfaces:
        if interface not in release.interfaces:
            raise ConfigurationError(
                f"'{interface}' is no interface of release {release.name}",
                where=str(scenario.file),
                mend=nearest(interface, release.interfaces),
            )
    pairs = [
        pair
        for pair in release.pairs
        if (not matrix.interfaces or pair.interface in matrix.interfaces)
        and all(_has(trait, pair, release, routing) for trait in matrix.only)
    ]
    if matrix.pairs == "every":
        return pairs
    if matrix.pairs == "per-interface":
        return {pair.interface: pair for pair in reversed(pairs)}.values().__reversed__()
    chosen = []
    for members in families.values():
        first = next((pair for name in members for pair in pairs if pair.interface == name), None)
        if first is not None:
            chosen.append(first)
    return chosen


def _has(trait: str, pair: Pair, release: Release, routing: Routing) -> bool:
    match trait:
        case "has-mpan":
            schema = release.schema(pair.message)
            return "M0" in schema["properties"]["CommonBlock"]["properties"]
        case "has-trial":
            return any(path[:2] == (pair.interface, pair.event) for path in release.validate_paths)
    return any(row.tier == "primary" for row in routing.receivers(pair.interface, pair.event))
