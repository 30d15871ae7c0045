"""Switches, as the Central Switching Service tells of them: first registration, change of supplier.

Told words: ``switch-pending`` (``mpan``, ``supplier``, ``effective``; optional ``registration``,
``initial``, ``legacy``, ``operator``, ``collector``), then ``switch-confirmed``, ``switch-secured-active``
or ``switch-cancelled`` (``mpan``, and ``registration`` where more than one switch is under way).
A supplier outside the new arrangements (``legacy``) makes it a reverse migration (`reverse_migration`).
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from harness.calendars.local_time import clock_midnight, local_date
from harness.errors import ConfigurationError, nearest
from harness.messages.identifiers import registration_id
from simulators.participants.behaviours import Outgoing
from simulators.registration.case import NOTHING, Case, Outcome, due, told
from simulators.registration.items import MHHS, Holder, Item
from simulators.registration.moments import moment
from simulators.registration.notices import Around, Form, write
from simulators.registration.point import MeteringPoint
from simulators.registration.processes.appointment import next_in_queue
from simulators.registration.processes.appointment_reminders import not_appointed
from simulators.registration.processes.appointment_table import Trigger
from simulators.registration.processes.ees import operational
from simulators.registration.processes.moving import Moved, move
from simulators.registration.processes.reverse_migration import reversed_migration
from simulators.registration.processes.switch_forms import CHANGE, GAINING_TOLD, INITIAL, Switching
from simulators.registration.processes.switch_table import (
    CANCELLED,
    CONFIRMED,
    PENDING,
    SECURED,
    TRANSITIONS,
)
from simulators.registration.processes.withdrawing import withdrawn
from simulators.registration.request import Stage
from simulators.registration.rule import stated
from simulators.registration.services import Service
from simulators.registration.switching import Switch, SwitchStage

_CONTENT = frozenset(
    {"mpan", "registration", "supplier", "effective", "initial", "legacy", "operator", "collector"}
)


@told(PENDING)
def pending(case: Case) -> Outcome:
    """Take a new switch and tell the gaining supplier of the point; a repeated word changes nothing.

    ``supplier`` is its DIP id, ``effective`` the clock midnight of the supply start; optional are
    ``registration``, ``initial``, ``legacy``, ``operator`` and ``collector``.
    """
    point = _point(case)
    switch = _read(case, point)
    if any(each.registration == switch.registration for each in point.switches):
        return NOTHING
    row = TRANSITIONS[None, PENDING]
    switch = replace(switch, stage=row.stage)
    sent = () if switch.initial or switch.legacy else _written(GAINING_TOLD, case, point, switch)
    return Outcome((point.with_switch(None, switch),), sent)


@told(CONFIRMED, SECURED, CANCELLED)
def goes_on(case: Case) -> Outcome:
    """Move a switch on; a word that does not fit where it stands changes nothing.

    ``registration`` names it where more than one is under way.
    """
    point = _point(case)
    switch = _named(case, point)
    row = TRANSITIONS.get((switch.stage, case.told.what))
    if row is None:
        return NOTHING
    moved = replace(switch, stage=row.stage)
    changed = point.with_switch(switch, moved)
    if row.stage is SwitchStage.SECURED:
        return _secured(case, point, changed, moved)
    if row.stage is SwitchStage.CANCELLED:
        return next_in_queue(case, _cancelled(case, changed, moved)).outcome
    return Outcome((changed,))


def _secured(case: Case, before: MeteringPoint, point: MeteringPoint, switch: Switch) -> Outcome:
    """Put the new supplier on record from the supply start on, and tell who is concerned.

    Requests of other suppliers for the supply start or later lapse (assumed).
    """
    if switch.legacy:
        return reversed_migration(case, before, point, switch).outcome
    holder = Holder(switch.supplier, switch.supplier_mpid, reference=switch.registration)
    moved = Moved(point.put(Item.SUPPLIER, holder, switch.effective, case.now))
    if _under_new_arrangements(before, switch):
        form = INITIAL if switch.initial else CHANGE
        moved = moved.then(Moved(moved.point, _written(form, case, before, switch)))
    losing = before.supplier_at(switch.effective)
    if losing is not None and losing.dip_id and losing.dip_id != switch.supplier:
        code = stated("REG1084")
        gone = withdrawn(case, moved.point, switch.effective, supplier=losing.dip_id, code=code)
        moved = moved.then(gone)
    return next_in_queue(case, moved).outcome


def _under_new_arrangements(point: MeteringPoint, switch: Switch) -> bool:
    """Say whether the point has migrated, or migrates with this switch."""
    migrates = any(
        each.open and each.scenario == "MCS" and each.registration_id == switch.registration
        for each in point.appointments
    )
    return migrates or point.regime_at(switch.effective) == MHHS


def _cancelled(case: Case, point: MeteringPoint, switch: Switch) -> Moved:
    moved = Moved(point)
    for each in point.appointments:
        if each.open and each.registration_id == switch.registration:
            gone = replace(each, answer="", correlation=None)
            moved = moved.then(move(case, moved.point, each, gone, Trigger.LAPSES))
    return moved


def _start(point: MeteringPoint) -> datetime | None:
    waiting = (s.effective for s in point.switches if s.stage is SwitchStage.SECURED and not s.started)
    return min(waiting, default=None)


@due("supply start", _start)
def started(case: Case) -> Outcome:
    """Remind a supplier that starts of every service that it appointed nobody for."""
    point = case.known_point
    sent: tuple[Outgoing, ...] = ()
    for switch in case.known_point.switches:
        if switch.stage is not SwitchStage.SECURED or switch.started or switch.effective != case.moment:
            continue
        begun = operational(case, point.with_switch(switch, replace(switch, started=True)))
        point, sent = begun.points[-1], (*sent, *begun.sent)
        if not switch.legacy and point.regime_at(case.moment) == MHHS:
            sent += _reminders(case, point, switch)
    return Outcome((point,), sent)


def _reminders(case: Case, point: MeteringPoint, switch: Switch) -> tuple[Outgoing, ...]:
    served = {
        each.service
        for each in point.appointments
        if each.registration_id == switch.registration and (each.open or each.stage is Stage.ACTIVE)
    }
    missing = [service for service in Service if service not in served]
    return tuple(m for service in missing for m in not_appointed(case, point, service, switch.supplier))


def _written(form: Form[Switching], case: Case, point: MeteringPoint, switch: Switch) -> tuple[Outgoing, ...]:
    around = Around(
        parties={"gaining supplier": switch.supplier},
        fills={"SUP": (switch.supplier, switch.supplier_mpid)},
    )
    return (write(form, case, point, Switching(case, point, switch), around=around),)


def _point(case: Case) -> MeteringPoint:
    if case.point is None:
        raise ConfigurationError(f"MPAN {case.mpan} is not in the register", where=_where(case))
    return case.point


def _where(case: Case) -> str:
    return f"{case.acting.party.dip_id} was told {case.told.what}"


def _named(case: Case, point: MeteringPoint) -> Switch:
    """Return the switch that is meant: the one that is named, else the last."""
    wanted = case.told.content.get("registration")
    known = {each.registration: each for each in point.switches}
    if wanted is None and point.switches:
        return point.switching or point.switches[-1]
    if not isinstance(wanted, str) or wanted not in known:
        raise ConfigurationError(
            f"{wanted!r} is no registration at MPAN {point.mpan}",
            where=_where(case),
            mend=nearest(str(wanted), known) if known else "Tell it switch-pending first.",
        )
    return known[wanted]


def _read(case: Case, point: MeteringPoint) -> Switch:
    content: Mapping[str, Any] = case.told.content
    for name in content:
        if name not in _CONTENT:
            raise ConfigurationError(
                f"'{name}' is no field", where=_where(case), mend=nearest(str(name), _CONTENT)
            )
    suppliers = {party.dip_id: party.mpid for party in case.acting.network.with_role("SUP")}
    supplier = content.get("supplier")
    if not isinstance(supplier, str) or supplier not in suppliers:
        raise ConfigurationError(
            f"supplier {supplier!r} is no DIP id of role SUP",
            where=_where(case),
            mend=nearest(str(supplier), suppliers),
        )
    effective = moment(content.get("effective"))
    if effective is None or effective != clock_midnight(local_date(effective)):
        raise ConfigurationError(
            f"effective {content.get('effective')!r} is no clock midnight", where=_where(case)
        )
    return Switch(
        registration=str(content.get("registration") or _registration(point)),
        supplier=supplier,
        supplier_mpid=suppliers[supplier],
        effective=effective,
        release=case.release,
        told=case.now,
        initial=_flag(content.get("initial")),
        legacy=_flag(content.get("legacy")),
        operator=str(content.get("operator") or ""),
        collector=str(content.get("collector") or ""),
    )


def _flag(value: object) -> bool:
    return value is True or str(value).lower() in ("true", "yes")


def _registration(point: MeteringPoint) -> str:
    return registration_id(random.Random(f"registration/{point.mpan}/{len(point.switches)}"))
