"""Timing rules as arithmetic: when a thing is due, how far a date is off, a whole track from one date."""

from __future__ import annotations

import calendar as months
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from harness.calendars.working_days import Calendar
from harness.stages.plan.model import Artefact, Repeat, When

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Departure:
    """A date that breaks its rule: what it is, what it had to be, and by how much it is off."""

    found: str
    wanted: str
    off: str


def bound(rule: When, known: date, calendar: Calendar) -> date:
    """Return the day that a rule counts to from the day of the thing that it refers to."""
    step = -rule.amount if rule.before else rule.amount
    if rule.unit == "working days":
        return calendar.add(known, step)
    return known + step * (_WEEK if rule.unit == "weeks" else timedelta(days=1))


def planned(rule: When, known: date, calendar: Calendar, weekday: str = "") -> date:
    """Return the day to plan for: the rule's bound, moved off a day of rest to the side that keeps the rule.

    A weekday that the paper keeps to moves it on to the next such day instead.
    """
    day = bound(rule, known, calendar)
    if not weekday:
        return calendar.roll(day, -1 if rule.before is not (rule.bound == "at most") else 1)
    return day + timedelta(days=(list(months.day_name).index(weekday) - day.weekday()) % 7)


def depart(rule: When, known: date, day: date, calendar: Calendar, weekday: str = "") -> Departure | None:
    """Say how a date breaks its rule, or None when it keeps it."""
    limit = bound(rule, known, calendar)
    if rule.bound in {"exactly", "on"}:
        right = limit if rule.bound == "on" else planned(rule, known, calendar, weekday)
        kept, wanted = day in {right, limit}, f"{right}"
        limit = right
    elif (rule.bound == "at least") == rule.before:
        kept, wanted = day <= limit, f"{limit} or earlier"
    else:
        kept, wanted = day >= limit, f"{limit} or later"
    if kept:
        return None
    way = "before" if day < known else "after"
    return Departure(
        found=f"{distance(rule, known, day, calendar)} {way}",
        wanted=wanted,
        off=f"{distance(rule, limit, day, calendar)} {'early' if day < limit else 'late'}",
    )


def distance(rule: When, start: date, end: date, calendar: Calendar) -> str:
    """Word the span between two days in the unit of a rule."""
    if rule.unit == "working days":
        return _plural(abs(calendar.between(start, end)), "working day")
    weeks, days = divmod(abs((end - start).days), 7)
    if rule.unit == "days" or not weeks:
        return _plural(abs((end - start).days), "day")
    return _plural(weeks, "week") + (f" and {_plural(days, 'day')}" if days else "")


def schedule(
    artefacts: Mapping[str, Artefact], dates: Mapping[str, date], calendar: Calendar
) -> dict[str, date]:
    """Return a track's dates: those that are given, and those that follow from them by the rules."""
    found = dict(dates)
    waiting = {key: each.when for key, each in artefacts.items() if each.when and key not in found}
    while ready := {key: rule for key, rule in waiting.items() if rule.of in found}:
        for key, rule in ready.items():
            repeat = artefacts[key].repeat
            found[key] = planned(rule, found[rule.of], calendar, repeat.weekday if repeat else "")
            del waiting[key]
    return found


def occurrences(repeat: Repeat, first: date, until: date) -> Iterator[date]:
    """Yield the days on which a repeated thing is due, from ``first`` to before ``until``.

    Over the last weeks, where the rule says so, it is due each week, counted back from ``until``.
    """
    dense = until - repeat.weekly_in_last * _WEEK
    number, day = 0, first
    while day < (dense if repeat.weekly_in_last else until):
        yield day
        number += 1
        day = _after(first, repeat, number)
    for week in range(repeat.weekly_in_last, 0, -1):
        if (due := until - week * _WEEK) >= first:
            yield due


def _after(first: date, repeat: Repeat, number: int) -> date:
    if repeat.unit == "weeks":
        return first + number * repeat.every * _WEEK
    year, month = divmod(first.month - 1 + number * repeat.every, 12)
    last = months.monthrange(first.year + year, month + 1)[1]
    return date(first.year + year, month + 1, min(first.day, last))


def _plural(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
