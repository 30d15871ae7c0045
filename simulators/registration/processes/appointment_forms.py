"""How each notice of the appointment exchange is written: interface, event, recipients, blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.clock import message_time
from simulators.participants.behaviours import Outgoing
from simulators.registration.blocks import current_services, standing_blocks
from simulators.registration.case import Case
from simulators.registration.history import Span
from simulators.registration.items import Holder
from simulators.registration.notices import Around, Form, forms, segment_of, write
from simulators.registration.point import MeteringPoint
from simulators.registration.processes.appointment_table import Notice
from simulators.registration.request import Appointment
from simulators.registration.services import WORDS, Service

Blocks = Mapping[str, Any]

REASONS: Mapping[str, str] = {"COS": "CSUPP", "MCS": "CSUPP", "SEG": "CSEGM", "ALG": "IMPEXP"}
"""De-appointment reason by appointment scenario (assumed); any other gives CSERV."""

_UNUSED: Blocks = dict.fromkeys(
    ("B002", "B005", "B010", "B011", "B016", "B017", "B019", "B068", "B070", "B071")
)
"""Optional blocks that a notice leaves out unless it writes them."""


@dataclass(frozen=True, slots=True)
class Step:
    """An appointment as it is now, its point, and who else is touched."""

    case: Case
    appointment: Appointment
    point: MeteringPoint | None
    predecessor: Span[Holder] | None = None
    """Who leaves."""
    former: Span[Holder] | None = None
    """Who left before without a successor."""
    counterpart: Appointment | None = None
    """The appointment of the other service that becomes active at the same moment."""
    reason: str = ""
    """De-appointment reason, where it does not follow from the scenario."""


def _proposal(step: Step) -> dict[str, Any]:
    appointment = step.appointment
    block = WORDS[appointment.service].proposal
    registration = {"CSSRegistrationID": appointment.registration_id} if appointment.registration_id else None
    return {**_UNUSED, block: appointment.proposal or None, "B013": registration}


def _requesting_supplier(appointment: Appointment) -> dict[str, Any]:
    return {
        "serviceProviderAppointmentRequestingSupplierDIPID": appointment.supplier,
        "serviceProviderAppointmentRequestingSupplierMPID": appointment.supplier_mpid,
    }


def _asked(step: Step) -> Blocks:
    incumbent = _incumbent(step)
    names = None
    if incumbent is not None:
        names = {
            "incumbentMeteringServiceDIPID": incumbent.dip_id,
            "incumbentMeteringServiceMPID": incumbent.mpid,
        }
    return {
        **_held(step),
        **_proposal(step),
        "B012": _requesting_supplier(step.appointment),
        "B072": names,
    }


def _held(step: Step) -> dict[str, Any]:
    return standing_blocks(step.point, step.case.moment, step.case.other) if step.point else {}


def _status(response: str) -> Callable[[Step], Blocks]:
    def blocks(step: Step) -> Blocks:
        return {
            **_proposal(step),
            "B019": retriever(step.appointment) if response == "A" else None,
            "B012": _requesting_supplier(step.appointment),
            "B007": {
                "responseCode": response,
                "proposedAppointmentResponseCode": step.appointment.answer or None,
            },
        }

    return blocks


def effective_text(appointment: Appointment) -> str | None:
    """Write the effective date as the notices do."""
    return message_time(appointment.effective) if appointment.effective else None


def _active(step: Step) -> Blocks:
    appointment = step.appointment
    words, proposal = WORDS[appointment.service], appointment.proposal
    appointed = {
        "appointmentScenario": appointment.scenario,
        words.contract: proposal.get(words.contract),
        words.incoming_dip_id: appointment.provider,
        words.incoming_mpid: appointment.provider_mpid,
        words.incoming_from: effective_text(appointment),
    }
    if appointment.service is Service.DATA:
        appointed["traditionalFallBackReadFrequency"] = proposal.get("traditionalFallBackReadFrequency")
    return {
        **_UNUSED,
        **_held(step),
        "B005": _both_services(step),
        "B013": _proposal(step)["B013"],
        words.appointed: appointed,
        words.other_incoming: _incoming(step.counterpart),
        "B012": _requesting_supplier(appointment),
        "B019": retriever(appointment),
        "B068": _consent(appointment),
    }


def _both_services(step: Step) -> dict[str, Any] | None:
    """Return block B005: who serves from the effective date on, the other service's newcomer included."""
    found = current_services(step.point, step.case.moment) if step.point else None
    other = step.counterpart
    if other is None or found is None:
        return found
    name = "MeteringService" if other.service is Service.METERING else "DataService"
    return {**found, f"current{name}DIPID": other.provider, f"current{name}MPID": other.provider_mpid}


