"""Reading test data that somebody brings: CSV or JSON, without judging what stands in it.

Only what can't be read at all is an error here: no file, no CSV, no JSON, a column that nobody knows, no
column ``mpan``. Everything else is a matter of `harness.test_data.checking`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from harness.errors import ConfigurationError
from harness.standing_data.table import contents, table
from harness.test_data.columns import BY_NAME, COLUMNS, WITHOUT_COLUMN
from harness.test_data.forms import flat
from harness.test_data.participants import Participant

Point: TypeAlias = tuple[str, dict[str, Any], dict[str, Any]]
"""Where a point stands, its wrapper, and its entry."""


KNOWN = {str(column.path[0]) for column in COLUMNS if column.path[0]} | {*WITHOUT_COLUMN}
"""The fields of a JSON entry."""


@dataclass(frozen=True, slots=True)
class Brought:
    """A row that was brought: where it stands, what it says, and what it says of further meters."""

    place: str
    row: Mapping[str, str]
    further_meters: tuple[Mapping[str, str], ...] = ()
    unknown: tuple[str, ...] = ()
    """Names in the JSON entry that the format doesn't have."""
    misshapen: tuple[str, ...] = ()
    """Items of the JSON entry that are not of the format's shape."""


@dataclass(frozen=True, slots=True)
class TestData:
    """What a file holds. ``columns`` are those that the file has: a rule about another one is not asked."""

    __test__ = False

    rows: tuple[Brought, ...]
    columns: frozenset[str]
    participants: tuple[Participant, ...] = ()


def read_test_data(path: Path) -> TestData:
    """Return what a file holds: JSON where it begins so, else CSV. Raises ConfigurationError."""
    data = contents(path)
    return _of_json(data, path) if is_json(data) else _of_csv(data, path)


def is_json(data: bytes) -> bool:
    """Say whether a file is meant for JSON."""
    return data.lstrip()[:1] in (b"{", b"[")


def _of_csv(data: bytes, path: Path) -> TestData:
    header, found = table(data, str(path), BY_NAME, ["mpan"])
    return TestData(tuple(Brought(f"line {line}", row) for line, row in found), frozenset(header))


def json_points(data: bytes, path: Path) -> tuple[Any, list[Point]]:
    """Return the document and its points; raises ConfigurationError.

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
        made = flat(entry)
        row = made.row
        if wrapper.get("cohort") is not None:
            row["cohort"] = str(wrapper["cohort"])
        unknown = tuple(sorted(set(entry) - KNOWN | set(wrapper) - WRAPPER))
        found.append(Brought(place, row, made.further_meters, unknown, made.misshapen))
    brought = _participants(document, path) if isinstance(document, dict) else ()
    return TestData(tuple(found), frozenset(BY_NAME), brought)


WRAPPER = {"cohort", "register", "point"}


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
