"""A metering point as a reader of the register sees it: plain texts, lists and mappings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from harness.clock import message_time
from simulators.registration.history import Span
from simulators.registration.items import Item
from simulators.registration.point import MeteringPoint
from simulators.registration.request import Appointment
from simulators.registration.services import Service
from simulators.registration.switching import Switch


def shown(
    point: MeteringPoint, as_of: datetime | None = None, as_known: datetime | None = None
) -> dict[str, Any]:
    """Return everything about a point.

    Each item is a list of what was or will be in force, earliest first: the parts of the value (``value``
    where it has none) with ``from`` and ``to``. ``as_known`` shows what was on record at a moment;
    ``as_of`` leaves of each item what is in force at a moment.
    """
    return {
        "mpan": point.mpan,
        "distributor": point.distributor,
        "created": message_time(point.created),
        **{item.value: _spans(point, item, as_of, as_known) for item in Item},
        "appointments": [_appointment(each) for each in point.appointments],
        "switches": [_switch(each) for each in point.switches],
        "switching_service": _refresh(point) if point.refresh else None,
    }


def _spans(
    point: MeteringPoint, item: Item, as_of: datetime | None, as_known: datetime | None
) -> list[dict[str, Any]]:
    spans = point.history(item).spans(as_known)
    return [_span(span) for span in spans if span.value is not None and (as_of is None or span.holds(as_of))]


def _span(span: Span[Any]) -> dict[str, Any]:
    plain = _plain(span.value)
    parts = plain if isinstance(plain, Mapping) else {"value": plain}
    return {
        **parts,
        "from": message_time(span.since),
        "to": message_time(span.until) if span.until else None,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return message_time(value)
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value


def _appointment(appointment: Appointment) -> dict[str, Any]:
    return {
        "service": appointment.service.value,
        "stage": appointment.stage.value,
        "supplier": appointment.supplier,
        "provider": appointment.provider,
        "scenario": appointment.scenario,
        "effective": message_time(appointment.effective) if appointment.effective else None,
        "answer": appointment.answer,
    }


def _refresh(point: MeteringPoint) -> dict[str, Any]:
    """Return what the switching service holds of the agents, and whether it is what the register has."""
    told = point.refresh
    assert told is not None
    stated = {Service.METERING: told.metering_service, Service.DATA: told.data_service}
    held = {service: point.provider_at(service, told.as_at) for service in Service}
    agrees = all((one.dip_id if one else "") == stated[service] for service, one in held.items())
    return {
        "as_at": message_time(told.as_at),
        **{service.value: dip_id or None for service, dip_id in stated.items()},
        "agrees": agrees,
    }


def _switch(switch: Switch) -> dict[str, Any]:
    return {
        "registration": switch.registration,
        "stage": switch.stage.value,
        "supplier": switch.supplier,
        "supplier_mpid": switch.supplier_mpid,
        "effective": message_time(switch.effective),
        "initial": switch.initial,
        "legacy": switch.legacy,
    }
