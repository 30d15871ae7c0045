"""One request to appoint a metering or data service, and how far it has come: a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from simulators.registration.services import Service


class Stage(StrEnum):
    """Where an appointment stands."""

    REQUESTED = "requested"
    QUEUED = "queued"
    ASKED = "with the provider"
    ACCEPTED = "accepted"
    ACTIVE = "active"
    REFUSED = "refused by registration"
    REJECTED = "rejected by the provider"
    SUPERSEDED = "superseded"
    LAPSED = "lapsed"


OPEN = frozenset({Stage.REQUESTED, Stage.QUEUED, Stage.ASKED, Stage.ACCEPTED})
"""Stages from which an appointment can still go on."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """A request, as received, and what became of it."""

    service: Service
    mpan: str
    release: str
    supplier: str
    """DIP id of the requesting supplier; of the point's supplier where registration itself appoints (ALG)."""
    supplier_mpid: str
    provider: str
    """DIP id of the proposed provider."""
    provider_mpid: str
    scenario: str
    effective: datetime | None
    """None when the request's text is no time; a rule refuses it then."""
    requested: datetime
    """When the DIP took the request."""
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
    answered: Mapping[str, Any] | None = None
    """Block B018 of the provider's answer, where it nominates a retriever."""
    answer_by: datetime | None = None
    """When a request that the provider has not answered lapses."""
    held_until: datetime | None = None
    """When an accepted appointment that waits for work on site (SEG) lapses."""

    retriever_refused: bool = False
    """The DCC refused the retriever that was named for it, so that none is assigned."""

    @property
    def open(self) -> bool:
        """Whether the appointment can still go on."""
        return self.stage in OPEN
