"""What stands in braces: parties, points, moments over changes of the clocks and bank holidays, literals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.calendars.local_time import clock_midnight, local_date
from harness.errors import ConfigurationError
from harness.scenarios.texts import Words, after

SUMMER = datetime(2026, 6, 30, 23, tzinfo=UTC)
"""Clock midnight that begins 1 July 2026."""
WORDS = Words(
    {"mpan": "1012345678901", "sender.dip_id": "2300000001"},
    effective=SUMMER,
    start=datetime(2026, 6, 16, 9, tzinfo=UTC),
    now=datetime(2026, 6, 17, 10, 30, tzinfo=UTC),
    where="file",
)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{mpan} of {sender.dip_id}", "1012345678901 of 2300000001"),
        ("{effective}", "2026-06-30T23:00:00+00:00"),
        ("{effective-3d}", "2026-06-27T23:00:00+00:00"),
        ("{effective+1d+15h}", "2026-07-02T14:00:00+00:00"),
        ("{effective.date}", "2026-07-01"),
        ("{effective-1d.date}", "2026-06-30"),
        ("{effective.utcdate}", "2026-06-30"),
        ("{effective.utcday}", "2026-07-01T00:00:00+00:00"),
        ("{today}", "2026-06-16T23:00:00+00:00"),
        ("{now+2h}", "2026-06-17T12:30:00+00:00"),
        ("{now-30m+10s}", "2026-06-17T10:00:10+00:00"),
        ("{start}", "2026-06-16T09:00:00+00:00"),
        ("{today+3wd.date}", "2026-06-22"),
        ("no braces", "no braces"),
    ],
)
def test_braces_are_filled(text: str, filled: str) -> None:
    """A tester writes dates as they relate to the process, and reads them as messages carry them."""
    assert WORDS.text(text) == filled


@pytest.mark.parametrize(
    ("day", "count", "unit", "then"),
    [
        ("2026-03-28T00:00:00+00:00", 1, "d", "2026-03-29T00:00:00+00:00"),
        ("2026-03-29T00:00:00+00:00", 1, "d", "2026-03-29T23:00:00+00:00"),
        ("2026-10-24T23:00:00+00:00", 1, "d", "2026-10-26T00:00:00+00:00"),
        ("2026-10-26T00:00:00+00:00", -1, "d", "2026-10-24T23:00:00+00:00"),
        ("2026-12-24T00:00:00+00:00", 1, "wd", "2026-12-29T00:00:00+00:00"),
        ("2026-04-02T23:00:00+00:00", -1, "wd", "2026-04-01T23:00:00+00:00"),
        ("2026-03-29T00:00:00+00:00", 24, "h", "2026-03-30T00:00:00+00:00"),
    ],
)
def test_days_are_calendar_days_and_hours_are_hours(day: str, count: int, unit: str, then: str) -> None:
    """A day more is the next clock midnight, though the day had 23 or 25 hours; bank holidays don't work."""
    assert after(datetime.fromisoformat(day), count, unit).isoformat() == then


@given(st.dates(datetime(2014, 1, 1).date(), datetime(2027, 12, 1).date()), st.integers(-400, 400))
def test_days_from_midnight_lead_to_midnight_and_back(day: object, count: int) -> None:
    """Whatever lies between, so many days on and back is the same clock midnight."""
    midnight = clock_midnight(day)  # type: ignore[arg-type]
    there = after(midnight, count, "d")
    assert local_date(there) - local_date(midnight) == timedelta(days=count)
    assert there == clock_midnight(local_date(there))
    assert after(there, -count, "d") == midnight


def test_values_may_be_json_and_nested() -> None:
    """Numbers, truth values and null can be written, and texts deep inside are filled as well."""
    filled = WORDS.value({"a": ["{mpan}", "=12.5", "=null"], "b": {"{mpan}": "=true"}, "c": '={"d": 1}'})
    assert filled == {"a": ["1012345678901", 12.5, None], "b": {"1012345678901": True}, "c": {"d": 1}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{sendr.dip_id}", "Did you mean 'sender.dip_id'"),
        ("{effective.noon}", "no form of a moment"),
        ("{effectiv}", "Did you mean 'effective'"),
    ],
)
def test_what_names_nothing_is_refused(text: str, said: str) -> None:
    """A slip in braces never goes into a message as it stands."""
    with pytest.raises(ConfigurationError, match=said):
        WORDS.text(text)
    with pytest.raises(ConfigurationError, match="no JSON"):
        WORDS.value("=nothing")


def test_a_moment_is_written_with_or_without_braces() -> None:
    """`advance: {to: effective-1d}` and `{to: "{effective-1d}"}` mean the same; other texts must be times."""
    assert WORDS.moment("effective-1d") == WORDS.moment("{effective-1d}") == SUMMER - timedelta(days=1)
    assert WORDS.moment("2026-03-01T00:00:00+00:00") == datetime(2026, 3, 1, tzinfo=UTC)
    for wrong in ("tomorrow", "2026-03-01T00:00:00", "effective.date"):
        with pytest.raises(ConfigurationError, match="no moment"):
            WORDS.moment(wrong)
