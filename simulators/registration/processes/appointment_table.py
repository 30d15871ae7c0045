"""The appointment of a provider as a state machine: one table, read top to bottom.

An appointment begins with a supplier's IF-031, or with registration itself where an export follows its
import, and ends refused, rejected, superseded, lapsed or active. The table says what each trigger makes of
it and which notices go out, in this order. A pair that is not in the table changes nothing and sends
nothing: an answer that comes twice, or late, can't appoint anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from simulators.registration.request import Stage


class Trigger(StrEnum):
    """What moves an appointment on."""

    REQUEST_VALID = "the request obeys the rules"
    REQUEST_MUST_WAIT = "the request obeys the rules; an earlier one for an earlier date is with its provider"
    REQUEST_INVALID = "the request breaks a rule"
    HEAD_VALID = "it is the first in the queue and still obeys the rules"
    HEAD_INVALID = "it is the first in the queue and now breaks a rule"
    PROVIDER_ACCEPTS = "the provider accepts"
    PROVIDER_REJECTS = "the provider rejects, or answers against a rule"
    SUPERSEDED = "a later request of the supplier for the service, for the same or an earlier date, is valid"
    LAPSES = "its time is up, or the switch that it belongs to is cancelled"
    EFFECTIVE = "the effective date is reached; with SEG, the segment has changed"
    ALIGNED = "the agents of the import, or of the primary metering point, change"


class Notice(StrEnum):
    """A message that registration sends (`appointment_forms` says how it is written)."""

    REQUEST_ACCEPTED = "IF-032 accepted"
    REQUEST_REFUSED = "IF-032 rejected"
    PROVIDER_ASKED = "IF-033"
    APPOINTMENT_ACCEPTED = "IF-035 accepted"
    APPOINTMENT_REJECTED = "IF-035 rejected"
    APPOINTMENT_LAPSED = "IF-035 lapsed"
    QUEUED_REJECTED = "IF-035 rejected to the supplier alone"
    QUEUED_LAPSED = "IF-035 lapsed to the supplier alone"
    SEND_METER_DETAILS = "IF-035 IMS-SendMTD"
    APPOINTMENT_ACTIVE = "IF-036"
    PREDECESSOR_LEAVES = "IF-037"
    FORMER_TOLD = "IF-037 update"


@dataclass(frozen=True, slots=True)
class Transition:
    """Where a trigger leads, what is sent, and where the rule comes from."""

    stage: Stage
    notices: tuple[Notice, ...]
    basis: str
    reason: str


_CATALOGUE = "third-party"
_ACTIVE = (Notice.APPOINTMENT_ACTIVE, Notice.PREDECESSOR_LEAVES, Notice.FORMER_TOLD)

TRANSITIONS: Mapping[tuple[Stage, Trigger], Transition] = {
    (Stage.REQUESTED, Trigger.REQUEST_VALID): Transition(
        Stage.ASKED,
        (Notice.REQUEST_ACCEPTED, Notice.PROVIDER_ASKED),
        _CATALOGUE,
        "IF-032 answers IF-031; IF-033 asks the proposed provider. The order of the two is assumed.",
    ),
    (Stage.REQUESTED, Trigger.REQUEST_MUST_WAIT): Transition(
        Stage.QUEUED,
        (Notice.REQUEST_ACCEPTED,),
        "assumed",
        "A third party's reading of REG1038 and REG1039 has a queue; what waits for what is assumed.",
    ),
    (Stage.REQUESTED, Trigger.REQUEST_INVALID): Transition(
        Stage.REFUSED,
        (Notice.REQUEST_REFUSED,),
        _CATALOGUE,
        "IF-032 answers IF-031; the provider hears nothing.",
    ),
    (Stage.QUEUED, Trigger.HEAD_VALID): Transition(
        Stage.ASKED, (Notice.PROVIDER_ASKED,), "assumed", "The request was answered when it came."
    ),
    (Stage.QUEUED, Trigger.HEAD_INVALID): Transition(
        Stage.REJECTED,
        (Notice.QUEUED_REJECTED,),
        _CATALOGUE,
        "The rules are held against a request again when it is its turn; that IF-035 says so is assumed.",
    ),
    (Stage.QUEUED, Trigger.SUPERSEDED): Transition(
        Stage.SUPERSEDED, (Notice.QUEUED_REJECTED,), "assumed", "REG1089; the provider never heard of it."
    ),
    (Stage.QUEUED, Trigger.LAPSES): Transition(
        Stage.LAPSED, (Notice.QUEUED_LAPSED,), "assumed", "The provider never heard of it."
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
    (Stage.ASKED, Trigger.LAPSES): Transition(
        Stage.LAPSED,
        (Notice.APPOINTMENT_LAPSED,),
        "assumed",
        "IF-035 lapsed is published for an accepted one; that an unanswered one ends alike is assumed.",
    ),
    (Stage.ACCEPTED, Trigger.SUPERSEDED): Transition(
        Stage.SUPERSEDED,
        (Notice.APPOINTMENT_LAPSED,),
        "assumed",
        "As before; that an accepted appointment can be superseded and then lapses is assumed.",
    ),
    (Stage.ACCEPTED, Trigger.LAPSES): Transition(
        Stage.LAPSED,
        (Notice.APPOINTMENT_LAPSED,),
        _CATALOGUE,
        "An accepted appointment that is never matched to a secured switch lapses; SEG lapses with REG1037.",
    ),
    (Stage.ACCEPTED, Trigger.EFFECTIVE): Transition(
        Stage.ACTIVE,
        _ACTIVE,
        _CATALOGUE,
        "IF-036 on the effective date, IF-037 to the predecessor. The order of the two is assumed.",
    ),
    (Stage.REQUESTED, Trigger.ALIGNED): Transition(
        Stage.ACTIVE, _ACTIVE, "assumed", "Scenario ALG is published; that nobody is asked first is assumed."
    ),
}  # fmt: skip
