"""What the check finds in a plan, and what can start."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_files import PLAN, small

from harness.calendars.book import calendars
from harness.stages.plan.checking import check
from harness.stages.plan.model import Party, Plan
from harness.stages.plan.reading import read_plan, shipped
from harness.stages.plan.starting import candidates

ENGLAND = calendars().working_days()
EXAMPLE = read_plan(shipped("example"))
TEMPLATE = read_plan(shipped("template"))
DAY = date(2026, 4, 1)


@settings(deadline=None)
@given(st.dates(date(2023, 1, 1), date(2027, 12, 31)))
def test_the_worked_example_departs_from_its_rules_in_three_places(day: date) -> None:
    """Two RTTMs a week early, one assurance a working day early, on any day of asking; nothing else."""
    found = [(each.code, each.subject, each.got, each.expected) for each in check(EXAMPLE, ENGLAND, day)]
    assert sorted(found) == [
        ("artefact-timing", "Interval 4: Assurance of the PIT approach and plan", "2023-09-08", "2023-09-11"),
        ("artefact-timing", "Interval 4: PIT RTTM", "2023-09-15", "2023-09-22 or later"),
        ("artefact-timing", "Interval 5: PIT RTTM", "2023-10-06", "2023-10-13 or later"),
    ]


def test_the_finding_says_weeks_and_working_days() -> None:
    """Three weeks where the rule says four; one working day early."""
    said = [each.what for each in check(EXAMPLE, ENGLAND, DAY)]
    assert sum("3 weeks after" in each and "at least 4 weeks after" in each for each in said) == 2
    assert sum("1 working day early" in each for each in said) == 1


def _codes(plan: Plan, day: date = DAY) -> list[str]:
    return [each.code for each in check(plan, ENGLAND, day)]


def _milestones(**changes: Any) -> list[dict[str, Any]]:
    first, second = ({**each} for each in PLAN["milestones"])
    return [first, {key: value for key, value in {**second, **changes}.items() if value}]


def test_the_small_plan_is_consistent(tmp_path: Path) -> None:
    """The plan that the other tests break is right to begin with."""
    assert _codes(small(tmp_path)) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"milestones": _milestones(forecast="2026-03-02")}, "milestone-order"),
        ({"milestones": _milestones(actual="2026-05-06")}, "actual-ahead"),
        ({"milestones": _milestones(forecast="2026-03-30")}, "overdue"),
        ({"milestones": _milestones(forecast="2026-05-25")}, "day-of-rest"),
        ({"tracks": [{"track": "t", "dates": {"approach": "2026-04-03"}}]}, "day-of-rest"),
        (
            {
                "tracks": [
                    {"track": "t", "dates": {"approach": "2026-01-05", "readiness-report": "2026-01-19"}}
                ]
            },
            "artefact-weekday",
        ),
        ({"cohort": {"basis": "assumed", "roles": {"SUP": 2}}}, "cohort-short"),
        ({"pairings": [{"pairing": "p", "parties": ["a-sup"]}]}, "pairing"),
        (
            {
                "work_off": [
                    {"work_off": "W", "criterion": "c", "item": "i", "owner": "o", "due": "2026-03-31"}
                ],
                "criteria": [
                    {
                        "criterion": "c",
                        "stage": "cit",
                        "at": "exit",
                        "text": "t",
                        "basis": "ours",
                        "manual": {"owner": "o"},
                    }
                ],
            },
            "work-off-late",
        ),
        (
            {
                "criteria": [
                    {
                        "criterion": "c",
                        "stage": "cit",
                        "at": "exit",
                        "text": "t",
                        "basis": "ours",
                        "manual": {"owner": "o", "met": True},
                    }
                ]
            },
            "no-evidence",
        ),
        ({"exemptions": [{"legal_entity": "A", "segment": "export"}]}, "exemption"),
    ],
)
def test_each_inconsistency_is_found(tmp_path: Path, changes: dict[str, Any], code: str) -> None:
    """One thing made wrong gives a finding of its kind."""
    assert code in _codes(small(tmp_path, **changes))


def test_a_stage_that_ends_before_it_starts_is_found(tmp_path: Path) -> None:
    """The exit milestone lies before the start milestone."""
    stages = [*PLAN["stages"][:2], {**PLAN["stages"][2], "exit": "data"}]
    assert "stage-order" in _codes(small(tmp_path, stages=stages))


def _reached(**reached: dict[str, str]) -> list[dict[str, Any]]:
    return [{**each, "reached": reached.get(each["party"].split("-")[0], {})} for each in PLAN["parties"]]


def test_a_party_that_skipped_a_stage_is_found(tmp_path: Path) -> None:
    """Leaving CIT without having left PIT contradicts the plan; so does leaving it sooner."""
    assert "party-order" in _codes(small(tmp_path, parties=_reached(a={"cit": "2026-03-16"})))
    later = _reached(a={"pit": "2026-03-20", "cit": "2026-03-16"})
    assert "party-order" in _codes(small(tmp_path, parties=later))


def _next(plan: Plan, day: date = DAY) -> dict[tuple[str, str], tuple[str, ...]]:
    return {(each.stage, each.party): each.waits_for for each in candidates(plan, day)}


def test_a_ready_party_does_not_wait_for_its_interval(tmp_path: Path) -> None:
    """Interval 5 starts while interval 4 is still in PIT."""
    found = _next(small(tmp_path, parties=_reached(a={"pit": "2026-03-16"})))
    assert found["cit", "a-sup"] == ()
    assert found["cit", "b-mss"] == ("pit: not yet left by this party",)
    assert ("pit", "a-sup") not in found


@settings(deadline=None)
@given(st.lists(st.sampled_from(["1", "2", "3", "4", "5", "6", "9"]), min_size=2, max_size=2))
def test_no_interval_changes_what_can_start(intervals: list[str]) -> None:
    """Whatever labels the parties bear, the same can start."""

    def labelled(labels: list[str]) -> Plan:
        parties = {
            name: Party(name, name, "SUP", label, {"pit-cit": date(2026, 1, 5)}, None)
            for name, label in zip("ab", labels, strict=True)
        }
        return replace(TEMPLATE, parties=parties)

    assert _next(labelled(intervals)) == _next(labelled(["1", "1"]))


def test_a_stage_that_the_programme_has_left_is_over_for_everybody(tmp_path: Path) -> None:
    """With its exit milestone reached a stage is ahead of nobody."""
    stages = [PLAN["stages"][0], {**PLAN["stages"][1], "exit": "data"}, PLAN["stages"][2]]
    plan = small(tmp_path, stages=stages)
    assert not [stage for stage, _ in _next(plan) if stage == "cit"]
    assert [stage for stage, _ in _next(plan, date(2026, 3, 3)) if stage == "cit"] == ["cit", "cit"]


def test_two_parties_of_one_organisation_are_one_in_the_cohort(tmp_path: Path) -> None:
    """The minimum viable cohort counts organisations: one system of each is not two."""
    parties = [*PLAN["parties"], {"party": "a2-sup", "organisation": "A", "role": "SUP"}]
    cohort = {"basis": "assumed", "roles": {"SUP": 2}}
    (found,) = check(small(tmp_path, parties=parties, cohort=cohort), ENGLAND, DAY)
    assert found.what == "the minimum viable cohort lacks parties: SUP: 1 of 2 organisations (A)"


def test_the_day_decides_what_was_reached(tmp_path: Path) -> None:
    """A stage left on the 16th is still ahead on the 15th."""
    plan = small(tmp_path, parties=_reached(a={"pit": "2026-03-16"}))
    assert _next(plan, date(2026, 3, 15))["cit", "a-sup"] == ("pit: not yet left by this party",)
    assert _next(plan, date(2026, 3, 16))["cit", "a-sup"] == ()


@pytest.mark.parametrize(
    ("place", "lacks"),
    [
        ({"certificates": ""}, "lacks certificates"),
        ({"build": ""}, "lacks build"),
        ({"data_load": "cycle 1"}, "lacks data load cycle 1"),
        ({"data_load": "cycle 1", "data_loaded": "2026-04-02"}, "lacks data load cycle 1"),
        ({"ready": "2026-04-02"}, "lacks readiness (from 2026-04-02)"),
    ],
)
def test_a_place_that_is_not_ready_holds_its_party_back(
    tmp_path: Path, place: dict[str, str], lacks: str
) -> None:
    """Build, certificates, data load and readiness are asked of the party's own place."""
    places = [{**PLAN["places"][0], **place}, PLAN["places"][1]]
    both = _reached(a={"pit": "2026-03-16"}, b={"pit": "2026-03-16"})
    found = _next(small(tmp_path, parties=both, places=places))
    assert found["cit", "a-sup"] == (f"SIT A: a-sup {lacks}",)
    assert found["cit", "b-mss"] == ()


