"""Settlement runs: told or by the calendar, with the notices of what was defaulted (IF-013)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any

from harness.calendars.book import calendars
from harness.clock import message_time
from harness.errors import ConfigurationError
from harness.messages.consumption import kwh
from harness.messages.dates import PERIOD_MINUTES, utc_midnight_text
from simulators.participants import sending
from simulators.participants.behaviours import Acting, Outgoing, Reaction
from simulators.participants.consuming import de_energised
from simulators.participants.playing import State
from simulators.participants.readings import profile
from simulators.participants.record import DATA, SUPPLIER, Point
from simulators.participants.settling import Account, Result
from simulators.participants.settling_rules import PERIOD, barred
from simulators.participants.sharded import Sharded

RUNS = ("II", "SF", "R1", "R2", "R3", "RF")
RUN_AT = time(12, tzinfo=UTC)
"""When a run of the calendar takes place; assumed."""
_FIRST_CLASS = 100


@dataclass(frozen=True, slots=True)
class Desk:
    """What the service keeps besides its record."""

    accounts: Sharded[str, Account]
    """By MPAN."""
    maximum: int
    """Wh in a period, at most."""
    timetable: str | None
    first: date | None
    """First settlement day that it settles by the calendar, None when it waits to be told."""
    last: date | None
    release: str = ""
    """Of the latest message heard; calendar runs speak in it."""
    done: frozenset[tuple[date, str]] = frozenset()
    """Runs that took place, by settlement day."""
    defaults: int = 0
    """Runs of a metering point so far; the run number of the notices."""

    def account(self, mpan: str) -> Account:
        """Return what is held of a metering point, an empty account where nothing is."""
        return self.accounts.get(mpan) or Account()

    def with_account(self, mpan: str, account: Account) -> Desk:
        """Return the desk with an account replaced."""
        return replace(self, accounts=self.accounts.put(mpan, account))


def ran(state: State, mpans: list[str], day: date, run: str, acting: Acting) -> Reaction:
    """Run settlement for a day; IF-013 tells of every period that had to be defaulted."""
    sent: tuple[Outgoing, ...] = ()
    desk: Desk = state.own
    for mpan in mpans:
        point = state.record.point(mpan)
        account = desk.account(mpan).run(
            day, run, profile(point, acting), partial(_supplier, point), partial(_counts, point)
        )
        desk = replace(desk.with_account(mpan, account), defaults=desk.defaults + 1)
        sent += _defaults(desk, point, day, run, account.runs[day, run], acting)
    desk = replace(desk, done=desk.done | {(day, run)})
    return replace(state, own=desk), sent


def _supplier(point: Point, start: datetime) -> str:
    return point.of(SUPPLIER, start) or ""


def _counts(point: Point, start: datetime) -> bool:
    """Say whether a missing period is defaulted: supplied, energised, and not barred."""
    if point.of(SUPPLIER, start) is None or de_energised(point, start + PERIOD):
        return False
    return not barred(point, point.of(DATA, start) or "", start)


def _defaults(
    desk: Desk, point: Point, day: date, run: str, result: Result, acting: Acting
) -> tuple[Outgoing, ...]:
    """Return IF-013 for the defaulted periods, one for each pair of data service and supplier."""
    groups: dict[tuple[str, str], list[datetime]] = {}
    for end in result.defaulted:
        start = end - PERIOD
        pair = point.of(DATA, start) or "", point.of(SUPPLIER, start) or ""
        groups.setdefault(pair, []).append(end)
    return tuple(
        _defaulted(desk.release, point, day, run, desk.defaults, pair, ends, acting)
        for pair, ends in groups.items()
        if all(pair)
    )


def _defaulted(
    release: str,
    point: Point,
    day: date,
    run: str,
    number: int,
    pair: tuple[str, str],
    ends: list[datetime],
    acting: Acting,
) -> Outgoing:
    data_service, supplier = pair
    described, used = sending.described(point, acting), profile(point, acting)
    listed = [
        {
            "settlementPeriodEffectiveToDateTime": message_time(end),
            "defaultedSPConsumption": kwh(used.period(end)),
            "defaultLoadShapeFlag": "D",
        }
        for end in ends
    ]
    component = {
        "consumptionComponentClassID": _FIRST_CLASS,
        "consumptionComponentIndicator": "C",
        "domesticPremiseIndicator": described.domestic,
        "marketSegmentIndicator": described.segment,
        "measurementQuantityID": "AI",
    }
    day_of = {
        "settlementDay": {"settlementDayDate": utc_midnight_text(day), "periodDuration": PERIOD_MINUTES},
        "defaultedConsumptionPeriods": listed,
    }
    custom: dict[str, Any] = {
        "B043": {
            "settlementImpactedDataServiceDIPID": data_service,
            "settlementImpactedSupplierDIPID": supplier,
        },
        "B049": {
            "settlementCode": run,
            "runNumber": number,
            "settlementRunExecutionDate": utc_midnight_text(acting.now.astimezone(UTC).date()),
        },
        "B920List": [{"MQID": component, "settlementDayConsumptionPeriods": [day_of]}],
    }
    return sending.message(release, "IF-013", "ActivePowerDefaulted", point, acting, to=pair, custom=custom)


def due(state: State) -> datetime | None:
    """Return when the calendar has the next run."""
    return min((at for at, _, _ in _calendar(state.own)), default=None)


def _calendar(desk: Desk) -> list[tuple[datetime, date, str]]:
    """Return when the runs of the days that it settles are due and have not taken place."""
    if desk.first is None or desk.last is None or not desk.release:
        return []
    found = []
    for number in range(desk.first.toordinal(), desk.last.toordinal() + 1):
        day = date.fromordinal(number)
        for run in RUNS:
            if (day, run) in desk.done:
                continue
            try:
                on = calendars().settlement_run_date(day, run, desk.timetable)
            except ConfigurationError:
                continue
            found.append((datetime.combine(on, RUN_AT), day, run))
    return sorted(found)


def by_calendar(state: State, acting: Acting) -> Reaction:
    """Run whatever the calendar has had since."""
    sent: tuple[Outgoing, ...] = ()
    for at, day, run in _calendar(state.own):
        if at <= acting.now:
            state, more = ran(state, sorted(state.record.points), day, run, acting)
            sent += more
    return state, sent
