"""Checks of meters: type, device id, provider, digits, and what a traditional one needs."""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.messages.metering_point import FIRST_GENERATION
from harness.test_data.checks.rule import Check, Ground, Told, day, meters
from harness.test_data.reading import Brought

_ESME = re.compile(r"[0-9A-F]{2}(-[0-9A-F]{2}){7}")


def _type(ground: Ground, _row: Mapping[str, str], brought: Brought) -> Told:
    for meter in meters(brought):
        value = meter.get("meter_type", "")
        if not value:
            yield "meter_type", "is empty, but there is a meter"
        elif not ground.lists.valid("meter_type", value, on=day(meter, "meter_installed") or ground.as_of):
            known = "not in force when the meter was installed"
            yield (
                "meter_type",
                f"{value} is {known if ground.lists.known('meter_type', value) else 'no meter type'}",
            )


def _esme(ground: Ground, _row: Mapping[str, str], brought: Brought) -> Told:
    for meter in meters(brought):
        group = ground.lists.meter_group(meter.get("meter_type", ""), on=ground.as_of)
        value = meter.get("esme_id", "")
        if value and not _ESME.fullmatch(value):
            yield "esme_id", f"'{value}' is no device id: eight pairs of hex digits joined by hyphens"
        if group == "smart" and not value:
            yield "esme_id", f"is empty, but {meter['meter_type']} is a smart meter"
        if value and group not in ("smart", None):
            yield "esme_id", f"is given, but {meter['meter_type']} is no smart meter"


def _provider(ground: Ground, _row: Mapping[str, str], brought: Brought) -> Told:
    for meter in meters(brought):
        value = meter.get("map_id", "")
        since = day(meter, "map_from") or day(meter, "meter_installed") or ground.as_of
        if value and not ground.lists.valid("map_id", value, on=since):
            yield "map_id", f"{value} is not in force on {since} in standing data"


def _digits(ground: Ground, _row: Mapping[str, str], brought: Brought) -> Told:
    for meter in meters(brought):
        entry = ground.lists.find("meter_type", meter.get("meter_type", ""), on=ground.as_of)
        digits = meter.get("meter_digits", "")
        if entry is None:
            continue
        least, most = entry.values["least_digits"], entry.values["most_digits"]
        if not digits and entry.values["meter_group"] == "smart":
            yield "meter_digits", f"is empty, but {entry.value} is a smart meter"
        if digits and ((least and digits < least) or (most and digits > most)):
            yield "meter_digits", f"{digits} does not fit {entry.value}: {least or 0} to {most or 9}"


def _traditional(ground: Ground, row: Mapping[str, str], brought: Brought) -> Told:
    groups = {
        ground.lists.meter_group(meter.get("meter_type", ""), on=ground.as_of)
        for meter in meters(brought)
        if not meter.get("meter_removed")
    }
    if "traditional" in groups:
        for column in ("ssc", "profile_class"):
            if not row.get(column):
                yield column, "is empty, but the meter is a traditional one"


def _operator(_ground: Ground, row: Mapping[str, str], brought: Brought) -> Told:
    if row.get("smso") and FIRST_GENERATION not in {each.get("meter_type") for each in meters(brought)}:
        yield "smso", f"is given, but no meter is of type {FIRST_GENERATION}"


def _named(_ground: Ground, _row: Mapping[str, str], brought: Brought) -> Told:
    serials = [meter.get("meter_id", "") for meter in meters(brought)]
    if "" in serials:
        yield "meter_id", "is empty, but there is a meter"
    for serial in {each for each in serials if each and serials.count(each) > 1}:
        yield "meter_id", f"{serial} is the serial number of two meters here"


CHECKS = (
    Check("meter-id", ("meter_id",), _named, "published", "REG1006: a meter id is installed once"),
    Check("meter-type", ("meter_type",), _type, "published", "REG1049: the value is in standing data"),
    Check("esme-id", ("meter_type", "esme_id"), _esme, "third-party",
          "REG1046: required for the smart group, forbidden otherwise"),
    Check("map-id", ("map_id",), _provider, "third-party", "REG1009: valid on the provider's first day"),
    Check("digits", ("meter_type", "meter_digits"), _digits, "assumed",
          "REG1047 and REG1097; which number of digits fits which type is not public"),
    Check("traditional", ("meter_type", "ssc", "profile_class"), _traditional, "published",
          "REG1042 and REG1043: a traditional meter has an SSC and a profile class"),
    Check("smso", ("meter_type", "smso"), _operator, "assumed", "first-generation meters alone have one"),
)  # fmt: skip
