"""All calendars together: `calendars()` is what rules about working days, runs and openings ask.

The files lie in `test_catalogue/calendars/`. ``DIP_CALENDARS=FOLDER`` puts a user's own in their place, file
by file.
"""

from __future__ import annotations

import calendar as weeks
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from harness.calendars.migration import MigrationDays
from harness.calendars.opening import OpeningTimes
from harness.calendars.reading import read_file
from harness.calendars.settlement import Timetable
from harness.calendars.working_days import DEFAULT, Calendar, calendar_from
from harness.errors import ConfigurationError, nearest

VARIABLE = "DIP_CALENDARS"
_Known = TypeVar("_Known")


@dataclass(frozen=True, slots=True)
class Calendars:
    """The calendars of a process."""

    by_name: Mapping[str, Calendar]
    timetables: Mapping[str, Timetable]
    migration: MigrationDays
    services: Mapping[str, OpeningTimes]

    def working_days(self, name: str = DEFAULT) -> Calendar:
        """Return a calendar of working days; raises ConfigurationError with the nearest name."""
        return _named(name, self.by_name, "calendar")

    def is_working_day(self, day: date, name: str = DEFAULT) -> bool:
        """Say whether a day is a working day."""
        return self.working_days(name).is_working(day)

    def add_working_days(self, day: date, count: int, name: str = DEFAULT) -> date:
        """Go ``count`` working days forward, or back when it is negative; 0 leaves the day as it is."""
        return self.working_days(name).add(day, count)

    def timetable(self, settlement_date: date) -> Timetable:
        """Return the timetable that holds for a settlement day: the last one that has started."""
        started = [each for each in self.timetables.values() if each.starts <= settlement_date]
        if not started:
            raise ConfigurationError(f"no settlement timetable holds on {settlement_date}")
        return max(started, key=lambda each: each.starts)

    def settlement_run_date(self, settlement_date: date, run: str, timetable: str | None = None) -> date:
        """Return the day of a run for a settlement day.

        The timetable is the one that holds, or the one that is named. Raises ConfigurationError for a run
        that the timetable lacks.
        """
        chosen = (
            _named(timetable, self.timetables, "timetable") if timetable else self.timetable(settlement_date)
        )
        return chosen.run_date(settlement_date, run)

    def is_migration_day(self, day: date) -> bool:
        """Say whether metering points may migrate on a day."""
        return self.migration.allows(day)

    def opening_times(self, service: str) -> OpeningTimes:
        """Return the opening times of a service; raises ConfigurationError with the nearest name."""
        return _named(service, self.services, "service")

    def is_open(self, service: str, moment: datetime) -> bool:
        """Say whether a service is open at a moment (aware)."""
        return self.opening_times(service).is_open(moment)


def calendars() -> Calendars:
    """Return the calendars: the shipped ones, with the user's own in their place (``DIP_CALENDARS``)."""
    return load(os.environ.get(VARIABLE) or None)


@cache
def load(own: str | None = None) -> Calendars:
    """Return the calendars, those of the folder ``own`` in place of the shipped."""
    path = Path(own) if own else None
    if path is not None and not path.is_dir():
        raise ConfigurationError("is no folder", where=f"{VARIABLE}={own}")
    where, raw = read_file("working-days", path)
    by_name = {name: calendar_from(name, each, where=where) for name, each in raw["calendars"].items()}
    return Calendars(by_name, _timetables(by_name, path), _migration(by_name, path), _services(by_name, path))


def _timetables(by_name: Mapping[str, Calendar], own: Path | None) -> dict[str, Timetable]:
    where, raw = read_file("settlement", own)
    days = _named(raw["calendar"], by_name, "calendar", where)
    return {
        name: Timetable(name, each["title"], each["basis"], each["from"], each["runs"], days)
        for name, each in raw["timetables"].items()
    }


def _migration(by_name: Mapping[str, Calendar], own: Path | None) -> MigrationDays:
    where, raw = read_file("migration", own)
    return MigrationDays(
        basis=raw["basis"],
        reason=raw["reason"],
        first=raw["from"],
        last=raw["until"],
        weekdays=frozenset(list(weeks.day_name).index(name) for name in raw["days"]),
        working_days_only=raw["working_days_only"],
        closed=_dated(raw.get("closed", ())),
        extra=_dated(raw.get("extra", ())),
        calendar=_named(raw["calendar"], by_name, "calendar", where),
    )


def _services(by_name: Mapping[str, Calendar], own: Path | None) -> dict[str, OpeningTimes]:
    where, raw = read_file("opening", own)
    return {
        name: OpeningTimes(
            name=name,
            title=each["title"],
            basis=each["basis"],
            reason=each["reason"],
            spans={kind: tuple(map(_span, spans)) for kind, spans in each["open"].items()},
            closed=_dated(each.get("closed", ())),
            calendar=_named(each["calendar"], by_name, "calendar", where),
        )
        for name, each in raw["services"].items()
    }


def _span(text: str) -> tuple[int, int]:
    start, _, until = text.partition("-")
    return _minutes(start), _minutes(until)


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _dated(entries: Iterable[Mapping[str, Any]]) -> dict[date, str]:
    return {each["date"]: str(each["name"]) for each in entries}


def _named(name: str, known: Mapping[str, _Known], what: str, where: str = "") -> _Known:
    if name not in known:
        raise ConfigurationError(f"'{name}' is no {what} here", where=where, mend=nearest(name, known))
    return known[name]