def test_of_several_lines_for_a_party_one_that_is_complete_will_do(tmp_path: Path) -> None:
    """A line for the next cycle does not take away what is there for this one."""
    places = [*PLAN["places"], {"environment": "SIT A", "party": "a-sup", "data_load": "cycle 2"}]
    found = _next(small(tmp_path, parties=_reached(a={"pit": "2026-03-16"}), places=places))
    assert found["cit", "a-sup"] == ()


def test_the_cohort_waits_for_the_roles_that_it_needs(tmp_path: Path) -> None:
    """The stage of the cohort starts when every role is filled by parties that came through."""
    one = _reached(a={"pit": "2026-03-16", "cit": "2026-03-30"})
    assert _next(small(tmp_path, parties=one))["sit", ""] == (
        "minimum viable cohort, MSS: 0 of 1 organisation",
    )
    both = {"pit": "2026-03-16", "cit": "2026-03-30"}
    assert _next(small(tmp_path, parties=_reached(a=both, b=both)))["sit", ""] == ()


def test_an_entry_criterion_holds_back_only_those_that_do_not_meet_it(tmp_path: Path) -> None:
    """A criterion met for one party lets that party go ahead of the others."""
    criterion = {
        "criterion": "users",
        "stage": "cit",
        "at": "entry",
        "text": "Users onboarded",
        "basis": "ours",
    }
    both = _reached(a={"pit": "2026-03-16"}, b={"pit": "2026-03-16"})
    manual = {"owner": "SI", "met_for": ["a-sup"]}
    found = _next(small(tmp_path, parties=both, criteria=[{**criterion, "manual": manual}]))
    assert found["cit", "a-sup"] == ()
    assert found["cit", "b-mss"] == ("criterion users: not yet assessed (SI)",)


