"""Timing rules: laws that hold for any rule, any day, any start."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.calendars.book import calendars
from harness.stages.plan.building import ANCHOR, when
from harness.stages.plan.checking import check
from harness.stages.plan.due import due
from harness.stages.plan.model import Repeat, When
from harness.stages.plan.reading import read_plan, shipped
from harness.stages.plan.timing import bound, depart, occurrences, planned, schedule

ENGLAND = calendars().working_days()
TEMPLATE = read_plan(shipped("template"))
DAYS = st.dates(date(2015, 1, 1), date(2026, 12, 31))
WORKING = DAYS.map(lambda day: ENGLAND.roll(day, 1))
RULES = st.builds(
    lambda bounds, amount, unit, way: when(f"{bounds}{amount} {unit} {way} x"),
    st.sampled_from(["", "at least ", "at most "]),
    st.integers(1, 60),
    st.sampled_from(["days", "weeks", "working days"]),
    st.sampled_from(["before", "after"]),
)


@settings(deadline=None)
@given(RULES, WORKING)
def test_the_day_that_is_planned_is_a_working_day_that_keeps_the_rule(rule: When, known: date) -> None:
    """What the schedule proposes, the check accepts."""
    day = planned(rule, known, ENGLAND)
    assert ENGLAND.is_working(day)
    assert depart(rule, known, day, ENGLAND) is None


@settings(deadline=None)
@given(RULES, WORKING, st.integers(1, 40))
def test_a_day_on_the_wrong_side_departs(rule: When, known: date, off: int) -> None:
    """Nearer than 'at least', farther than 'at most', on either side of 'exactly': each is a departure."""
    limit = bound(rule, known, ENGLAND)
    nearer = limit + timedelta(days=off if rule.before else -off)
    edge = min if rule.before else max
    farther = edge(limit, planned(rule, known, ENGLAND)) - timedelta(days=off if rule.before else -off)
    assert (depart(rule, known, nearer, ENGLAND) is None) is (rule.bound == "at most")
    assert (depart(rule, known, farther, ENGLAND) is None) is (rule.bound == "at least")


@settings(deadline=None)
@given(WORKING)
def test_the_template_from_any_start_keeps_its_own_rules(start: date) -> None:
    """Every date that follows from a CIT start keeps every published rule: the check finds nothing."""
    track = replace(TEMPLATE.tracks["first"], dates={ANCHOR: start})
    plan = replace(TEMPLATE, tracks={"first": track})
    dates = schedule(plan.artefacts, plan.tracks["first"].dates, ENGLAND)
    assert set(dates) == set(plan.artefacts)
    assert not check(plan, ENGLAND, start)
    assert dates["approach"] <= dates["final-report"] - timedelta(weeks=12)
    assert dates["rttm"] >= dates["approach"] + timedelta(weeks=4)
    assert dates["rttm-assured"] == ENGLAND.add(dates["rttm"], 10)
    assert ENGLAND.between(dates["draft-report"], dates["execution-end"]) >= 15
    assert dates["final-report-reviewed"] == ENGLAND.add(dates["final-report"], 5)
    assert f"{dates['readiness-report']:%A}" == "Friday"
    assert dates[ANCHOR] == start


def test_a_departure_is_worded_in_the_unit_of_its_rule() -> None:
    """Weeks stay weeks, working days are counted with bank holidays left out."""
    approach = date(2023, 8, 25)
    weeks = depart(when("at least 4 weeks after approach"), approach, date(2023, 9, 15), ENGLAND)
    days = depart(when("10 working days after approach"), approach, date(2023, 9, 8), ENGLAND)
    assert weeks is not None
    assert (weeks.found, weeks.wanted, weeks.off) == ("3 weeks after", "2023-09-22 or later", "1 week early")
    assert days is not None
    assert (days.found, days.wanted, days.off) == (
        "9 working days after",
        "2023-09-11",
        "1 working day early",
    )


def test_a_scottish_calendar_finds_no_early_assurance() -> None:
    """28 August 2023 was a working day in Scotland, so the tenth working day is another."""
    rule = when("10 working days after approach")
    assert depart(rule, date(2023, 8, 25), date(2023, 9, 8), calendars().working_days("scotland")) is None


def test_reports_are_fortnightly_then_monthly_then_weekly() -> None:
    """A fortnightly report ends before execution; progress is monthly, and weekly in the last four."""
    fortnightly = list(occurrences(Repeat(2, "weeks", "x"), date(2026, 1, 2), date(2026, 2, 13)))
    assert fortnightly == [date(2026, 1, 2), date(2026, 1, 16), date(2026, 1, 30)]
    dense = list(
        occurrences(Repeat(1, "months", "x", weekly_in_last=4), date(2026, 1, 31), date(2026, 4, 24))
    )
    assert dense == [
        date(2026, 1, 31),
        date(2026, 2, 28),
        date(2026, 3, 27),
        date(2026, 4, 3),
        date(2026, 4, 10),
        date(2026, 4, 17),
    ]


def test_a_short_execution_has_no_report_before_it_began() -> None:
    """Of the last four weeks only those count in which something ran."""
    repeat = Repeat(1, "months", "x", weekly_in_last=4)
    short = list(occurrences(repeat, date(2026, 4, 10), date(2026, 4, 24)))
    assert short == [date(2026, 4, 10), date(2026, 4, 17)]


def test_papers_fall_due_in_order_and_within_the_span() -> None:
    """Over the whole time of the template each repeated paper is listed each time."""
    plan = read_plan(shipped("template"), {"first": date(2026, 6, 1)})
    found = due(plan, ENGLAND, date(2026, 1, 1), 365)
    assert [each.day for each in found] == sorted(each.day for each in found)
    readiness = [each.day for each in found if "readiness" in each.artefact]
    assert len(readiness) > 1
    assert {f"{day:%A}" for day in readiness} == {"Friday"}
    assert not due(plan, ENGLAND, date(2026, 6, 2), 100)


@pytest.mark.parametrize("text", ["12 weeks", "at least x weeks after y", "two weeks after rttm", ""])
def test_what_is_no_rule_is_refused(text: str) -> None:
    """A rule that can't be read is never taken for another."""
    with pytest.raises(ValueError, match="no timing rule"):
        when(text)
