"""The diagrams of registration's processes show what scenarios do now: each is drawn again and compared."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from harness.data import folder
from harness.evidence.events import RunStarted
from harness.reports.process_sequences import PROCESSES
from harness.reports.run import fold
from harness.reports.sequence import diagrams
from harness.scenarios.catalogue import read_scenario, scenario_files
from harness.scenarios.expand import cases_of
from harness.scenarios.model import Case
from harness.spec.release import load
from harness.spec.routing import load_routing
from tests.scenarios.conftest import RELEASE, Stage

DRAWN = [scenario for _, scenarios in PROCESSES for scenario in scenarios]


@cache
def first_cases() -> dict[str, Case]:
    """Return the first case of each functional and migration scenario by the scenario's id."""
    catalogue, release, routing = folder("test_catalogue"), load(RELEASE), load_routing()
    found: dict[str, Case] = {}
    for stage in ("sit_functional", "sit_migration"):
        for path in scenario_files(catalogue / stage):
            scenario = read_scenario(path)
            if scenario.id in DRAWN:
                found[scenario.id] = cases_of(scenario, release, routing, {}, 1)[0]
    return found


@pytest.mark.parametrize("scenario", DRAWN)
def test_a_diagram_is_what_the_scenario_does(
    stage: Stage, tmp_path: Path, scenario: str, request: pytest.FixtureRequest
) -> None:
    """A diagram that differs is drawn anew with `python -m harness.reports.process_sequences`."""
    _, events = stage.play(first_cases()[scenario])
    network = [
        {"organisation": party.organisation, "name": party.name, "mpid": party.mpid, "role": party.role}
        | {"dip_id": party.dip_id, "real": "no"}
        for party in stage.target.network.parties
    ]
    header = RunStarted(
        at=events[0].at,
        run="test",
        stage="",
        releases=[RELEASE],
        seed=1,
        target="embedded",
        environment="SIT",
        network=network,
        harness_version="",
        catalogue="",
        options={},
        selected=1,
    )
    (drawn,) = diagrams(fold([header, *events], folder=tmp_path, where="events"))
    document = Path(request.config.rootpath, "docs", "registration-sequences.md").read_text(encoding="utf-8")
    assert drawn in document
