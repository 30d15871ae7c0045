"""What a registration service holds about a metering point: the items, and the values that have parts.

Every item has a history of its own (`simulators.registration.history`). Names and codes are the interface
catalogue's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Item(StrEnum):
    """An item of a metering point, and the type of its value."""

    SUPPLIER = "supplier"
    """Holder"""
    METERING_SERVICE = "metering_service"
    """Holder"""
    DATA_SERVICE = "data_service"
    """Holder"""
    MDR = "mdr"
    """Holder: the meter data retriever"""
    REGIME = "regime"
    """mhhs, legacy or reverse-migrated"""
    MP_STATUS = "mp_status"
    """N, R, T or X"""
    RMP_STATUS = "rmp_status"
    """O, C or T"""
    CONNECTION_TYPE = "connection_type"
    """W, L, H, E or U"""
    MARKET_SEGMENT = "market_segment"
    """S, A or U"""
    ENERGISATION = "energisation"
    """E, D or U"""
    ENERGY_DIRECTION = "energy_direction"
    """I or E"""
    METERED = "metered"
    """bool: the metered indicator"""
    PROFILE_CLASS = "profile_class"
    SSC = "ssc"
    CONSENT = "consent"
    """H, D, M or N"""
    DOMESTIC = "domestic"
    """bool"""
    GSP_GROUP = "gsp_group"
    DUOS_TARIFF = "duos_tariff"
    ADDRESS = "address"
    """Address"""
    SMSO = "smso"
    IHD = "ihd"
    DCC = "dcc"
    """The DCC service flag"""
    ANNUAL_CONSUMPTION = "annual_consumption"
    """AnnualConsumption"""
    DIRECT_CONTRACT_METERING = "direct_contract_metering"
    """DirectContract"""
    DIRECT_CONTRACT_DATA = "direct_contract_data"
    """DirectContract"""
    LINKED = "linked"
    """Linked: import and export"""
    RELATED = "related"
    """Related: primary and secondary"""
    GREEN_DEAL = "green_deal"
    """GreenDeal"""
    METERS = "meters"
    """tuple of Meter, the removed ones included"""


MHHS, LEGACY, REVERSE_MIGRATED = "mhhs", "legacy", "reverse-migrated"
"""The values of `Item.REGIME`."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A party that has a metering point: as supplier, metering service, data service or retriever."""

    dip_id: str
    """Empty for a party of the legacy arrangements, which has none."""
    mpid: str
    reference: str = ""
    """The supplier's CSS registration id, or the service's contract reference."""
    scenario: str = ""
    """The appointment scenario that brought the service."""
    fallback_frequency: str = ""
    """How often a traditional meter is read where the remote way fails; data services alone."""


@dataclass(frozen=True, slots=True)
class Address:
    """Nine lines, each a text or None, and the postcode."""

    lines: tuple[str | None, ...]
    postcode: str | None


@dataclass(frozen=True, slots=True)
class AnnualConsumption:
    """kWh a year as messages write them, and the quality indicator."""

    kwh: str
    quality: str


@dataclass(frozen=True, slots=True)
class DirectContract:
    """A customer's own contract with a metering or data service, until a moment."""

    dip_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class GreenDeal:
    """A Green Deal plan that is paid through the metering point; ``until`` may be open."""

    start: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """An import/export relationship; every member holds the same value."""

    principal: str
    """MPAN of the import"""
    subsidiaries: tuple[str, ...]
    """MPANs of the exports"""


@dataclass(frozen=True, slots=True)
class Related:
    """A relationship of related metering points; every member holds the same value."""

    primary: str
    secondaries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Meter:
    """A meter that is, or was, installed; the asset providers oldest first."""

    serial: str
    kind: str
    """The meter type (DI-059)."""
    installed: datetime
    make: str = ""
    esme: str | None = None
    """ESME GUID; None for a meter that the DCC does not reach."""
    location: str = ""
    digits: int | None = None
    removed: datetime | None = None
    asset_providers: tuple[AssetProvider, ...] = ()


@dataclass(frozen=True, slots=True)
class AssetProvider:
    """Who owns a meter, from when."""

    provider: str
    effective_from: datetime
