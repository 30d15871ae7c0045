"""Plans that come to nothing: what is under way for a date or later lapses."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from simulators.registration.case import Case
from simulators.registration.point import MeteringPoint
from simulators.registration.processes.appointment_table import Trigger
from simulators.registration.processes.moving import Moved, move


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
