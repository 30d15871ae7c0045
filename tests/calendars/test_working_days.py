"""Working days: laws of the arithmetic, and bank holidays that were published."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.calendars.book import calendars
from harness.calendars.working_days import Calendar, easter
from harness.errors import ConfigurationError

DAYS = st.dates(date(2014, 1, 1), date(2027, 12, 31))
COUNTS = st.integers(-150, 150)
CALENDARS = st.sampled_from(sorted(calendars().by_name.values(), key=lambda each: each.name))

PUBLISHED = {
    ("england-wales", 2020): "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28",
    ("england-wales", 2021): "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
    ("england-wales", 2022): "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27",
    ("england-wales", 2023): "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
    ("england-wales", 2024): "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    ("england-wales", 2025): "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    ("england-wales", 2026): "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    ("scotland", 2022): "01-03 01-04 04-15 05-02 06-02 06-03 08-01 09-19 11-30 12-26 12-27",
    ("scotland", 2024): "01-01 01-02 03-29 05-06 05-27 08-05 12-02 12-25 12-26",
    ("scotland", 2026): "01-01 01-02 04-03 05-04 05-25 06-15 08-03 11-30 12-25 12-28",
}


@pytest.mark.parametrize(("name", "year"), PUBLISHED)
def test_the_bank_holidays_are_those_that_were_published(name: str, year: int) -> None:
    """On weekdays, rules, moves and extras together give the published list and nothing else."""
    found = [day for day in calendars().working_days(name).holidays if day.year == year and day.weekday() < 5]
    assert [f"{day:%m-%d}" for day in sorted(found)] == PUBLISHED[name, year].split()


@settings(deadline=None)
@given(CALENDARS, DAYS, COUNTS)
def test_adding_working_days_lands_on_one_that_is_so_far_away(
    calendar: Calendar, day: date, count: int
) -> None:
    """From a working day, add(n) is a working day, and n working days lie between."""
    start = calendar.roll(day, 1)
    end = calendar.add(start, count)
    assert calendar.is_working(end)
    assert calendar.between(start, end) == count
    assert calendar.add(end, -count) == start


@settings(deadline=None)
@given(CALENDARS, DAYS, st.integers(0, 60), st.integers(0, 60))
def test_adding_in_two_steps_is_adding_at_once(calendar: Calendar, day: date, one: int, two: int) -> None:
    """Forward steps add up, from any day."""
    assert calendar.add(calendar.add(day, one), two) == calendar.add(day, one + two)


@settings(deadline=None)
@given(CALENDARS, DAYS, st.integers(1, 60))
def test_more_working_days_are_later(calendar: Calendar, day: date, count: int) -> None:
    """Each further working day is later than the one before, and never sooner than the calendar day."""
    assert calendar.add(day, count) > calendar.add(day, count - 1) >= day + timedelta(days=count - 1)


@settings(deadline=None)
@given(CALENDARS, DAYS, DAYS, DAYS)
def test_counts_between_days_add_up(calendar: Calendar, one: date, two: date, three: date) -> None:
    """Counting to a day and on from it is counting at once, in any direction."""
    assert calendar.between(one, two) + calendar.between(two, three) == calendar.between(one, three)


@settings(deadline=None)
@given(CALENDARS, DAYS, st.sampled_from([-1, 1]))
def test_rolling_finds_the_nearest_working_day_that_way(calendar: Calendar, day: date, step: int) -> None:
    """No working day is passed over, and a working day stays."""
    rolled = calendar.roll(day, step)
    assert calendar.is_working(rolled)
    passed = [day + timedelta(days=n * step) for n in range(abs((rolled - day).days))]
    assert not any(calendar.is_working(each) for each in passed)
    assert all(calendar.why_not(each) for each in passed)


@settings(deadline=None)
@given(st.integers(1900, 2199))
def test_easter_is_a_sunday_in_spring(year: int) -> None:
    """Easter is a Sunday from 22 March to 25 April."""
    assert easter(year).weekday() == 6
    assert date(year, 3, 22) <= easter(year) <= date(year, 4, 25)


def test_a_year_that_nobody_has_published_is_refused() -> None:
    """Outside its years a calendar says so rather than guess."""
    with pytest.raises(ConfigurationError, match="2013 to 2028"):
        calendars().is_working_day(date(2029, 1, 2))
    with pytest.raises(ConfigurationError, match="Did you mean 'scotland'"):
        calendars().working_days("scottland")
