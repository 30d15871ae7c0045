"""Metering services and the unmetered supplies operator: appointments, meters, energisation."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from harness.calendars.local_time import local_date
from harness.clock import message_time
from harness.messages import identifiers
from harness.messages.dates import midnight_text
from simulators.participants import provider, sending
from simulators.participants.behaviours import Acting, Outgoing, Reaction, add
from simulators.participants.content import Content, Item
from simulators.participants.playing import Heard, Plays, Reply, State, Word
from simulators.participants.readings import meter_in_place, noted, read, reading
from simulators.participants.record import SUPPLIER, Point

ORDERS = ("readings-first", "readings-reversed", "registration-first")
_AT = Item("at", needed=False, about="a time, or a date for its clock midnight; now when absent")
_MPAN = Item("mpan")
_SET = Item("set", needed=False, about="places of the message to registration")


def asked(state: State, heard: Heard) -> Reaction:
    """Answer PUB-033 with the policy's code."""
    return state, (provider.answer(heard.publication, provider.code_of(heard.policy)),)


def _exchange(state: State, content: Content, acting: Acting) -> Reaction:
    """Take one meter away and put another in: two readings and IF-005 [MeterExchange], in the order told."""
    point = state.record.point(content.mpan())
    at = content.moment("at", acting.now)
    old, new = meter_in_place(point, acting), content.text("meter") or _new_serial(point, acting, at)
    removed = reading(content, point, acting, "ReadingRemv", old, at)
    installed = reading(content, point, acting, "ReadingInstl", new, at, start=True)
    update = _update(
        content,
        point,
        acting,
        "MeterExchange",
        at,
        {
            "B039.meterIDRemoved": old,
            "B039.meterRemovalDate": midnight_text(local_date(at)),
            "B906.existingMeter.meterID": new,
        },
    )
    state = noted(state, point, removed, installed, gone=old)
    order = content.one_of("order", ORDERS, ORDERS[0])
    if order == "readings-reversed":
        return state, (installed, removed, update)
    if order == "registration-first":
        return state, (update, removed, installed)
    return state, (removed, installed, update)


def _install(state: State, content: Content, acting: Acting) -> Reaction:
    point, at = state.record.point(content.mpan()), content.moment("at", acting.now)
    new = content.text("meter") or _new_serial(point, acting, at)
    taken = reading(content, point, acting, "ReadingInstl", new, at, start=True)
    meter = {"B906.existingMeter.meterID": new}
    return noted(state, point, taken), (taken, _update(content, point, acting, "MeterInstall", at, meter))


def _remove(state: State, content: Content, acting: Acting) -> Reaction:
    point, at = state.record.point(content.mpan()), content.moment("at", acting.now)
    old = content.text("meter") or meter_in_place(point, acting)
    taken = reading(content, point, acting, "ReadingRemv", old, at)
    meter = {"B039.meterIDRemoved": old, "B039.meterRemovalDate": midnight_text(local_date(at))}
    return noted(state, point, taken, gone=old), (
        taken,
        _update(content, point, acting, "MeterRemoval", at, meter),
    )


def _correct(event: str, state: State, content: Content, acting: Acting) -> Reaction:
    point = state.record.point(content.mpan())
    meter = content.text("meter") or meter_in_place(point, acting)
    places = {"B906.existingMeter.meterID": meter, "B906.existingMeter.modifiedMeterID": None}
    return state, (_to_registration(content, point, acting, "IF-005", event, places),)


def _energise(status: str, state: State, content: Content, acting: Acting) -> Reaction:
    """Tell the reading on site, where there is a meter, and the new status."""
    point, at = state.record.point(content.mpan()), content.moment("at", acting.now)
    places = {"B025.energisationStatus": status, "B025.energisationStatusEffectiveFromDate": message_time(at)}
    change = _to_registration(content, point, acting, "IF-007", "EnergisationStatusChange", places)
    if acting.party.role == "UMSO" or not content.flag("reading", default=True):
        return state, (change,)
    meter = meter_in_place(point, acting)
    taken = reading(content, point, acting, "ReadingEnergisationChg", meter, at)
    return noted(state, point, taken), (taken, change)


def _fail(state: State, content: Content, acting: Acting) -> Reaction:
    point = state.record.point(content.mpan())
    return state, (
        sending.message(
            content.release,
            "IF-007",
            "EnergisationStatusFailure",
            point,
            acting,
            to=_supplier(content, point, acting),
            places=content.places(),
        ),
    )


def _hub_fitted(state: State, content: Content, acting: Acting) -> Reaction:
    point = state.record.point(content.mpan())
    return state, (
        sending.message(
            content.release,
            "IF-004",
            "CommsHubInfo",
            point,
            acting,
            to=_supplier(content, point, acting),
            places=content.places(),
        ),
    )


def direct_contract(service: str, state: State, content: Content, acting: Acting) -> Reaction:
    """Send IF-038 for a customer's direct contract."""
    change = content.one_of("change", ("Add", "Remove"), "Add")
    point = state.record.point(content.mpan())
    event = f"DirectContract{service}{change}"
    return state, (_to_registration(content, point, acting, "IF-038", event, {}),)


