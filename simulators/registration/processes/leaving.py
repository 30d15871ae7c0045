"""Providers that leave without a successor: IF-037 with a reason of its own; what is under way ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from harness.clock import message_time
from simulators.participants.behaviours import Outgoing
from simulators.registration.case import Case
from simulators.registration.history import Span
from simulators.registration.items import Holder
from simulators.registration.notices import Around, Blocks, Form, forms, segment_of, write
from simulators.registration.point import ITEM_OF, MeteringPoint
from simulators.registration.processes.appointment_forms import left
from simulators.registration.processes.appointment_table import Trigger
from simulators.registration.processes.moving import Moved, move
from simulators.registration.services import WORDS, Service


def _blocks(told: tuple[Service, Span[Holder], datetime, str]) -> Blocks:
    service, gone, moment, reason = told
    return {
        **dict.fromkeys(("B002", "B010", "B011", "B013")),
        **left(service, gone, message_time(moment), reason),
    }


LEAVES: Form[tuple[Service, Span[Holder], datetime, str]] = Form(
    "IF-037", "{}DeApp", ("predecessor", "supplier", "distributor", "MDS", "EES"), _blocks, "third-party",
    "receivers of IF-037; that a metering point which ends has its providers de-appointed is assumed",
)  # fmt: skip
forms("leaving", LEAVES)


def leave(case: Case, point: MeteringPoint, moment: datetime, reason: str) -> Moved:
    """De-appoint both services from ``moment`` on, and let lapse every appointment that is under way."""
    moved = withdrawn(case, point, moment)
    for service in Service:
        gone = point.provider_span(service, moment)
        if gone is not None and gone.value is not None:
            after = moved.point.put(ITEM_OF[service], None, moment, case.now)
            sent = _told(case, point, service, gone, moment, reason)
            moved = moved.then(Moved(after, sent))
    return moved


def _told(
    case: Case, point: MeteringPoint, service: Service, gone: Span[Holder], moment: datetime, reason: str
) -> tuple[Outgoing, ...]:
    assert gone.value is not None
    if not gone.value.dip_id:
        return ()
    around = Around(
        parties={"predecessor": gone.value.dip_id},
        event=LEAVES.event.format(WORDS[service].prefix),
        segment=segment_of(case.acting, gone.value.dip_id),
    )
    return (write(LEAVES, case, point, (service, gone, moment, reason), around=around),)


def withdrawn(
    case: Case, point: MeteringPoint, since: datetime, *, supplier: str = "", code: str = ""
) -> Moved:
    """Let lapse what is under way for ``since`` or later: of one supplier, or of all."""
    moved = Moved(point)
    for each in point.appointments:
        if each.open and (each.effective or each.requested) >= since and supplier in ("", each.supplier):
            gone = replace(each, answer=code, correlation=None)
            moved = moved.then(move(case, moved.point, each, gone, Trigger.LAPSES))
    return moved
