"""Half-hourly consumption that looks like people live there: profiles, settlement periods, load shapes.

`Profile` is the consumption of one metering point: whoever reports it, in whatever pieces, has the same
values, and they add up to the day, to the advance of a meter and to the year. The shapes are hand-drawn and
assumed; only their form matters (night trough, evening peak, office hours, street lights, reactive share).
Values are kWh or kVArh per UTC half hour, never negative, with three
decimals.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from itertools import pairwise

from harness.calendars.local_time import clock_midnight
from harness.messages.dates import PERIOD_MINUTES, PERIODS_PER_DAY, period_ends

_HOURLY = {
    "home": (5, 4, 4, 4, 4, 5, 8, 12, 12, 10, 9, 9, 10, 9, 9, 10, 14, 19, 21, 20, 18, 15, 11, 7),
    "works": (6, 6, 6, 6, 7, 9, 14, 20, 25, 26, 26, 26, 25, 26, 26, 25, 22, 16, 11, 9, 8, 7, 7, 6),
    "lights": (20, 20, 20, 20, 20, 18, 12, 5, 0, 0, 0, 0, 0, 0, 0, 3, 10, 16, 20, 20, 20, 20, 20, 20),
}
_SEASON = (1.25, 1.2, 1.1, 1.0, 0.9, 0.82, 0.8, 0.82, 0.9, 1.0, 1.12, 1.25)
_DAYS_PER_YEAR = 365
OFF_PEAK_PERIODS = 14
_PERIOD = timedelta(minutes=PERIOD_MINUTES)


@cache
def _weights(shape: str) -> tuple[float, ...]:
    hours = _HOURLY[shape]
    halves = []
    for hour, weight in enumerate(hours):
        later = hours[(hour + 1) % len(hours)]
        halves += [weight, (weight + later) / 2]
    total = sum(halves)
    return tuple(weight / total for weight in halves)


def shape_of(segment: str, *, domestic: bool) -> str:
    """Return the profile that suits a metering point."""
    return "lights" if segment == "U" else "home" if domestic else "works"


def half_hours(rng: random.Random, annual: float, shape: str, day: date) -> list[str]:
    """Return 48 period values of ``day`` for an annual consumption, as strings with three decimals."""
    daily = annual / _DAYS_PER_YEAR * _SEASON[day.month - 1]
    draw = rng.random
    return [f"{daily * weight * (0.8 + 0.4 * draw()):.3f}" for weight in _weights(shape)]


@dataclass(frozen=True, slots=True)
class Profile:
    """The half-hourly consumption of a metering point, in whole Wh (or VArh) per settlement period."""

    mpan: str
    annual: float
    """kWh a year"""
    shape: str

    def day(self, day: date) -> tuple[int, ...]:
        """Return the 48 periods of a UTC day; they add up to `total`."""
        return _day(self, day)

    def total(self, day: date) -> int:
        """Return the watt hours of a UTC day."""
        draw = random.Random(f"day/{self.mpan}/{day.toordinal()}").random()
        return round(self.annual * 1000 / _DAYS_PER_YEAR * _SEASON[day.month - 1] * (0.9 + 0.2 * draw))

    def period(self, end: datetime) -> int:
        """Return the watt hours of the settlement period that ends at ``end``."""
        day = utc_day(end)
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return self.day(day)[(end - midnight) // _PERIOD - 1]

    def advance(self, start: datetime, end: datetime) -> int:
        """Return the watt hours between two times on the half hour, what a meter's register moves on."""
        if end <= start:
            return 0
        first, last = utc_day(start + _PERIOD), utc_day(end)
        whole = range(first.toordinal() + 1, last.toordinal())
        if first == last:
            return sum(self.period(moment) for moment in _ends_between(start, end))
        edge = datetime(last.year, last.month, last.day, tzinfo=UTC)
        after_first = datetime(first.year, first.month, first.day, tzinfo=UTC) + timedelta(days=1)
        return (
            sum(self.period(moment) for moment in _ends_between(start, after_first))
            + sum(self.total(date.fromordinal(number)) for number in whole)
            + sum(self.period(moment) for moment in _ends_between(edge, end))
        )


@lru_cache(maxsize=4096)
def _day(profile: Profile, day: date) -> tuple[int, ...]:
    draw = random.Random(f"periods/{profile.mpan}/{day.toordinal()}").random
    parts = [weight * (0.8 + 0.4 * draw()) for weight in _weights(profile.shape)]
    total, whole = profile.total(day), sum(parts)
    bounds, running = [0], 0.0
    for part in parts:
        running += part
        bounds.append(round(total * running / whole))
    return tuple(later - earlier for earlier, later in pairwise(bounds))


