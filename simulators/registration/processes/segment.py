"""The market segment follows the meters and the connection, once services of the new segment are accepted.

A change on site, or of the connection type, can make a metering point another segment's. Where an
appointment of scenario SEG to that segment is accepted, the segment changes at the clock midnight that began
the day of the change (assumed), IF-044 says so, and the accepted SEG appointments become active with it.
Where none is, the supplier is reminded; one that is accepted later takes effect on the day of its acceptance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from harness.calendars.local_time import clock_midnight, local_date
from harness.standing_data.library import standing_data
from simulators.registration.blocks import standing_blocks
from simulators.registration.case import NOTHING, Case, Outcome
from simulators.registration.items import Item
from simulators.registration.notices import Around, Form, forms, segment_of, write
from simulators.registration.point import MeteringPoint
from simulators.registration.processes.activation import activate
from simulators.registration.processes.data_reminders import SEGMENT_UNSUITED, consent_reminder, remind
from simulators.registration.processes.moving import Moved
from simulators.registration.request import Appointment, Stage

OF_CONNECTION = {"U": "U", "L": "A", "H": "A", "E": "A"}
"""Assumed: current transformers mean the advanced segment. Whole current leaves it to the meters."""
OF_METERS = {"smart": "S", "traditional": "S", "advanced": "A"}


@dataclass(frozen=True, slots=True)
class Change:
    """What happened at a point: it before and after, the day of it, and why services leave because of it."""

    case: Case
    before: MeteringPoint
    after: MeteringPoint
    on: datetime
    reason: str = ""
    """De-appointment reason; empty for that of scenario SEG."""

    @property
    def moment(self) -> datetime:
        """Return the clock midnight from which the segment is another one."""
        return clock_midnight(local_date(self.on))


def _blocks(placed: tuple[MeteringPoint, datetime]) -> dict[str, object]:
    held = standing_blocks(*placed)
    return {name: held[name] for name in ("B023", "B026") if name in held}


CHANGED: Form[tuple[MeteringPoint, datetime]] = Form(
    "IF-044", "MarketSegmentChange", ("supplier", "distributor", "MDS", "EES"), _blocks, "third-party",
    "receivers of IF-044",
)  # fmt: skip
forms("market segment", CHANGED)


def fitting_segment(case: Case, point: MeteringPoint) -> str | None:
    """Return the segment that connection and meters ask for; None where they don't tell."""
    connection = point.at(Item.CONNECTION_TYPE, case.moment)
    if connection in OF_CONNECTION:
        return OF_CONNECTION[connection]
    data = standing_data()
    groups = [
        data.meter_group(meter.kind, on=case.moment)
        for meter in point.meters_at(case.moment)
        if meter.removed is None
    ]
    found = {OF_METERS[group] for group in groups if group in OF_METERS}
    return "A" if "A" in found else next(iter(found), None)


def settled(change: Change) -> Outcome:
    """Return what a change, or an acceptance, makes of the segment and of the services that wait for it.

    There is no second reminder where the segment did not suit before.
    """
    case, point = change.case, change.after
    wanted, held = fitting_segment(case, point), point.at(Item.MARKET_SEGMENT, case.moment)
    if wanted is None or held is None:
        return NOTHING
    accepted = accepted_for(case, point, wanted)
    if not accepted:
        if wanted in (held, fitting_segment(case, change.before)):
            return NOTHING
        text = f"Market segment {held} does not suit the meters or the connection, which ask for {wanted}"
        return Outcome(sent=remind(SEGMENT_UNSUITED, case, point, text))
    moved = Moved(point)
    if wanted != held:
        point = point.put(Item.MARKET_SEGMENT, wanted, change.moment, case.now)
        told = write(CHANGED, case, point, (point, change.moment), around=Around(segment=wanted))
        moved = Moved(point, (told,))
    for each in accepted:
        seen = moved.seen_by(case)
        moved = moved.then(activate(seen, moved.point, each, change.moment, reason=change.reason))
    return Outcome(moved.outcome.points, (*moved.sent, *consent_reminder(case, change.after, moved.point)))


def accepted_for(case: Case, point: MeteringPoint, segment: str) -> tuple[Appointment, ...]:
    """Return the accepted SEG appointments of providers of a segment."""
    return tuple(
        each
        for each in point.appointments
        if each.scenario == "SEG"
        and each.stage is Stage.ACCEPTED
        and segment_of(case.acting, each.provider) == segment
    )
