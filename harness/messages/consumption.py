"""Half-hourly consumption that looks like people live there: profiles, settlement periods, load shapes.

The shapes are hand-drawn and assumed; only their form matters (night trough, evening peak, office hours,
street lights, reactive share). Values are kWh or kVArh per UTC half hour, never negative, with three
decimals.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date
from functools import cache

from harness.messages.dates import period_ends

_HOURLY = {
    "home": (5, 4, 4, 4, 4, 5, 8, 12, 12, 10, 9, 9, 10, 9, 9, 10, 14, 19, 21, 20, 18, 15, 11, 7),
    "works": (6, 6, 6, 6, 7, 9, 14, 20, 25, 26, 26, 26, 25, 26, 26, 25, 22, 16, 11, 9, 8, 7, 7, 6),
    "lights": (20, 20, 20, 20, 20, 18, 12, 5, 0, 0, 0, 0, 0, 0, 0, 3, 10, 16, 20, 20, 20, 20, 20, 20),
}
_SEASON = (1.25, 1.2, 1.1, 1.0, 0.9, 0.82, 0.8, 0.82, 0.9, 1.0, 1.12, 1.25)
_DAYS_PER_YEAR = 365
OFF_PEAK_PERIODS = 14


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
            "loadShapeDayOffPeakTotal": _kwh(off_peak),
            "loadShapeDayPeakTotal": _kwh(peak),
            "loadShapeDayTotal": _kwh(off_peak + peak),
            "loadShape7DayRollingOffPeakTotal": _kwh(rolling_off_peak),
            "loadShape7DayRollingPeakTotal": _kwh(rolling_peak),
            "loadShape7DayRollingTotal": _kwh(rolling_off_peak + rolling_peak),
        }
    ]


def _kwh(watt_hours: int) -> str:
    return f"{watt_hours // 1000}.{watt_hours % 1000:03d}"
