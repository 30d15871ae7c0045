"""The columns of test data: where each stands in the JSON form, how it is written, and what it means.

The JSON form of a metering point is what the simulated registration services start from. Days are written
as dates in CSV; in JSON they are the clock midnight that begins the day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.messages.addresses import LINES

TEXT, DAY, FLAG, NUMBER, LIST = "text", "day", "yes or no", "number", "list"
"""How a column is written: a list is separated by spaces, a flag is ``true`` or ``false``."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column, its place in JSON (numbers are places in a list), how it is written, and what it holds."""

    name: str
    path: tuple[str | int, ...]
    form: str
    meaning: str
    personal: str = ""
    """The category under which it gets a pseudonym, where it names a person, a place or a device."""


def _column(name: str, path: str, meaning: str, form: str = TEXT, personal: str = "") -> Column:
    steps = tuple(int(step) if step.isdigit() else step for step in path.split("."))
    return Column(name, steps, form, meaning, personal)


def _service(item: str, holder: str) -> tuple[Column, ...]:
    return (
        _column(item, f"{item}.dip_id", f"DIP id of the {holder}; empty for a legacy agent"),
        _column(f"{item}_mpid", f"{item}.mpid", f"MPID of the {holder}"),
        _column(f"{item}_from", f"{item}.from", f"first day of the {holder}", DAY),
        _column(f"{item}_contract", f"{item}.reference", "the contract's reference", personal="contract"),
    )


COLUMNS: tuple[Column, ...] = (
    _column("mpan", "mpan", "13 digits, the last one a check digit", personal="mpan"),
    _column("distributor", "distributor", "DIP id of the LDSO"),
    _column("created", "created", "when the MPAN was made", DAY),
    _column("mp_status", "mp_status", "N, R, T or X"),
    _column("rmp_status", "rmp_status", "C, O or T"),
    _column("gsp_group", "gsp_group", "the GSP group"),
    _column("market_segment", "market_segment", "S, A or U"),
    _column("connection_type", "connection_type", "W, L, H, E or U"),
    _column("energy_direction", "energy_direction", "I or E"),
    _column("metered", "metered", "the metered indicator", FLAG),
    _column("energisation", "energisation", "E, D or U"),
    _column("domestic", "domestic", "the domestic premise indicator", FLAG),
    _column("regime", "regime", "mhhs, legacy or reverse-migrated"),
    _column("consent", "consent", "H, D, M or N"),
    _column("dcc", "dcc", "the DCC service flag: A, I or N"),
    _column("ihd", "ihd", "whether a display is installed: I, D, E or F"),
    _column("smso", "smso", "who operates a first-generation smart meter"),
    _column("profile_class", "profile_class", "the profile class"),
    _column("ssc", "ssc", "the standard settlement configuration"),
    _column("duos_tariff", "duos_tariff", "the DUoS tariff id"),
    _column("annual_kwh", "annual_consumption.kwh", "consumption in kWh a year, three decimals"),
    _column("annual_quality", "annual_consumption.quality", "quality of the annual consumption"),
    _column("supplier", "supplier.dip_id", "DIP id of the supplier; empty for a legacy one"),
    _column("supplier_mpid", "supplier.mpid", "MPID of the supplier"),
    _column("supplier_from", "supplier.from", "first day of the supplier", DAY),
    _column("registration_id", "supplier.reference", "the switching service's registration id",
            personal="registration"),
    *_service("metering_service", "metering service"),
    *_service("data_service", "data service"),
    _column("fallback_frequency", "data_service.fallback_frequency", "F, W, M, Q, S or A"),
    _column("mdr", "mdr.dip_id", "DIP id of the meter data retriever"),
    _column("mdr_mpid", "mdr.mpid", "MPID of the meter data retriever"),
    _column("mdr_from", "mdr.from", "first day of the meter data retriever", DAY),
    _column("linked_principal", "linked.principal", "the import of an import/export relationship",
            personal="mpan"),
    _column("linked_subsidiaries", "linked.subsidiaries", "its exports", LIST, "mpan"),
    _column("related_primary", "related.primary", "the primary of related MPANs", personal="mpan"),
    _column("related_secondaries", "related.secondaries", "its secondaries", LIST, "mpan"),
    *(
        _column(f"address_line_{n + 1}", f"address.lines.{n}", f"line {n + 1} of the address",
                personal="address")
        for n in range(LINES)
    ),
    _column("postcode", "address.postcode", "the postcode", personal="postcode"),
    _column("meter_id", "meters.0.serial", "the meter's serial number", personal="meter"),
    _column("meter_type", "meters.0.kind", "the meter type"),
    _column("esme_id", "meters.0.esme", "the device id of a smart meter (EUI-64)", personal="device"),
    _column("meter_make", "meters.0.make", "manufacturer, make and type"),
    _column("meter_location", "meters.0.location", "where the meter is"),
    _column("meter_digits", "meters.0.digits", "displayed register digits", NUMBER),
    _column("meter_installed", "meters.0.installed", "first day of the meter", DAY),
    _column("meter_removed", "meters.0.removed", "day of its removal", DAY),
    _column("map_id", "meters.0.asset_providers.0.provider", "the meter asset provider"),
    _column("map_from", "meters.0.asset_providers.0.effective_from", "first day of the provider", DAY),
    _column("cohort", "", "the locked pairing of parties that the point belongs to"),
)  # fmt: skip

WITHOUT_COLUMN = ("direct_contract_metering", "direct_contract_data")
"""Items that the JSON form may have and CSV has no column for; they are not checked."""
WITHIN_ITEMS = ("scenario", "until")
"""Parts of items for which the same holds."""

BY_NAME: Mapping[str, Column] = {column.name: column for column in COLUMNS}
FURTHER_METER = tuple(column for column in COLUMNS if column.path[0] == "meters")
"""Columns of a meter; in JSON a point may have several."""
