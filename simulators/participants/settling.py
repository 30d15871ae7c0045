"""What settlement holds: the periods of every metering point, and what each run made of a day (pure).

A run takes the periods as they are held then and keeps its result, so that data which comes later counts in
later runs alone. A period that is missing is defaulted (assumed: with the profile of the metering point).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from harness.messages.consumption import Profile, kwh, utc_day_ends
from harness.messages.dates import PERIODS_PER_DAY
from simulators.participants.settling_rules import PERIOD, Reported, settlement_day


@dataclass(frozen=True, slots=True)
class Held:
    """The value of a settlement period, and whose it is."""

    watt_hours: int
    actual: bool
    by: str
    """DIP id of the data service."""


@dataclass(frozen=True, slots=True)
class Value:
    """The value that a run took for a settlement period."""

    watt_hours: int
    actual: bool
    supplier: str
    """DIP id of who supplies in the period; empty where that is not known."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a run made of one metering point and day."""

    values: Mapping[datetime, Value]
    """By the end of the period."""
    estimated: int
    """Periods whose data is an estimate."""
    defaulted: tuple[datetime, ...]
    """Ends of the periods without data."""

    @property
    def by_supplier(self) -> dict[str, int]:
        """Return the Wh of each supplier."""
        found: dict[str, int] = {}
        for value in self.values.values():
            found[value.supplier] = found.get(value.supplier, 0) + value.watt_hours
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return it as ``look_up`` shows it."""
        by_supplier = self.by_supplier
        return {
            "kwh": kwh(sum(by_supplier.values())),
            "periods": len(self.values) - len(self.defaulted),
            "estimated": self.estimated,
            "defaulted": len(self.defaulted),
            "by_supplier": {who: kwh(watt_hours) for who, watt_hours in by_supplier.items()},
        }


Periods = Mapping[datetime, Held]
_NOTHING: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Account:
    """What settlement has of one metering point."""

    periods: Mapping[tuple[date, str], Periods] = field(default_factory=lambda: _NOTHING)
    """By UTC day and measurement quantity."""
    runs: Mapping[tuple[date, str], Result] = field(default_factory=lambda: _NOTHING)
    """By UTC day and run."""
    replaced: int = 0
    """Periods of one data service that took the place of another's."""

    def hold(self, quantity: str, reported: Iterable[Reported], by: str) -> Account:
        """Return the account with a message's periods; a later value takes the place of an earlier."""
        days, replaced = dict(self.periods), self.replaced
        for period in reported:
            if period.end is None:
                continue
            key = settlement_day(period.end), quantity
            before = days.get(key, _NOTHING)
            earlier = before.get(period.end)
            replaced += earlier is not None and earlier.by != by
            held = Held(period.watt_hours, period.actual, by)
            days[key] = MappingProxyType({**before, period.end: held})
        return replace(self, periods=MappingProxyType(days), replaced=replaced)

    def run(
        self,
        day: date,
        run: str,
        profile: Profile,
        supplier: Callable[[datetime], str],
        counts: Callable[[datetime], bool],
    ) -> Account:
        """Return the account after a run of a day.

        ``supplier`` names who supplies, and ``counts`` says whether there is anything to default, in the
        period that begins at a time.
        """
        held = self.periods.get((day, "AI"), _NOTHING)
        values = {
            end: Value(each.watt_hours, each.actual, supplier(end - PERIOD)) for end, each in held.items()
        }
        missing = tuple(end for end in utc_day_ends(day) if end not in held and counts(end - PERIOD))
        values |= {end: Value(profile.period(end), False, supplier(end - PERIOD)) for end in missing}
        estimated = sum(not each.actual for each in held.values())
        result = Result(MappingProxyType(values), estimated, missing)
        return replace(self, runs=MappingProxyType({**self.runs, (day, run): result}))

    def annual(self, days: int, last: date) -> tuple[int, str]:
        """Return the annual consumption (Wh) and its quality (DI-150), of the ``days`` up to ``last``.

        Scaled up from the periods held; how it is calculated is assumed, the qualities are published.
        """
        first = date.fromordinal(last.toordinal() - days + 1)
        held = [
            each
            for (day, quantity), periods in self.periods.items()
            if quantity == "AI" and first <= day <= last
            for each in periods.values()
        ]
        wanted = days * PERIODS_PER_DAY
        if not held:
            return 0, "D"
        yearly = round(sum(each.watt_hours for each in held) * 365 * PERIODS_PER_DAY / len(held))
        return yearly, _quality(len(held) / wanted, sum(each.actual for each in held) / len(held))

    def as_dict(self) -> dict[str, Any]:
        """Return the account as ``look_up`` shows it."""
        consumption: dict[str, dict[str, Any]] = {}
        for (day, quantity), periods in sorted(self.periods.items(), key=lambda pair: pair[0]):
            consumption.setdefault(day.isoformat(), {})[quantity] = _as_dict(periods)
        runs: dict[str, dict[str, Any]] = {}
        for (day, run), result in self.runs.items():
            runs.setdefault(day.isoformat(), {})[run] = result.as_dict()
        return {"consumption": consumption, "runs": runs, "replaced_periods": self.replaced}


def totals(accounts: Iterable[Account]) -> dict[str, Any]:
    """Return kWh by day, run and supplier: what every report about them has to add up to."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for account in accounts:
        for (day, run), result in account.runs.items():
            suppliers = found.setdefault(day.isoformat(), {}).setdefault(run, {})
            for who, watt_hours in result.by_supplier.items():
                suppliers[who] = suppliers.get(who, 0) + watt_hours
    return {
        day: {run: {who: kwh(total) for who, total in suppliers.items()} for run, suppliers in runs.items()}
        for day, runs in found.items()
    }


def _as_dict(periods: Periods) -> dict[str, Any]:
    by: dict[str, int] = {}
    for each in periods.values():
        by[each.by] = by.get(each.by, 0) + 1
    return {
        "periods": len(periods),
        "kwh": kwh(sum(each.watt_hours for each in periods.values())),
        "estimated": sum(not each.actual for each in periods.values()),
        "by": by,
    }


def _quality(present: float, actual: float) -> str:
    if present < 1:
        return "4" if present < 0.5 else "5"
    if actual == 1:
        return "A"
    if actual == 0:
        return "3"
    return "1" if actual > 0.75 else "2"
