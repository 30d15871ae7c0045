"""The values that a workbook's own drop-down lists allow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook

from harness.reports.workbook_cells import Place

_RANGE = re.compile(r"^(?:'?(?P<sheet>[^'!]+)'?!)?(?P<cells>\$?[A-Z]{1,3}\$?\d+(?::\$?[A-Z]{1,3}\$?\d+)?)$")


@dataclass(frozen=True, slots=True)
class Allowed:
    """Ranges of cells with the values that each allows."""

    lists: Sequence[tuple[Any, tuple[str, ...]]]

    def of(self, place: Place) -> tuple[str, ...] | None:
        """Return what a cell may hold, None where its workbook does not say."""
        row, column = place
        for ranges, values in self.lists:
            for span in ranges:
                if span.min_row <= row <= span.max_row and span.min_col <= column <= span.max_col:
                    return values
        return None


def allowed_values(book: Workbook, page: Any) -> Allowed:
    """Read a sheet's lists: written out, or cells of a sheet. What a formula works out is not known here."""
    found = []
    for each in page.data_validations.dataValidation:
        if each.type != "list" or not each.formula1 or (each.showErrorMessage is False):
            continue
        values = _values(book, page, each.formula1)
        if values:
            found.append((list(each.sqref.ranges), values))
    return Allowed(found)


def _values(book: Workbook, page: Any, formula: str) -> tuple[str, ...]:
    if formula.startswith('"'):
        return tuple(part.strip() for part in formula.strip('"').split(","))
    named = book.defined_names.get(formula)
    match = _RANGE.match(str(named.attr_text) if named is not None else formula)
    if not match or (match["sheet"] and match["sheet"] not in book.sheetnames):
        return ()
    source = book[match["sheet"]] if match["sheet"] else page
    cells = source[match["cells"].replace("$", "")]
    rows = cells if isinstance(cells, tuple) else ((cells,),)
    return tuple(str(cell.value) for row in rows for cell in row if cell.value is not None)
