"""Progress: planned against actual, per evidence class, with its RAG scale, trend and next moves."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from test_standing import a_run

from harness.calendars.book import calendars
from harness.evidence.evidence_class import EvidenceClass
from harness.reports.progress.burn_up import burn_up, by_day, drawing
from harness.reports.progress.files import sheet_of_tests, write
from harness.reports.progress.model import Progress, progress
from harness.reports.progress.planned import planned
from harness.reports.progress.wording import document
from harness.reports.run import Run
from harness.stages.plan.model import Plan
from harness.stages.plan.reading import read_plan

CALENDAR = calendars().working_days()
PLAN = """
plan: small
title: Small
kind: plan
stages:
  - {stage: cit, title: CIT, per: party, start: begin, exit: end}
milestones:
  - {milestone: begin, title: Begin, baseline: 2026-11-02}
  - {milestone: end, title: End, baseline: 2026-11-06}
cycles: [CYCLE]
"""
CYCLE = (
    "{cycle: c1, stage: cit, tests: 10, "
    "planned: [{date: 2026-11-03, passed: 4}, {date: 2026-11-05, passed: 10}]}"
)


def a_plan(tmp_path: Path, cycle: str = CYCLE) -> Plan:
    """Read a plan with one cycle."""
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN.replace("CYCLE", cycle))
    return read_plan(path)


def in_cycle(run: Run, cycle: str = "c1") -> Run:
    """Put a run into a cycle."""
    return dataclasses.replace(run, header=dataclasses.replace(run.header, cycle=cycle))


def of(runs: list[Run], plan: Plan | None, day: int, **more: Any) -> Progress:
    """Work out progress on a day of November."""
    return progress(runs, None, plan, calendar=CALENDAR, as_of=date(2026, 11, day), **more)


@pytest.mark.parametrize(
    ("passed", "value"), [(4, "As planned"), (3, "Behind")], ids=["as planned", "more than a tenth behind"]
)
def test_the_colour_is_of_a_named_scale_and_says_why(tmp_path: Path, passed: int, value: str) -> None:
    """Passed tests are held against those planned by the day; scale, basis and reason stand beside."""
    run = in_cycle(a_run(tmp_path / "r", 3, *["pass"] * passed, *["fail"] * (6 - passed)))
    (found,) = of([run], a_plan(tmp_path), 4, cycle="c1").classes
    assert str(found.rag) == f"{value} (scale: progress)"
    assert f"{passed} passed where 4 were planned by 2026-11-04" in found.rag_reason
    assert (found.planned.tests, found.planned.tests_from) == (10, "cycle 'c1' of the plan")


def test_a_little_behind_is_within_the_setting(tmp_path: Path) -> None:
    """Behind by no more than the setting's share is the middle value."""
    run = in_cycle(a_run(tmp_path / "r", 5, *["pass"] * 9))
    (found,) = of([run], a_plan(tmp_path), 5, cycle="c1").classes
    assert str(found.rag) == "A little behind (scale: progress)"


def test_a_rehearsal_never_counts(tmp_path: Path) -> None:
    """A rehearsal has no colour, stands apart, and adds to no figure of a class that counts."""
    real = in_cycle(a_run(tmp_path / "a", 3, "pass"))
    rehearsal = in_cycle(a_run(tmp_path / "b", 4, "pass", "pass", evidence=EvidenceClass.REHEARSAL))
    found = of([real, rehearsal], a_plan(tmp_path), 4, cycle="c1")
    assert [each.evidence for each in found.counting] == [EvidenceClass.SELF_TEST]
    assert found.counting[0].totals.tests == 1
    assert found.classes[-1].rag is None
    titles = {section.title: section for section in document(found).sections}
    assert "Rehearsals, which never count" in titles
    only = of([rehearsal], a_plan(tmp_path), 4, cycle="c1")
    assert document(only).verdict.text == "Rehearsals alone: nothing counts towards the plan yet"


