"""Readiness: what can start on a day, stage by stage and party by party."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from harness.calendars.book import calendars
from harness.errors import ConfigurationError
from harness.reports.completion.document import Table, shown
from harness.reports.progress.readiness import Readiness, readiness
from harness.reports.progress.wording_readiness import document
from harness.reports.standing.merging import standing
from harness.stages.plan.reading import read_plan, shipped

CALENDAR = calendars().working_days()
PLAN = """
plan: small
title: Small
kind: plan
stages:
  - {stage: connectivity-a, title: Part a, per: party, environment: SIT A}
  - {stage: connectivity-b, title: Part b, per: party, after: [connectivity-a], environment: SIT A}
environments: [{environment: SIT A, title: First}]
parties:
  - {party: a, organisation: A, role: SUP, interval: "2", reached: {connectivity-a: 2026-11-02}}
  - {party: b, organisation: B, role: MSS, interval: "1"}
places:
  - environment: SIT A
    party: a
    build: "4.1"
    certificates: set
    data_load: one
    data_loaded: 2026-11-01
    ready: 2026-11-01
  - {environment: SIT A, party: b, build: "7", data_load: one}
criteria:
  - criterion: people
    stage: connectivity-b
    at: entry
    text: People are there
    basis: assumed
    manual: {owner: SI, met: true, evidence: [minutes]}
"""


def on(tmp_path: Path, day: date, *stages: str) -> Readiness:
    """Work out readiness of the small plan on a day."""
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    return readiness(read_plan(path), CALENDAR, day, standing=standing([]), stages=stages)


def tables(found: Readiness) -> dict[str, list[list[str]]]:
    """Return the first table of each section."""
    return {
        section.title: [[shown(value) for value in row] for row in block.rows]
        for section in document(found).sections
        for block in reversed(section.blocks)
        if isinstance(block, Table)
    }


def test_a_ready_party_can_start_and_the_other_waits(tmp_path: Path) -> None:
    """The party of the later interval starts; what the other one lacks is named place by place."""
    found = on(tmp_path, date(2026, 11, 3))
    assert [(each.stage, each.party) for each in found.ready] == [("connectivity-b", "a")]
    lacks = {each.place.party: each.lacks for each in found.places}
    assert lacks["a"] == ()
    assert "certificates, data load one, readiness" in lacks["b"][0]


def test_connectivity_proving_is_told_part_by_part(tmp_path: Path) -> None:
    """Part a shows its date, part b that it can start, and each party what it waits for."""
    rows = tables(on(tmp_path, date(2026, 11, 3)))["Connectivity proving"]
    assert rows[0] == ["a", "2026-11-02", "can start", "nothing"]
    assert rows[1][:2] == ["b", "1 open point"]
    assert "connectivity-a: SIT A: b lacks certificates" in rows[1][3]


def test_on_an_earlier_day_nothing_was_reached(tmp_path: Path) -> None:
    """A date that has not come yet counts for nothing."""
    found = on(tmp_path, date(2026, 10, 1))
    assert found.ready == ()
    assert document(found).verdict.text == "0 steps can start, 4 wait"


def test_entry_gate_names_its_scale(tmp_path: Path) -> None:
    """The colour of an entry gate stands with its scale and basis."""
    rows = tables(on(tmp_path, date(2026, 11, 3), "connectivity-b"))["Entry criteria"]
    assert rows == [["connectivity-b", "go", "Green (scale: gate)", "ours"]]


def test_an_unknown_stage_gets_the_nearest(tmp_path: Path) -> None:
    """A slip in a stage's name is answered with the nearest one."""
    with pytest.raises(ConfigurationError, match="Did you mean 'connectivity-b'"):
        on(tmp_path, date(2026, 11, 3), "conectivity-b")


def test_the_worked_example_shows_its_three_findings() -> None:
    """The programme's own history is inconsistent in three places, and the report says so."""
    plan = read_plan(shipped("example"))
    found = readiness(plan, CALENDAR, date(2024, 3, 1), standing=standing([]))
    assert len(found.findings) == 3
    assert len(tables(found)["What is inconsistent in the plan"]) == 3
