"""Appointments of metering and data services: IF-031 to IF-037.

What each step leads to is in `appointment_table`, who is told what in `appointment_forms`, which code
refuses what in `appointment_rules`, and what becoming active means in `activation`.

The queue is assumed: a request waits while an earlier one of the same service, for an earlier date, is with
its provider; a request of the same supplier for the same or a later date gives way to it (REG1089).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from harness.calendars.book import calendars
from harness.calendars.local_time import clock_midnight, local_date
from harness.spec.codes import codes
from simulators.registration.case import NOTHING, Case, Outcome, due, handles
from simulators.registration.moments import moment
from simulators.registration.point import MIGRATIONS, MeteringPoint
from simulators.registration.processes.activation import activate
from simulators.registration.processes.appointment_reminders import lapsed_at_start
from simulators.registration.processes.appointment_rules import RULES, retriever_known
from simulators.registration.processes.appointment_table import Trigger
from simulators.registration.processes.data_reminders import SEGMENT_UNSUITED, remind
from simulators.registration.processes.moving import Moved, move
from simulators.registration.processes.segment import Change, settled
from simulators.registration.processes.wanted import Wanted
from simulators.registration.request import Appointment, Stage
from simulators.registration.rule import Rule, consequence, refusal, rules, stated
from simulators.registration.services import WORDS, service_of

consequence("REG1037", "published", "an accepted SEG appointment is not effective when its time is up")
consequence("REG1089", "assumed", "a later request for the service takes the place of one that is under way")


_UNCHANGED = "The appointment for another market segment lapsed."


@handles("IF-031", "MSApp", "DSApp")
def request(case: Case) -> Outcome:
    """Take a supplier's request: refuse it, queue it, or ask the provider; let go of what it supersedes."""
    wanted = _wanted(case)
    code = refusal(RULES, Wanted(case, wanted))
    if code is not None:
        refused = replace(wanted, answer=stated(code))
        return move(case, case.point, None, refused, Trigger.REQUEST_INVALID).outcome
    moved = _superseded(case, case.known_point, wanted)
    waits = any(_ahead(each, wanted) for each in moved.point.appointments)
    trigger = Trigger.REQUEST_MUST_WAIT if waits else Trigger.REQUEST_VALID
    return moved.then(move(case, moved.point, None, wanted, trigger)).outcome


def _superseded(case: Case, point: MeteringPoint, wanted: Appointment) -> Moved:
    """Let go of the same supplier's requests for the same date or a later one (assumed).

    A migration supersedes an earlier one whatever its date: a service migrates once.
    """
    moved = Moved(point)
    for earlier in point.appointments:
        same = (earlier.service, earlier.supplier) == (wanted.service, wanted.supplier)
        again = {earlier.scenario, wanted.scenario} <= MIGRATIONS
        if earlier.open and same and (again or _date(earlier) >= _date(wanted)):
            gone = replace(earlier, answer=stated("REG1089"), correlation=case.correlation)
            moved = moved.then(move(case, moved.point, earlier, gone, Trigger.SUPERSEDED))
    return moved


def _ahead(earlier: Appointment, wanted: Appointment) -> bool:
    """Say whether a request is with its provider that another one has to wait for."""
    return (
        earlier is not wanted
        and earlier.service is wanted.service
        and earlier.stage is Stage.ASKED
        and _date(earlier) < _date(wanted)
    )


def _date(appointment: Appointment) -> datetime:
    return appointment.effective or appointment.requested


def next_in_queue(case: Case, moved: Moved) -> Moved:
    """Ask the providers of the requests that wait for nothing any more, unless they now break a rule."""
    for waiting in sorted(moved.point.appointments, key=_date):
        if waiting.stage is not Stage.QUEUED or any(_ahead(e, waiting) for e in moved.point.appointments):
            continue
        code = refusal(RULES, Wanted(replace(case, point=moved.point), waiting))
        trigger = Trigger.HEAD_INVALID if code else Trigger.HEAD_VALID
        new = replace(waiting, answer=stated(code)) if code else waiting
        moved = moved.then(move(case, moved.point, waiting, new, trigger))
    return moved


@handles("IF-034", "MSAppSPResponse", "DSAppSPResponse")
def answer(case: Case) -> Outcome:
    """Take a provider's answer; one that answers no open request changes nothing."""
    asked = _answered(case)
    if asked is None:
        return NOTHING
    block = case.publication.custom("B007")
    text = str(block.get("proposedAppointmentResponseCode") or "")
    given = Given(case, asked, text, block.get("responseCode") == "A")
    code = refusal(ANSWER_RULES, given)
    accepts = given.accepts and code is None
    answered = replace(
        asked,
        answer=stated(code) if code else given.text,
        answered=case.publication.custom("B018") or None,
        correlation=case.correlation,
    )
    trigger = Trigger.PROVIDER_ACCEPTS if accepts else Trigger.PROVIDER_REJECTS
    moved = next_in_queue(case, move(case, case.known_point, asked, answered, trigger))
    return moved.outcome.then(settled(Change(case, case.known_point, moved.point, case.moment)))


def _answered(case: Case) -> Appointment | None:
    service = service_of(case.publication.event)
    if case.point is None:
        return None
    fitting = [
        each
        for each in case.point.appointments
        if (each.service, each.provider, each.stage) == (service, case.publication.sender, Stage.ASKED)
    ]
    named = _supplier_named(case)
    return next((each for each in fitting if each.supplier == named), fitting[0] if fitting else None)


