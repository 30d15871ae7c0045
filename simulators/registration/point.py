"""One metering point of a registration service: a value; every change makes a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from simulators.registration.history import History, Span
from simulators.registration.items import MHHS, DirectContract, Holder, Item, Meter
from simulators.registration.request import Appointment
from simulators.registration.services import Service
from simulators.registration.switching import Refresh, Switch

_NO_HISTORY: History[Any] = History()
MIGRATIONS = frozenset({"MCA", "MCS"})
"""Appointment scenarios by which a metering point migrates."""
ITEM_OF: Mapping[Service, Item] = {
    Service.METERING: Item.METERING_SERVICE,
    Service.DATA: Item.DATA_SERVICE,
}
CONTRACT_OF: Mapping[Service, Item] = {
    Service.METERING: Item.DIRECT_CONTRACT_METERING,
    Service.DATA: Item.DIRECT_CONTRACT_DATA,
}


@dataclass(frozen=True, slots=True)
class MeteringPoint:
    """An MPAN, everything that is held about it, and the requests and switches that are under way."""

    mpan: str
    distributor: str
    """DIP id"""
    created: datetime
    histories: Mapping[Item, History[Any]] = field(default_factory=dict)
    appointments: tuple[Appointment, ...] = ()
    """In the order of their requests."""
    switches: tuple[Switch, ...] = ()
    """In the order in which the switching service told of them."""
    refresh: Refresh | None = None
    """The newest statement of the switching service about the agents."""
    release: str = ""
    """The API release in which something was last heard about the point; what is sent unasked has it."""

    def history(self, item: Item) -> History[Any]:
        """Return the history of an item, empty where nothing was ever held."""
        return self.histories.get(item, _NO_HISTORY)

    def at(self, item: Item, moment: datetime, known: datetime | None = None) -> Any:
        """Return the value in force at ``moment``, as known at ``known`` (None: as known now), or None."""
        return self.history(item).at(moment, known)

    def span(self, item: Item, moment: datetime) -> Span[Any] | None:
        """Return the value in force at ``moment`` with its dates."""
        return self.history(item).span(moment)

    def since(self, item: Item, moment: datetime) -> datetime | None:
        """Return when the value that is in force at ``moment`` began to be so."""
        span = self.span(item, moment)
        return span.since if span else None

    def put(self, item: Item, value: object, effective_from: datetime, recorded: datetime) -> MeteringPoint:
        """Return the point with a value in force from a moment on."""
        return self._with(item, self.history(item).put(value, effective_from, recorded))

    def withdraw(self, item: Item, effective_from: datetime, recorded: datetime) -> MeteringPoint:
        """Return the point without the value that was to come into force at ``effective_from``."""
        return self._with(item, self.history(item).withdraw(effective_from, recorded))

    def supplier_at(self, moment: datetime) -> Holder | None:
        """Return the supplier in force at a moment."""
        return _holder(self.at(Item.SUPPLIER, moment))

    def provider_at(self, service: Service, moment: datetime) -> Holder | None:
        """Return the metering or data service in force at a moment."""
        return _holder(self.at(ITEM_OF[service], moment))

    def provider_span(self, service: Service, moment: datetime) -> Span[Holder] | None:
        """Return the metering or data service in force at a moment, with its dates."""
        return self.span(ITEM_OF[service], moment)

    def retriever_at(self, moment: datetime) -> Holder | None:
        """Return the meter data retriever in force at a moment."""
        return _holder(self.at(Item.MDR, moment))

    def contract_at(self, service: Service, moment: datetime) -> DirectContract | None:
        """Return the customer's own contract with a service.

        It ends at its date, or before that with the service's time (assumed).
        """
        held, holder = self.at(CONTRACT_OF[service], moment), self.provider_at(service, moment)
        if not isinstance(held, DirectContract) or holder is None or held.dip_id != holder.dip_id:
            return None
        return held if moment < held.until else None

    def regime_at(self, moment: datetime) -> str:
        """Return ``mhhs`` (also where nothing is held), ``legacy`` or ``reverse-migrated``."""
        return str(self.at(Item.REGIME, moment) or MHHS)

    def meters_at(self, moment: datetime) -> tuple[Meter, ...]:
        """Return the meters, the removed ones included."""
        return tuple(self.at(Item.METERS, moment) or ())

    @property
    def migrating(self) -> bool:
        """Say whether a migration is under way: asked for, or one of the two services has come by it."""
        if any(each.open and each.scenario in MIGRATIONS for each in self.appointments):
            return True
        regime = self.history(Item.REGIME).spans()
        held = [self.history(item).spans() for item in ITEM_OF.values()]
        unmigrated = bool(regime) and regime[-1].value != MHHS
        return unmigrated and any(
            spans and spans[-1].value and spans[-1].value.scenario in MIGRATIONS for spans in held
        )

    @property
    def switching(self) -> Switch | None:
        """Return the switch that is under way, or None."""
        return next((switch for switch in reversed(self.switches) if switch.open), None)

    def with_appointment(self, old: Appointment | None, new: Appointment) -> MeteringPoint:
        """Return the point with an appointment replaced, or added where ``old`` is None."""
        if old is None:
            return replace(self, appointments=(*self.appointments, new))
        return replace(self, appointments=tuple(new if each is old else each for each in self.appointments))

    def with_switch(self, old: Switch | None, new: Switch) -> MeteringPoint:
        """Return the point with a switch replaced, or added where ``old`` is None."""
        if old is None:
            return replace(self, switches=(*self.switches, new))
        return replace(self, switches=tuple(new if each is old else each for each in self.switches))

    def _with(self, item: Item, history: History[Any]) -> MeteringPoint:
        return replace(self, histories=MappingProxyType({**self.histories, item: history}))


def _holder(value: object) -> Holder | None:
    return value if isinstance(value, Holder) else None
