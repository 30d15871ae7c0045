"""Reading what registration is told beside the hub: the point that it concerns, the value and the date."""

from __future__ import annotations

from datetime import datetime

from harness.errors import ConfigurationError
from simulators.registration import loading
from simulators.registration.case import Case
from simulators.registration.items import Item
from simulators.registration.point import MeteringPoint


def where(case: Case) -> str:
    """Return how errors name what was told."""
    return f"{case.acting.party.dip_id} was told {case.told.what}"


def told_point(case: Case) -> MeteringPoint:
    """Return the point that was named; raises ConfigurationError where it is not registered."""
    if case.point is None:
        raise ConfigurationError(f"MPAN {case.mpan} is not in its register", where=where(case))
    return case.point


def effective_date(case: Case) -> datetime:
    """Return the moment that ``effective`` states, the present where it is absent.

    Raises ConfigurationError for what is no aware time.
    """
    stated = case.told.content.get("effective")
    return loading.stated_moment(stated, f"{where(case)}: effective", otherwise=case.moment)


def past_date(case: Case) -> datetime:
    """Return the effective date of what has happened already; raises ConfigurationError for a later one."""
    effective = effective_date(case)
    if effective > case.now:
        raise ConfigurationError(
            "effective is in the future", where=where(case), mend="Tell it when it has happened."
        )
    return effective


def changed_point(case: Case, item: Item) -> MeteringPoint:
    """Return the point with the ``value`` that was told, from its date on.

    Raises ConfigurationError for a value that the item can't have.
    """
    if case.told.content.get("value") in (None, loading.NONE):
        raise ConfigurationError("has no value", where=where(case))
    network = case.acting.network
    value = loading.value(item, case.told.content["value"], network, where=f"{where(case)}: value")
    return told_point(case).put(item, value, effective_date(case), case.now)
