"""A metering point as a row of text and as JSON: one is made from the other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from harness.calendars.local_time import clock_midnight, local_date
from harness.messages.addresses import LINES
from harness.messages.dates import midnight_text
from harness.test_data.columns import BY_NAME, COLUMNS, DAY, FLAG, FURTHER_METER, LIST, NUMBER, Column

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
        if text and len(column.path) > 1:
            _put(built, column.path, _value(column, text))
        elif text and column.path[0]:
            built[str(column.path[0])] = _value(column, text)
    if "address" in built:
        lines = built["address"].get("lines", {})
        built["address"] = {
            "lines": [lines.get(number) for number in range(LINES)],
            "postcode": built["address"].get("postcode"),
        }
    return built


def _value(column: Column, text: str) -> object:
    if column.form == DAY:
        return midnight_text(date.fromisoformat(text))
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


def rows(found: Mapping[str, Any]) -> tuple[dict[str, str], list[dict[str, str]]]:
    """Return the row of a JSON entry, and a row for each further meter that it has.

    Of an item with several versions the last one counts. What has another shape than the format's is told as
    its JSON text, for the rules to refuse.
    """
    row = {column.name: _text(column, _get(found, column.path)) for column in COLUMNS if column.path[0]}
    meters = found.get("meters")
    further = meters[1:] if isinstance(meters, list) and not _versions(meters) else []
    return row, [
        {column.name: _text(column, _get({"meters": [each]}, column.path)) for column in FURTHER_METER}
        for each in further
    ]


def _versions(value: list[Any]) -> bool:
    return any(isinstance(each, Mapping) and "meters" in each for each in value)


def _get(found: Mapping[str, Any], path: tuple[str | int, ...]) -> Any:
    value: Any = found.get(str(path[0]))
    if isinstance(value, list) and value and (path[0] != "meters" or _versions(value)):
        value = value[-1]
        if path[0] == "meters":
            value = value.get("meters")
    if isinstance(value, str) and path[1:] == ("dip_id",):
        return value
    for step in path[1:]:
        if isinstance(value, Mapping) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int):
            value = value[step] if step < len(value) else None
        else:
            return None
    if len(path) == 1 and isinstance(value, Mapping):
        value = value.get("value")
    return value


def _text(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if column.form == LIST and isinstance(value, list):
        return " ".join(map(str, value))
    return day_text(str(value)) if column.form == DAY else str(value)


def day_text(text: str) -> str:
    """Write a clock midnight as its day; any other text is returned as it is."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is None or clock_midnight(local_date(moment)) != moment:
        return text
    return local_date(moment).isoformat()
