"""Checks of dates: what can't be before what."""

from __future__ import annotations

from collections.abc import Mapping

from harness.test_data.checks.rule import Check, Ground, Told, day, meters
from harness.test_data.reading import Brought

_HELD = ("supplier_from", "metering_service_from", "data_service_from", "mdr_from")


def _since_creation(_ground: Ground, row: Mapping[str, str], brought: Brought) -> Told:
    created = day(row, "created")
    for source, columns in ((row, _HELD), *((each, ("meter_installed",)) for each in meters(brought))):
        for column in columns:
            found = day(source, column)
            if created and found and found < created:
                yield column, f"{found} is before the MPAN was made, {created}"


def _meter_dates(_ground: Ground, _row: Mapping[str, str], brought: Brought) -> Told:
    for meter in meters(brought):
        installed, removed, provider = (
            day(meter, column) for column in ("meter_installed", "meter_removed", "map_from")
        )
        if installed and removed and removed < installed:
            yield "meter_removed", f"{removed} is before the meter was installed, {installed}"
        if installed and provider and provider < installed:
            yield "map_from", f"{provider} is before the meter was installed, {installed}"


def _present(ground: Ground, row: Mapping[str, str], brought: Brought) -> Told:
    for source, columns in (
        (row, ("created", *_HELD)),
        *((each, ("meter_installed", "meter_removed")) for each in meters(brought)),
    ):
        for column in columns:
            found = day(source, column)
            if found and found > ground.as_of:
                yield column, f"{found} is after {ground.as_of}, the day that the data is for"


def _given(_ground: Ground, row: Mapping[str, str], _brought: Brought) -> Told:
    for column in _HELD:
        item = column.removesuffix("_from")
        if (row.get(item) or row.get(f"{item}_mpid")) and column in row and not row[column]:
            yield column, f"is empty, but there is a {item.replace('_', ' ')}"


CHECKS = (
    Check("since-creation", ("created",), _since_creation, "published", "REG1011; for parties assumed"),
    Check("meter-dates", ("meter_installed",), _meter_dates, "published", "REG1005 and REG1010"),
    Check("present", (), _present, "assumed", "test data tells what is in force when a test begins"),
    Check("date-given", (), _given, "published", "REG1088: an effective-from date must be provided"),
)
