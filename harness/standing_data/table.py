"""A CSV file as rows of text by column; every error names file and line."""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path

from harness.errors import ConfigurationError, nearest

REMARK = "#"
"""A line that begins with it is no row."""
LARGEST = 512 << 20
"""Bytes of a file; a larger one is refused."""


def contents(path: Path) -> bytes:
    """Return the bytes of a file; raises ConfigurationError when it can't be read or is over the limit."""
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigurationError(f"is over {LARGEST} bytes", where=str(path))
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"can't be read: {error.strerror}", where=str(path)) from error


def table(
    data: bytes, where: str, known: Collection[str], required: Collection[str]
) -> tuple[tuple[str, ...], list[tuple[int, dict[str, str]]]]:
    """Return the header and, of each row, its line and its fields by column, without white space around them.

    Raises ConfigurationError for bytes that are no UTF-8 text, no CSV, a column that isn't known or stands
    twice, one that is required and lacks, and a row that is longer or shorter than the header.
    """
    try:
        lines = data.decode("utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        mend = "Save the file as CSV in UTF-8."
        raise ConfigurationError(f"is not UTF-8: byte {error.start + 1}", where=where, mend=mend) from error
    mend = f"The columns are {','.join(known)}."
    first = next((n for n, line in enumerate(lines) if line.strip() and not line.startswith(REMARK)), None)
    if first is None:
        raise ConfigurationError("has no header", where=where, mend=mend)
    reader = csv.reader(lines[first:], strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    try:
        header = tuple(name.strip() for name in next(reader))
        _check(header, known, required, f"{where}:{first + 1}", mend)
        for fields in reader:
            line = first + reader.line_num
            if not any(fields) or fields[0].startswith(REMARK):
                continue
            if len(fields) != len(header):
                what = f"has {len(fields)} fields, the header {len(header)}"
                raise ConfigurationError(what, where=f"{where}:{line}")
            rows.append((line, dict(zip(header, map(str.strip, fields), strict=True))))
    except csv.Error as error:
        line = first + max(reader.line_num, 1)
        raise ConfigurationError(f"is no CSV: {error}", where=f"{where}:{line}") from error
    return header, rows


def _check(
    header: tuple[str, ...], known: Collection[str], required: Collection[str], where: str, mend: str
) -> None:
    for name in header:
        if name not in known:
            raise ConfigurationError(f"'{name}' is no column here", where=where, mend=nearest(name, known))
        if header.count(name) > 1:
            raise ConfigurationError(f"the column {name} stands twice", where=where)
    for name in required:
        if name not in header:
            raise ConfigurationError(f"lacks the column {name}", where=where, mend=mend)
