"""The connection type: told by the distributor, passed on to the DCC (IF-043)."""

from __future__ import annotations

from datetime import datetime

from simulators.registration.blocks import standing_blocks
from simulators.registration.case import Case, Outcome, told
from simulators.registration.items import Item
from simulators.registration.notices import Blocks, Form, forms, write
from simulators.registration.point import MeteringPoint
from simulators.registration.processes.segment import Change, settled
from simulators.registration.telling import changed_point, past_date, told_point


def _blocks(changed: tuple[MeteringPoint, datetime]) -> Blocks:
    point, effective = changed
    return {"B023": standing_blocks(point, effective)["B023"]}


CHANGED: Form[tuple[MeteringPoint, datetime]] = Form(
    "IF-043", "ConnectionTypeChange", ("DCC",), _blocks, "third-party", "receivers of IF-043"
)
forms("connection type", CHANGED)


@told("connection-type-changed")
def change(case: Case) -> Outcome:
    """Record a connection type (``value``: W, L, H, E or U) from ``effective`` on; tell the DCC.

    Raises ConfigurationError for another value, a date in the future, and for an MPAN that is not registered.
    """
    before, effective = told_point(case), past_date(case)
    point = changed_point(case, Item.CONNECTION_TYPE)
    sent = write(CHANGED, case, point, (point, effective))
    return Outcome((point,), (sent,)).then(settled(Change(case, before, point, effective, reason="CCONN")))