def _new_serial(point: Point, acting: Acting, at: datetime) -> str:
    smart = sending.described(point, acting).smart
    return identifiers.meter_id(random.Random(f"meter/{point.mpan}/{at.isoformat()}"), smart=smart)


def _update(
    content: Content, point: Point, acting: Acting, event: str, at: datetime, places: Mapping[str, object]
) -> Outgoing:
    if event != "MeterRemoval":
        places = {**places, "B906.existingMeter.meterInstallationDate": midnight_text(local_date(at))}
    return _to_registration(content, point, acting, "IF-005", event, places)


def _to_registration(
    content: Content, point: Point, acting: Acting, interface: str, event: str, places: Mapping[str, object]
) -> Outgoing:
    return sending.message(
        content.release,
        interface,
        event,
        point,
        acting,
        to=(sending.registration(acting, point.mpan),),
        places={**places, **content.places()},
    )


def _supplier(content: Content, point: Point, acting: Acting) -> tuple[str, ...]:
    told = content.names("to")
    serving = point.of(SUPPLIER, acting.now)
    if not told and serving is None:
        raise content.wrong("to", "and no supplier of the MPAN is known")
    return told or (str(serving),)


def _shown(state: State, mpan: str) -> dict[str, Any]:
    """Say whether the incumbent was asked for meter details and has not been replaced since."""
    heard = state.record.point(mpan).heard
    return {"meter_details_asked": heard.get("IF-035/IMS-SendMTD", 0)} if heard else {}


_REQUEST = Reply(
    "IF-033",
    "MSAppSPRequest",
    "IF-034 [MSAppSPResponse]",
    asked,
    "published",
    "the codes and that they answer IF-033 are published; which one is the scenario's choice",
    codes=provider.CODES,
)
_ENERGISATION = (
    Word(
        "energise",
        (_MPAN, _AT, Item("reading", needed=False), _SET),
        "IF-041 [ReadingEnergisationChg], IF-007",
        partial(_energise, "E"),
        "third-party",
        "IF-007 goes to registration; the reading first is assumed",
    ),
    Word(
        "de-energise",
        (_MPAN, _AT, Item("reading", needed=False), _SET),
        "IF-041 [ReadingEnergisationChg], IF-007",
        partial(_energise, "D"),
        "third-party",
        "as for energise",
    ),
    Word(
        "fail-energisation",
        (_MPAN, Item("to", needed=False), _SET),
        "IF-007 [EnergisationStatusFailure]",
        _fail,
        "third-party",
        "a failure goes to the supplier",
    ),
    Word(
        "direct-contract",
        (_MPAN, Item("change", needed=False, about="Add or Remove"), _SET),
        "IF-038",
        partial(direct_contract, "MS"),
        "third-party",
        "a customer contracts directly",
    ),
)
_METER = Item("meter", needed=False, about="meter id; made up or the one in place when absent")
_TO = Item("readings_to", needed=False, about="data services that get the readings directly")
_METERS = (
    Word(
        "exchange-meter",
        (_MPAN, _AT, _METER, _TO, _SET, Item("order", needed=False, about=", ".join(ORDERS))),
        "IF-041 [ReadingRemv], IF-041 [ReadingInstl], IF-005 [MeterExchange]",
        _exchange,
        "assumed",
        "removal read before, install read after: third party for a change of segment",
    ),
    Word(
        "install-meter",
        (_MPAN, _AT, _METER, _TO, _SET),
        "IF-041 [ReadingInstl], IF-005 [MeterInstall]",
        _install,
        "assumed",
        "as for an exchange",
    ),
    Word(
        "remove-meter",
        (_MPAN, _AT, _METER, _TO, _SET),
        "IF-041 [ReadingRemv], IF-005 [MeterRemoval]",
        _remove,
        "assumed",
        "as for an exchange",
    ),
    Word(
        "update-meter",
        (_MPAN, _METER, _SET),
        "IF-005 [MeterUpdate]",
        partial(_correct, "MeterUpdate"),
        "third-party",
        "corrections to the current meter",
    ),
    Word(
        "correct-history",
        (_MPAN, _METER, _SET),
        "IF-005 [MeterHistoryUpdate]",
        partial(_correct, "MeterHistoryUpdate"),
        "third-party",
        "corrections to the historical record",
    ),
    Word(
        "comms-hub",
        (_MPAN, Item("to", needed=False), _SET),
        "IF-004 [CommsHubInfo]",
        _hub_fitted,
        "third-party",
        "optional, by bilateral agreement; smart alone",
    ),
    Word(
        "read",
        (_MPAN, _AT, _METER, Item("event", needed=False, about="ReadingOnSite when absent"), _TO),
        "IF-041",
        read,
        "third-party",
        "readings are shared between the parties of the metering point",
    ),
)

add(
    "metering-service", Plays(frozenset({"MSS", "MSA"}), (_REQUEST,), (*_METERS, *_ENERGISATION), show=_shown)
)
add("unmetered-operator", Plays(frozenset({"UMSO"}), (_REQUEST,), _ENERGISATION))
