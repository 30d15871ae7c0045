"""Meter details: IF-005 from a metering service, IF-006 in answer.

A change stands on record from the day on which it was made on site, so that later states of the record have
it too. The outcome of an accepted change also lists the other meters in place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from simulators.registration.answering import answer, repeated
from simulators.registration.blocks import listed_meter
from simulators.registration.case import Case, Outcome, handles
from simulators.registration.items import Item, Meter
from simulators.registration.notices import Blocks, Form, forms
from simulators.registration.point import MeteringPoint
from simulators.registration.processes.meter_change import (
    EXCHANGE,
    HISTORY_UPDATE,
    INSTALL,
    REMOVAL,
    UPDATE,
    MeterChange,
    read,
)
from simulators.registration.processes.meter_rules import RULES
from simulators.registration.processes.segment import Change, settled

Meters = tuple[Meter, ...]
EVENTS = (INSTALL, EXCHANGE, REMOVAL, UPDATE, HISTORY_UPDATE)
_repeated = repeated("B030", "B039", "B906")


def _other_meters(case: Case) -> Blocks:
    change = read(case)
    touched = {change.serial, change.modified_serial, change.removed_serial}
    others = [listed_meter(meter) for serial, meter in change.installed.items() if serial not in touched]
    return {**_repeated(case), "B905List": others or None}


_CONCERNS = ("sender", "metering service", "data service", "supplier", "distributor", "retriever", "EES")
ACCEPTED: dict[str, Form[Case]] = {
    event: Form(
        "IF-006", event, _CONCERNS, _other_meters, "third-party",
        "receivers of IF-006 where the update succeeded; a predecessor's reaches its successor too (assumed)",
    )
    for event in EVENTS
}  # fmt: skip
REFUSED: dict[str, Form[Case]] = {
    event: Form(
        "IF-006", event, ("sender",), lambda case: {**_repeated(case), "B905List": None}, "third-party",
        "others hear of it only where it succeeded",
    )
    for event in EVENTS
}  # fmt: skip
forms("meters", *ACCEPTED.values(), *REFUSED.values())


@handles("IF-005", *EVENTS)
def update(case: Case) -> Outcome:
    """Install, exchange, remove or correct a meter, or refuse to."""
    change = read(case)
    form, refused = ACCEPTED[change.event], REFUSED[change.event]
    outcome = answer(case, RULES, change, form, refused, lambda: (recorded(change),))
    if not outcome.points:
        return outcome
    on = change.date or case.moment
    return outcome.then(settled(Change(case, case.known_point, outcome.points[0], on)))


def recorded(change: MeterChange) -> MeteringPoint:
    """Return the point with an IF-005 that broke no rule on record."""
    case, point = change.case, change.case.known_point
    if change.event in (EXCHANGE, REMOVAL):
        assert change.removed_at is not None
        point = _from(case, point, change.removed_at, _without(change.removed_serial, change.removed_at))
    if change.event in (INSTALL, EXCHANGE):
        meter = change.meter()
        point = _from(case, point, meter.installed, lambda held: (*held, meter))
    held = change.corrected
    if change.event in (UPDATE, HISTORY_UPDATE) and held is not None:
        point = _from(case, point, min(held.installed, change.meter().installed), _corrected(change, held))
    if change.display_from is not None:
        status = change.display.get("IHDInstallStatus")
        point = point.put(Item.IHD, status, change.display_from, case.now)
    return point


def _from(
    case: Case, point: MeteringPoint, effective: datetime, change: Callable[[Meters], Meters]
) -> MeteringPoint:
    """Return the point with its meters changed from a moment on, in every later state that is on record."""
    later = [span for span in point.history(Item.METERS).spans() if span.since > effective]
    point = point.put(Item.METERS, change(point.meters_at(effective)), effective, case.now)
    for span in later:
        point = point.put(Item.METERS, change(span.value or ()), span.since, case.now)
    return point


def _without(serial: str | None, moment: datetime) -> Callable[[Meters], Meters]:
    def change(held: Meters) -> Meters:
        return tuple(
            replace(meter, removed=moment) if meter.serial == serial and meter.removed is None else meter
            for meter in held
        )

    return change


def _corrected(change: MeterChange, before: Meter) -> Callable[[Meters], Meters]:
    """Return how a correction changes a state; one from before its removal does not know of that."""
    told = change.meter()

    def correct(held: Meters) -> Meters:
        others = tuple(m for m in held if (m.serial, m.installed) != (before.serial, before.installed))
        gone = any(m.removed for m in held if m not in others)
        return (*others, replace(told, removed=told.removed if gone else None))

    return correct
