"""A workbook as somebody else keeps it, with all that a library might lose, for tests of filling."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

TITLES = ["Req ID", "Text", "Role", "Status", "Evidence", "Tested on", "Share", "Witness"]
EXTENSION = (
    b'<extLst><ext uri="{00000000-0000-0000-0000-000000000000}" '
    b'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main">'
    b"<x14:unheardOf a='1'/></ext></extLst>"
)
PART = ("customXml/item1.xml", b"<theirs xmlns='urn:theirs'/>")


def theirs(rows: list[list[Any]], **changes: Any) -> bytes:
    """Return a workbook: a merged title, the titles in row 2, then rows; the columns are `TITLES`.

    ``changes``: ``merge`` (a span), ``protect`` (true), ``filled`` (text by cell).
    """
    book = Workbook()
    page: Any = book.active
    page.title = "SIT Functional"
    page["A1"] = "Their matrix"
    page.merge_cells("A1:H1")
    page.append(TITLES)
    for row in rows:
        page.append(row)
    last = 2 + len(rows)
    for index in range(3, last + 1):
        page[f"D{index}"].fill = PatternFill("solid", fgColor="FFF2CC")
        page[f"E{index}"].alignment = Alignment(wrap_text=True)
        page[f"F{index}"].number_format = "DD/MM/YYYY"
        page[f"G{index}"] = f'=IF(D{index}="Passed",1,0)'
    page["B3"].font = Font(italic=True, color="FF0000")
    page["B3"].comment = Comment("Ask the design team", "Reviewer", width=333, height=111)
    page.column_dimensions["B"].width = 47.5
    page.row_dimensions[3].height = 31
    page.freeze_panes = "C3"
    page.auto_filter.ref = f"A2:H{last}"
    words = DataValidation(type="list", formula1="Lists!$A$1:$A$5", allow_blank=True, showErrorMessage=True)
    words.add(f"D3:D{last}")
    page.add_data_validation(words)
    page.conditional_formatting.add(
        f"D3:D{last}", CellIsRule(operator="equal", formula=['"Failed"'], fill=PatternFill(bgColor="FF0000"))
    )
    lists = book.create_sheet("Lists")
    for word in ("Passed", "Failed", "Blocked", "Not started", "Rehearsal passed"):
        lists.append([word])
    lists["C1"] = date(2026, 1, 5)
    book.defined_names["Total"] = DefinedName("Total", attr_text=f"'SIT Functional'!$G$3:$G${last}")
    lists["D1"] = "=SUM(Total)"
    for cell, text in changes.get("filled", {}).items():
        page[cell] = text
    if "merge" in changes:
        page.merge_cells(changes["merge"])
    if changes.get("protect"):
        page.protection.sheet = True
        page["E3"].protection = Protection(locked=False)
    stream = io.BytesIO()
    book.save(stream)
    return _with_what_no_library_knows(stream.getvalue())


def _with_what_no_library_knows(data: bytes) -> bytes:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as book,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for info in book.infolist():
            content = book.read(info)
            if info.filename == "xl/worksheets/sheet1.xml":
                content = content.replace(b"</worksheet>", EXTENSION + b"</worksheet>")
            target.writestr(info, content)
        target.writestr(*PART)
    return stream.getvalue()


def parts(data: bytes) -> dict[str, bytes]:
    """Return the parts of a workbook by name, in order."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return {info.filename: book.read(info) for info in book.infolist()}


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """Return the workbook with one part more, or another content of it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as target:
        for key, value in {**parts(data), name: content}.items():
            target.writestr(key, value)
    return stream.getvalue()
