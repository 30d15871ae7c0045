"""One step of an appointment: the row of the table that applies, and the notices that it sends."""

from __future__ import annotations

from dataclasses import dataclass, replace

from simulators.participants.behaviours import Outgoing
from simulators.registration.case import Case, Outcome
from simulators.registration.point import MeteringPoint
from simulators.registration.processes.appointment_forms import Step, notice
from simulators.registration.processes.appointment_table import TRANSITIONS, Trigger
from simulators.registration.request import Appointment


@dataclass(frozen=True, slots=True)
class Moved:
    """A point on its way through several steps, other points that changed with it, and what was sent."""

    held: MeteringPoint | None
    sent: tuple[Outgoing, ...] = ()
    others: tuple[MeteringPoint, ...] = ()

    @property
    def point(self) -> MeteringPoint:
        """Return the point; only where it is in the register."""
        assert self.held is not None
        return self.held

    @property
    def outcome(self) -> Outcome:
        """Return everything that changed and was sent."""
        return Outcome((*self.others, *((self.held,) if self.held else ())), self.sent)

    def seen_by(self, case: Case) -> Case:
        """Return the case as the next step sees it: other points as this one left them."""
        changed = {point.mpan: point for point in self.others}
        return replace(case, other=lambda mpan: changed.get(mpan) or case.other(mpan))

    def then(self, later: Moved) -> Moved:
        """Return both steps as one."""
        return Moved(later.held, (*self.sent, *later.sent), (*self.others, *later.others))


def move(
    case: Case,
    point: MeteringPoint | None,
    old: Appointment | None,
    new: Appointment,
    trigger: Trigger,
    *,
    around: Step | None = None,
) -> Moved:
    """Apply a row of the table: the stage it leads to and the notices it sends; no row, no change.

    ``around`` gives the notices what they need to know beside the appointment.
    """
    transition = TRANSITIONS.get((new.stage, trigger))
    if transition is None:
        return Moved(point)
    moved = replace(new, stage=transition.stage)
    step = replace(around, appointment=moved, point=point) if around else Step(case, moved, point)
    sent = tuple(message for kind in transition.notices for message in notice(kind, step))
    return Moved(point.with_appointment(old, moved) if point else None, sent)
