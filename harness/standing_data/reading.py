"""Reading a list from its CSV file; every error names file, line and column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from harness.errors import ConfigurationError
from harness.standing_data.lists import DATES, FROM, TO, Listing
from harness.standing_data.table import contents, table

SAMPLE_MARK = "# SAMPLE"
"""A file that begins with it holds made-up values."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list. ``values`` has every column but the dates; ``until`` (None: no end) is included."""

    kind: str
    value: str
    values: Mapping[str, str]
    since: date
    until: date | None
    line: int

    def on(self, day: date) -> bool:
        """Say whether the entry is in force on a day."""
        return self.since <= day and (self.until is None or day <= self.until)


def read_list(listing: Listing, path: Path) -> tuple[tuple[Entry, ...], bool]:
    """Return the entries of a file, and whether it says that it is a sample.

    Raises ConfigurationError for a file that can't be read, a wrong header, a value that its column can't
    hold, and two entries of one key whose times overlap.
    """
    data = contents(path)
    required = [name for name in listing.header if not _optional(listing, name)]
    _, rows = table(data, str(path), listing.header, required)
    entries = tuple(_entry(listing, row, path, line) for line, row in rows)
    _no_overlaps(listing, entries, path)
    return entries, data.startswith(SAMPLE_MARK.encode())


def _optional(listing: Listing, name: str) -> bool:
    return name == TO or (name != FROM and listing.columns[name].optional)


def _entry(listing: Listing, row: Mapping[str, str], path: Path, line: int) -> Entry:
    values = {name: row.get(name, "") for name in listing.columns}
    for name, column in listing.columns.items():
        if not column.fits(values[name]):
            raise _wrong(path, line, name, f"'{values[name]}' is not {column.words}")
    dates = {name: _date(row.get(name, ""), path, line, name) for name in DATES}
    since, until = dates[FROM], dates[TO]
    if since is None:
        raise _wrong(path, line, FROM, "is empty")
    if until is not None and until < since:
        raise _wrong(path, line, TO, f"{until} is before {FROM}, {since}")
    if values.get("qualified_from"):
        _date(values["qualified_from"], path, line, "qualified_from")
    return Entry(listing.kind, values[listing.key], MappingProxyType(values), since, until, line)


def _date(text: str, path: Path, line: int, name: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wrong(path, line, name, f"'{text}' is no date", "Write it as 2026-01-31.") from None


def _wrong(path: Path, line: int, column: str, what: str, mend: str = "") -> ConfigurationError:
    return ConfigurationError(what, where=f"{path}:{line}: column {column}", mend=mend)


def _no_overlaps(listing: Listing, entries: tuple[Entry, ...], path: Path) -> None:
    by_key: dict[tuple[str, ...], list[Entry]] = {}
    for entry in entries:
        key = (entry.value, *(entry.values[name] for name in listing.scope))
        by_key.setdefault(key, []).append(entry)
    for key, found in by_key.items():
        found.sort(key=lambda entry: entry.since)
        for one, other in pairwise(found):
            if one.until is None or one.until >= other.since:
                raise _wrong(
                    path,
                    other.line,
                    listing.key,
                    f"{' of '.join(key)} is in force on {other.since} by line {one.line} already",
                )