def _supplier_named(case: Case) -> object:
    return case.publication.custom("B012").get("serviceProviderAppointmentRequestingSupplierDIPID")


@dataclass(frozen=True, slots=True)
class Given:
    """A provider's answer to a request."""

    case: Case
    asked: Appointment
    text: str
    accepts: bool


def _no_answer_code(given: Given) -> bool:
    code = answer_code(given.text)
    return code is None or given.accepts != code.endswith("000")


def _wrong_supplier(given: Given) -> bool:
    return _supplier_named(given.case) != given.asked.supplier


def _wrong_retriever(given: Given) -> bool:
    named = given.case.publication.custom("B018")
    ids = named.get("SDSNominatedMDRDIPID"), named.get("SDSNominatedMDRMPID")
    return given.accepts and not retriever_known(given.case.acting.network, *ids)


ANSWER_RULES: tuple[Rule[Given], ...] = rules(
    "answer to an appointment",
    Rule("REG1094", _no_answer_code, "assumed", "no SP or DS code, or one that says the opposite of A or R"),
    Rule("REG1084", _wrong_supplier, "assumed", "block B012 names another supplier than the one that asked"),
    Rule("REG1093", _wrong_retriever, "assumed", "only where the data service nominates a retriever"),
)  # fmt: skip


def answer_code(text: object) -> str | None:
    """Return the SP or DS code that a provider's answer begins with, or None when it is no published one.

    Answers are written ``SP000 - Proposed Appointment ACCEPTED`` (seen in a participant's message).
    """
    code = str(text or "").partition(" ")[0].strip()
    return code if code.startswith(("SP", "DS")) and code in codes() else None


def next_date(appointment: Appointment) -> datetime | None:
    """Return when an appointment is next due: to become active, or to lapse.

    One of scenario SEG becomes active with the segment (`segment`), so it is only due to lapse.
    """
    if appointment.stage is Stage.ACCEPTED:
        return appointment.held_until if appointment.scenario == "SEG" else appointment.effective
    return appointment.answer_by if appointment.open else None


def _next(point: MeteringPoint) -> datetime | None:
    dates = (next_date(each) for each in point.appointments)
    return min((date for date in dates if date is not None), default=None)


@due("appointment", _next)
def reached(case: Case) -> Outcome:
    """Make active what was accepted for this date, and let lapse what has run out of time.

    However many appointments for another market segment lapse at once, the supplier is reminded of it once
    (assumed): the reminder is about the metering point and names no service.
    """
    moved, unchanged = Moved(case.known_point), False
    for each in case.known_point.appointments:
        if next_date(each) != case.moment or each not in moved.point.appointments:
            continue
        if each.stage is Stage.ACCEPTED and _may_begin(moved.point, each, case.moment):
            moved = moved.then(activate(moved.seen_by(case), moved.point, each, case.moment))
        else:
            moved = moved.then(_lapses(case, moved.point, each))
            unchanged = unchanged or _waited_in_vain(each)
    if unchanged:
        moved = moved.then(Moved(moved.point, remind(SEGMENT_UNSUITED, case, moved.point, _UNCHANGED)))
    return next_in_queue(case, moved).outcome


def _may_begin(point: MeteringPoint, appointment: Appointment, moment: datetime) -> bool:
    """Say whether the supplier that asked supplies the point; SEG has had its time."""
    held = point.supplier_at(moment)
    return appointment.scenario != "SEG" and held is not None and held.dip_id == appointment.supplier


def _lapses(case: Case, point: MeteringPoint, appointment: Appointment) -> Moved:
    late = stated("REG1037") if _waited_in_vain(appointment) else ""
    gone = replace(appointment, answer=late, correlation=None)
    moved = move(case, point, appointment, gone, Trigger.LAPSES)
    return moved.then(Moved(moved.point, lapsed_at_start(case, moved.point, appointment)))


def _waited_in_vain(appointment: Appointment) -> bool:
    """Say whether an appointment was accepted for a change of segment, which did not come about."""
    return appointment.scenario == "SEG" and appointment.stage is Stage.ACCEPTED


def _wanted(case: Case) -> Appointment:
    publication = case.publication
    service = service_of(publication.event)
    assert service is not None
    words = WORDS[service]
    proposal = publication.custom(words.proposal)
    mpids = {party.dip_id: party.mpid for party in case.acting.network.parties}
    effective = moment(proposal[words.proposed_from])
    return Appointment(
        service=service,
        mpan=case.mpan,
        release=publication.release,
        supplier=publication.sender,
        supplier_mpid=mpids[publication.sender],
        provider=str(proposal[words.proposed_dip_id]),
        provider_mpid=str(proposal[words.proposed_mpid]),
        scenario=str(proposal["appointmentScenario"]),
        effective=effective,
        requested=case.accepted,
        proposal=proposal,
        header=publication.common("M0"),
        registration_id=publication.custom("B013").get("CSSRegistrationID"),
        correlation=publication.correlation,
        answer_by=max(effective, case.now + case.terms.reply_within) if effective else None,
        held_until=_held_until(effective, case) if effective else None,
    )


def _held_until(effective: datetime, case: Case) -> datetime:
    """Return the end of the window in which a change of segment is to become effective."""
    last = calendars().add_working_days(local_date(effective), case.terms.segment_window)
    return clock_midnight(last + timedelta(days=1))
