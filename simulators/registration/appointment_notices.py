"""How each notice of the appointment exchange is written: interface, event, recipients and what stands in it.

Recipients: the table names the parties that a notice concerns. Those whose role has the tier ``primary`` in
the routing file are named in A0.primaryRecipients; secondary and always recipients are the hub's to find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.clock import message_time
from harness.messages.context import SEGMENT_OF_ROLE
from simulators.participants.behaviours import Acting, Outgoing
from simulators.registration.appointment import Appointment, Notice
from simulators.registration.services import WORDS, Service
from simulators.registration.tenures import MeteringPoint, Tenure

Blocks = Mapping[str, Mapping[str, Any] | None]

_UNUSED: Blocks = dict.fromkeys(
    ("B002", "B005", "B010", "B011", "B016", "B017", "B019", "B068", "B070", "B071")
)
"""Optional blocks that a notice leaves out unless it writes them."""


@dataclass(frozen=True, slots=True)
class Form:
    """The event (``{}`` is MS or DS), the parties concerned, and the writers of the message's blocks."""

    interface: str
    event: str
    concerns: tuple[str, ...]
    """supplier, provider, predecessor, incumbent meterer, distributor, MDS, EES"""
    custom: Callable[[Appointment, MeteringPoint | None], Blocks]
    basis: str
    reason: str


def _proposal(
    appointment: Appointment, _point: MeteringPoint | None = None
) -> dict[str, Mapping[str, Any] | None]:
    block = WORDS[appointment.service].proposal
    registration = {"CSSRegistrationID": appointment.registration_id} if appointment.registration_id else None
    return {block: appointment.proposal, "B013": registration}


def _requesting_supplier(appointment: Appointment) -> dict[str, Any]:
    return {
        "serviceProviderAppointmentRequestingSupplierDIPID": appointment.supplier,
        "serviceProviderAppointmentRequestingSupplierMPID": appointment.supplier_mpid,
    }


def _asked(appointment: Appointment, point: MeteringPoint | None) -> Blocks:
    incumbent = point.current(Service.METERING) if point else None
    names = None
    if incumbent is not None:
        names = {
            "incumbentMeteringServiceDIPID": incumbent.dip_id,
            "incumbentMeteringServiceMPID": incumbent.mpid,
        }
    return {**_proposal(appointment), "B012": _requesting_supplier(appointment), "B072": names}


def _status(response: str) -> Callable[[Appointment, MeteringPoint | None], Blocks]:
    def write(appointment: Appointment, _point: MeteringPoint | None) -> Blocks:
        return {
            "B019": _retriever(appointment) if response == "A" else None,
            **_proposal(appointment),
            "B012": _requesting_supplier(appointment),
            "B007": {
                "responseCode": response,
                "proposedAppointmentResponseCode": appointment.answer or None,
            },
        }

    return write


def _effective(appointment: Appointment) -> str | None:
    return message_time(appointment.effective) if appointment.effective else None


def _active(appointment: Appointment, point: MeteringPoint | None) -> Blocks:
    words, proposal = WORDS[appointment.service], appointment.proposal
    appointed = {
        "appointmentScenario": appointment.scenario,
        words.contract: proposal.get(words.contract),
        words.incoming_dip_id: appointment.provider,
        words.incoming_mpid: appointment.provider_mpid,
        words.incoming_from: _effective(appointment),
    }
    if appointment.service is Service.DATA:
        appointed["traditionalFallBackReadFrequency"] = proposal.get("traditionalFallBackReadFrequency")
    registration = _proposal(appointment)["B013"]
    return {
        words.appointed: appointed,
        "B012": _requesting_supplier(appointment),
        "B013": registration,
        "B005": _current(point),
        "B019": _retriever(appointment),
        "B068": _consent(appointment),
    }


def _current(point: MeteringPoint | None) -> dict[str, Any] | None:
    """Return block B005, where both services have a provider."""
    metering = point.current(Service.METERING) if point else None
    data = point.current(Service.DATA) if point else None
    if metering is None or data is None:
        return None
    return {
        "currentMeteringServiceDIPID": metering.dip_id,
        "currentMeteringServiceMPID": metering.mpid,
        "currentDataServiceDIPID": data.dip_id,
        "currentDataServiceMPID": data.mpid,
    }


def _retriever(appointment: Appointment) -> dict[str, Any] | None:
    """Return block B019, where the supplier nominated a retriever; that it is assigned is assumed."""
    proposal = appointment.proposal
    if not proposal.get("supplierNominatedMDRDIPID"):
        return None
    start = proposal.get("supplierNominatedMDREffectiveFromDate")
    return {
        "assignedMDRDIPID": proposal["supplierNominatedMDRDIPID"],
        "assignedMDRMPID": proposal["supplierNominatedMDRMPID"],
        "assignedMDREffectiveFromDate": start or _effective(appointment),
    }


def _consent(appointment: Appointment) -> dict[str, Any] | None:
    """Return block B068, where the request proposes a consent granularity."""
    granularity = appointment.proposal.get("supplierProposedConsentGranularity")
    if not granularity:
        return None
    return {
        "consentGranularity": granularity,
        "consentGranularityEffectiveFromDate": _effective(appointment),
    }


REASONS: Mapping[str, str] = {"COS": "CSUPP", "MCS": "CSUPP", "SEG": "CSEGM"}
"""De-appointment reason by scenario, else CSERV. Assumed: the codes are published, the mapping is not."""


