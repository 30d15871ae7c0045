"""Disconnection and reconnection by the distributor, de-registration by the switching service (IF-009).

A table says which statuses each leads to. What is not in it can't have happened, and telling it is an error
of whoever tells. A de-registration ends the supplier's time and that of the services (reason DEREG), and
requests that are under way lapse (assumed); a disconnection leaves all of them alone. IF-009 comes after
IF-037, for with it the DIP learns that the supplier has gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from harness.clock import message_time
from harness.errors import ConfigurationError
from simulators.participants.behaviours import Outgoing
from simulators.registration.case import Case, Outcome, told
from simulators.registration.history import Span
from simulators.registration.items import Holder, Item
from simulators.registration.notices import Around, Blocks, Form, forms, write
from simulators.registration.point import ITEM_OF, MeteringPoint
from simulators.registration.processes.appointment_forms import left
from simulators.registration.processes.appointment_table import Trigger
from simulators.registration.processes.ees import status_changed
from simulators.registration.processes.moving import move
from simulators.registration.services import WORDS, Service
from simulators.registration.telling import past_date, told_point, where

_CONCERNS = ("supplier", "distributor", "MDS", "EES")
Told = tuple[Case, datetime]


def _dated(block: str, field: str) -> Callable[[Told], Blocks]:
    return lambda told: {block: {field: message_time(told[1])}}


def _disconnected(told: Told) -> Blocks:
    case, effective = told
    note = case.told.content.get("note")
    return {
        "B041": {"disconnectionEffectiveFromDate": message_time(effective), "additionalInformation": note}
    }


FORMS: Mapping[str, Form[Told]] = {
    "mpan-disconnected": Form(
        "IF-009", "MPANDisconnection", _CONCERNS, _disconnected, "third-party",
        "receivers of IF-009; the services are not among them",
    ),
    "mpan-reconnected": Form(
        "IF-009", "MPANReconnection", _CONCERNS, _dated("B098", "reconnectionEffectiveFromDate"),
        "third-party", "as for a disconnection",
    ),
    "css-deregistered": Form(
        "IF-009", "CSSDeRegistration", _CONCERNS, _dated("B042", "CSSMPANDeRegistrationDate"),
        "third-party", "as for a disconnection",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leaving:
    """A service whose time ends with the registration."""

    service: Service
    span: Span[Holder]
    until: datetime


def _leaves(leaving: Leaving) -> Blocks:
    words = WORDS[leaving.service]
    ended = left(leaving.service, leaving.span, message_time(leaving.until), "DEREG")
    return {"B002": None, "B013": None, words.incoming: None, **ended}


LEAVES: Mapping[Service, Form[Leaving]] = {
    service: Form(
        "IF-037", f"{WORDS[service].prefix}DeApp", ("predecessor", "supplier", "distributor", "MDS", "EES"),
        _leaves, "third-party", "receivers of IF-037; DEREG is published, when it is given is assumed",
    )
    for service in Service
}  # fmt: skip
forms("disconnection", *FORMS.values(), *LEAVES.values())


@dataclass(frozen=True, slots=True)
class Transition:
    """The statuses that come of it; None leaves one as it is."""

    mp_status: str | None
    rmp_status: str | None
    basis: str
    reason: str


_GONE = Transition(
    "X", None, "assumed", "the connection is gone; the registration ends when the switching service says so"
)
_TERMINATED = Transition(
    None, "T", "assumed", "connected or not; no registration is possible afterwards (third-party)"
)
TRANSITIONS: Mapping[tuple[str, str, str], Transition] = {
    **{("mpan-disconnected", mp, rmp): _GONE for mp in "NRT" for rmp in "CO"},
    ("mpan-reconnected", "X", "O"): Transition("T", None, "assumed", "an operational point trades again"),
    ("mpan-reconnected", "X", "C"): Transition(
        "N", None, "assumed", "a point that never traded is new again"
    ),
    **{("css-deregistered", mp, rmp): _TERMINATED for mp in "NRTX" for rmp in "CO"},
}
"""By what is told, MP status and RMP status (traded and operational where none is held)."""


@told(*FORMS)
def happened(case: Case) -> Outcome:
    """Change the statuses from ``effective`` on (the present where absent) and tell those concerned.

    A disconnection may have a ``note``.

    Raises ConfigurationError for what the table has no row for, for a date in the future, and for an MPAN
    that is not registered.
    """
    point, effective, word = told_point(case), past_date(case), case.told.what
    mp, rmp = point.at(Item.MP_STATUS, case.moment) or "T", point.at(Item.RMP_STATUS, case.moment) or "O"
    transition = TRANSITIONS.get((word, mp, rmp))
    if transition is None:
        raise ConfigurationError(f"can't happen at MP status {mp} and RMP status {rmp}", where=where(case))
    after = _statuses(case, point, transition, effective)
    notice = write(FORMS[word], case, after, (case, effective))
    first: list[Outgoing] = []
    if transition.rmp_status == "T":
        after, first = _ended(case, after, effective)
    return Outcome((after,), (*first, notice, status_changed(case, after)))


def _ended(case: Case, point: MeteringPoint, effective: datetime) -> tuple[MeteringPoint, list[Outgoing]]:
    """Return the point without services and without requests that are under way, and who is told of it."""
    sent = []
    for service, item in ITEM_OF.items():
        span = point.provider_span(service, effective)
        if span is not None and span.value is not None and span.value.dip_id:
            leaving = Leaving(service, span, effective)
            around = Around(parties={"predecessor": span.value.dip_id})
            sent.append(write(LEAVES[service], case, point, leaving, around=around))
            point = point.put(item, None, effective, case.now)
    point = point.put(Item.SUPPLIER, None, effective, case.now)
    for each in point.appointments:
        if each.open:
            lapsed = move(case, point, each, replace(each, correlation=None), Trigger.LAPSES)
            point, sent = lapsed.point, [*sent, *lapsed.sent]
    return point, sent


def _statuses(case: Case, point: MeteringPoint, transition: Transition, effective: datetime) -> MeteringPoint:
    for item, value in ((Item.MP_STATUS, transition.mp_status), (Item.RMP_STATUS, transition.rmp_status)):
        if value is not None:
            point = point.put(item, value, effective, case.now)
    return point
