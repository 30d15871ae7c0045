"""What registration sends because of a switch: IF-001, IF-002, IF-003."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.clock import message_time
from simulators.registration.blocks import standing_blocks
from simulators.registration.case import Case
from simulators.registration.history import Span
from simulators.registration.items import Holder
from simulators.registration.notices import Blocks, Form, forms
from simulators.registration.point import MeteringPoint
from simulators.registration.processes.appointment_forms import left
from simulators.registration.services import Service
from simulators.registration.switching import Switch


@dataclass(frozen=True, slots=True)
class Switching:
    """A switch at its metering point."""

    case: Case
    point: MeteringPoint
    """As it was before."""
    switch: Switch
    gone: Span[Holder] | None = None
    """The provider that a reverse migration ends."""


def _registration(told: Switching) -> dict[str, Any]:
    return {"B013": {"CSSRegistrationID": told.switch.registration}}


def _incoming(told: Switching) -> dict[str, Any]:
    switch = told.switch
    return {
        "B002": {
            "incomingSupplierDIPID": switch.supplier,
            "incomingSupplierMPID": switch.supplier_mpid,
            "supplierEffectiveFromDate": message_time(switch.effective),
        }
    }


def _held(told: Switching) -> dict[str, Any]:
    return {"B005": None, **standing_blocks(told.point, told.case.moment, told.case.other)}


def _gain(told: Switching) -> Blocks:
    return {**_held(told), **_registration(told)}


def _initial(told: Switching) -> Blocks:
    return {**_held(told), **_registration(told), **_incoming(told)}


def _change(told: Switching) -> Blocks:
    outgoing = told.point.supplier_at(told.case.moment)
    block = None
    if outgoing is not None:
        block = {
            "outgoingSupplierDIPID": outgoing.dip_id,
            "outgoingSupplierMPID": outgoing.mpid,
            "supplierEffectiveToDate": message_time(told.switch.effective),
        }
    return {**_initial(told), **({"B003": block} if block else {})}


def _reverse(told: Switching) -> Blocks:
    ends = {"MHHSRegimeEndDate": message_time(told.switch.effective)}
    return {**_registration(told), **_incoming(told), "B094": ends}


def _leaves(service: Service) -> Any:
    block, prefix = ("B095", "MOP") if service is Service.METERING else ("B096", "DC")

    def blocks(told: Switching) -> Blocks:
        assert told.gone is not None
        switch = told.switch
        named = switch.operator if service is Service.METERING else switch.collector
        comes = {
            f"ReverseMigrationIncoming{prefix}EffectiveFromDate": message_time(switch.effective),
            f"ReverseMigrationIncoming{prefix}MPID": named,
        }
        return {
            **_registration(told),
            **_incoming(told),
            **left(service, told.gone, message_time(switch.effective), "CSUPP"),
            block: comes if named else None,
        }

    return blocks


GAINING_TOLD: Form[Switching] = Form(
    "IF-002", "GainMPANInfo", ("gaining supplier",), _gain, "third-party",
    "the gaining supplier alone; one outside the new arrangements gets none",
)  # fmt: skip
INITIAL: Form[Switching] = Form(
    "IF-001", "InitialRegistration", ("gaining supplier", "distributor", "MDS"), _initial, "third-party",
    "receivers of IF-001",
)  # fmt: skip
CHANGE: Form[Switching] = Form(
    "IF-001", "ChangeOfSupplier", ("gaining supplier", "distributor", "MDS"), _change, "third-party",
    "receivers of IF-001, the losing supplier not among them; that the old supplier's to-date meets the "
    "new one's from-date is assumed",
)  # fmt: skip
REVERSED: Form[Switching] = Form(
    "IF-003", "ReverseMigNotification", ("supplier", "distributor", "MDS"), _reverse, "third-party",
    "receivers of IF-003; the supplier is the one that loses the metering point (assumed)",
)  # fmt: skip
LEAVES: dict[Service, Form[Switching]] = {
    service: Form(
        "IF-003", f"{prefix}DeAppRM", ("predecessor",), _leaves(service), "third-party",
        "the provider that is de-appointed; neither IF-036 nor IF-037 follows",
    )
    for service, prefix in ((Service.METERING, "MS"), (Service.DATA, "DS"))
}  # fmt: skip
forms("switch", GAINING_TOLD, INITIAL, CHANGE, REVERSED, *LEAVES.values())
