"""Reading a list from its CSV file; every error names file, line and column."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from harness.errors import ConfigurationError, nearest
from harness.standing_data.lists import DATES, FROM, TO, Listing

SAMPLE_MARK = "# SAMPLE"
"""A file that begins with it holds made-up values."""
_REMARK = "#"


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
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = file.read().splitlines(keepends=True)
    except OSError as error:
        raise ConfigurationError(f"can't be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"is not UTF-8: byte {error.start + 1}", where=str(path), mend="Save the file as CSV in UTF-8."
        ) from error
    entries = tuple(_entries(listing, lines, path))
    _no_overlaps(listing, entries, path)
    return entries, bool(lines) and lines[0].startswith(SAMPLE_MARK)


def _entries(listing: Listing, lines: list[str], path: Path) -> Iterator[Entry]:
    first = next((n for n, line in enumerate(lines) if line.strip() and not line.startswith(_REMARK)), None)
    if first is None:
        raise ConfigurationError("has no header", where=str(path), mend=_header_wanted(listing))
    reader = csv.reader(lines[first:], strict=True)
    try:
        header = [name.strip() for name in next(reader)]
        _check_header(listing, header, f"{path}:{first + 1}")
        for row in reader:
            line = first + reader.line_num
            if not row or not any(row) or row[0].startswith(_REMARK):
                continue
            if len(row) != len(header):
                raise ConfigurationError(
                    f"has {len(row)} fields, the header {len(header)}", where=f"{path}:{line}"
                )
            yield _entry(listing, dict(zip(header, map(str.strip, row), strict=True)), path, line)
    except csv.Error as error:
        raise ConfigurationError(
            f"is no CSV: {error}", where=f"{path}:{first + max(reader.line_num, 1)}"
        ) from error


def _check_header(listing: Listing, header: list[str], where: str) -> None:
    for name in header:
        if name not in listing.header:
            raise ConfigurationError(
                f"'{name}' is no column here", where=where, mend=nearest(name, listing.header)
            )
        if header.count(name) > 1:
            raise ConfigurationError(f"the column {name} stands twice", where=where)
    missing = [name for name in listing.header if name not in header and not _optional(listing, name)]
    if missing:
        raise ConfigurationError(f"lacks the column {missing[0]}", where=where, mend=_header_wanted(listing))


def _header_wanted(listing: Listing) -> str:
    return f"The columns are {','.join(listing.header)}."


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
