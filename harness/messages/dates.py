"""Clock midnight in Great Britain, and the settlement periods of a UTC day.

Appointments and reads take effect at clock midnight (change request CR036); settlement days and periods
stay in UTC. Summer time is computed from its rule, so that no time-zone database is needed.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

PERIODS_PER_DAY = 48
PERIOD_MINUTES = 30


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)


def is_summer_time(moment: datetime) -> bool:
    """Tell whether ``moment`` (aware) falls in British Summer Time.

    It runs from the last Sunday in March to the last Sunday in October, each at 01:00 UTC.
    """
    moment = moment.astimezone(UTC)
    starts = datetime.combine(_last_sunday(moment.year, 3), time(1), UTC)
    ends = datetime.combine(_last_sunday(moment.year, 10), time(1), UTC)
    return starts <= moment < ends


def local_date(moment: datetime) -> date:
    """Return the calendar date in Great Britain at ``moment`` (aware)."""
    moment = moment.astimezone(UTC)
    return (moment + timedelta(hours=1)).date() if is_summer_time(moment) else moment.date()


def clock_midnight(day: date) -> datetime:
    """Return when the local day ``day`` begins, in UTC: in summer at 23:00 the evening before."""
    midnight = datetime.combine(day, time(), UTC)
    before = midnight - timedelta(hours=1)
    return before if is_summer_time(before) else midnight


@lru_cache(maxsize=8192)
def midnight_text(day: date) -> str:
    """Write the clock midnight that begins ``day`` as messages do: 25 characters, UTC."""
    return _text(clock_midnight(day))


@lru_cache(maxsize=8192)
def utc_midnight_text(day: date) -> str:
    """Write the UTC midnight that begins ``day`` as messages do."""
    return f"{day.isoformat()}T00:00:00+00:00"


@lru_cache(maxsize=1024)
def period_ends(day: date) -> tuple[str, ...]:
    """Return the ends of the 48 settlement periods of a UTC day: 00:30 to the next day's 00:00."""
    midnight = datetime.combine(day, time(), UTC)
    return tuple(
        _text(midnight + timedelta(minutes=PERIOD_MINUTES * n)) for n in range(1, PERIODS_PER_DAY + 1)
    )


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")
