"""Appointment refreshes: which agents the switching service holds for a metering point.

They may come out of order, so the newest statement counts and not the last that came. The register is not
changed by one (assumed: agents are appointed here and stated there); what a register shows says whether the
two agree.
"""

from __future__ import annotations

from dataclasses import replace

from harness.errors import ConfigurationError
from simulators.registration.case import NOTHING, Case, Outcome, told
from simulators.registration.moments import moment
from simulators.registration.services import WORDS, Service
from simulators.registration.switching import Refresh
from simulators.registration.telling import told_point, where

_CONTENT = frozenset({"mpan", "as_at", *(service.value for service in Service)})


@told("appointment-refresh")
def refreshed(case: Case) -> Outcome:
    """Take note of the agents (``metering_service``, ``data_service``) held by the switching service.

    ``as_at`` is when it said so; a statement older than the one on record changes nothing.
    """
    point = told_point(case)
    unknown = case.told.content.keys() - _CONTENT
    if unknown:
        raise ConfigurationError(f"'{min(unknown)}' is no field", where=where(case))
    as_at = moment(case.told.content.get("as_at"))
    if as_at is None:
        raise ConfigurationError("as_at is no time with an offset", where=where(case))
    stated = Refresh(as_at, _agent(case, Service.METERING), _agent(case, Service.DATA))
    if point.refresh is not None and point.refresh.as_at >= as_at:
        return NOTHING
    return Outcome((replace(point, refresh=stated),))


def _agent(case: Case, service: Service) -> str:
    dip_id = str(case.told.content.get(service.value) or "")
    parties = case.acting.network.parties
    if dip_id and not any(p.dip_id == dip_id and p.role in WORDS[service].roles for p in parties):
        raise ConfigurationError(f"'{dip_id}' is no {service.value.replace('_', ' ')}", where=where(case))
    return dip_id
