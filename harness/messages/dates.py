"""How messages write clock midnights, UTC midnights and the settlement periods of a UTC day.

Appointments and reads take effect at clock midnight (change request CR036); settlement days and periods
stay in UTC.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from harness.calendars.local_time import clock_midnight

PERIODS_PER_DAY = 48
PERIOD_MINUTES = 30


@lru_cache(maxsize=8192)
def midnight_text(day: date) -> str:
    """Write the clock midnight that begins ``day`` as messages do: 25 characters, UTC."""
    return _text(clock_midnight(day))


@lru_cache(maxsize=8192)
def utc_midnight_text(day: date) -> str:
    """Write the UTC midnight that begins ``day`` as messages do."""
    return f"{day.isoformat()}T00:00:00+00:00"


@lru_cache(maxsize=1024)
def period_ends(day: date) -> tuple[str, ...]:
    """Return the ends of the 48 settlement periods of a UTC day: 00:30 to the next day's 00:00."""
    midnight = datetime.combine(day, time(), UTC)
    return tuple(
        _text(midnight + timedelta(minutes=PERIOD_MINUTES * n)) for n in range(1, PERIODS_PER_DAY + 1)
    )


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")
