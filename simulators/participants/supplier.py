"""A supplier: it appoints when a switch is announced, or when it is told to, and keeps what it hears."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from harness.calendars.local_time import clock_midnight, local_date
from harness.clock import message_time
from simulators.participants import sending
from simulators.participants.behaviours import Acting, Outgoing, Reaction, Told, add
from simulators.participants.content import Content, Item
from simulators.participants.playing import Heard, Plays, Reply, State, Word
from simulators.participants.readings import read
from simulators.participants.record import METERING, RETRIEVER, Point

_EVENTS = {METERING: "MSApp", "data_service": "DSApp"}
_SCENARIOS = ("COS", "CSP", "USP", "SEG", "MCA", "MCS", "ALG")
_AMENDMENT = "ConsumptionAmendment"
_RELATIONS = ("LinkedImportExport", "Related")


@dataclass(frozen=True, slots=True)
class Plan:
    """Whom a supplier appoints when it hears of a metering point that it gains."""

    metering: str = ""
    data: str = ""
    scenario: str = "COS"
    days: int = 0
    """Days from the announcement to the effective date."""


def _plan(options: Mapping[str, Any], acting: Acting) -> Plan | None:
    wanted = options.get("appoints")
    if wanted is None:
        return None
    items = [Item(name, needed=False) for name in (METERING, "data_service", "scenario", "days_ahead")]
    content = Content.of(Told("appoints", "", wanted), items, acting)
    for name in (METERING, "data_service"):
        if content.has(name):
            acting.network.by_dip_id(content.text(name))
    return Plan(
        content.text(METERING),
        content.text("data_service"),
        content.one_of("scenario", _SCENARIOS, "COS"),
        int(content.number("days_ahead", 10)),
    )


def _gained(state: State, heard: Heard) -> Reaction:
    """Appoint both services on PUB-002, where the plan names them."""
    plan, publication, acting = state.own, heard.publication, heard.acting
    if plan is None:
        return state, ()
    point = state.record.point(publication.mpan)
    at = clock_midnight(local_date(acting.now) + timedelta(days=plan.days))
    registration = publication.custom("B013").get("CSSRegistrationID")
    sent = [
        replace(
            _appointment(
                publication.release, point, acting, service, provider, plan.scenario, at, registration
            ),
            correlation=publication.correlation,
        )
        for service, provider in ((METERING, plan.metering), ("data_service", plan.data))
        if provider
    ]
    return state, tuple(sent)


def _appointment(
    release: str,
    point: Point,
    acting: Acting,
    service: str,
    provider: str,
    scenario: str,
    at: datetime,
    registration: object,
) -> Outgoing:
    name = "MeteringService" if service == METERING else "DataService"
    block = "B070" if service == METERING else "B071"
    known = sending.party(acting, provider)
    items: dict[str, object] = {
        "appointmentScenario": scenario,
        f"proposed{name}DIPID": provider,
        f"proposed{name}MPID": known.mpid if known else "",
        f"proposed{name}DIPEffectiveFromDate": message_time(at),
    }
    if service != METERING:
        nominee = sending.party(acting, point.of(RETRIEVER, acting.now) or "")
        items |= {
            "supplierNominatedMDRDIPID": nominee.dip_id if nominee else None,
            "supplierNominatedMDRMPID": nominee.mpid if nominee else None,
            "supplierNominatedMDREffectiveFromDate": message_time(at) if nominee else None,
        }
    switch = {"CSSRegistrationID": registration} if registration else None
    return sending.message(
        release,
        "IF-031",
        _EVENTS[service],
        point,
        acting,
        to=(sending.registration(acting, point.mpan),),
        custom={block: items, "B013": switch},
    )


def _appoint(state: State, content: Content, acting: Acting) -> Reaction:
    point = state.record.point(content.mpan())
    service = content.one_of("service", _EVENTS, METERING)
    message = _appointment(
        content.release,
        point,
        acting,
        service,
        content.text("provider"),
        content.one_of("scenario", _SCENARIOS, "CSP"),
        content.moment("effective"),
        content.text("registration_id"),
    )
    return state, (replace(message, places=content.places()),)


def _relate(state: State, content: Content, acting: Acting) -> Reaction:
    """Ask registration to create, add to or remove a relationship: IF-019."""
    point = state.record.point(content.mpan())
    kind = content.one_of("kind", _RELATIONS, _RELATIONS[0])
    change = content.one_of("change", ("Create", "Add", "Remove"), "Create")
    listed = [{"subsidiaryMPAN": mpan} for mpan in content.names("subsidiaries")]
    return state, (
        sending.message(
            content.release,
            "IF-019",
            f"{kind}{change}",
            point,
            acting,
            to=(sending.registration(acting, point.mpan),),
            custom={"B090List": listed},
            places=content.places(),
        ),
    )


def _to_registration(interface: str, state: State, content: Content, acting: Acting) -> Reaction:
    point = state.record.point(content.mpan())
    to = (sending.registration(acting, point.mpan),)
    return state, (_event(interface, content, point, acting, to),)


def _to_data_service(interface: str, state: State, content: Content, acting: Acting) -> Reaction:
    point = state.record.point(content.mpan())
    to = content.names("to") or tuple(filter(None, [point.of("data_service", acting.now)]))
    if not to:
        raise content.wrong("to", "and no data service of the MPAN is known")
    return state, (_event(interface, content, point, acting, to),)


def _event(interface: str, content: Content, point: Point, acting: Acting, to: tuple[str, ...]) -> Outgoing:
    return sending.message(
        content.release,
        interface,
        content.text("event", _AMENDMENT),
        point,
        acting,
        to=to,
        places=content.places(),
    )


_MPAN, _SET = Item("mpan"), Item("set", needed=False, about="places of the message")
_EVENT, _TO = Item("event"), Item("to", needed=False, about="the data service appointed when absent")
add(
    "supplier",
    Plays(
        frozenset({"SUP"}),
        (
            Reply(
                "IF-002",
                "GainMPANInfo",
                "IF-031 [MSApp], [DSApp] with the option `appoints`",
                _gained,
                "third-party",
                "the incoming supplier picks its providers on hearing of the pending switch",
            ),
        ),
        (
            Word(
                "appoint",
                (
                    _MPAN,
                    Item("service", about="metering_service or data_service"),
                    Item("provider", about="DIP id"),
                    Item("effective", about="a date for its clock midnight, or a time"),
                    Item("scenario", needed=False, about="CSP when absent"),
                    Item("registration_id", needed=False, about="B013, for a change of supplier"),
                    _SET,
                ),
                "IF-031",
                _appoint,
                "third-party",
                "a supplier appoints",
            ),
            Word(
                "supplier-data",
                (_MPAN, _EVENT, _SET),
                "IF-025",
                partial(_to_registration, "IF-025"),
                "third-party",
                "supplier-owned items of the register",
            ),
            Word(
                "circumstance",
                (_MPAN, _EVENT, _TO, _SET),
                "IF-024",
                partial(_to_data_service, "IF-024"),
                "third-party",
                "circumstances that may change how a data service treats a site",
            ),
            Word(
                "amendment",
                (_MPAN, _TO, _SET),
                "IF-027",
                partial(_to_data_service, "IF-027"),
                "third-party",
                "a supplier asks for a consumption amendment",
            ),
            Word(
                "relate",
                (
                    _MPAN,
                    Item("subsidiaries", about="MPANs"),
                    Item("kind", needed=False, about=", ".join(_RELATIONS)),
                    Item("change", needed=False, about="Create, Add or Remove"),
                    _SET,
                ),
                "IF-019",
                _relate,
                "third-party",
                "`mpan` is the principal one",
            ),
            Word(
                "read",
                (
                    _MPAN,
                    Item("at", needed=False),
                    Item("meter", needed=False),
                    _EVENT,
                    Item("readings_to", needed=False),
                ),
                "IF-041",
                read,
                "third-party",
                "SupplierAgreedCOS is the supplier's (assumed)",
            ),
        ),
        own=_plan,
        own_options={
            "appoints": "`{metering_service, data_service, scenario, days_ahead}`: whom it appoints on "
            "IF-002, nobody when absent; scenario COS and 10 days ahead when absent"
        },
    ),
)
