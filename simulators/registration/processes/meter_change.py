"""What an IF-005 says, as values: the meter that it describes, the one that it removes, the display."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulators.registration.case import Case
from simulators.registration.items import AssetProvider, Meter
from simulators.registration.moments import moment

INSTALL, EXCHANGE, REMOVAL = "MeterInstall", "MeterExchange", "MeterRemoval"
UPDATE, HISTORY_UPDATE = "MeterUpdate", "MeterHistoryUpdate"
ON_SITE = frozenset({INSTALL, EXCHANGE, REMOVAL})
"""Events that report what was done on site; the others correct the record."""


@dataclass(frozen=True, slots=True)
class MeterChange:
    """An IF-005 and the metering point that it is about. A date is None where the message has none."""

    case: Case
    event: str
    described: Mapping[str, Any]
    """B906.existingMeter, empty where the message has no B906."""
    asset_providers: tuple[AssetProvider, ...]
    """B906.historyMAP, in the order of the message."""
    removed_serial: str | None
    removed_at: datetime | None
    display: Mapping[str, Any]
    """B030: the in-home display; empty where the message has none."""

    @property
    def serial(self) -> str | None:
        """Return the meter id of the described meter."""
        return self.described.get("meterID")

    @property
    def modified_serial(self) -> str | None:
        """Return the meter id that the described meter gets instead."""
        return self.described.get("modifiedMeterID")

    @property
    def kind(self) -> str:
        """Return the meter type of the described meter."""
        return str(self.described.get("meterType"))

    @property
    def installed_at(self) -> datetime | None:
        """Return when the described meter was installed."""
        return moment(self.described.get("meterInstallationDate"))

    @property
    def display_from(self) -> datetime | None:
        """Return from when the display's status holds."""
        return moment(self.display.get("IHDEffectiveFromDate"))

    @property
    def held(self) -> tuple[Meter, ...]:
        """Return the meters on record, the removed ones included."""
        return self.case.known_point.meters_at(self.case.moment)

    @property
    def installed(self) -> Mapping[str, Meter]:
        """Return the meters that are in place, by meter id."""
        return {meter.serial: meter for meter in self.held if meter.removed is None}

    @property
    def corrected(self) -> Meter | None:
        """Return the meter on record that a correction is about: installed, or once removed."""
        gone = {meter.serial: meter for meter in self.held if meter.removed is not None}
        return (gone if self.event == HISTORY_UPDATE else self.installed).get(self.serial or "")

    @property
    def date(self) -> datetime | None:
        """Return when what was done on site was done; None for a correction."""
        if self.event in (INSTALL, EXCHANGE):
            return self.installed_at
        return self.removed_at if self.event == REMOVAL else None

    def meter(self) -> Meter:
        """Return the described meter as it is to stand on record; only once the rules are obeyed."""
        installed = self.installed_at
        assert installed is not None
        before = self.corrected if self.event not in ON_SITE else None
        return Meter(
            serial=self.modified_serial or str(self.serial),
            kind=self.kind,
            installed=installed,
            make=str(self.described.get("manufacturersMakeAndType") or ""),
            esme=self.described.get("ESMEGUID"),
            location=str(self.described.get("meterLocation")),
            digits=self.described.get("numberOfDisplayedRegisterDigits"),
            removed=self.removed_at or (before.removed if before else None)
            if self.event == HISTORY_UPDATE
            else None,
            asset_providers=self.asset_providers or (before.asset_providers if before else ()),
        )


def read(case: Case) -> MeterChange:
    """Return what the IF-005 of a case says."""
    received = case.publication
    block = received.custom("B906")
    removal = received.custom("B039")
    providers = tuple(
        AssetProvider(str(each["meterAssetProviderID"]), start)
        for each in block.get("historyMAP") or ()
        if (start := moment(each["meterAssetProviderEffectiveFromDate"])) is not None
    )
    return MeterChange(
        case=case,
        event=received.event,
        described=block.get("existingMeter") or {},
        asset_providers=providers,
        removed_serial=removal.get("meterIDRemoved"),
        removed_at=moment(removal.get("meterRemovalDate")),
        display=received.custom("B030"),
    )
