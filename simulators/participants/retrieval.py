"""What a smart data service arranges with its meter data retriever (IF-061, IF-063, IF-065, B018)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from harness.clock import message_time
from harness.transport.network import Party
from simulators.participants import sending
from simulators.participants.behaviours import Acting, Outgoing, Publication, Reaction
from simulators.participants.content import Content, Item
from simulators.participants.playing import State, Word
from simulators.participants.record import RETRIEVER, Point

SUPPLIERS = "supplier"
"""As the option ``retriever``: the one that the supplier nominated, if any."""
NOBODY = "none"
_REQUESTS = ("MDRInstantaneous", "MDRTOU", "MDRConsumption")


def nomination(retriever: Party, since: object) -> dict[str, Any]:
    """Return block B018."""
    return {
        "SDSNominatedMDRDIPID": retriever.dip_id,
        "SDSNominatedMDRMPID": retriever.mpid,
        "SDSNominatedMDRRequestedEffectiveFromDate": since,
    }


def nominated(option: str, publication: Publication, acting: Acting) -> Mapping[str, Any] | None:
    """Return block B018 of the answer to PUB-033, None where nobody is nominated."""
    if acting.party.role != "SDS" or option == NOBODY:
        return None
    proposal = publication.custom("B071")
    wanted = proposal.get("supplierNominatedMDRDIPID") if option == SUPPLIERS else option
    retriever = sending.party(acting, str(wanted or ""))
    if retriever is None:
        return None
    since = proposal.get("supplierNominatedMDREffectiveFromDate")
    return nomination(retriever, since or proposal.get("proposedDataServiceDIPEffectiveFromDate"))


def start(release: str, point: Point, acting: Acting, retriever: Party, since: datetime) -> Outgoing:
    """Return IF-061 [MDRStart]."""
    assigned = {
        "assignedMDRDIPID": retriever.dip_id,
        "assignedMDRMPID": retriever.mpid,
        "assignedMDREffectiveFromDate": message_time(since),
    }
    return sending.message(
        release, "IF-061", "MDRStart", point, acting, to=(retriever.dip_id,), custom={"B019": assigned}
    )


def stop(release: str, point: Point, acting: Acting, retriever: Party, until: datetime) -> Outgoing:
    """Return IF-063 [MDRStop]."""
    ended = {
        "assignedMDRDIPID": retriever.dip_id,
        "assignedMDRMPID": retriever.mpid,
        "assignedMDREffectiveToDate": message_time(until),
    }
    return sending.message(
        release, "IF-063", "MDRStop", point, acting, to=(retriever.dip_id,), custom={"B083": ended}
    )


def _retriever(content: Content, point: Point, acting: Acting) -> Party:
    wanted = content.text("retriever") or point.of(RETRIEVER, acting.now) or ""
    found = sending.party(acting, wanted)
    if found is None:
        raise content.wrong("retriever", "and no retriever of the MPAN is known")
    return found


def _start(state: State, content: Content, acting: Acting) -> Reaction:
    point = state.record.point(content.mpan())
    at = content.moment("at", acting.now)
    return state, (start(content.release, point, acting, _retriever(content, point, acting), at),)


def _stop(state: State, content: Content, acting: Acting) -> Reaction:
    point = state.record.point(content.mpan())
    at = content.moment("at", acting.now)
    return state, (stop(content.release, point, acting, _retriever(content, point, acting), at),)


def _change(state: State, content: Content, acting: Acting) -> Reaction:
    """Nominate another retriever: IF-034 [SDS-MDRUpdate] to registration."""
    point = state.record.point(content.mpan())
    retriever = sending.party(acting, content.text("retriever"))
    block = {
        "SDSNominatedMDRDIPID": content.text("retriever"),
        "SDSNominatedMDRMPID": content.text("mpid") or (retriever.mpid if retriever else ""),
        "SDSNominatedMDRRequestedEffectiveFromDate": message_time(content.moment("at", acting.now)),
    }
    return state, (
        sending.message(
            content.release,
            "IF-034",
            "SDS-MDRUpdate",
            point,
            acting,
            to=(sending.registration(acting, point.mpan),),
            custom={"B018": block},
            places=content.places(),
        ),
    )


def _request(state: State, content: Content, acting: Acting) -> Reaction:
    point = state.record.point(content.mpan())
    event = content.one_of("event", _REQUESTS, _REQUESTS[0])
    retriever = _retriever(content, point, acting)
    return state, (
        sending.message(
            content.release, "IF-065", event, point, acting, to=(retriever.dip_id,), places=content.places()
        ),
    )


_MPAN = Item("mpan")
_WHO = Item("retriever", needed=False, about="DIP id; the one assigned when absent")
_AT = Item("at", needed=False, about="a time, or a date for its clock midnight; now when absent")
_SET = Item("set", needed=False, about="places of the message")
WORDS = (
    Word(
        "start-retrieval",
        (_MPAN, _WHO, _AT),
        "IF-061 [MDRStart]",
        _start,
        "third-party",
        "the data service asks the retriever to start",
    ),
    Word(
        "stop-retrieval",
        (_MPAN, _WHO, _AT),
        "IF-063 [MDRStop]",
        _stop,
        "third-party",
        "the data service asks the retriever to stop",
    ),
    Word(
        "change-retriever",
        (_MPAN, Item("retriever"), Item("mpid", needed=False), _AT, _SET),
        "IF-034 [SDS-MDRUpdate]",
        _change,
        "third-party",
        "SDS-MDRUpdate changes the retriever",
    ),
    Word(
        "request-reading",
        (_MPAN, _WHO, Item("event", needed=False, about=", ".join(_REQUESTS)), _SET),
        "IF-065",
        _request,
        "assumed",
        "which events of IF-065 are requests is assumed",
    ),
)
