"""The extracts as workbooks: tests, requirements, defects; the variant without names is a second file."""

from __future__ import annotations

import io
from collections.abc import Iterable

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from harness.reports.completion.extracts import Extract
from harness.reports.workbook import new_page, page_cell

_HEAD = Font(bold=True, color="FFFFFF")
_FILL = PatternFill("solid", fgColor="1F3A5F")
_WIDE = {
    "title": 50,
    "text": 60,
    "reason": 50,
    "test": 44,
    "tests": 40,
    "parties": 40,
    "source": 36,
    "root_cause": 40,
}
_TITLE = Font(bold=True, size=14)


def workbook(found: Iterable[Extract], stamp: str, notes: Iterable[str]) -> bytes:
    """Return a workbook: what it is, then a sheet for each extract."""
    book = Workbook(write_only=True)
    page = new_page(book, "About", stamp, [110])
    page.append([page_cell(page, stamp, font=_TITLE)])
    for note in notes:
        page.append([page_cell(page, note)])
    for extract in found:
        page = new_page(book, extract.name, stamp, [_WIDE.get(key, 18) for key, _ in extract.columns])
        page.freeze_panes = "C2"
        page.print_title_rows = "1:1"
        page.auto_filter.ref = f"A1:{get_column_letter(len(extract.columns))}{1 + len(extract.rows)}"
        page.append([page_cell(page, title, font=_HEAD, fill=_FILL) for _, title in extract.columns])
        for row in extract.rows:
            page.append(
                [
                    page_cell(page, value) if _needs_care(value) else None if value == "" else value
                    for value in row
                ]
            )
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _needs_care(value: str | int) -> bool:
    """Say whether a text could be taken for a formula, is too long, or holds what XML can't."""
    return isinstance(value, str) and (
        value[:1] in {"=", "+", "-", "@"} or len(value) > 1_000 or not value.isprintable()
    )