def _incoming(appointment: Appointment | None) -> dict[str, Any] | None:
    if appointment is None:
        return None
    words = WORDS[appointment.service]
    return {
        words.incoming_dip_id: appointment.provider,
        words.incoming_mpid: appointment.provider_mpid,
        words.incoming_from: effective_text(appointment),
    }


def retriever(appointment: Appointment) -> dict[str, Any] | None:
    """Return block B019: the retriever that the data service names, else the one that the supplier does.

    That a named retriever is assigned, and whose word counts, is assumed.
    """
    answered, proposal = appointment.answered or {}, appointment.proposal
    if appointment.retriever_refused:
        return None
    if answered.get("SDSNominatedMDRDIPID"):
        named, prefix = answered, "SDSNominatedMDR"
        start = answered.get("SDSNominatedMDRRequestedEffectiveFromDate")
    elif proposal.get("supplierNominatedMDRDIPID"):
        named, prefix = proposal, "supplierNominatedMDR"
        start = proposal.get("supplierNominatedMDREffectiveFromDate")
    else:
        return None
    return {
        "assignedMDRDIPID": named[f"{prefix}DIPID"],
        "assignedMDRMPID": named[f"{prefix}MPID"],
        "assignedMDREffectiveFromDate": start or effective_text(appointment),
    }


def _consent(appointment: Appointment) -> dict[str, Any] | None:
    """Return block B068, where the request proposes a consent granularity."""
    granularity = appointment.proposal.get("supplierProposedConsentGranularity")
    if not granularity:
        return None
    return {
        "consentGranularity": granularity,
        "consentGranularityEffectiveFromDate": effective_text(appointment),
    }


def left(service: Service, gone: Span[Holder], until: str, reason: str) -> dict[str, Any]:
    """Return block B008 or B009: who leaves, from when until when, and why."""
    assert gone.value is not None
    words = WORDS[service]
    return {
        words.ended: {
            words.ended_dip_id: gone.value.dip_id,
            words.ended_mpid: gone.value.mpid,
            words.ended_from: message_time(gone.since),
            words.ended_to: until,
            "deAppointmentReasonCode": reason,
        }
    }


def _left(step: Step) -> Blocks:
    appointment, gone = step.appointment, step.predecessor
    assert gone is not None
    reason = step.reason or REASONS.get(appointment.scenario, "CSERV")
    return {
        **_UNUSED,
        **left(appointment.service, gone, str(effective_text(appointment)), reason),
        WORDS[appointment.service].incoming: _incoming(appointment),
        "B013": None,
    }


def _told(step: Step) -> Blocks:
    return {WORDS[step.appointment.service].incoming: _incoming(step.appointment), "B013": None}


_EVERYBODY = ("requester", "provider", "distributor", "MDS", "EES")

