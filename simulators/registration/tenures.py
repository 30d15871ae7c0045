"""The register of metering points of one registration service: values; a change makes a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from harness.clock import message_time
from simulators.registration.services import Service


@dataclass(frozen=True, slots=True)
class Tenure:
    """A provider's time at a metering point: from a moment, to another one (None: until further notice)."""

    dip_id: str
    mpid: str
    effective_from: datetime
    effective_to: datetime | None = None

    def as_dict(self) -> dict[str, str | None]:
        """Return the tenure as a reader of the register sees it."""
        return {
            "dip_id": self.dip_id,
            "mpid": self.mpid,
            "from": message_time(self.effective_from),
            "to": message_time(self.effective_to) if self.effective_to else None,
        }


@dataclass(frozen=True, slots=True)
class MeteringPoint:
    """One MPAN: who supplies and distributes it, who has metered it and handled its data, oldest first."""

    mpan: str
    supplier: str
    """DIP id"""
    distributor: str
    """DIP id"""
    tenures: Mapping[Service, tuple[Tenure, ...]]

    def current(self, service: Service) -> Tenure | None:
        """Return the provider that is in place until further notice, or None."""
        tenures = self.tenures.get(service, ())
        return tenures[-1] if tenures and tenures[-1].effective_to is None else None

    def appoint(self, service: Service, provider: Tenure) -> MeteringPoint:
        """Return the point with a new provider; the one in place ends where the new one begins."""
        tenures = list(self.tenures.get(service, ()))
        if tenures and tenures[-1].effective_to is None:
            tenures[-1] = replace(tenures[-1], effective_to=provider.effective_from)
        changed = {**self.tenures, service: (*tenures, provider)}
        return replace(self, tenures=MappingProxyType(changed))

    def supplied_by(self, dip_id: str) -> MeteringPoint:
        """Return the point with another supplier."""
        return replace(self, supplier=dip_id)

    def as_dict(self) -> dict[str, Any]:
        """Return the point as a reader of the register sees it."""
        return {
            "mpan": self.mpan,
            "supplier": self.supplier,
            "distributor": self.distributor,
            **{
                service.value: [tenure.as_dict() for tenure in self.tenures.get(service, ())]
                for service in Service
            },
        }
