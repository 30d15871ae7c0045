"""Selection by cohort, interval, cycle and tag: who takes part, which cases are theirs, and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import ConfigurationError
from harness.evidence.events import InstanceStarted, RunStarted
from harness.evidence.log import read_events
from harness.scenarios.catalogue import read_variants
from harness.stages.options import RunOptions, options
from harness.stages.plan.reading import read_plan
from harness.stages.taking_part import in_network, preferring
from harness.stages.targets import provider
from tests.stages.test_run_command import dip

PLAN = """
plan: small
title: Two suppliers
kind: plan
stages:
  - {stage: cit, title: CIT, per: party, environment: SIT A}
  - {stage: sit-functional, title: SIT Functional, per: cohort, environment: SIT A}
environments: [{environment: SIT A, title: First}]
parties:
  - {party: sup-a, organisation: Supplier A, role: SUP, interval: "1"}
  - {party: sup-b, organisation: Supplier B, role: SUP, interval: "2"}
  - {party: regs-b, organisation: Independent Distributor B, role: REGS, interval: "2"}
  - {party: ldso-b, organisation: Independent Distributor B, role: LDSO, interval: "2"}
places:
  - {environment: SIT A, party: sup-b, build: "4.1", ready: 2026-01-05}
  - {environment: SIT A, party: sup-b, build: "4.2", ready: 2026-02-02}
  - {environment: SIT A, party: sup-b, build: "9.9", ready: 2099-01-05}
pairings:
  - {pairing: p1, cohort: core, parties: [sup-b, regs-b]}
  - {pairing: p2, cohort: core, parties: [ldso-b]}
cycles:
  - {cycle: c1, stage: sit-functional, themes: [F1]}
  - {cycle: c9, stage: sit-functional, themes: [F99]}
  - {cycle: c2, stage: sit-functional, areas: [metering-and-site-changes]}
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """Write a plan with a cohort of the second supplier and the iDNO."""
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    return path


def asked(tmp_path: Path, plan: Path | str = "", **more: object) -> RunOptions:
    """Check the options of a run of SIT Functional."""
    return options(**{"stage": "sit-functional", "plan": str(plan), "out": tmp_path / "run", **more})  # type: ignore[arg-type]


def test_cohort_is_its_pairings_and_interval_its_parties(plan: Path, tmp_path: Path) -> None:
    """A cohort is all its pairings, a pairing goes by its own name, and both labels together narrow."""
    assert asked(tmp_path, plan, cohorts=("core",)).selection.members == ("sup-b", "regs-b", "ldso-b")
    assert asked(tmp_path, plan, cohorts=("p2",)).selection.members == ("ldso-b",)
    assert asked(tmp_path, plan, intervals=("1",)).selection.members_roles == ("SUP",)
    both = asked(tmp_path, plan, cohorts=("p1",), intervals=("2",))
    assert both.selection.members == ("sup-b", "regs-b")
    with pytest.raises(ConfigurationError, match="no party of the plan is of both"):
        asked(tmp_path, plan, cohorts=("core",), intervals=("1",))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"cohorts": ("cor",)}, "Did you mean 'core'"),
        ({"intervals": ("3",)}, "no party of the plan is of interval '3'"),
        ({"cycle": "c3"}, "Did you mean"),
        ({"cycle": "c1", "stage": "cit"}, "is one of stage sit-functional"),
        ({"builds": ("4.2",)}, "is no PARTY=BUILD"),
        ({"cycle": "c9"}, "cycle c9 of the plan: 'F99' is no theme here"),
    ],
)
def test_what_the_plan_lacks_is_said(plan: Path, tmp_path: Path, more: dict[str, object], says: str) -> None:
    """A name that the plan doesn't have is answered with the nearest one."""
    with pytest.raises(ConfigurationError) as caught:
        asked(tmp_path, plan, **more)
    assert says in str(caught.value)


def test_cohort_without_a_plan_is_refused(tmp_path: Path) -> None:
    """Nothing but a plan says who a cohort is."""
    with pytest.raises(ConfigurationError, match="Add --plan"):
        asked(tmp_path, cohorts=("core",))


def test_builds_are_those_of_the_day_and_a_given_one_wins(plan: Path, tmp_path: Path) -> None:
    """The latest build that is ready counts, one to come doesn't, and --build has the last word."""
    assert asked(tmp_path, plan).builds == {"Supplier B (SUP)": "4.2"}
    given = asked(tmp_path, plan, builds=("Supplier B (SUP)=4.3", "2200000001=r7"))
    assert given.builds == {"Supplier B (SUP)": "4.3", "2200000001": "r7"}


def test_cohort_plays_before_others_of_its_role(plan: Path, tmp_path: Path) -> None:
    """In the network of the run the cohort's party comes first in its role; all others stay."""
    network = provider("embedded").prepare(tmp_path / "target")  # type: ignore[union-attr]
    chosen = preferring(network, str(plan), ("sup-b", "regs-b"))
    assert [party.organisation for party in chosen.with_role("SUP")] == ["Supplier B", "Supplier A"]
    assert next(party.organisation for party in chosen.with_role("REGS")) == "Independent Distributor B"
    assert chosen.parties == network.parties
    unknown = read_plan(plan).parties["sup-a"]
    with pytest.raises(ConfigurationError, match="Did you mean 'Supplier A'"):
        in_network(network, type(unknown)("x", "Suplier A", "SUP", "", {}, None))
    with pytest.raises(ConfigurationError, match="is no MDS there"):
        in_network(network, type(unknown)("x", "Supplier A", "MDS", "", {}, None))


def test_a_scenario_names_its_cycles_and_tags(tmp_path: Path) -> None:
    """A scenario that names cycles is of these alone; tags are its own words."""
    file = tmp_path / "a.yaml"
    file.write_text(
        "scenario: MY-1\ntitle: A supplier appoints\nstage: cit\narea: exchange\npolarity: positive\n"
        "requirements: [DH-RSP-001]\ncycles: [c2]\ntags: [smoke]\n"
        "case: {interface: IF-031, event: MSApp, role: SUP}\nsteps: [{send: {}}]\n"
    )
    (scenario,) = read_variants(file)
    assert (scenario.cycles, scenario.tags) == (("c2",), ("smoke",))


def test_run_records_cycle_cohort_builds_and_reasons(plan: Path, tmp_path: Path) -> None:
    """`dip run` with cycle, cohort and interval plays their cases with their parties, and says why."""
    done = dip(
        "run", "--stage", "cit", "--interface", "IF-031", "--event", "MSApp", "--scenario", "CIT-EXC",
        "--plan", str(plan), "--cohort", "core", "--interval", "2", "--out", "out",
        cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    events = list(read_events(tmp_path / "out" / "events.ndjson"))
    header = next(event for event in events if isinstance(event, RunStarted))
    assert (header.cohorts, header.intervals) == (["core"], ["2"])
    assert header.builds == {"Supplier B (SUP)": "4.2"}
    began = [event for event in events if isinstance(event, InstanceStarted)]
    assert began
    assert {event.parties[0] for event in began} == {"2300000002"}
    assert all("cohort core, interval 2: " in event.chosen_by[0] for event in began)
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert {each["verdict"] for each in results["scenarios"]} == {"pass"}
