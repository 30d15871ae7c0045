"""Which ECS codes answer consumption (IF-021): one rule a row, each with its condition and basis.

The codes and their meanings are published, the conditions are assumed. All rules are held against a message,
so that an answer names everything that is wrong with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from harness.calendars.book import Calendars
from harness.errors import ConfigurationError
from harness.messages.dates import PERIOD_MINUTES
from simulators.participants.consuming import REACTIVE, de_energised
from simulators.participants.lessons import moment
from simulators.participants.record import DATA, Point

PERIOD = timedelta(minutes=PERIOD_MINUTES)
_DAY = timedelta(days=1)
LAST_RUN = "RF"


@dataclass(frozen=True, slots=True)
class Reported:
    """One settlement period of a message."""

    end: datetime | None
    """None when the text is no time."""
    stated: str
    watt_hours: int
    quality: str
    reason: str | None
    amendment: str | None
    day: datetime | None
    """The settlement day that it is listed under."""

    @property
    def actual(self) -> bool:
        """Whether the value is actual: its quality begins with A."""
        return self.quality.startswith("A")

    @property
    def zero_estimate(self) -> bool:
        """Whether the quality says that the value is zero."""
        return self.quality.startswith("ZE")


@dataclass(frozen=True, slots=True)
class Case:
    """What a rule looks at."""

    event: str
    quantity: str
    periods: Sequence[Reported]
    connection_type: str
    connection_from: datetime | None
    sender: str
    point: Point
    now: datetime
    maximum: int
    """Wh in a period, at most."""
    calendars: Calendars
    timetable: str | None

    @property
    def ends(self) -> list[datetime]:
        """Return the ends of the periods that are times."""
        return [period.end for period in self.periods if period.end is not None]


Condition = Callable[[Case], Iterator[str]]
"""Yields the places that break the rule."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A message that breaks it is refused with ``code``."""

    code: str
    broken: Condition
    reason: str
    basis: str = "assumed"


def _each(wrong: Callable[[Case, Reported, datetime], bool]) -> Condition:
    def condition(case: Case) -> Iterator[str]:
        for period in case.periods:
            if period.end is not None and wrong(case, period, period.end):
                yield period.stated

    return condition


def _quantity(case: Case) -> Iterator[str]:
    if (case.event == "ReactivePower") != (case.quantity in REACTIVE):
        yield case.quantity


def _past_last_run(case: Case) -> Iterator[str]:
    for day in sorted({(end - PERIOD).date() for end in case.ends}):
        try:
            last = case.calendars.settlement_run_date(day, LAST_RUN, case.timetable)
        except ConfigurationError:
            continue
        if case.now.date() > last:
            yield day.isoformat()


def _off_the_half_hour(_case: Case, _period: Reported, end: datetime) -> bool:
    midnight = datetime.combine(end.astimezone(UTC).date(), time(tzinfo=UTC))
    return bool((end - midnight) % PERIOD)


def _outside_its_day(_case: Case, period: Reported, end: datetime) -> bool:
    return period.day is not None and not period.day < end <= period.day + _DAY


def _duplicated(case: Case) -> Iterator[str]:
    ends = sorted(case.ends)
    for earlier, later in pairwise(ends):
        if earlier == later:
            yield later.isoformat()


def _overlapping(case: Case) -> Iterator[str]:
    ends = sorted(set(case.ends))
    for earlier, later in pairwise(ends):
        if later - earlier < PERIOD:
            yield later.isoformat()


def barred(point: Point, sender: str, start: datetime) -> bool:
    """Say whether the status of a metering point bars a data service's consumption from ``start``."""
    gone, until, since = (
        moment(point.facts.get(name)) for name in ("disconnected_from", "mhhs_until", "mhhs_from")
    )
    if (gone and start >= gone) or (until and start >= until) or (since and start < since):
        return True
    if point.facts.get("regime") == "legacy" and since is None:
        return True
    serving = point.of(DATA, start)
    return bool(point.terms.get(DATA)) and serving != sender


