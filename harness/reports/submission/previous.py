"""The previous submission, from its JSON file or its workbook; the workbook also has what people wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError
from harness.reports.rttm import FORMAT, Row
from harness.reports.submission.layout import SHEETS
from harness.reports.tables import open_workbook, read_bytes, sheet_table

KIND = "submission"
_HEADER_ROW = 3
_MEND = "Give the rttm.json or the workbook that 'dip report rttm' wrote for the submission before."


@dataclass(frozen=True, slots=True)
class Previous:
    """The rows of the submission before, by sheet, and its control items."""

    where: str
    control: Mapping[str, str]
    sheets: Mapping[str, tuple[Row, ...]]
    by_people: bool = field(default=False)
    """Whether the columns of the party and the assurer could be read: in a workbook they can."""

    @property
    def version(self) -> int:
        """Its version; 0 where it names none."""
        text = str(self.control.get("Version", ""))
        return int(text) if text.isdecimal() else 0

    def about(self) -> tuple[str, str]:
        """Return the MPID or party, and the role, that it is of."""
        return str(self.control.get("MPID") or self.control.get("Party", "")), str(
            self.control.get("Role", "")
        )


def read_previous(path: Path) -> Previous:
    """Read a previous submission; raises ConfigurationError naming the file, sheet and cell that is wrong."""
    if path.suffix.lower() == ".xlsx":
        return _workbook(path)
    try:
        data = json.loads(read_bytes(path))
    except ValueError as error:
        raise ConfigurationError(f"is no JSON: {error}", where=str(path), mend=_MEND) from error
    if not isinstance(data, dict) or data.get("kind") != KIND or data.get("format") != FORMAT:
        raise ConfigurationError("is no trace matrix of a submission", where=str(path), mend=_MEND)
    sheets: dict[str, tuple[Row, ...]] = {}
    for name in SHEETS:
        rows = data.get(json_key(name), [])
        if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
            raise ConfigurationError(f"'{json_key(name)}' is no list of rows", where=str(path), mend=_MEND)
        sheets[name] = tuple(rows)
    control = data.get("control")
    return Previous(str(path), control if isinstance(control, dict) else {}, sheets)


def json_key(sheet: str) -> str:
    """Return the key of a sheet in `rttm.json`."""
    return sheet.lower().replace("-", "_")


def _workbook(path: Path) -> Previous:
    book = open_workbook(read_bytes(path), str(path))
    sheets: dict[str, tuple[Row, ...]] = {}
    for name, columns in SHEETS.items():
        if name not in book.sheetnames:
            raise ConfigurationError(f"has no sheet '{name}'", where=str(path), mend=_MEND)
        if book[name].max_row < _HEADER_ROW:
            sheets[name] = ()
            continue
        table = sheet_table(book, str(path), sheet=name, header_row=_HEADER_ROW)
        at = {each.key: table.needed(each.title) for each in columns}
        sheets[name] = tuple(
            {key: line.cells[index] for key, index in at.items() if line.cells[index]} for line in table.lines
        )
    control: dict[str, Any] = {}
    if "Control" in book.sheetnames:
        table = sheet_table(book, str(path), sheet="Control", header_row=_HEADER_ROW)
        item, value = table.needed("Item"), table.needed("Value")
        control = {line.cells[item]: line.cells[value] for line in table.lines}
    return Previous(str(path), control, sheets, by_people=True)
