"""One switch of the Central Switching Service at one metering point, and how far it has come: a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SwitchStage(StrEnum):
    """Where a switch stands, in the words of the switching service."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    SECURED = "secured-active"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Switch:
    """A registration that a supplier asked the switching service for."""

    registration: str
    """The CSS registration id."""
    supplier: str
    """DIP id of the gaining supplier; empty for one outside the new arrangements."""
    supplier_mpid: str
    effective: datetime
    """The supply start: clock midnight."""
    release: str
    told: datetime
    """When registration first heard of it."""
    initial: bool = False
    """A first registration: nobody loses the metering point."""
    legacy: bool = False
    """The gaining supplier is outside the new arrangements: a reverse migration."""
    operator: str = ""
    """MPID of the legacy meter operator that comes in at a reverse migration, where it is known."""
    collector: str = ""
    """MPID of the legacy data collector."""
    stage: SwitchStage = SwitchStage.PENDING
    started: bool = False
    """The supply start is reached and has been dealt with."""

    @property
    def open(self) -> bool:
        """Whether it is neither secured nor cancelled."""
        return self.stage in (SwitchStage.PENDING, SwitchStage.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Refresh:
    """Which agents the switching service holds for a metering point, as it said at a moment."""

    as_at: datetime
    metering_service: str
    """DIP id, empty for none."""
    data_service: str
