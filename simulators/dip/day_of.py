"""For which times a message's values are: whoever served the metering point then has a right to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from harness.clock import message_time
from simulators.dip.model import Draft

_PERIOD = timedelta(minutes=30)


def moments(draft: Draft) -> tuple[str, ...]:
    """Return when the first and the last period of each settlement day begin, as 25 characters in UTC.

    Block B900 holds them (IF-021 and its answer IF-014); a message without it has none. A day that two data
    services share at a local midnight is thus told to each supplier for its own periods.
    """
    quantity = draft.blocks().get("B900")
    days = quantity.get("settlementDayConsumptionPeriods") if isinstance(quantity, Mapping) else None
    found = [begin for day in days or () for begin in _ends(day.get("consumptionPeriods") or ())]
    return tuple(dict.fromkeys(found))


def _ends(periods: Sequence[Mapping[str, Any]]) -> list[str]:
    times = sorted(begin for period in periods if (begin := _begin(period.get("sp"))) is not None)
    return [message_time(times[0]), message_time(times[-1])] if times else []


def _begin(written: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(written)) - _PERIOD
    except (ValueError, OverflowError):
        return None
