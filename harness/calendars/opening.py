"""When a service takes work, in clock time of Great Britain."""

from __future__ import annotations

import calendar as weeks
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from harness.calendars.local_time import clock_midnight, local_time
from harness.calendars.working_days import Calendar

EVERY_DAY = "every day"
WORKING_DAYS = "working days"
_LOOK_AHEAD_DAYS = 366


@dataclass(frozen=True, slots=True)
class OpeningTimes:
    """The spans of each day in minutes after midnight, ``until`` not included.

    The most particular kind of day wins: a weekday's name, then working days, then every day. A weekday's
    name does not make a bank holiday an open day where working days are told apart.
    """

    name: str
    title: str
    basis: str
    reason: str
    spans: Mapping[str, tuple[tuple[int, int], ...]]
    closed: Mapping[date, str]
    calendar: Calendar

    def on(self, day: date) -> tuple[tuple[int, int], ...]:
        """Return the spans of a day."""
        if day in self.closed:
            return ()
        named = self.spans.get(weeks.day_name[day.weekday()])
        if WORKING_DAYS in self.spans and self.calendar.is_working(day):
            return self.spans[WORKING_DAYS] if named is None else named
        if WORKING_DAYS in self.spans and day.weekday() < weeks.SATURDAY:
            named = None
        return self.spans.get(EVERY_DAY, ()) if named is None else named

    def is_open(self, moment: datetime) -> bool:
        """Say whether the service is open at a moment (aware)."""
        local = local_time(moment)
        minute = local.hour * 60 + local.minute
        return any(start <= minute < until for start, until in self.on(local.date()))

    def next_opening(self, moment: datetime) -> datetime | None:
        """Return when the service is open, at ``moment`` or after it, in UTC; None when not within a year."""
        if self.is_open(moment):
            return moment.astimezone(UTC)
        today = local_time(moment).date()
        for ahead in range(_LOOK_AHEAD_DAYS):
            day = today + timedelta(days=ahead)
            for start, _ in sorted(self.on(day)):
                opens = _at(day, start)
                if opens >= moment:
                    return opens
        return None


def _at(day: date, minute: int) -> datetime:
    """Return the moment in UTC at which clocks show that minute of the day; of two, the earlier."""
    begins = clock_midnight(day)
    for moment in (begins + timedelta(minutes=minute + shift) for shift in (-60, 0, 60)):
        local = local_time(moment)
        if local.date() == day and local.hour * 60 + local.minute == minute:
            return moment
    return begins + timedelta(minutes=minute)
