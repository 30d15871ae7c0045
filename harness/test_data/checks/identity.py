"""Checks of identifiers: MPANs, distributors, what may be used once."""

from __future__ import annotations

from collections.abc import Mapping

from harness.messages.identifiers import MPAN_LENGTH, check_digit, distributor_of, is_mpan
from harness.test_data.checks.rule import Check, Ground, Told
from harness.test_data.columns import BY_NAME, COLUMNS, LIST
from harness.test_data.reading import Brought

UNIQUE = ("registration_id",)
"""Columns whose values no two rows share."""
_MPANS = tuple(column.name for column in COLUMNS if column.personal == "mpan")


def _unknown(_ground: Ground, _row: Mapping[str, str], brought: Brought) -> Told:
    for name in brought.unknown:
        yield name, "is no field of test data"


def _shape(_ground: Ground, _row: Mapping[str, str], brought: Brought) -> Told:
    for name in brought.misshapen:
        yield name, "is not of the shape that test-data.schema.json gives it"


def _mpan(_ground: Ground, row: Mapping[str, str], _brought: Brought) -> Told:
    for column in _MPANS:
        text = row.get(column, "")
        for value in text.split() if BY_NAME[column].form == LIST else [text]:
            if not value and column != "mpan":
                continue
            if len(value) != MPAN_LENGTH or not (value.isascii() and value.isdigit()):
                yield column, f"'{value}' is not 13 digits"
            elif not is_mpan(value):
                yield column, f"{value} has the check digit {value[-1]}, expected {check_digit(value[:-1])}"


def _duplicate(ground: Ground, row: Mapping[str, str], brought: Brought) -> Told:
    first = ground.by_mpan.get(row["mpan"])
    if first is not None and first is not brought:
        yield "mpan", f"{row['mpan']} stands in {first.place} already"


def _used_once(ground: Ground, row: Mapping[str, str], brought: Brought) -> Told:
    for column in UNIQUE:
        value = row.get(column, "")
        first = ground.first_of.get((column, value)) if value else None
        if first is not None and first is not brought:
            yield column, f"{value} stands in {first.place} already"


def _shared_meter(ground: Ground, row: Mapping[str, str], brought: Brought) -> Told:
    for column in ("meter_id", "esme_id"):
        first = ground.first_of.get((column, row.get(column, "")))
        if not row.get(column) or first is None or first is brought:
            continue
        linked = row.get("linked_principal", "")
        if not linked or first.row.get("linked_principal") != linked:
            yield (
                column,
                f"{row[column]} stands in {first.place} already, and is not linked with this one",
            )


def _distributor(ground: Ground, row: Mapping[str, str], _brought: Brought) -> Told:
    number = distributor_of(row["mpan"])
    if row["mpan"] and not ground.lists.known("distributor", number):
        yield "mpan", f"distributor {number} is not in standing data"


def _owner(ground: Ground, row: Mapping[str, str], _brought: Brought) -> Told:
    dip_id = row.get("distributor", "")
    if not dip_id:
        return
    ldsos = [each for each in ground.by_dip_id.get(dip_id, ()) if each.role == "LDSO"]
    number = distributor_of(row["mpan"])
    if not ldsos:
        yield "distributor", f"{dip_id} is no LDSO among the parties"
    elif number not in {each.distributor_id for each in ldsos}:
        yield (
            "distributor",
            f"{dip_id} has distributor {ldsos[0].distributor_id or 'none'}, the MPAN {number}",
        )


def _gsp_group(ground: Ground, row: Mapping[str, str], _brought: Brought) -> Told:
    entry = ground.lists.find("distributor", distributor_of(row["mpan"]), on=ground.as_of)
    owned = entry.values["gsp_group"] if entry else ""
    if row.get("gsp_group") and owned and row["gsp_group"] != owned:
        yield (
            "gsp_group",
            f"{row['gsp_group']} is not the group of distributor {entry.value if entry else ''}: {owned}",
        )


CHECKS = (
    Check("unknown-field", (), _unknown, "assumed", "a field that nobody reads is a mistake"),
    Check("shape", (), _shape, "assumed", "the format of test data"),
    Check("mpan", ("mpan",), _mpan, "published", "13 digits, the last one the check digit of the others"),
    Check("duplicate", ("mpan",), _duplicate, "published", "an MPAN is registered once"),
    Check("used-once", ("registration_id",), _used_once, "assumed", "a registration belongs to one MPAN"),
    Check("shared-meter", ("meter_id",), _shared_meter, "assumed",
          "only an import and its export share a meter"),
    Check("distributor", ("mpan",), _distributor, "published", "an MPAN begins with its distributor"),
    Check("owner", ("mpan", "distributor"), _owner, "published", "the LDSO has the MPAN's distributor id"),
    Check("gsp-group", ("mpan", "gsp_group"), _gsp_group, "published",
          "distributors 10 to 23 have a GSP group each"),
)  # fmt: skip