def _before_connection(case: Case, _period: Reported, end: datetime) -> bool:
    if case.connection_from is not None and end <= case.connection_from:
        return True
    known = case.point.facts.get("connection_type")
    since = moment(case.point.facts.get("connection_type_from"))
    if known is None or since is None or end - PERIOD < since:
        return False
    return case.connection_type != str(known)


def _midnight(case: Case) -> Iterator[str]:
    for day in {period.day for period in case.periods}:
        if day is not None and day.astimezone(UTC).time() != time():
            yield day.isoformat()


RULES: tuple[Rule, ...] = (
    Rule("ECS1002", _quantity, "RI and RE belong to ReactivePower, AI and AE to ActivePower"),
    Rule("ECS1003", _past_last_run, "the day of run RF is over, by the settlement timetable"),
    Rule(
        "ECS1005",
        _each(lambda c, p, e: _off_the_half_hour(c, p, e) or _outside_its_day(c, p, e)),
        "a period that does not end on the half hour, or outside the settlement day that it is listed under",
    ),
    Rule("ECS1006", _duplicated, "two periods of the message end together"),
    Rule("ECS1007", _overlapping, "two periods of the message end less than 30 minutes apart"),
    Rule(
        "ECS1008",
        _each(lambda c, p, e: de_energised(c.point, e) and not p.actual and not p.zero_estimate),
        "an estimate for a time at which the metering point is de-energised; a zero estimate is none",
    ),
    Rule(
        "ECS1009",
        _each(lambda c, _, e: barred(c.point, c.sender, e - PERIOD)),
        "disconnected, outside the half-hourly regime, or of a data service that is not appointed then",
    ),
    Rule("ECS1010", _each(lambda _c, p, _e: p.watt_hours < 0), "a value below zero"),
    Rule(
        "ECS1011",
        _each(lambda _c, p, _e: p.zero_estimate and p.watt_hours != 0),
        "a quality that begins with ZE and a value that is not zero",
    ),
    Rule(
        "ECS1012",
        _each(lambda c, p, _e: p.watt_hours > c.maximum),
        "a value above `settlement.maximum_period_kwh`",
    ),
    Rule(
        "ECS1013",
        _each(_before_connection),
        "a period before the connection type that the message names, or of another type than is known",
    ),
    Rule("ECS1014", _midnight, "a settlement day that is not written as 00:00:00 UTC"),
    Rule(
        "ECS1015",
        _each(lambda _c, p, _e: not p.actual and p.reason is None),
        "an estimate without a reason code",
    ),
    Rule(
        "ECS1016",
        _each(lambda _c, p, _e: p.reason == AMENDED and p.amendment is None),
        "the estimation reason 9 (consumption amendment) without an amendment reason code",
    ),
)
AMENDED = "9"

NEVER_ANSWERED = {
    "ECS1004": "the schema allows a duration of 30 minutes only: a hub that validates lets nothing else pass"
}
"""Published ECS codes that can't be reached, with the reason."""


def broken(case: Case) -> list[tuple[str, str]]:
    """Return every broken rule's code with the first place that breaks it, in the order of the table."""
    found = []
    for rule in RULES:
        place = next(rule.broken(case), None)
        if place is not None:
            found.append((rule.code, place))
    return found


def reported(block: Any) -> list[Reported]:
    """Return the settlement periods of block B900."""
    found = []
    for day in block.get("settlementDayConsumptionPeriods", ()):
        begins = moment(day["settlementDay"]["settlementDayDate"])
        for period in day["consumptionPeriods"]:
            found.append(
                Reported(
                    end=moment(period["sp"]),
                    stated=str(period["sp"]),
                    watt_hours=round(float(period["v"]) * 1000),
                    quality=str(period["q"]),
                    reason=period.get("e"),
                    amendment=period.get("arc"),
                    day=begins,
                )
            )
    return found


def settlement_day(end: datetime) -> date:
    """Return the UTC day of a period."""
    return (end.astimezone(UTC) - PERIOD).date()
