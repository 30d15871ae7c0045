"""The appointment of a provider as a state machine: one table, read top to bottom.

An appointment begins with a supplier's IF-031 and ends refused, rejected, superseded or active. The table
says what each trigger makes of it and which notices go out, in this order. A pair that is not in the table
changes nothing and sends nothing: an answer that comes twice, or late, can't appoint anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from simulators.registration.services import Service
from simulators.registration.tenures import Tenure


class Stage(StrEnum):
    """Where an appointment stands."""

    REQUESTED = "requested"
    ASKED = "with the provider"
    ACCEPTED = "accepted"
    ACTIVE = "active"
    REFUSED = "refused by registration"
    REJECTED = "rejected by the provider"
    SUPERSEDED = "superseded"


class Trigger(StrEnum):
    """What moves an appointment on."""

    REQUEST_VALID = "the request obeys the rules"
    REQUEST_INVALID = "the request breaks a rule"
    PROVIDER_ACCEPTS = "the provider accepts"
    PROVIDER_REJECTS = "the provider rejects, or answers against a rule"
    SUPERSEDED = "a later request for the same service is valid"
    EFFECTIVE = "the effective date is reached"


class Notice(StrEnum):
    """A message that registration sends (`appointment_notices` says how it is written)."""

    REQUEST_ACCEPTED = "IF-032 accepted"
    REQUEST_REFUSED = "IF-032 rejected"
    PROVIDER_ASKED = "IF-033"
    APPOINTMENT_ACCEPTED = "IF-035 accepted"
    APPOINTMENT_REJECTED = "IF-035 rejected"
    APPOINTMENT_LAPSED = "IF-035 lapsed"
    SEND_METER_DETAILS = "IF-035 IMS-SendMTD"
    APPOINTMENT_ACTIVE = "IF-036"
    PREDECESSOR_LEAVES = "IF-037"


@dataclass(frozen=True, slots=True)
class Transition:
    """Where a trigger leads, what is sent, and where the rule comes from."""

    stage: Stage
    notices: tuple[Notice, ...]
    basis: str
    reason: str


_CATALOGUE = "third-party"

TRANSITIONS: Mapping[tuple[Stage, Trigger], Transition] = {
    (Stage.REQUESTED, Trigger.REQUEST_VALID): Transition(
        Stage.ASKED,
        (Notice.REQUEST_ACCEPTED, Notice.PROVIDER_ASKED),
        _CATALOGUE,
        "IF-032 answers IF-031; IF-033 asks the proposed provider. The order of the two is assumed.",
    ),
    (Stage.REQUESTED, Trigger.REQUEST_INVALID): Transition(
        Stage.REFUSED,
        (Notice.REQUEST_REFUSED,),
        _CATALOGUE,
        "IF-032 answers IF-031; the provider hears nothing.",
    ),
    (Stage.ASKED, Trigger.PROVIDER_ACCEPTS): Transition(
        Stage.ACCEPTED,
        (Notice.APPOINTMENT_ACCEPTED, Notice.SEND_METER_DETAILS),
        _CATALOGUE,
        "IF-035 tells supplier and provider; the incumbent metering service is told to send meter details.",
    ),
    (Stage.ASKED, Trigger.PROVIDER_REJECTS): Transition(
        Stage.REJECTED, (Notice.APPOINTMENT_REJECTED,), _CATALOGUE, "IF-035 tells supplier and provider."
    ),
    (Stage.ASKED, Trigger.SUPERSEDED): Transition(
        Stage.SUPERSEDED,
        (Notice.APPOINTMENT_REJECTED,),
        "assumed",
        "REG1089 (subsequent appointment received) exists; that IF-035 rejected carries it is assumed.",
    ),
    (Stage.ACCEPTED, Trigger.SUPERSEDED): Transition(
        Stage.SUPERSEDED,
        (Notice.APPOINTMENT_LAPSED,),
        "assumed",
        "As before; that an accepted appointment can be superseded and then lapses is assumed.",
    ),
    (Stage.ACCEPTED, Trigger.EFFECTIVE): Transition(
        Stage.ACTIVE,
        (Notice.APPOINTMENT_ACTIVE, Notice.PREDECESSOR_LEAVES),
        _CATALOGUE,
        "IF-036 on the effective date, IF-037 to the predecessor. The order of the two is assumed.",
    ),
}

OPEN = frozenset({Stage.REQUESTED, Stage.ASKED, Stage.ACCEPTED})
"""Stages from which an appointment can still go on."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """One request to appoint a provider, and how far it has come."""

    service: Service
    mpan: str
    release: str
    supplier: str
    """DIP id of the requesting supplier."""
    supplier_mpid: str
    provider: str
    """DIP id of the proposed provider."""
    provider_mpid: str
    scenario: str
    effective: datetime | None
    """None when the request's text is no time; a rule refuses it then."""
    proposal: Mapping[str, Any]
    """The block B070 or B071 of the request, as received."""
    header: Mapping[str, Any]
    """Block M0 of the request, which every message of the exchange repeats."""
    registration_id: str | None = None
    """B013.CSSRegistrationID of the request, where it had one."""
    stage: Stage = Stage.REQUESTED
    answer: str = ""
    """What B007.proposedAppointmentResponseCode says once there is an answer."""
    correlation: str | None = None
    """D0.initialCorrelationID of the publication that moved the appointment last."""
    predecessor: Tenure | None = None
    """Who was in place when the appointment became active."""

    @property
    def open(self) -> bool:
        """Whether the appointment can still go on."""
        return self.stage in OPEN