def test_a_party_does_not_wait_for_the_places_of_others(tmp_path: Path) -> None:
    """Where a criterion asks that the environment is ready, a party answers for its own place alone."""
    criterion = {"criterion": "places", "stage": "cit", "at": "entry", "text": "In place", "basis": "ours"}
    automatic = {"measure": "environment-ready", "of": ["SIT A", "SIT B"]}
    both = _reached(a={"pit": "2026-03-16"}, b={"pit": "2026-03-16"})
    here, there = PLAN["places"]
    second = [{**each, "environment": "SIT B"} for each in (here, {**there, "build": ""})]
    plan = small(
        tmp_path,
        parties=both,
        environments=[{"environment": name, "title": name} for name in ("SIT A", "SIT B")],
        places=[here, there, *second],
        criteria=[{**criterion, "automatic": automatic}],
    )
    found = _next(plan)
    assert found["cit", "a-sup"] == ()
    assert found["cit", "b-mss"] == ("criterion places: SIT B: b-mss lacks build",)


def test_the_example_starts_sit_functional_when_its_papers_were_through() -> None:
    """On 7 March 2024 it waits for the report of CIT, on 8 March for nothing, on 11 March it runs."""
    before = _next(EXAMPLE, date(2024, 3, 7))["sit-functional", ""]
    assert "milestone T2-TE-0600" in before
    assert _next(EXAMPLE, date(2024, 3, 8))["sit-functional", ""] == ()
    assert ("sit-functional", "") not in _next(EXAMPLE, date(2024, 3, 11))


def test_a_cycle_out_of_step_with_itself_is_found(tmp_path: Path) -> None:
    """Dates the wrong way round, figures that fall or exceed the cycle, days outside it: each is said."""
    cycle = {"cycle": "c", "stage": "cit", "start": "2026-03-02", "end": "2026-03-27", "tests": 10}
    right = [{"date": "2026-03-13", "passed": 4}, {"date": "2026-03-27", "passed": 10}]
    assert "cycle-planned" not in _codes(small(tmp_path, cycles=[{**cycle, "planned": right}]))
    wrong = [
        {"date": "2026-03-13", "passed": 12},
        {"date": "2026-03-20", "passed": 4},
        {"date": "2026-04-20", "passed": 12},
    ]
    assert _codes(small(tmp_path, cycles=[{**cycle, "planned": wrong}])).count("cycle-planned") == 4
    assert "cycle-dates" in _codes(small(tmp_path, cycles=[{**cycle, "end": "2026-03-01"}]))
