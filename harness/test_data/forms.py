"""A metering point as a row of text and as JSON: one is made from the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from harness.calendars.local_time import clock_midnight, local_date
from harness.messages.addresses import LINES
from harness.messages.dates import midnight_text
from harness.test_data.columns import BY_NAME, COLUMNS, DAY, FLAG, FURTHER_METER, LIST, NUMBER, TEXT, Column

Row = Mapping[str, str]
"""Column to text; what is empty may be absent."""
_FLAGS = {"true": True, "false": False}


def entry(row: Row) -> dict[str, Any]:
    """Return the JSON form of a row of right test data, without its cohort.

    A smaller row gives a smaller entry: what is empty is absent, but for the lines of an address.
    """
    built: dict[str, Any] = {}
    for name, text in row.items():
        column = BY_NAME[name]
        path = column.path
        if not text or not path[0]:
            continue
        value = text if column.form == TEXT else _value(column, text)
        if len(path) == 1:
            built[str(path[0])] = value
        elif len(path) == 2:
            built.setdefault(str(path[0]), {})[path[1]] = value
        else:
            _put(built, path, value)
    if "address" in built:
        lines = built["address"].get("lines", {})
        built["address"] = {
            "lines": [lines.get(number) for number in range(LINES)],
            "postcode": built["address"].get("postcode"),
        }
    return built


@lru_cache(maxsize=8192)
def _moment(text: str) -> str:
    return midnight_text(date.fromisoformat(text))


def _value(column: Column, text: str) -> object:
    if column.form == DAY:
        return _moment(text)
    if column.form == FLAG:
        return _FLAGS[text]
    if column.form == NUMBER:
        return int(text)
    return text.split() if column.form == LIST else text


def _put(built: dict[str, Any], path: tuple[str | int, ...], value: object) -> None:
    holder: Any = built
    for step, following in zip(path, (*path[1:], ""), strict=True):
        if following == "":
            holder[step] = value
        elif following == 0 and step != "lines":
            holder = holder.setdefault(step, [{}])
        elif isinstance(holder, list):
            holder = holder[0]
        else:
            holder = holder.setdefault(step, {})


@dataclass(frozen=True, slots=True)
class Flat:
    """A JSON entry as a row, a row for each further meter, and the items that have another shape."""

    row: dict[str, str]
    further_meters: tuple[dict[str, str], ...]
    misshapen: tuple[str, ...]


def flat(found: Mapping[str, Any]) -> Flat:
    """Return the row of a JSON entry; of an item with several versions the last one counts.

    An item that is not of the format's shape is named, and what can't be read of it is empty in the row.
    """
    odd: dict[str, None] = {}
    meters = _latest(found, "meters")
    if isinstance(meters, Mapping):
        meters = meters.get("meters", meters)
    listed = meters if isinstance(meters, list) else []
    entries = [{**found, "meters": listed[:1]}, *({"meters": [each]} for each in listed[1:])]
    if meters is not None and not isinstance(meters, list):
        odd["meters"] = None
    made: list[dict[str, str]] = []
    for entry, columns in zip(entries, (COLUMNS, *(FURTHER_METER for _ in listed[1:])), strict=True):
        row = {}
        for column in columns:
            if column.path[0]:
                value = _get(entry, column)
                row[column.name] = _text(column, value)
                if value is _ODD:
                    odd[str(column.path[0])] = None
        made.append(row)
    return Flat(made[0], tuple(made[1:]), tuple(odd))


_ODD = object()
"""Stands for a value of another shape than the format's."""
_TYPES: Mapping[str, type | tuple[type, ...]] = {FLAG: bool, NUMBER: int, LIST: list}


def _latest(found: Mapping[str, Any], item: str) -> Any:
    """Return an item's value; of a list of versions the last one."""
    value = found.get(item)
    if not isinstance(value, list) or not value:
        return value
    versions = item != "meters" or any(isinstance(each, Mapping) and "meters" in each for each in value)
    return value[-1] if versions else value


def _get(found: Mapping[str, Any], column: Column) -> Any:
    """Return the value of a column, None where there is none, `_ODD` where something else stands there."""
    item, *steps = column.path
    value = _latest(found, str(item))
    if isinstance(value, str) and steps == ["dip_id"]:
        return value
    if isinstance(value, str) and steps and column.path[0] in _HELD:
        return None
    for step in steps:
        if isinstance(step, str) and isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list):
            value = value[step] if step < len(value) else None
        else:
            return None if value is None else _ODD
    if not steps and isinstance(value, Mapping):
        value = value.get("value")
    if value is None:
        return None
    fits = isinstance(value, _TYPES.get(column.form, str)) and not (
        column.form == NUMBER and isinstance(value, bool)
    )
    return value if fits and (column.form != LIST or all(isinstance(each, str) for each in value)) else _ODD


_HELD = {column.path[0] for column in COLUMNS if column.path[1:] == ("dip_id",)}
"""Items that may be given as a DIP id alone."""


def _text(column: Column, value: Any) -> str:
    if value is None or value is _ODD:
        return ""
    if column.form == FLAG:
        return "true" if value else "false"
    if column.form == LIST:
        return " ".join(value)
    return day_text(value) if column.form == DAY else str(value)


def day_text(text: str) -> str:
    """Write a clock midnight as its day; any other text is returned as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is None or clock_midnight(local_date(moment)) != moment:
        return text
    return local_date(moment).isoformat()
