"""Runs that are open, as the gate's criterion `open-runs` sees them."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from completing import run_folder

from harness.evidence.log import FILE
from harness.reports.write import write_reports
from harness.stages.plan.gate import Assessed, State, decide
from harness.stages.plan.model import Point
from harness.stages.plan.reading import read_plan
from harness.stages.plan.runs import read_run_facts, with_players

PLAN = """\
plan: one
title: A plan
kind: plan
stages:
  - {stage: cit, title: CIT, per: party}
parties:
  - {party: sup, organisation: Supplier A, role: SUP}
criteria:
  - {criterion: open, stage: cit, at: exit, text: No run is open, basis: assumed,
     automatic: {measure: open-runs, at_most: 0, evidence: paired, owner: SI}}
"""


def _assessed(tmp_path: Path, *folders: Path, party: str = "") -> Assessed:
    (tmp_path / "plan.yaml").write_text(PLAN)
    facts = [with_players(read_run_facts(folder), folder) for folder in folders]
    plan = read_plan(tmp_path / "plan.yaml")
    return decide(plan, "cit", Point.EXIT, facts, date(2026, 11, 30), party=party).criteria[0]


def _lines(folder: Path) -> list[bytes]:
    return (folder / FILE).read_bytes().splitlines(keepends=True)


@pytest.fixture
def ended(tmp_path: Path) -> Path:
    """A run with an end, its reports written."""
    return run_folder(tmp_path / "whole", kind="paired")


def test_a_run_with_an_end_is_not_open(tmp_path: Path, ended: Path) -> None:
    """Nothing of it is awaited."""
    assert _assessed(tmp_path, ended).state is State.MET


def test_a_run_that_was_cut_off_is_open_beside_a_whole_one(tmp_path: Path, ended: Path) -> None:
    """Its events stop half-way; its reports were written all the same, with a time in 'finished'."""
    cut = tmp_path / "cut"
    shutil.copytree(ended, cut)
    data = (ended / FILE).read_bytes().replace(b'"run":"whole"', b'"run":"cut"')
    (cut / FILE).write_bytes(data[: len(data) // 2])
    write_reports(cut)
    for party in ("", "sup"):
        found = _assessed(tmp_path, ended, cut, party=party)
        assert (found.state, found.against) == (State.NOT_MET, ("cut",))
        assert "1 of 2 runs open; cut has no end: it was cut off, or still goes on" in found.said
        assert _assessed(tmp_path, cut, party=party).state is State.NOT_MET


def test_a_run_that_was_killed_before_its_results_is_open(tmp_path: Path, ended: Path) -> None:
    """It has no results at all, and the gate names it instead of refusing its folder."""
    killed = tmp_path / "killed"
    killed.mkdir()
    (killed / FILE).write_bytes(b"".join(_lines(ended)[:2]))
    assert _assessed(tmp_path, ended, killed).state is State.NOT_MET
    assert "it was cut off, or still goes on" in _assessed(tmp_path, killed).said


def test_a_run_with_a_case_that_waits_is_open(tmp_path: Path, ended: Path) -> None:
    """The run has its end, and one of its cases has none yet."""
    lines = _lines(ended)
    last = max(number for number, line in enumerate(lines) if b'"event":"instance-finished"' in line)
    (ended / FILE).write_bytes(b"".join(lines[:last] + lines[last + 1 :]))
    write_reports(ended)
    found = _assessed(tmp_path, ended)
    assert found.state is State.NOT_MET
    assert "1 of its cases wait: " in found.said


def test_a_run_with_cases_that_were_never_begun_is_open(tmp_path: Path, ended: Path) -> None:
    """More was selected than its events know of."""
    more = re.sub(rb'"selected":\d+', b'"selected":9', (ended / FILE).read_bytes())
    (ended / FILE).write_bytes(more)
    write_reports(ended)
    found = _assessed(tmp_path, ended)
    assert found.state is State.NOT_MET
    assert "of its 9 cases were never begun" in found.said
