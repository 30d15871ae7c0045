"""Registration as a behaviour: what each publication and date makes of register and appointments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from harness.clock import message_time
from simulators.participants.behaviours import (
    Acting,
    Outgoing,
    Publication,
    Reaction,
    Told,
    behaviour,
    unknown_word,
)
from simulators.registration import point_list as loading
from simulators.registration.appointment import TRANSITIONS, Appointment, Stage, Trigger
from simulators.registration.appointment_notices import write
from simulators.registration.rules import Case, answer_code, broken_rule, identity_matches, stated
from simulators.registration.services import WORDS, Service, service_of
from simulators.registration.tenures import MeteringPoint, Tenure


@dataclass(frozen=True, slots=True)
class Registration:
    """What one registration service holds for one test instance."""

    points: Mapping[str, MeteringPoint]
    appointments: tuple[Appointment, ...] = ()

    def with_point(self, point: MeteringPoint) -> Registration:
        """Return the state with a point replaced."""
        return replace(self, points=MappingProxyType({**self.points, point.mpan: point}))

    def with_appointment(self, old: Appointment | None, new: Appointment) -> Registration:
        """Return the state with an appointment replaced, or added where ``old`` is None."""
        if old is None:
            return replace(self, appointments=(*self.appointments, new))
        return replace(self, appointments=tuple(new if a is old else a for a in self.appointments))


@behaviour("appointment")
class AppointmentExchange:
    """Answers IF-031 and IF-034, and acts when an effective date is reached (IF-031 to IF-037)."""

    roles = frozenset({"REGS"})
    options = frozenset({"points"})

    def start(self, options: Mapping[str, Any], acting: Acting) -> Registration:
        """Return a registration service that holds the metering points of the option ``points``."""
        points = loading.points(
            options.get("points", []), acting.network, where=f"behaviour of {acting.party.dip_id}"
        )
        return Registration(MappingProxyType({point.mpan: point for point in points}))

    def on_publication(self, state: Registration, publication: Publication, acting: Acting) -> Reaction:
        """React to a supplier's request or a provider's answer; anything else changes nothing."""
        service = service_of(publication.event)
        if service is None:
            return state, ()
        if publication.interface == "IF-031":
            return request(state, service, publication, acting)
        if publication.interface == "IF-034":
            return answer(state, service, publication, acting)
        return state, ()

    def on_told(self, _state: Registration, told: Told, acting: Acting) -> Reaction:
        """Refuse: it knows of no switch."""
        raise unknown_word(told, acting)

    def next_due(self, state: Registration) -> datetime | None:
        """Return the earliest effective date of an accepted appointment."""
        return min((moment for moment, _ in _waiting(state)), default=None)

    def on_time(self, state: Registration, acting: Acting) -> Reaction:
        """Make every accepted appointment active whose effective date is reached, earliest first."""
        sent: tuple[Outgoing, ...] = ()
        for moment, appointment in sorted(_waiting(state), key=lambda pair: pair[0]):
            if moment <= acting.now:
                state, more = _activate(state, appointment, moment, acting)
                sent += more
        return state, sent

    def look_up(self, state: Registration, mpan: str) -> dict[str, Any] | None:
        """Return a metering point and its appointments."""
        point = state.points.get(mpan)
        if point is None:
            return None
        appointments = [_as_dict(a) for a in state.appointments if a.mpan == mpan]
        return {**point.as_dict(), "appointments": appointments}


def request(state: Registration, service: Service, publication: Publication, acting: Acting) -> Reaction:
    """Take a supplier's IF-031: refuse it, or ask the provider and let go of what it supersedes."""
    wanted = _wanted(service, publication, acting)
    code = broken_rule(Case(wanted, state.points.get(wanted.mpan), acting.network, acting.now))
    if code is not None:
        refused = replace(wanted, answer=stated(code))
        return _move(state, None, refused, Trigger.REQUEST_INVALID, acting)
    sent: tuple[Outgoing, ...] = ()
    for earlier in state.appointments:
        if earlier.open and (earlier.mpan, earlier.service) == (wanted.mpan, service):
            gone = replace(earlier, answer=stated("REG1089"), correlation=publication.correlation)
            state, more = _move(state, earlier, gone, Trigger.SUPERSEDED, acting)
            sent += more
    state, more = _move(state, None, wanted, Trigger.REQUEST_VALID, acting)
    return state, sent + more


