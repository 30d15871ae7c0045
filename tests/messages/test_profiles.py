"""Consumption profiles: the same values whoever reports them, adding up over days, halves and local days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.messages.consumption import Profile, by_utc_day, local_day_ends, utc_day_ends

HALF_HOUR = timedelta(minutes=30)
START = datetime(2026, 3, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 48 * 40).map(lambda number: START + HALF_HOUR * number)
PROFILES = st.builds(
    Profile,
    st.sampled_from(["1000000000016", "1000000000025"]),
    st.floats(100, 500_000),
    st.sampled_from(["home", "works", "lights"]),
)


@given(PROFILES, st.dates(date(2025, 1, 1), date(2027, 12, 31)))
def test_a_day_adds_up(profile: Profile, day: date) -> None:
    """48 periods, none below zero, together the day's total."""
    periods = profile.day(day)
    assert len(periods) == 48
    assert min(periods) >= 0
    assert sum(periods) == profile.total(day)


@given(PROFILES, MOMENTS, MOMENTS, MOMENTS)
def test_an_advance_is_the_sum_of_its_parts(
    profile: Profile, one: datetime, two: datetime, three: datetime
) -> None:
    """Whatever lies between is the same whether it is taken in one piece or in two, or period by period."""
    first, middle, last = sorted((one, two, three))
    whole = profile.advance(first, last)
    assert whole == profile.advance(first, middle) + profile.advance(middle, last)
    ends = (first + HALF_HOUR * number for number in range(1, (last - first) // HALF_HOUR + 1))
    assert whole == sum(profile.period(end) for end in ends)


def test_a_year_is_about_the_annual_consumption() -> None:
    """365 days come within 5 % of it."""
    profile = Profile("1000000000016", 3500, "home")
    year = sum(profile.total(date(2026, 1, 1) + timedelta(days=n)) for n in range(365))
    assert year == pytest.approx(3_500_000, rel=0.05)


@pytest.mark.parametrize(
    ("day", "pieces"),
    [
        ("2026-03-29", {"2026-03-29": 46}),
        ("2026-10-25", {"2026-10-24": 2, "2026-10-25": 48}),
        ("2026-07-01", {"2026-06-30": 2, "2026-07-01": 46}),
        ("2026-01-07", {"2026-01-07": 48}),
    ],
)
def test_a_local_day_has_46_48_or_50_half_hours(day: str, pieces: dict[str, int]) -> None:
    """They lie in one or two UTC days."""
    ends = local_day_ends(date.fromisoformat(day))
    found = {each.isoformat(): len(inner) for each, inner in by_utc_day(ends).items()}
    assert found == pieces


def test_neighbouring_local_days_fill_a_utc_day() -> None:
    """The 46 and 2 half hours that two local days have in one UTC day are its 48 periods."""
    day = date(2026, 6, 30)
    before = by_utc_day(local_day_ends(day))[day]
    after = by_utc_day(local_day_ends(day + timedelta(days=1)))[day]
    assert (len(before), len(after)) == (46, 2)
    assert (*before, *after) == utc_day_ends(day)
