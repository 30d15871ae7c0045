"""Reading test data that somebody brings: CSV or JSON, without judging what stands in it.

Only what can't be read at all is an error here: no file, no CSV, no JSON, a column that nobody knows, no column
``mpan``. Everything else is a matter of `harness.test_data.checking`.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from harness.errors import ConfigurationError, nearest
from harness.test_data.columns import BY_NAME, COLUMNS
from harness.test_data.forms import rows
from harness.test_data.participants import Participant

_REMARK = "#"
_LIMIT = 512 << 20


@dataclass(frozen=True, slots=True)
class Brought:
    """A row that was brought: where it stands, what it says, and what it says of further meters."""

    place: str
    row: Mapping[str, str]
    further_meters: tuple[Mapping[str, str], ...] = ()
    unknown: tuple[str, ...] = ()
    """Names in the JSON entry that the format doesn't have."""


@dataclass(frozen=True, slots=True)
class TestData:
    """What a file holds. ``columns`` are those that the file has: a rule about another one is not asked."""

    __test__ = False

    rows: tuple[Brought, ...]
    columns: frozenset[str]
    participants: tuple[Participant, ...] = ()


def read_test_data(path: Path) -> TestData:
    """Return what a file holds: JSON where it begins so, else CSV. Raises ConfigurationError."""
    try:
        if path.stat().st_size > _LIMIT:
            raise ConfigurationError(f"is over {_LIMIT} bytes", where=str(path))
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"can't be read: {error.strerror}", where=str(path)) from error
    if data.lstrip()[:1] in (b"{", b"["):
        return _of_json(data, path)
    return _of_csv(data, path)


def csv_table(data: bytes, path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return a CSV file's header and its rows with their lines; raises ConfigurationError."""
    try:
        lines = data.decode("utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"is neither JSON nor text in UTF-8: byte {error.start + 1}", where=str(path)
        ) from error
    first = next((n for n, line in enumerate(lines) if line.strip() and not line.startswith(_REMARK)), None)
    if first is None:
        raise ConfigurationError("is empty", where=str(path))
    reader = csv.reader(lines[first:], strict=True)
    found: list[tuple[int, list[str]]] = []
    try:
        header = [name.strip() for name in next(reader)]
        for fields in reader:
            line = first + reader.line_num
            if not any(fields) or fields[0].startswith(_REMARK):
                continue
            if len(fields) != len(header):
                raise ConfigurationError(
                    f"has {len(fields)} fields, the header {len(header)}", where=f"{path}:{line}"
                )
            found.append((line, fields))
    except csv.Error as error:
        raise ConfigurationError(f"is no CSV: {error}", where=f"{path}:{first + reader.line_num}") from error
    for name in header:
        if name not in BY_NAME:
            raise ConfigurationError(
                f"'{name}' is no column of test data",
                where=f"{path}:{first + 1}",
                mend=nearest(name, BY_NAME),
            )
        if header.count(name) > 1:
            raise ConfigurationError(f"the column {name} stands twice", where=f"{path}:{first + 1}")
    if "mpan" not in header:
        raise ConfigurationError("has no column mpan", where=f"{path}:{first + 1}")
    return header, found


def _of_csv(data: bytes, path: Path) -> TestData:
    header, table = csv_table(data, path)
    found = tuple(
        Brought(f"line {line}", dict(zip(header, map(str.strip, fields), strict=True)))
        for line, fields in table
    )
    return TestData(found, frozenset(header))


def json_points(
    data: bytes, path: Path
) -> tuple[Any, list[tuple[str, Mapping[str, Any], Mapping[str, Any]]]]:
    """Return the document, and of each point its place, its wrapper and its entry; raises ConfigurationError.

    A list of entries without their wrappers will do as well.
    """
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"is no JSON: {error}", where=str(path)) from error
    listed = document.get("points") if isinstance(document, dict) else document
    if not isinstance(listed, list):
        raise ConfigurationError("holds no list of points", where=str(path))
    found = []
    for number, each in enumerate(listed):
        wrapper = each if isinstance(each, dict) else {}
        entry = wrapper.get("point", wrapper)
        if not isinstance(entry, dict) or "mpan" not in entry:
            raise ConfigurationError("is no metering point with an mpan", where=f"{path}: points/{number}")
        found.append((f"points/{number}", wrapper if "point" in wrapper else {}, entry))
    return document, found


def _of_json(data: bytes, path: Path) -> TestData:
    document, points = json_points(data, path)
    found = []
    for place, wrapper, entry in points:
        row, further = rows(entry)
        if wrapper.get("cohort") is not None:
            row["cohort"] = str(wrapper["cohort"])
        unknown = tuple(sorted(set(entry) - _KNOWN | set(wrapper) - _WRAPPER))
        found.append(Brought(place, row, tuple(further), unknown))
    brought = _participants(document, path) if isinstance(document, dict) else ()
    return TestData(tuple(found), frozenset(BY_NAME), brought)


_WRAPPER = {"cohort", "register", "point"}
_KNOWN = {str(column.path[0]) for column in COLUMNS if column.path[0]}


def _participants(document: Mapping[str, Any], path: Path) -> tuple[Participant, ...]:
    """Return the parties of the cohorts that the file has."""
    found: dict[Participant, None] = {}
    try:
        for cohort in document.get("cohorts", ()):
            for held in (cohort["parties"], *(each["parties"] for each in cohort["distributors"])):
                for role, party in held.items():
                    found[
                        Participant(
                            str(party["mpid"]),
                            role,
                            str(party.get("dip_id", "")),
                            str(party.get("distributor_id", "")),
                        )
                    ] = None
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"has cohorts of another form: {error!r}", where=str(path)) from error
    return tuple(found)