def test_planned_days_come_from_cycle_milestones_or_nowhere(tmp_path: Path) -> None:
    """Without a list the days are spread over working days of the cycle, else of the stage's milestones."""
    dated = a_plan(tmp_path, "{cycle: c1, stage: cit, tests: 4, start: 2026-11-06, end: 2026-11-09}")
    ask: Mapping[str, Any] = {"stage": "cit", "cycle": "c1", "selected": 8, "calendar": CALENDAR}
    assert planned(dated, **ask).points == ((date(2026, 11, 6), 2), (date(2026, 11, 9), 4))
    undated = a_plan(tmp_path, "{cycle: c1, stage: cit}")
    found = planned(undated, **ask)
    assert (found.tests, found.points[-1]) == (8, (date(2026, 11, 6), 8))
    assert "milestones 'begin' and 'end'" in found.points_from
    assert "the plan gives no number" in found.tests_from
    assert planned(None, **ask).by(date(2026, 11, 6)) is None


def test_burn_up_goes_by_last_results_of_each_day(tmp_path: Path) -> None:
    """A retest that fails takes a passed test away again; a day before the first has nothing."""
    runs = [
        a_run(tmp_path / "a", 3, "pass", "fail"),
        a_run(tmp_path / "b", 4, "fail", "pass"),
        a_run(tmp_path / "c", 5, "omitted", "pass", "pass"),
    ]
    moved = [
        dataclasses.replace(
            run,
            instances=tuple(
                dataclasses.replace(each, finished_at=f"2026-11-0{3 + number}T10:00:00.000+00:00")
                for each in run.instances
            ),
        )
        for number, run in enumerate(runs)
    ]
    found = of(moved, None, 6)
    days = burn_up(found.classes[0].tests)
    assert [(each.day.day, each.run, each.passed, each.failed) for each in days] == [
        (3, 2, 1, 1),
        (4, 2, 1, 1),
        (5, 3, 2, 1),
    ]
    assert by_day(days, date(2026, 11, 1)).run == 0
    assert days[-1].passed == sum(test.verdict.value == "pass" for test in found.classes[0].tests)
    svg = drawing(days, found.classes[0].planned, date(2026, 11, 6))
    assert 'role="img"' in svg
    assert "2 passed of 3 run" in svg


def test_who_holds_it_up_and_what_comes_next(tmp_path: Path) -> None:
    """Failing tests are put down to whoever has the move; one without a defect is to be raised."""
    run = a_run(tmp_path / "r", 3, "fail", "fail", "pass")
    found = of([run], None, 4)
    (blocker,) = found.classes[0].blockers
    assert blocker.move == "the participant: Supplier A SUP (SUP 2300000001)"
    assert len(blocker.tests) == 2
    (move,) = found.moves
    assert move.command == f"dip defect raise {run.folder}"


def test_trend_is_against_the_run_before(tmp_path: Path) -> None:
    """What stood before the last run is counted without it; runs after the day are left out and named."""
    runs = [a_run(tmp_path / "a", 3, "pass", "fail"), a_run(tmp_path / "b", 4, "pass", "pass")]
    later = a_run(tmp_path / "c", 9, "fail", "fail")
    found = of([*runs, later], None, 5)
    assert found.left_out == ("run-9",)
    before = found.classes[0].before_last_run
    assert before is not None
    assert (before.passed, found.classes[0].totals.passed) == (1, 2)


def test_files_agree_on_every_total(tmp_path: Path) -> None:
    """HTML, JSON and XLSX say the same figures, and no file is half written."""
    run = in_cycle(a_run(tmp_path / "r", 3, "pass", "fail", "pass"))
    found = of([run], a_plan(tmp_path), 4, cycle="c1")
    more = [sheet_of_tests(found.standing)]
    written = write(document(found), found.as_dict(), tmp_path / "out", "progress", more=more)
    assert [path.name for path in written] == ["progress.html", "progress.json", "progress.xlsx"]
    data = json.loads(written[1].read_text())
    assert data["classes"][0]["totals"]["statuses"]["passed"] == 2
    sheet = load_workbook(written[2])["Where it stands"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert rows[1][:6] == ["Each evidence class by itself", "self-test", 3, 3, 2, 0]
    listed = [[cell.value for cell in row] for row in load_workbook(written[2])["Tests"].iter_rows()]
    assert [row[8] for row in listed[1:]] == ["passed", "failed", "passed"]
    page = written[0].read_text()
    assert "2 of 3 tests passed (self-test)" in page
    assert "<svg" in page
    assert not list((tmp_path / "out").glob("*.part"))
