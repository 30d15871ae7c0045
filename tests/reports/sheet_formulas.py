"""Works out the two formulas that our workbooks use, as a spreadsheet program does."""

from __future__ import annotations

import re
from typing import Any

_RANGE = re.compile(r"'([^']+)'!\$([A-Z]+)\$(\d+):\$([A-Z]+)\$(\d+)")


def worked_out(book: Any, formula: str) -> int:
    """Return what ``=COUNTA(range)`` or ``=COUNTIFS(range,"text",...)`` gives over a workbook."""
    name, _, rest = formula.removeprefix("=").partition("(")
    ranges = [_values(book, match) for match in _RANGE.finditer(rest)]
    if name == "COUNTA":
        (values,) = ranges
        return sum(value is not None for value in values)
    assert name == "COUNTIFS", formula
    wanted = re.findall(r',"([^"]*)"', rest)
    assert len(wanted) == len(ranges), formula
    return sum(
        all(_fits(value, text) for value, text in zip(row, wanted, strict=True))
        for row in zip(*ranges, strict=True)
    )


def _values(book: Any, match: re.Match[str]) -> list[Any]:
    sheet, left, first, right, last = match.groups()
    assert left == right
    return [cell.value for (cell,) in book[sheet][f"{left}{first}:{right}{last}"]]


def _fits(value: Any, text: str) -> bool:
    if text == "":
        return value in (None, "")
    if text == "<>":
        return value not in (None, "")
    return str(value).casefold() == text.casefold() if value is not None else False
