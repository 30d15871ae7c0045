"""Clock time in Great Britain. Summer time is computed from its rule: no time-zone database is needed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta


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


def local_time(moment: datetime) -> datetime:
    """Return what a clock in Great Britain shows at ``moment`` (aware), without an offset."""
    moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment + timedelta(hours=1) if is_summer_time(moment.replace(tzinfo=UTC)) else moment


def local_date(moment: datetime) -> date:
    """Return the calendar date in Great Britain at ``moment`` (aware)."""
    return local_time(moment).date()


def clock_midnight(day: date) -> datetime:
    """Return when the local day ``day`` begins, in UTC: in summer at 23:00 the evening before."""
    midnight = datetime.combine(day, time(), UTC)
    before = midnight - timedelta(hours=1)
    return before if is_summer_time(before) else midnight
