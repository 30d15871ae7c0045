"""What the enquiry service hears and no other interface tells (IF-050): creation, status, Green Deal."""

from __future__ import annotations

from harness.clock import message_time
from harness.errors import ConfigurationError
from simulators.participants.behaviours import Outgoing
from simulators.registration import loading
from simulators.registration.blocks import standing_blocks
from simulators.registration.case import Case, Outcome, told
from simulators.registration.items import GreenDeal, Item
from simulators.registration.notices import Blocks, Form, forms, write
from simulators.registration.point import MeteringPoint
from simulators.registration.telling import told_point, where

_STANDING = ("B022", "B023", "B024", "B025", "B026")
Placed = tuple[Case, MeteringPoint]


def _created(placed: Placed) -> Blocks:
    case, point = placed
    held = standing_blocks(point, case.moment)
    standing = {name: held[name] for name in _STANDING if name in held}
    since = point.since(Item.GSP_GROUP, case.moment) or point.created
    return {**standing, **_status(placed), "B001": {"GSPGroupEffectiveFromDate": message_time(since)}}


def _status(placed: Placed) -> Blocks:
    case, point = placed
    block: dict[str, object] = {}
    for item, name in ((Item.MP_STATUS, "MPStatus"), (Item.RMP_STATUS, "RMPStatus")):
        span = point.span(item, case.moment)
        if span is not None and span.value is not None:
            block |= {name: span.value, f"{name}EffectiveFromDate": message_time(span.since)}
    return {"B079": block}


def _green_deal(placed: Placed) -> Blocks:
    case, point = placed
    plan = point.history(Item.GREEN_DEAL).spans()[-1].value
    start, until = (plan.start, plan.until) if plan else (None, case.moment)
    return {
        "B080": {
            "greenDealEffectiveFromDate": message_time(start) if start else None,
            "greenDealEffectiveToDate": message_time(until) if until else None,
        }
    }


CREATED: Form[Placed] = Form(
    "IF-050", "MPANCreation", ("EES",), _created, "third-party", "receivers of IF-050"
)
STATUS: Form[Placed] = Form(
    "IF-050", "MPStatusChange", ("EES",), _status, "assumed",
    "sent whenever one of the two statuses changes",
)  # fmt: skip
GREEN_DEAL: Form[Placed] = Form(
    "IF-050", "GreenDeal", ("EES",), _green_deal, "third-party", "receivers of IF-050"
)
forms("enquiry service", CREATED, STATUS, GREEN_DEAL)


def status_changed(case: Case, point: MeteringPoint) -> Outgoing:
    """Return the notice of a changed status (MP or RMP), for whichever process changed it."""
    return write(STATUS, case, point, (case, point))


def operational(case: Case, point: MeteringPoint) -> Outcome:
    """Return the point as traded and operational, with the notice, where it was new or only registered.

    That a point becomes so at its first supply start is assumed.
    """
    if point.at(Item.RMP_STATUS, case.moment) != "C":
        return Outcome((point,))
    for item, value in ((Item.MP_STATUS, "T"), (Item.RMP_STATUS, "O")):
        point = point.put(item, value, case.moment, case.now)
    return Outcome((point,), (status_changed(case, point),))


@told("mpan-created")
def create(case: Case) -> Outcome:
    """Put a new metering point into the register: what is told is an entry as `loading` reads it.

    Its statuses are new (N) and created (C) where nothing else is told. Raises ConfigurationError for an
    entry that `loading` refuses, and for an MPAN that is in the register.
    """
    if case.point is not None:
        raise ConfigurationError(f"MPAN {case.mpan} is in its register already", where=where(case))
    entry = {
        "mp_status": "N",
        "rmp_status": "C",
        "created": message_time(case.moment),
        **{key: value for key, value in case.told.content.items() if key != "effective"},
    }
    point = loading.point(entry, case.acting.network, where=where(case))
    return Outcome((point,), (write(CREATED, case, point, (case, point)),))


@told("green-deal")
def green_deal(case: Case) -> Outcome:
    """Record a Green Deal plan from ``start`` to ``until`` (may be absent); without a start it is at an end.

    Raises ConfigurationError for what is no aware time, and for an MPAN that is not registered.
    """
    content, place, point = case.told.content, where(case), told_point(case)
    plan = None
    if content.get("start") is not None:
        start = loading.stated_moment(content["start"], f"{place}: start")
        until = content.get("until")
        plan = GreenDeal(start, loading.stated_moment(until, f"{place}: until") if until else None)
    point = point.put(Item.GREEN_DEAL, plan, plan.start if plan else case.moment, case.now)
    return Outcome((point,), (write(GREEN_DEAL, case, point, (case, point)),))