def answer(state: Registration, service: Service, publication: Publication, acting: Acting) -> Reaction:
    """Take a provider's IF-034; one that answers no open request changes nothing."""
    for asked in state.appointments:
        fits = (asked.mpan, asked.service, asked.provider) == (publication.mpan, service, publication.sender)
        if fits and asked.open:
            break
    else:
        return state, ()
    block = publication.custom("B007")
    text = str(block.get("proposedAppointmentResponseCode") or "")
    code, accepts = answer_code(text), block.get("responseCode") == "A"
    nominated = publication.custom("B018")
    if code is None or accepts != code.endswith("000"):
        text, accepts = stated("REG1094"), False
    elif accepts and nominated and not _retriever_known(nominated, acting):
        text, accepts = stated("REG1093"), False
    trigger = Trigger.PROVIDER_ACCEPTS if accepts else Trigger.PROVIDER_REJECTS
    answered = replace(asked, answer=text, correlation=publication.correlation)
    return _move(state, asked, answered, trigger, acting)


def _retriever_known(nominated: Mapping[str, Any], acting: Acting) -> bool:
    dip_id, mpid = nominated.get("SDSNominatedMDRDIPID"), nominated.get("SDSNominatedMDRMPID")
    if dip_id is None and mpid is None:
        return True
    return identity_matches(acting.network, str(dip_id), str(mpid), frozenset({"MDR"}))


def _waiting(state: Registration) -> list[tuple[datetime, Appointment]]:
    accepted = (a for a in state.appointments if a.stage is Stage.ACCEPTED)
    return [(a.effective, a) for a in accepted if a.effective is not None]


def _activate(state: Registration, appointment: Appointment, moment: datetime, acting: Acting) -> Reaction:
    """Put the provider in place; at a change of supplier the supplier too (assumed: the switch is done)."""
    point = state.points[appointment.mpan]
    before = point.current(appointment.service)
    same = before is not None and before.dip_id == appointment.provider
    tenure = Tenure(appointment.provider, appointment.provider_mpid, moment)
    point = point.appoint(appointment.service, tenure)
    if appointment.scenario in ("COS", "MCS"):
        point = point.supplied_by(appointment.supplier)
    active = replace(appointment, predecessor=None if same else before, correlation=None)
    return _move(state.with_point(point), appointment, active, Trigger.EFFECTIVE, acting)


def _move(
    state: Registration, old: Appointment | None, new: Appointment, trigger: Trigger, acting: Acting
) -> Reaction:
    """Apply a row of the table: the stage it leads to and the notices it sends."""
    transition = TRANSITIONS.get((new.stage, trigger))
    if transition is None:
        return state, ()
    moved = replace(new, stage=transition.stage)
    point = state.points.get(moved.mpan)
    sent = tuple(message for notice in transition.notices for message in write(notice, moved, point, acting))
    return state.with_appointment(old, moved), sent


def _wanted(service: Service, publication: Publication, acting: Acting) -> Appointment:
    words = WORDS[service]
    proposal = publication.custom(words.proposal)
    mpids = {party.dip_id: party.mpid for party in acting.network.parties}
    return Appointment(
        service=service,
        mpan=publication.mpan,
        release=publication.release,
        supplier=publication.sender,
        supplier_mpid=mpids[publication.sender],
        provider=str(proposal[words.proposed_dip_id]),
        provider_mpid=str(proposal[words.proposed_mpid]),
        scenario=str(proposal["appointmentScenario"]),
        effective=_moment(proposal[words.proposed_from]),
        proposal=proposal,
        header=publication.common("M0"),
        registration_id=publication.custom("B013").get("CSSRegistrationID"),
        correlation=publication.correlation,
    )


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _as_dict(appointment: Appointment) -> dict[str, Any]:
    return {
        "service": appointment.service.value,
        "stage": appointment.stage.value,
        "supplier": appointment.supplier,
        "provider": appointment.provider,
        "scenario": appointment.scenario,
        "effective": message_time(appointment.effective) if appointment.effective else None,
        "answer": appointment.answer,
    }