def utc_day(end: datetime) -> date:
    """Return the UTC day that the settlement period ending at ``end`` belongs to: 24:00 to the day before."""
    return (end.astimezone(UTC) - _PERIOD).date()


def _ends_between(start: datetime, end: datetime) -> Iterable[datetime]:
    count = (end - start) // _PERIOD
    return (start + _PERIOD * number for number in range(1, count + 1))


def local_day_ends(day: date) -> tuple[datetime, ...]:
    """Return the ends (UTC) of the half hours of a local day in Great Britain: 46, 48 or 50 of them."""
    return tuple(_ends_between(clock_midnight(day), clock_midnight(day + timedelta(days=1))))


def utc_day_ends(day: date) -> tuple[datetime, ...]:
    """Return the ends of the 48 settlement periods of a UTC day."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return tuple(_ends_between(midnight, midnight + _PERIOD * PERIODS_PER_DAY))


def by_utc_day(ends: Iterable[datetime]) -> dict[date, list[datetime]]:
    """Sort the ends of settlement periods under their UTC days."""
    found: dict[date, list[datetime]] = {}
    for end in ends:
        found.setdefault(utc_day(end), []).append(end)
    return found


def consumption_periods(
    rng: random.Random, annual: float, shape: str, day: date, *, estimated: float = 0.04
) -> list[dict[str, object]]:
    """Return 48 settlement periods (B047); a share ``estimated`` has quality E1, reason 2 (missing data)."""
    periods: list[dict[str, object]] = []
    for end, value in zip(period_ends(day), half_hours(rng, annual, shape, day), strict=True):
        missing = rng.random() < estimated
        quality, reason = ("E1", "2") if missing else ("A", None)
        periods.append({"sp": end, "v": value, "q": quality, "e": reason, "arc": None})
    return periods


def retrieved_periods(rng: random.Random, annual: float, shape: str, day: date) -> list[dict[str, object]]:
    """Return 48 settlement periods as a meter data retriever sends them (B084): all actual."""
    values = half_hours(rng, annual, shape, day)
    return [{"sp": end, "v": value, "q": "A"} for end, value in zip(period_ends(day), values, strict=True)]


def defaulted_periods(rng: random.Random, annual: float, shape: str, day: date) -> list[dict[str, object]]:
    """Return 48 settlement periods that settlement filled from a default load shape (B048)."""
    values = half_hours(rng, annual, shape, day)
    return [
        {
            "settlementPeriodEffectiveToDateTime": end,
            "defaultedSPConsumption": value,
            "defaultLoadShapeFlag": "D",
        }
        for end, value in zip(period_ends(day), values, strict=True)
    ]


def load_shape_periods(rng: random.Random, annual: float, shape: str, day: date) -> list[dict[str, object]]:
    """Return the 48 values of a load shape (B052), all from actual data."""
    values = half_hours(rng, annual, shape, day)
    return [
        {"sp": end, "loadShapePeriodValue": value, "defaultLoadShapeFlag": "A"}
        for end, value in zip(period_ends(day), values, strict=True)
    ]


def load_shape_totals(
    rng: random.Random, annual: float, shape: str, days: Sequence[date]
) -> list[dict[str, object]]:
    """Return the totals of a load shape (B053) for the last of ``days``, the rolling ones over all of them.

    Off-peak is the first 14 periods of the UTC day; day and seven-day totals are the sums of their parts.
    """
    off_peak = peak = rolling_off_peak = rolling_peak = 0
    for day in days:
        watt_hours = [int(value.replace(".", "")) for value in half_hours(rng, annual, shape, day)]
        off_peak, peak = sum(watt_hours[:OFF_PEAK_PERIODS]), sum(watt_hours[OFF_PEAK_PERIODS:])
        rolling_off_peak += off_peak
        rolling_peak += peak
    return [
        {
            "loadShapeDayOffPeakTotal": kwh(off_peak),
            "loadShapeDayPeakTotal": kwh(peak),
            "loadShapeDayTotal": kwh(off_peak + peak),
            "loadShape7DayRollingOffPeakTotal": kwh(rolling_off_peak),
            "loadShape7DayRollingPeakTotal": kwh(rolling_peak),
            "loadShape7DayRollingTotal": kwh(rolling_off_peak + rolling_peak),
        }
    ]


def kwh(watt_hours: int) -> str:
    """Write watt hours as kWh with three decimals."""
    return f"{watt_hours // 1000}.{watt_hours % 1000:03d}"
