"""The lists of industry standing data: their files, columns and what a column may hold.

The lists' names, columns and file format are this project's own; `docs/test-data.md` says how to bring the
industry's lists here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.spec.roles import roles

FROM, TO = "effective_from", "effective_to"
DATES = (FROM, TO)

GROUPS = ("smart", "traditional", "advanced", "check")
"""Smart meters have an ESME id (REG1046), traditional ones an SSC and a profile class (REG1042, REG1043)."""
LEGACY_ROLES = ("MOP", "DC")
"""Agents outside the DIP, to which a metering point returns in a reverse migration."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the pattern of its values, the same in words, and whether it may be empty."""

    pattern: str
    words: str
    optional: bool = False

    def fits(self, text: str) -> bool:
        """Say whether a text may stand in the column."""
        return (self.optional and not text) or re.fullmatch(self.pattern, text) is not None


@dataclass(frozen=True, slots=True)
class Listing:
    """One list: ``key`` names an entry; ``scope`` are further columns without which the key says nothing."""

    kind: str
    title: str
    key: str
    columns: Mapping[str, Column]
    scope: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """Return the name of the list's file."""
        return f"{self.kind}.csv"

    @property
    def header(self) -> tuple[str, ...]:
        """Return the columns in the order of the file."""
        return (*self.columns, *DATES)


def _one_of(*values: str, optional: bool = False) -> Column:
    return Column("|".join(map(re.escape, values)), " or ".join(values), optional)


_NAME = Column(r"[^\n]{1,80}", "a name of up to 80 characters", optional=True)
_DIGITS = Column(r"[0-9]", "one digit", optional=True)
_DISTRIBUTOR = Column(r"[0-9]{2}", "two digits")
_GSP = r"_[A-HJ-NP]"

LISTS: Mapping[str, Listing] = {
    each.kind: each
    for each in (
        Listing(
            "meter_type",
            "Meter types",
            "meter_type",
            {
                "meter_type": Column(r"[A-Z0-9_]{1,5}", "up to five capitals, digits and underscores"),
                "name": _NAME,
                "meter_group": _one_of(*GROUPS),
                "least_digits": _DIGITS,
                "most_digits": _DIGITS,
            },
        ),
        Listing(
            "ssc",
            "Standard settlement configurations",
            "ssc",
            {"ssc": Column(r"[0-9]{4}", "four digits"), "name": _NAME},
        ),
        Listing(
            "profile_class",
            "Profile classes",
            "profile_class",
            {"profile_class": Column(r"[0-9]{1,2}", "one or two digits"), "name": _NAME},
        ),
        Listing(
            "map_id",
            "Meter asset providers",
            "map_id",
            {"map_id": Column(r"[A-Z0-9]{4}", "four capitals and digits"), "name": _NAME},
        ),
        Listing(
            "smso_id",
            "Smart metering system operators",
            "smso_id",
            {"smso_id": Column(r"[A-Z0-9]{1,4}", "up to four capitals and digits"), "name": _NAME},
        ),
        Listing(
            "mpid",
            "Market participants, one row per MPID and role",
            "mpid",
            {
                "mpid": Column(r"[A-Z0-9]{4}", "four capitals and digits"),
                "role": _one_of(*(role for role in roles() if role != "DIP"), *LEGACY_ROLES),
                "name": _NAME,
                "dip_id": Column(r"[0-9A-Fa-f]{10}", "ten hexadecimal digits", optional=True),
                "distributor_id": Column(r"[0-9]{2}", "two digits", optional=True),
                "qualified_from": Column(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", "a date", optional=True),
            },
            scope=("role",),
        ),
        Listing(
            "distributor",
            "Distributors",
            "distributor_id",
            {
                "distributor_id": _DISTRIBUTOR,
                "name": _NAME,
                "distributor_type": _one_of("DNO", "iDNO"),
                "gsp_group": Column(_GSP, "an underscore and a letter A to P, no I or O", optional=True),
            },
        ),
        Listing(
            "gsp_group",
            "GSP groups",
            "gsp_group",
            {"gsp_group": Column(_GSP, "an underscore and a letter A to P, no I or O"), "name": _NAME},
        ),
        Listing(
            "llf_class",
            "Line loss factor classes, per distributor",
            "llf_class",
            {"llf_class": Column(r"[A-Z0-9]{1,3}", "up to three capitals and digits"),
             "distributor_id": _DISTRIBUTOR},
            scope=("distributor_id",),
        ),
        Listing(
            "duos_tariff",
            "DUoS tariff ids, per distributor",
            "duos_tariff",
            {
                "duos_tariff": Column(r"[A-Z0-9]{1,3}", "up to three capitals and digits"),
                "distributor_id": _DISTRIBUTOR,
                "energy_direction": _one_of("I", "E"),
            },
            scope=("distributor_id",),
        ),
    )
}  # fmt: skip

CODE_LISTS: Mapping[str, str] = {
    "meter_location": "DI-090",
    "connection_type": "DI-015",
    "consent": "DI-017",
    "energisation": "DI-033",
    "energy_direction": "DI-035",
    "segment": "DI-050",
    "dcc_flag": "DI-025",
    "ihd_status": "DI-137",
    "read_frequency": "DI-126",
    "mp_status": "DI-131",
    "rmp_status": "DI-130",
}
"""Lists that the API publishes as codes of a data item; they have no dates and no file."""
