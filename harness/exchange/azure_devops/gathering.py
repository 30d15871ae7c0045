"""What is wanted in a test plan: the scenarios of a stage, and who plays in them by network file or runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from harness.errors import ConfigurationError, nearest
from harness.exchange.azure_devops.outcomes import case_key, players
from harness.exchange.azure_devops.wanted import Wanted, key_of, parties_of, test_case
from harness.reports.run import Run
from harness.scenarios.catalogue import read_variants, scenario_files
from harness.scenarios.expand import cases_of, read_families
from harness.scenarios.model import Scenario
from harness.spec.release import load
from harness.spec.routing import load_routing
from harness.stages.options import STAGES, folder_of
from harness.transport.network import Network


def scenarios_of(catalogue: Path, stages: Iterable[str]) -> list[Scenario]:
    """Return the scenarios and variants of stages; raises ConfigurationError for an unknown stage."""
    found: list[Scenario] = []
    for stage in stages:
        if stage not in STAGES:
            raise ConfigurationError(f"'{stage}' is no stage", where="--stage", mend=nearest(stage, STAGES))
        folder = folder_of(catalogue, stage)
        if not folder.is_dir():
            raise ConfigurationError(f"the catalogue has no scenarios of stage {stage}", where=str(catalogue))
        found += [each for path in scenario_files(folder) for each in read_variants(path)]
    return found


def wanted(
    scenarios: Iterable[Scenario],
    *,
    catalogue: Path,
    release: str,
    network: Network | None = None,
    runs: Iterable[Run] = (),
) -> Wanted:
    """Return test cases, and the parties of each: those of a network that play in it, and those of runs."""
    listed = list(scenarios)
    parties: dict[str, dict[str, None]] = {key_of(each): {} for each in listed}
    if network is not None:
        loaded, routing = load(release), load_routing()
        for each in listed:
            families = read_families(folder_of(catalogue, each.stage) / "families.yaml")
            for case in cases_of(each, loaded, routing, families, 0):
                parties[key_of(each)].update(dict.fromkeys(parties_of(case, network)))
    for run in runs:
        for instance in run.instances:
            if case_key(instance) in parties:
                parties[case_key(instance)].update(dict.fromkeys(players(run, instance)))
    return Wanted(
        tuple(test_case(each) for each in listed),
        {key: tuple(sorted(names)) for key, names in parties.items() if names},
    )


def only(wanted_all: Wanted, keys: Iterable[str]) -> Wanted:
    """Leave the test cases of these ids; raises ConfigurationError with the nearest for an unknown one."""
    names = list(keys)
    known = {case.key for case in wanted_all.cases}
    for name in names:
        if name not in known:
            raise ConfigurationError(
                f"'{name}' is no scenario here", where="--scenario", mend=nearest(name, known)
            )
    if not names:
        return wanted_all
    return replace(wanted_all, cases=tuple(case for case in wanted_all.cases if case.key in names))
