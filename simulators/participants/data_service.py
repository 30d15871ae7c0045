"""Data services: appointments, settlement period consumption, amendments, retrieval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

from harness.errors import ConfigurationError, nearest
from harness.messages.consumption import utc_day_ends
from simulators.participants import consuming, provider, retrieval, sending
from simulators.participants.behaviours import Acting, Outgoing, Reaction, add
from simulators.participants.content import Content, Item
from simulators.participants.lessons import moment
from simulators.participants.metering import direct_contract
from simulators.participants.playing import Heard, Plays, Reply, State, Word
from simulators.participants.policy import Policy
from simulators.participants.readings import profile, read
from simulators.participants.record import DATA, RETRIEVER, Point

AUTOMATIC = ("consumption", "retrieval", "amendment")
SENT_AT = time(6, tzinfo=UTC)
"""When an automatic data service sends the day before; assumed."""
LONGEST = 200
"""Settlement days in a message, at most (published)."""


@dataclass(frozen=True, slots=True)
class Duties:
    """What a data service does by itself, and how far it has come."""

    retriever: str
    automatic: frozenset[str]
    next_day: Mapping[str, tuple[str, date]] = field(default_factory=lambda: MappingProxyType({}))
    """Release and next UTC day to send, by MPAN."""


def _duties(options: Mapping[str, Any], acting: Acting) -> Duties:
    where = f"behaviour of {acting.party.dip_id}"
    wanted = options.get("automatic", [])
    for name in wanted if isinstance(wanted, list) else [wanted]:
        if name not in AUTOMATIC:
            raise ConfigurationError(
                f"'{name}' is nothing that it does", where=where, mend=nearest(str(name), AUTOMATIC)
            )
    retriever = str(options.get("retriever", retrieval.SUPPLIERS))
    if retriever not in (retrieval.SUPPLIERS, retrieval.NOBODY):
        acting.network.by_dip_id(retriever)
    names = wanted if isinstance(wanted, list) else [wanted]
    return Duties(retriever, frozenset(str(name) for name in names))


def _asked(state: State, heard: Heard) -> Reaction:
    """Answer PUB-033, an acceptance with the retriever that the service nominates."""
    nominated = retrieval.nominated(state.own.retriever, heard.publication, heard.acting)
    return state, (provider.answer(heard.publication, provider.code_of(heard.policy), nominated),)


def _amendment(state: State, heard: Heard) -> Reaction:
    """Answer PUB-027; where it amends by itself, the amended consumption follows."""
    publication, acting = heard.publication, heard.acting
    point = state.record.point(publication.mpan)
    requests = list(publication.custom_list("B902List"))
    sent = [
        sending.answer(
            publication,
            "IF-028",
            publication.event,
            point,
            acting,
            custom={"B902List": requests},
            common={"R0": outcome(heard.policy, "the amendment is not supported")},
        )
    ]
    if "amendment" in state.own.automatic and heard.policy.accepts:
        sent += _amended(publication.release, point, acting, requests)
    return state, tuple(sent)


def outcome(policy: Policy, refusal: str) -> dict[str, Any]:
    """Return block R0: accepted, or refused with the policy's code or text."""
    if policy.accepts:
        return {"responseCode": "A", "responseMessages": []}
    return {"responseCode": "R", "responseMessages": [policy.message or refusal]}


def _amended(release: str, point: Point, acting: Acting, requests: list[Mapping[str, Any]]) -> list[Outgoing]:
    """Return the consumption of the days of each request, with its reason and scaled to its total."""
    sent = []
    for entry in requests:
        for request in entry.get("supplierConsumptionAmendmentRequests", ()):
            first = moment(request.get("consumptionAmendmentPeriodStartDate"))
            last = moment(request.get("consumptionAmendmentPeriodEndDate"))
            if first is None or last is None or not 0 <= (last - first).days < LONGEST:
                continue
            days = [(first + timedelta(days=n)).date() for n in range((last - first).days + 1)]
            ends = [end for day in days for end in utc_day_ends(day)]
            used = profile(point, acting)
            whole = sum(used.total(day) for day in days)
            gross = float(request.get("grossRevisedConsumption") or 0) * 1000
            wish = consuming.Wish(
                quantity=str(entry["MQID"]["measurementQuantityID"]),
                amended=str(request.get("arc") or "X"),
                scale=gross / whole if whole and gross else 1.0,
            )
            sent.append(consuming.consumption(release, point, acting, ends, wish))
    return sent


def _appointed(state: State, heard: Heard) -> Reaction:
    """Begin the automatic duties when the confirmed appointment is the party's own."""
    publication, acting, own = heard.publication, heard.acting, state.own
    block = publication.custom("B015")
    since = moment(block.get("incomingDataServiceEffectiveFromDate"))
    if block.get("incomingDataServiceDIPID") != acting.party.dip_id or since is None:
        return state, ()
    point, sent = state.record.point(publication.mpan), []
    retriever = sending.party(acting, str(publication.custom("B019").get("assignedMDRDIPID") or ""))
    if "retrieval" in own.automatic and retriever is not None:
        sent.append(retrieval.start(publication.release, point, acting, retriever, since))
    if "consumption" in own.automatic:
        days = {**own.next_day, point.mpan: (publication.release, since.date())}
        state = replace(state, own=replace(own, next_day=MappingProxyType(days)))
    return state, tuple(sent)


