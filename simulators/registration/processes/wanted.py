"""A supplier's request to appoint, and what the rules hold it against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from harness.transport.network import Party
from simulators.registration.case import Case
from simulators.registration.items import Item
from simulators.registration.point import MeteringPoint
from simulators.registration.request import Appointment, Stage
from simulators.registration.switching import Switch, SwitchStage


@dataclass(frozen=True)
class Wanted:
    """A request, and what it is held against."""

    case: Case
    appointment: Appointment

    @cached_property
    def point(self) -> MeteringPoint:
        """Return the point; only where it is in the register."""
        return self.case.known_point

    @property
    def at(self) -> datetime:
        """Return the effective date, the present where it is none."""
        return self.appointment.effective or self.case.now

    @property
    def scenario(self) -> str:
        """Return the appointment scenario."""
        return self.appointment.scenario

    @property
    def regime(self) -> str:
        """Return the regime at the effective date."""
        return self.point.regime_at(self.at)

    @property
    def is_supplier(self) -> bool:
        """Say whether the sender supplied the point when it asked."""
        held = self.point.supplier_at(self.appointment.requested)
        return held is not None and held.dip_id == self.appointment.supplier

    @cached_property
    def switch(self) -> Switch | None:
        """Return the switch that the request names, unless it was cancelled."""
        return switch_of(self.point, self.appointment.registration_id)

    @cached_property
    def in_place(self) -> str:
        """Return the DIP id of the provider in place before the effective date, empty for none.

        Appointments for an earlier date count.
        """
        return in_place(self.point, self.appointment, self.at)

    @cached_property
    def provider(self) -> Party | None:
        """Return the proposed provider."""
        wanted = self.appointment.provider
        return next((p for p in self.case.acting.network.parties if p.dip_id == wanted), None)

    @property
    def segment(self) -> str | None:
        """Return the point's market segment at the effective date."""
        held: str | None = self.point.at(Item.MARKET_SEGMENT, self.at)
        return held


def switch_of(point: MeteringPoint, registration: str | None) -> Switch | None:
    """Return the switch of a registration id, unless it was cancelled."""
    found = (
        each
        for each in reversed(point.switches)
        if each.registration == registration and each.stage is not SwitchStage.CANCELLED
    )
    return next(found, None) if registration else None


def in_place(point: MeteringPoint, wanted: Appointment, at: datetime) -> str:
    """Return the DIP id of who will be in place just before ``wanted``, if all goes well.

    What the same supplier asked for before counts although nobody has answered: the rules are held against
    a request again when it is its turn.
    """
    coming = [
        (each.effective, each.provider)
        for each in point.appointments
        if each is not wanted
        and each.service is wanted.service
        and (each.stage is Stage.ACCEPTED or (each.open and each.supplier == wanted.supplier))
        and each.scenario != "SEG"
        and each.effective is not None
        and each.effective < at
    ]
    span = point.provider_span(wanted.service, at)
    if coming:
        since, provider = max(coming)
        if span is None or span.since < since:
            return provider
    return span.value.dip_id if span and span.value else ""
