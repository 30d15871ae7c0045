"""Working days: bank holidays by rule where they are rules, listed where a proclamation changed them.

The calendars are data (`test_catalogue/calendars/working-days.yaml`). A date outside the years that one
covers is refused: nobody knows yet which days there will be moved or added.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from harness.errors import ConfigurationError

DEFAULT = "england-wales"
_DAY = timedelta(days=1)
_WEEKEND = 5
_WEEKDAYS = tuple(calendar.day_name)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The bank holidays of a part of the country, over whole years."""

    name: str
    title: str
    first_year: int
    last_year: int
    holidays: Mapping[date, str]

    def covers(self, day: date) -> bool:
        """Say whether the calendar knows the year of a day."""
        return self.first_year <= day.year <= self.last_year

    def is_working(self, day: date) -> bool:
        """Say whether a day is a working day; raises ConfigurationError outside the years that are known."""
        if not self.covers(day):
            raise ConfigurationError(
                f"{day} is outside {self.first_year} to {self.last_year}, the years that it covers",
                where=f"calendar '{self.name}'",
                mend="Add the bank holidays of that year to working-days.yaml.",
            )
        return day.weekday() < _WEEKEND and day not in self.holidays

    def why_not(self, day: date) -> str:
        """Name the bank holiday, or the weekend day, that a day is; empty for a working day."""
        if self.is_working(day):
            return ""
        return self.holidays.get(day) or _WEEKDAYS[day.weekday()]

    def roll(self, day: date, step: int) -> date:
        """Return the day itself when it is a working day, else the next one in the direction of ``step``."""
        while not self.is_working(day):
            day += _DAY if step > 0 else -_DAY
        return day

    def add(self, day: date, count: int) -> date:
        """Go ``count`` working days forward, or back when it is negative; 0 leaves the day as it is."""
        step = _DAY if count > 0 else -_DAY
        for _ in range(abs(count)):
            day += step
            while not self.is_working(day):
                day += step
        return day

    def between(self, start: date, end: date) -> int:
        """Count working days after ``start``, ``end`` included; negative when ``end`` is earlier."""
        if end < start:
            return -self.between(end, start)
        return sum(self.is_working(start + n * _DAY) for n in range(1, (end - start).days + 1))


def easter(year: int) -> date:
    """Return Easter Sunday of a Gregorian year (the tables of the Book of Common Prayer as arithmetic)."""
    golden = year % 19
    century, of_century = divmod(year, 100)
    leaps, years_since = divmod(century, 4)
    moon_shift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leaps - moon_shift + 15) % 30
    weekday = (32 + 2 * years_since + 2 * (of_century // 4) - epact - of_century % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def calendar_from(name: str, data: Mapping[str, Any], *, where: str) -> Calendar:
    """Return the calendar that an entry of the file describes.

    ``data`` has the shape that the JSON Schema `calendars.schema.json` gives. Raises ConfigurationError for a
    moved day that is no holiday.
    """
    first, last = data["covers"]["from"], data["covers"]["until"]
    holidays: dict[date, str] = {}
    for year in range(first, last + 1):
        holidays |= _year(year, data["rules"])
    for each in data.get("moved", ()):
        if holidays.pop(each["from"], None) is None:
            raise ConfigurationError(
                f"{each['name']} is moved from {each['from']}, which no rule makes a holiday",
                where=f"{where}: calendars.{name}.moved",
            )
        holidays[each["to"]] = each["name"]
    holidays |= {each["date"]: each["name"] for each in data.get("extra", ())}
    return Calendar(name, data["title"], first, last, holidays)


def _year(year: int, rules: Iterable[Mapping[str, Any]]) -> dict[date, str]:
    """Return a year's holidays; one that falls on a weekend moves to the next free weekday."""
    found = {_day(year, rule): str(rule["name"]) for rule in rules}
    for day in sorted(day for day in found if day.weekday() >= _WEEKEND):
        instead = day
        while instead.weekday() >= _WEEKEND or instead in found:
            instead += _DAY
        found[instead] = f"{found[day]} (substitute day)"
    return found


def _day(year: int, rule: Mapping[str, Any]) -> date:
    if "fixed" in rule:
        return date.fromisoformat(f"{year}-{rule['fixed']}")
    if "easter" in rule:
        return easter(year) + timedelta(days=rule["easter"])
    which, weekday = rule["weekday"].split()
    days = [date(year, rule["month"], n + 1) for n in range(calendar.monthrange(year, rule["month"])[1])]
    fitting = [day for day in days if _WEEKDAYS[day.weekday()] == weekday]
    return fitting[0 if which == "first" else -1]
