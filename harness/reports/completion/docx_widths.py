"""Widths of the columns of a Word table by what its cells hold (pure but for the table that is changed).

Word works widths out for itself where a table names none; other programs take the grid as it stands, and
divide it evenly, so that a column of numbers is as wide as one of sentences and words are broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from docx.oxml.ns import qn

_EMU = 635
"""Units of a length in Word's twentieth of a point."""
_WORD = 26
"""Characters of a word that is not to be broken; what is longer may be."""
_ROOM = 70
"""Characters of a cell's text that more room is given for."""
_LINE = 180
"""Characters of a line over the whole width, in the size of cells."""
_BROAD = 1.4
"""How much broader a word may be than so many usual characters: a bold head, capitals, another font."""
_EDGE = 3
"""Characters that the borders of a cell take."""


def fit(document: Any) -> None:
    """Give each table that repeats its head, and names no widths itself, columns by their content."""
    section = document.sections[0]
    room = (section.page_width - section.left_margin - section.right_margin) // _EMU
    for table in document.element.body.iter(qn("w:tbl")):
        repeats = next(table.iter(qn("w:tblHeader")), None) is not None
        if repeats and next(table.iter(qn("w:tcW")), None) is None:
            _fit(table, room)


def _fit(table: Any, room: int) -> None:
    rows = [
        ["".join(text.text or "" for text in cell.iter(qn("w:t"))) for cell in row.findall(qn("w:tc"))]
        for row in table.findall(qn("w:tr"))
    ]
    grid = table.find(qn("w:tblGrid"))
    found = shares(rows)
    if grid is None or not found:
        return
    for column in list(grid):
        grid.remove(column)
    for share in found:
        column = grid.makeelement(qn("w:gridCol"), {qn("w:w"): str(round(room * share))})
        grid.append(column)


def shares(rows: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """Return the share of the width that each column gets; they add up to 1, none for no columns.

    Each gets its longest word, as far as all fit; what is left goes to those whose texts are longer.
    """
    count = max((len(row) for row in rows), default=0)
    columns = [[row[index] for row in rows if index < len(row)] for index in range(count)]
    needs = [
        _EDGE + _BROAD * min(_WORD, max((len(word) for text in column for word in text.split()), default=1))
        for column in columns
    ]
    wants = [
        max(0, min(_ROOM, max((len(text) for text in column), default=0)) + _EDGE - need)
        for column, need in zip(columns, needs, strict=True)
    ]
    spare = max(0, _LINE - sum(needs))
    every = sum(wants) or 1
    given = [need + spare * want / every for need, want in zip(needs, wants, strict=True)]
    return tuple(each / sum(given) for each in given)
