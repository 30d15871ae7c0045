"""Tables that others keep, from CSV and XLSX: a row of titles, then rows of text, each with its place."""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from harness.errors import ConfigurationError, nearest

LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is read."""
LARGEST_UNPACKED = 512 * 1024 * 1024
"""Bytes that an XLSX file may unpack to."""
MOST_CELLS = 5_000_000
"""Cells of a sheet, empty ones among them, up to its last row and column."""
_BROKEN = (
    *(
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        SyntaxError,
        EOFError,
        OSError,
        RuntimeError,
    ),
    *(RuntimeError, NotImplementedError, InvalidFileException, zipfile.LargeZipFile, zlib.error),
)
"""What openpyxl and zipfile raise over a file that is not as it should be."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row; ``number`` is that of the sheet or the line of the CSV file where it ends."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Titles and rows as text; empty rows are left out, cells that a row lacks are empty."""

    where: str
    sheet: str
    titles: tuple[str, ...]
    lines: tuple[Line, ...]

    def place(self, line: Line, column: int) -> str:
        """Name a cell: ``file, sheet 'Requirements', cell B7`` or ``file, line 7, column 2``."""
        if self.sheet:
            return f"{self.where}, sheet '{self.sheet}', cell {get_column_letter(column + 1)}{line.number}"
        return f"{self.where}, line {line.number}, column {column + 1}"

    def column(self, title: str) -> int | None:
        """Return where a title stands, or None; raises ConfigurationError where it stands twice."""
        found = [index for index, each in enumerate(self.titles) if each == title]
        if len(found) > 1:
            raise ConfigurationError(f"two columns are called '{title}'", where=self.heading)
        return found[0] if found else None

    def needed(self, title: str) -> int:
        """Return where a title stands; raises ConfigurationError with the nearest where it is missing."""
        found = self.column(title)
        if found is None:
            raise ConfigurationError(
                f"has no column '{title}'", where=self.heading, mend=nearest(title, filter(None, self.titles))
            )
        return found

    @property
    def heading(self) -> str:
        """Name the table in errors."""
        return f"{self.where}, sheet '{self.sheet}'" if self.sheet else self.where


def read_table(path: Path, *, sheet: str, header_row: int) -> Table:
    """Read a CSV or XLSX file by its ending; raises ConfigurationError naming file, sheet and line."""
    data = read_bytes(path)
    if path.suffix.lower() == ".csv":
        return _csv_table(data, str(path), header_row)
    if path.suffix.lower() != ".xlsx":
        raise ConfigurationError(
            f"'{path.suffix}' is no ending of a table", where=str(path), mend="Give a .csv or an .xlsx file."
        )
    book = open_workbook(data, str(path))
    return sheet_table(book, str(path), sheet=sheet, header_row=header_row)


def read_bytes(path: Path) -> bytes:
    """Return a file's bytes; raises ConfigurationError where it can't be read or is over the limit."""
    try:
        if path.stat().st_size > LARGEST:
            raise ConfigurationError(f"is larger than {LARGEST // 2**20} MB", where=str(path))
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"can't be read: {error.strerror or error}", where=str(path)) from error


def open_workbook(data: bytes, where: str) -> Workbook:
    """Open an XLSX file; a formula's cell has its last result. Raises ConfigurationError for a broken one."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            if sum(part.file_size for part in package.infolist()) > LARGEST_UNPACKED:
                raise ConfigurationError(f"unpacks to over {LARGEST_UNPACKED // 2**20} MB", where=where)
            if (broken := package.testzip()) is not None:
                raise ConfigurationError(f"is a broken workbook: its part {broken} is damaged", where=where)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return load_workbook(io.BytesIO(data), data_only=True)
    except zipfile.BadZipFile as error:
        raise ConfigurationError(
            "is no XLSX file", where=where, mend="Save it as .xlsx, without a password."
        ) from error
    except _BROKEN as error:
        raise ConfigurationError(f"is a broken workbook: {error}", where=where) from error


def sheet_table(book: Workbook, where: str, *, sheet: str, header_row: int) -> Table:
    """Return a sheet as a table; without a name the first one."""
    name = sheet or book.sheetnames[0]
    if name not in book.sheetnames:
        raise ConfigurationError(f"has no sheet '{name}'", where=where, mend=nearest(name, book.sheetnames))
    page = book[name]
    if not hasattr(page, "iter_rows"):
        raise ConfigurationError(f"'{name}' is a chart, no sheet", where=where)
    if page.max_row * page.max_column > MOST_CELLS:
        raise ConfigurationError(
            f"reaches to row {page.max_row}, column {page.max_column}: over {MOST_CELLS:,} cells",
            where=f"{where}, sheet '{name}'",
            mend="Delete the empty rows and columns behind the last filled ones.",
        )
    rows = (
        (number, [_text(value) for value in values])
        for number, values in enumerate(page.iter_rows(values_only=True), start=1)
    )
    return _table(rows, where, name, header_row)


def _csv_table(data: bytes, where: str, header_row: int) -> Table:
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigurationError("is not UTF-8", where=f"{where}, line {line}") from error

    def rows() -> Iterator[tuple[int, list[str]]]:
        number = 0
        try:
            for cells in reader:
                number += 1
                yield (
                    (number if number <= header_row else reader.line_num),
                    [cell.replace("\r\n", "\n") for cell in cells],
                )
        except csv.Error as error:
            raise ConfigurationError(str(error), where=f"{where}, line {reader.line_num}") from error

    return _table(rows(), where, "", header_row)


def _table(rows: Iterable[tuple[int, Sequence[str]]], where: str, sheet: str, header_row: int) -> Table:
    titles: tuple[str, ...] | None = None
    lines = []
    for number, cells in rows:
        if titles is None:
            if number == header_row:
                titles = tuple(cell.strip() for cell in cells)
        elif any(cells):
            lines.append(Line(number, (*cells, *[""] * (len(titles) - len(cells)))))
    if titles is None or not any(titles):
        raise ConfigurationError(
            f"row {header_row} holds no titles",
            where=f"{where}, sheet '{sheet}'" if sheet else where,
            mend="'header_row' of the map says which row does.",
        )
    return Table(where, sheet, titles, tuple(lines))


def _text(value: Any) -> str:
    """Return a cell as text: a whole number without its point, a day without its midnight."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        midnight = not (value.hour or value.minute or value.second or value.microsecond)
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value).replace("\r\n", "\n")