def _left(appointment: Appointment, _point: MeteringPoint | None) -> Blocks:
    words, gone = WORDS[appointment.service], appointment.predecessor
    assert gone is not None
    return {
        words.ended: {
            words.ended_dip_id: gone.dip_id,
            words.ended_mpid: gone.mpid,
            words.ended_from: message_time(gone.effective_from),
            words.ended_to: _effective(appointment),
            "deAppointmentReasonCode": REASONS.get(appointment.scenario, "CSERV"),
        },
        words.incoming: {
            words.incoming_dip_id: appointment.provider,
            words.incoming_mpid: appointment.provider_mpid,
            words.incoming_from: _effective(appointment),
        },
        "B013": None,
    }


_EVERYBODY = ("supplier", "provider", "distributor", "MDS", "EES")

FORMS: Mapping[Notice, Form] = {
    Notice.REQUEST_ACCEPTED: Form(
        "IF-032", "{}AppInitialResp", ("supplier",), _proposal, "third-party", "receivers of IF-032: SUP"
    ),
    Notice.REQUEST_REFUSED: Form(
        "IF-032", "{}AppInitialResp", ("supplier",), _proposal, "third-party", "receivers of IF-032: SUP"
    ),
    Notice.PROVIDER_ASKED: Form(
        "IF-033", "{}AppSPRequest", ("provider",), _asked, "third-party", "receivers of IF-033: MS, DS"
    ),
    Notice.APPOINTMENT_ACCEPTED: Form(
        "IF-035", "{}AppAccepted", ("supplier", "provider"), _status("A"), "assumed",
        "SUP, MS and DS receive IF-035; that the provider hears of its own acceptance is assumed",
    ),
    Notice.APPOINTMENT_REJECTED: Form(
        "IF-035", "{}AppRejected", ("supplier", "provider"), _status("R"), "assumed", "as for an accepted one"
    ),
    Notice.APPOINTMENT_LAPSED: Form(
        "IF-035", "{}AppLapsed", ("supplier", "provider"), _status("L"), "assumed", "as for an accepted one"
    ),
    Notice.SEND_METER_DETAILS: Form(
        "IF-035", "IMS-SendMTD", ("incumbent meterer",), _status("A"), "assumed",
        "the incumbent metering service alone; not sent where there is none or it is the proposed provider",
    ),
    Notice.APPOINTMENT_ACTIVE: Form(
        "IF-036", "{}AppActive", _EVERYBODY, _active, "third-party",
        "receivers of IF-036; B012 and B014 or B015",
    ),
    Notice.PREDECESSOR_LEAVES: Form(
        "IF-037", "{}DeApp", ("predecessor", "supplier", "distributor", "MDS", "EES"), _left, "third-party",
        "receivers of IF-037; not sent where nobody was in place",
    ),
}  # fmt: skip


def write(
    notice: Notice, appointment: Appointment, point: MeteringPoint | None, acting: Acting
) -> Iterator[Outgoing]:
    """Yield the message of a notice, or nothing where it concerns nobody."""
    form = FORMS[notice]
    if not _sent(notice, appointment, point):
        return
    event = form.event.format(WORDS[appointment.service].prefix)
    concerned = _concerned(form, appointment, point, acting)
    primary = {row.role for row in acting.routing.receivers(form.interface, event) if row.tier == "primary"}
    blocks: dict[str, Mapping[str, Any]] = {"M0": appointment.header}
    if form.interface == "IF-032":
        refused = notice is Notice.REQUEST_REFUSED
        blocks["R0"] = {
            "responseCode": "R" if refused else "A",
            "responseMessages": [appointment.answer] if refused else [],
        }
    yield Outgoing(
        release=appointment.release,
        interface=form.interface,
        event=event,
        mpan=appointment.mpan,
        distributor=str(appointment.header["distributorDIPID"]),
        primary=tuple(dip_id for role, dip_id in concerned if role in primary),
        common=blocks,
        custom={**_UNUSED, **form.custom(appointment, point)},
        parties=_parties(appointment, acting),
        segment=_segment(appointment, acting),
        correlation=appointment.correlation,
    )


def _parties(appointment: Appointment, acting: Acting) -> dict[str, tuple[str, str]]:
    provider = {
        party.role: (party.dip_id, party.mpid)
        for party in acting.network.parties
        if party.dip_id == appointment.provider
    }
    return {"SUP": (appointment.supplier, appointment.supplier_mpid), **provider}


def _segment(appointment: Appointment, acting: Acting) -> str | None:
    roles = (party.role for party in acting.network.parties if party.dip_id == appointment.provider)
    return next((SEGMENT_OF_ROLE[role] for role in roles if role in SEGMENT_OF_ROLE), None)


def _sent(notice: Notice, appointment: Appointment, point: MeteringPoint | None) -> bool:
    if notice is Notice.SEND_METER_DETAILS:
        incumbent = _incumbent(point)
        return incumbent is not None and incumbent.dip_id != appointment.provider
    if notice is Notice.PREDECESSOR_LEAVES:
        return appointment.predecessor is not None
    return True


def _incumbent(point: MeteringPoint | None) -> Tenure | None:
    return point.current(Service.METERING) if point else None


def _concerned(
    form: Form, appointment: Appointment, point: MeteringPoint | None, acting: Acting
) -> list[tuple[str, str]]:
    incumbent = _incumbent(point)
    known = {
        "supplier": appointment.supplier,
        "provider": appointment.provider,
        "predecessor": appointment.predecessor.dip_id if appointment.predecessor else None,
        "incumbent meterer": incumbent.dip_id if incumbent else None,
        "distributor": point.distributor if point else None,
    }
    roles = {party.dip_id: party.role for party in acting.network.parties}
    found: list[tuple[str, str]] = []
    for name in form.concerns:
        dip_ids = [known[name]] if name in known else [p.dip_id for p in acting.network.with_role(name)]
        found += [(roles[dip_id], dip_id) for dip_id in dip_ids if dip_id in roles]
    return found