FORMS: Mapping[Notice, Form[Step]] = {
    Notice.REQUEST_ACCEPTED: Form(
        "IF-032", "{}AppInitialResp", ("requester",), _proposal, "third-party", "receivers of IF-032: SUP"
    ),
    Notice.REQUEST_REFUSED: Form(
        "IF-032", "{}AppInitialResp", ("requester",), _proposal, "third-party", "receivers of IF-032: SUP"
    ),
    Notice.PROVIDER_ASKED: Form(
        "IF-033", "{}AppSPRequest", ("provider",), _asked, "third-party", "receivers of IF-033: MS, DS"
    ),
    Notice.APPOINTMENT_ACCEPTED: Form(
        "IF-035", "{}AppAccepted", ("requester", "provider"), _status("A"), "assumed",
        "SUP, MS and DS receive IF-035; that the provider hears of its own acceptance is assumed",
    ),
    Notice.APPOINTMENT_REJECTED: Form(
        "IF-035", "{}AppRejected", ("requester", "provider"), _status("R"), "assumed",
        "as for an accepted one",
    ),
    Notice.APPOINTMENT_LAPSED: Form(
        "IF-035", "{}AppLapsed", ("requester", "provider"), _status("L"), "assumed", "as for an accepted one"
    ),
    Notice.QUEUED_REJECTED: Form(
        "IF-035", "{}AppRejected", ("requester",), _status("R"), "assumed", "the provider was never asked"
    ),
    Notice.QUEUED_LAPSED: Form(
        "IF-035", "{}AppLapsed", ("requester",), _status("L"), "assumed", "the provider was never asked"
    ),
    Notice.SEND_METER_DETAILS: Form(
        "IF-035", "IMS-SendMTD", ("incumbent meterer",), _status("A"), "assumed",
        "the incumbent metering service alone; not sent where there is none, where it is the proposed "
        "provider, or where the provider is in place already",
    ),
    Notice.APPOINTMENT_ACTIVE: Form(
        "IF-036", "{}AppActive", _EVERYBODY, _active, "third-party",
        "receivers of IF-036; B012 and B014 or B015",
    ),
    Notice.PREDECESSOR_LEAVES: Form(
        "IF-037", "{}DeApp", ("predecessor", "requester", "distributor", "MDS", "EES"), _left, "third-party",
        "receivers of IF-037; not sent where nobody was in place, nor to an agent of the legacy arrangements",
    ),
    Notice.FORMER_TOLD: Form(
        "IF-037", "{}DeAppUpdate", ("former", "requester", "distributor", "MDS", "EES"), _told, "assumed",
        "who left without a successor is told of him when he comes; what the event is for is assumed",
    ),
}  # fmt: skip
forms("appointment", *FORMS.values())


def notice(kind: Notice, step: Step) -> Iterator[Outgoing]:
    """Yield the message of a notice, or nothing where it concerns nobody."""
    if not _sent(kind, step):
        return
    appointment, form = step.appointment, FORMS[kind]
    incumbent = _incumbent(step)
    yield write(
        form,
        step.case,
        step.point,
        step,
        around=Around(
            parties={
                "requester": appointment.supplier,
                "provider": appointment.provider,
                "predecessor": _dip_id(step.predecessor),
                "former": _dip_id(step.former),
                "incumbent meterer": incumbent.dip_id if incumbent else "",
            },
            event=form.event.format(WORDS[appointment.service].prefix),
            header=appointment.header,
            release=appointment.release,
            correlation=appointment.correlation,
            fills=_fills(step),
            segment=segment_of(step.case.acting, appointment.provider),
        ),
        code=appointment.answer.partition(" ")[0] if kind is Notice.REQUEST_REFUSED else None,
        answers=form.interface == "IF-032",
    )


def _fills(step: Step) -> dict[str, tuple[str, str]]:
    appointment = step.appointment
    roles = {party.dip_id: party.role for party in step.case.acting.network.parties}
    found = {"SUP": (appointment.supplier, appointment.supplier_mpid)}
    if appointment.provider in roles:
        found[roles[appointment.provider]] = (appointment.provider, appointment.provider_mpid)
    return found


def _dip_id(span: Span[Holder] | None) -> str:
    return span.value.dip_id if span and span.value else ""


def _sent(kind: Notice, step: Step) -> bool:
    if kind is Notice.SEND_METER_DETAILS:
        incumbent, wanted = _incumbent(step), step.appointment
        held = step.point.provider_at(wanted.service, step.case.moment) if step.point else None
        stays = held is not None and held.dip_id == wanted.provider
        return incumbent is not None and incumbent.dip_id != wanted.provider and not stays
    if kind is Notice.PREDECESSOR_LEAVES:
        return bool(_dip_id(step.predecessor))
    if kind is Notice.FORMER_TOLD:
        return bool(_dip_id(step.former))
    return True


def _incumbent(step: Step) -> Holder | None:
    """Return the metering service in place; one of the legacy arrangements gets no message."""
    held = step.point.provider_at(Service.METERING, step.case.moment) if step.point else None
    return held if held and held.dip_id else None
