"""Clock midnight and settlement periods."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.calendars.local_time import clock_midnight, is_summer_time, local_date
from harness.messages.dates import midnight_text, period_ends, utc_midnight_text

LONDON = ZoneInfo("Europe/London")
DAYS = st.dates(date(2010, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize(
    ("day", "moment"),
    [
        (date(2026, 7, 1), "2026-06-30T23:00:00+00:00"),
        (date(2026, 1, 1), "2026-01-01T00:00:00+00:00"),
        # Clocks go forward at 01:00 on 29 March 2026 and back on 25 October.
        (date(2026, 3, 29), "2026-03-29T00:00:00+00:00"),
        (date(2026, 3, 30), "2026-03-29T23:00:00+00:00"),
        (date(2026, 10, 25), "2026-10-24T23:00:00+00:00"),
        (date(2026, 10, 26), "2026-10-26T00:00:00+00:00"),
    ],
)
def test_clock_midnight_around_the_changes(day: date, moment: str) -> None:
    """A local day begins at 23:00 UTC the evening before in summer, at 00:00 in winter (CR036)."""
    assert midnight_text(day) == moment


@pytest.mark.parametrize(
    ("moment", "summer"),
    [
        (datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 29, 1, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 1, tzinfo=UTC), False),
    ],
)
def test_summer_time_begins_and_ends_at_one(moment: datetime, summer: bool) -> None:
    """Clocks change at 01:00 UTC on the last Sundays of March and October."""
    assert is_summer_time(moment) is summer


@given(DAYS)
def test_clock_midnight_is_that_of_the_time_zone(day: date) -> None:
    """The rule agrees with the time-zone database for every day."""
    assert clock_midnight(day) == datetime.combine(day, time(), LONDON).astimezone(UTC)


@given(st.datetimes(datetime(2010, 1, 1), datetime(2040, 12, 31), timezones=st.just(UTC)))
def test_local_date_is_that_of_the_time_zone(moment: datetime) -> None:
    """The local date agrees with the time-zone database at every moment."""
    assert local_date(moment) == moment.astimezone(LONDON).date()


@given(DAYS)
def test_a_settlement_day_has_48_periods(day: date) -> None:
    """The periods of a UTC day end every half hour from 00:30 to the next 00:00, whatever the clocks do."""
    ends = [datetime.fromisoformat(text) for text in period_ends(day)]
    assert len(ends) == 48
    assert ends[0] == datetime.combine(day, time(0, 30), UTC)
    assert {later - earlier for earlier, later in pairwise(ends)} == {timedelta(minutes=30)}
    assert period_ends(day)[-1] == utc_midnight_text(day + timedelta(days=1))
    assert all(len(text) == 25 for text in period_ends(day))
