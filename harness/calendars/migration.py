"""On which days metering points may migrate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from harness.calendars.working_days import Calendar
from harness.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class MigrationDays:
    """The days of the migration period: a rule, days that are closed, and days that are open besides."""

    basis: str
    reason: str
    first: date
    last: date
    weekdays: frozenset[int]
    """Monday is 0."""
    working_days_only: bool
    closed: Mapping[date, str]
    extra: Mapping[date, str]
    calendar: Calendar

    def why_not(self, day: date) -> str:
        """Say why nothing migrates on a day; empty for a migration day."""
        if not self.first <= day <= self.last:
            return f"outside the migration period, {self.first} to {self.last}"
        if day in self.closed:
            return self.closed[day]
        if day in self.extra:
            return ""
        if day.weekday() not in self.weekdays:
            return f"{day:%A}"
        return self.calendar.why_not(day) if self.working_days_only else ""

    def allows(self, day: date) -> bool:
        """Say whether a day is a migration day."""
        return not self.why_not(day)

    def on_or_after(self, day: date) -> date:
        """Return the first migration day from ``day`` on; raises ConfigurationError when there is none."""
        found = max(day, self.first)
        while found <= self.last:
            if self.allows(found):
                return found
            found += timedelta(days=1)
        raise ConfigurationError(
            f"no migration day is left from {day} on: the period ends on {self.last}",
            mend="Move the period in migration.yaml of your calendars.",
        )
