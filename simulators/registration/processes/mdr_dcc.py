"""What the DCC made of a retriever (told as ``dcc-mdr-outcome``): IF-035 [DCC-MDROutcome].

It is about the retriever of a data service that is accepted and not yet active, else about the one that was
assigned last. One that the DCC refuses falls away (assumed).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.clock import message_time
from harness.errors import ConfigurationError
from simulators.registration.case import Case, Outcome, told
from simulators.registration.items import Item
from simulators.registration.notices import Around, Blocks, Form, forms, write
from simulators.registration.point import MeteringPoint
from simulators.registration.processes.appointment_forms import retriever
from simulators.registration.request import Appointment, Stage
from simulators.registration.services import Service
from simulators.registration.telling import told_point, where


@dataclass(frozen=True, slots=True)
class Assignment:
    """A retriever that the DCC was asked to take, for whom, and what it said."""

    provider: str
    """DIP id of the data service."""
    supplier: tuple[str, str]
    """DIP id and MPID."""
    registration: str
    named: Mapping[str, Any]
    """Block B019."""
    response: str
    message: str | None
    without: MeteringPoint
    """The point where the assignment falls away."""


def _blocks(assignment: Assignment) -> Blocks:
    dip_id, mpid = assignment.supplier
    return {
        "B012": {
            "serviceProviderAppointmentRequestingSupplierDIPID": dip_id,
            "serviceProviderAppointmentRequestingSupplierMPID": mpid,
        },
        "B013": {"CSSRegistrationID": assignment.registration} if assignment.registration else None,
        "B066": {
            **assignment.named,
            "responseCode": assignment.response,
            "responseMessage": assignment.message,
        },
    }


OUTCOME: Form[Assignment] = Form(
    "IF-035", "DCC-MDROutcome", ("data service", "supplier"), _blocks, "third-party",
    "what the DCC made of the assignment; that it reaches registration beside the hub is assumed",
)  # fmt: skip
forms("meter data retriever at the DCC", OUTCOME)


@told("dcc-mdr-outcome")
def outcome(case: Case) -> Outcome:
    """Pass on what the DCC made of a retriever: ``response`` A or R, and perhaps a ``message``.

    Raises ConfigurationError where no retriever is assigned, for another response, and for an MPAN that is
    not registered.
    """
    point, content = told_point(case), case.told.content
    if content.get("response") not in ("A", "R"):
        raise ConfigurationError("response is neither A nor R", where=where(case))
    assignment = _coming(case, point) or _in_place(case, point)
    if assignment is None:
        raise ConfigurationError("no retriever is assigned", where=where(case))
    around = Around(parties={"data service": assignment.provider})
    sent = (write(OUTCOME, case, point, assignment, around=around),)
    return Outcome(sent=sent) if assignment.response == "A" else Outcome((assignment.without,), sent)


def _coming(case: Case, point: MeteringPoint) -> Assignment | None:
    """Return the retriever of the data service that was accepted last and is still to come."""
    found: Appointment | None = None
    for each in point.appointments:
        if each.service is Service.DATA and each.stage is Stage.ACCEPTED and retriever(each):
            found = each
    if found is None:
        return None
    refused = replace(found, retriever_refused=True)
    return Assignment(
        found.provider,
        (found.supplier, found.supplier_mpid),
        found.registration_id or "",
        retriever(found) or {},
        case.told.content["response"],
        case.told.content.get("message"),
        point.with_appointment(found, refused),
    )


def _in_place(case: Case, point: MeteringPoint) -> Assignment | None:
    spans = point.history(Item.MDR).spans()
    supplier, service = point.supplier_at(case.moment), point.provider_at(Service.DATA, case.moment)
    last = spans[-1] if spans else None
    holder = last.value if last else None
    if last is None or holder is None or supplier is None or service is None:
        return None
    return Assignment(
        service.dip_id,
        (supplier.dip_id, supplier.mpid),
        supplier.reference,
        {
            "assignedMDRDIPID": holder.dip_id,
            "assignedMDRMPID": holder.mpid,
            "assignedMDREffectiveFromDate": message_time(last.since),
        },
        case.told.content["response"],
        case.told.content.get("message"),
        point.withdraw(Item.MDR, last.since, case.now),
    )
