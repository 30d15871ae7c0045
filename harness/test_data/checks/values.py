"""Checks of single values: codes, standing data, forms, and which values go together."""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.messages.identifiers import distributor_of
from harness.test_data.checks.rule import Check, Ground, Told, day, meters
from harness.test_data.columns import COLUMNS, DAY, FLAG, NUMBER
from harness.test_data.profiles import profiles
from harness.test_data.reading import Brought

REGIMES = ("mhhs", "legacy", "reverse-migrated")
CODES = {
    "mp_status": "mp_status", "rmp_status": "rmp_status", "market_segment": "segment",
    "connection_type": "connection_type", "energy_direction": "energy_direction",
    "energisation": "energisation", "consent": "consent", "dcc": "dcc_flag", "ihd": "ihd_status",
    "fallback_frequency": "read_frequency", "meter_location": "meter_location",
}  # fmt: skip
"""Columns whose values are codes of the API, and the code list."""
LISTED = {"gsp_group": "gsp_group", "smso": "smso_id", "profile_class": "profile_class", "ssc": "ssc"}
"""Columns whose values are in force in standing data, on the day that the data is for."""
DIMENSION = {
    "segment": "market_segment", "consent": "consent", "dcc": "dcc", "connection": "connection_type",
    "direction": "energy_direction", "regime": "regime", "energisation": "energisation",
}  # fmt: skip
_KWH = re.compile(r"-?[0-9]{1,9}\.[0-9]{3}")


def _codes(ground: Ground, row: Mapping[str, str], brought: Brought) -> Told:
    for column, kind in CODES.items():
        sources = meters(brought) if column.startswith("meter_") else (row,)
        for source in sources:
            value = source.get(column, "")
            if value and not ground.lists.valid(kind, value, on=ground.as_of):
                yield column, f"'{value}' is none of its codes"
    if row.get("regime") and row["regime"] not in REGIMES:
        yield "regime", f"'{row['regime']}' is none of {', '.join(REGIMES)}"


def _forms(_ground: Ground, row: Mapping[str, str], brought: Brought) -> Told:
    for source in (row, *brought.further_meters):
        for column in COLUMNS:
            text = source.get(column.name, "")
            if not text:
                continue
            if column.form == FLAG and text not in ("true", "false"):
                yield column.name, f"'{text}' is neither true nor false"
            if column.form == DAY and day(source, column.name) is None:
                yield (
                    column.name,
                    f"'{text}' is no day: 2026-01-31, or in JSON the clock midnight that begins it",
                )
            if column.form == NUMBER and not re.fullmatch(r"[0-9]", text):
                yield column.name, f"'{text}' is not one digit"
    if row.get("annual_kwh") and not _KWH.fullmatch(row["annual_kwh"]):
        yield "annual_kwh", f"'{row['annual_kwh']}' is not written with three decimals"


def _standing(ground: Ground, row: Mapping[str, str], _brought: Brought) -> Told:
    for column, kind in LISTED.items():
        value = row.get(column, "")
        if value and not ground.lists.valid(kind, value, on=ground.as_of):
            yield column, _not_in_force(ground, kind, value)


def _not_in_force(ground: Ground, kind: str, value: str) -> str:
    if ground.lists.known(kind, value):
        return f"{value} is not in force on {ground.as_of}"
    return f"{value} is not in standing data"


def _tariff(ground: Ground, row: Mapping[str, str], _brought: Brought) -> Told:
    value, distributor = row.get("duos_tariff", ""), distributor_of(row["mpan"])
    if not value:
        return
    entry = ground.lists.find("duos_tariff", value, on=ground.as_of, distributor_id=distributor)
    if entry is None:
        yield "duos_tariff", f"{value} is no tariff of distributor {distributor} on {ground.as_of}"
    elif row.get("energy_direction") and entry.values["energy_direction"] != row["energy_direction"]:
        yield "duos_tariff", f"{value} is a tariff for direction {entry.values['energy_direction']}"


def profile_of(ground: Ground, row: Mapping[str, str], brought: Brought) -> dict[str, str]:
    """Return what a row says of the dimensions of a profile; what is empty or unknown is left out."""
    found = {name: row.get(column, "") for name, column in DIMENSION.items()}
    found["domestic"] = {"true": "domestic", "false": "business"}.get(row.get("domestic", ""), "")
    found["relation"] = _relation(row)
    groups = [
        group
        for each in meters(brought)
        if not each.get("meter_removed")
        and (group := ground.lists.meter_group(each.get("meter_type", ""), on=ground.as_of)) != "check"
    ]
    found["meter_group"] = (groups[0] or "") if groups else "none"
    entry = ground.lists.find("distributor", distributor_of(row["mpan"]), on=ground.as_of)
    found["distributor_type"] = entry.values["distributor_type"] if entry else ""
    dimensions = profiles().dimensions
    return {name: value for name, value in found.items() if value in dimensions[name]}


def _relation(row: Mapping[str, str]) -> str:
    mpan = row["mpan"]
    if row.get("linked_principal"):
        return "import" if row["linked_principal"] == mpan else "export"
    if row.get("related_primary"):
        return "primary" if row["related_primary"] == mpan else "secondary"
    return "none"


_COLUMN = {**DIMENSION, "meter_group": "meter_type", "relation": "linked_principal"}


def _together(ground: Ground, row: Mapping[str, str], brought: Brought) -> Told:
    found = profile_of(ground, row, brought)
    for rule, dimension in profiles().broken(found):
        when = ", ".join(f"{name} {found[name]}" for name in rule.when)
        fitting = " or ".join(rule.only[dimension])
        yield (
            _COLUMN.get(dimension, dimension),
            f"{dimension} {found[dimension]} does not go with {when}, expected {fitting} "
            f"({rule.id}, {rule.basis}: {rule.reason})",
        )


def _metered(_ground: Ground, row: Mapping[str, str], _brought: Brought) -> Told:
    expected = "false" if row.get("market_segment") == "U" else "true"
    if row.get("metered") in ("true", "false") and row["metered"] != expected:
        yield "metered", f"is {row['metered']} in segment {row.get('market_segment', '')}"


CHECKS = (
    Check("form", (), _forms, "assumed", "the format of test data"),
    Check("code", (), _codes, "published", "the codes of the API's data items"),
    Check("standing-data", (), _standing, "published", "REG1023, REG1044, REG1045 and REG1049"),
    Check("tariff", ("mpan", "duos_tariff"), _tariff, "assumed",
          "a DUoS tariff is one distributor's, for one direction"),
    Check("together", ("market_segment", "meter_type"), _together, "assumed",
          "the rules of test_catalogue/test-data/profiles.yaml, each with its own basis"),
    Check("metered", ("metered", "market_segment"), _metered, "published",
          "the segment U alone is unmetered"),
)  # fmt: skip