def _dismissed(state: State, heard: Heard) -> Reaction:
    """Stop the retriever when the ended appointment is the party's own."""
    publication, acting = heard.publication, heard.acting
    block = publication.custom("B009")
    until = moment(block.get("dataServiceEffectiveToDate"))
    if block.get("deAppointedDataServiceDIPID") != acting.party.dip_id or until is None:
        return state, ()
    point = state.record.point(publication.mpan)
    retriever = sending.party(acting, point.of(RETRIEVER, acting.now) or "")
    if "retrieval" not in state.own.automatic or retriever is None:
        return state, ()
    return state, (retrieval.stop(publication.release, point, acting, retriever, until),)


def _due(state: State) -> datetime | None:
    dates = [_sent_on(day) for mpan, (_, day) in state.own.next_day.items() if _open(state, mpan, day)]
    return min(dates, default=None)


def _sent_on(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), SENT_AT)


def _open(state: State, mpan: str, day: date) -> bool:
    """Say whether an appointment reaches into a UTC day."""
    midnight = datetime.combine(day, time(tzinfo=UTC))
    ends = [term.until for term in state.record.point(mpan).terms.get(DATA, ())]
    return any(until is None or until > midnight for until in ends)


def _daily(state: State, acting: Acting) -> Reaction:
    """Send every UTC day that is over and in which the party served, one message a day."""
    sent, days = [], dict(state.own.next_day)
    for mpan, (release, day) in state.own.next_day.items():
        point = state.record.point(mpan)
        while _sent_on(day) <= acting.now and _open(state, mpan, day):
            ends = consuming.own_ends(utc_day_ends(day), point, acting.party.dip_id)
            if ends:
                sent.append(consuming.consumption(release, point, acting, ends, consuming.Wish()))
            day += timedelta(days=1)
        days[mpan] = (release, day)
    return replace(state, own=replace(state.own, next_day=MappingProxyType(days))), tuple(sent)


def _consumption(state: State, content: Content, acting: Acting) -> Reaction:
    point = state.record.point(content.mpan())
    ends = consuming.told_ends(content, point, acting)
    wish = consuming.told_wish(content)
    return state, (consuming.consumption(content.release, point, acting, ends, wish, content.places()),)


def _replay(state: State, content: Content, acting: Acting) -> Reaction:
    point = state.record.point(content.mpan())
    to = tuple(hub.dip_id for hub in acting.network.with_role("DIP"))
    return state, (sending.message(content.release, "IF-015", "ConsumptionReplay", point, acting, to=to),)


_REQUEST = Reply(
    "IF-033",
    "DSAppSPRequest",
    "IF-034 [DSAppSPResponse]",
    _asked,
    "published",
    "the codes and that they answer IF-033 are published; which one is the scenario's choice",
    codes=provider.CODES,
)
_AMENDMENT = Reply(
    "IF-027",
    "ConsumptionAmendment",
    "IF-028, then IF-021 with `automatic: [amendment]`",
    _amendment,
    "third-party",
    "IF-028 answers IF-027; no refusal code is published, so a refusal carries a text",
)
_ACTIVE = Reply(
    "IF-036",
    "DSAppActive",
    "IF-061 with `automatic: [retrieval]`",
    _appointed,
    "assumed",
    "that the confirmed appointment starts retrieval and daily consumption",
)
_ENDED = Reply(
    "IF-037",
    "DSDeApp",
    "IF-063 with `automatic: [retrieval]`",
    _dismissed,
    "assumed",
    "that the end of the appointment stops retrieval",
)
_CONSUMPTION = Word(
    "consumption",
    consuming.ITEMS,
    "IF-021",
    _consumption,
    "published",
    "48 periods of a UTC day at most; only those in which the party is appointed",
)
_CONTRACT = Word(
    "direct-contract",
    (Item("mpan"), Item("change", needed=False, about="Add or Remove"), Item("set", needed=False)),
    "IF-038",
    partial(direct_contract, "DS"),
    "third-party",
    "a customer contracts directly",
)
_READ = Word(
    "read",
    (
        Item("mpan"),
        Item("at", needed=False),
        Item("meter", needed=False),
        Item("event", needed=False, about="ReadingOnSite when absent; ReadingCOS, DSEstimate and so on"),
        Item("readings_to", needed=False, about="data services that get it directly"),
    ),
    "IF-041",
    read,
    "third-party",
    "readings are shared between the parties of the metering point",
)
_REPLAY = Word(
    "request-replay",
    (Item("mpan"),),
    "IF-015 [ConsumptionReplay]",
    _replay,
    "third-party",
    "an advanced data service asks the DIP for the history of a metering point",
)
_OPTIONS = {
    "automatic": "a list of what it does by itself, nothing when absent: `consumption` (IF-021 at 06:00 UTC "
    "of the next day), `retrieval` (IF-061 and IF-063), `amendment` (IF-021 after IF-028)",
    "retriever": "whom an acceptance nominates in B018: `supplier` (the supplier's nominee, when absent), "
    "`none`, or a DIP id",
}
_REPLIES = (_REQUEST, _AMENDMENT, _ACTIVE, _ENDED)
_WORDS = (_CONSUMPTION, _READ, *retrieval.WORDS, _CONTRACT, _REPLAY)

add(
    "data-service",
    Plays(
        frozenset({"SDS", "ADS"}), _REPLIES, _WORDS, own=_duties, own_options=_OPTIONS, due=_due, act=_daily
    ),
)
add(
    "unmetered-data-service",
    Plays(
        frozenset({"UMSDS"}),
        (_REQUEST, _ACTIVE),
        (_CONSUMPTION, _CONTRACT),
        own=_duties,
        own_options=_OPTIONS,
        due=_due,
        act=_daily,
    ),
)
