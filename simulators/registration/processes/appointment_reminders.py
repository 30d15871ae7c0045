"""IF-045: what a supplier is reminded of when an appointment that it needs did not come about."""

from __future__ import annotations

from simulators.participants.behaviours import Outgoing
from simulators.registration.case import Case
from simulators.registration.notices import Around, Form, forms, write
from simulators.registration.point import MeteringPoint
from simulators.registration.request import Appointment
from simulators.registration.services import Service

NOT_APPOINTED: dict[Service, Form[str]] = {
    Service.METERING: Form(
        "IF-045", "NoMSAppointed", ("requester",), lambda text: {"B060": {"additionalInformation": text}},
        "third-party", "receivers of IF-045; that it is sent at the supply start is assumed",
    ),
    Service.DATA: Form(
        "IF-045", "NoDSAppointed", ("requester",), lambda text: {"B060": {"additionalInformation": text}},
        "third-party", "receivers of IF-045; that it is sent at the supply start is assumed",
    ),
}  # fmt: skip
forms("reminders", *NOT_APPOINTED.values())


def not_appointed(case: Case, point: MeteringPoint, service: Service, supplier: str) -> tuple[Outgoing, ...]:
    """Remind a supplier that a service of its metering point has nobody that it appointed."""
    text = f"No {service.value.replace('_', ' ')} was appointed by the supplier."
    form = NOT_APPOINTED[service]
    return (write(form, case, point, text, around=Around(parties={"requester": supplier})),)


def lapsed_at_start(case: Case, point: MeteringPoint, appointment: Appointment) -> tuple[Outgoing, ...]:
    """Remind the gaining supplier of a request that lapsed after the supply start."""
    switch = next((s for s in point.switches if s.registration == appointment.registration_id), None)
    if switch is None or not switch.started or appointment.scenario not in ("COS", "MCS"):
        return ()
    return not_appointed(case, point, appointment.service, appointment.supplier)
