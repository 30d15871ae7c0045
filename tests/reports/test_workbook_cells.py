"""Cells written into the XML of a sheet, whoever wrote the sheet."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from theirs import parts, with_part

from harness.errors import ConfigurationError
from harness.reports.tables import open_workbook
from harness.reports.workbook_cells import Place, formulas, written

SHEET = "xl/worksheets/sheet1.xml"
WHERE = "theirs.xlsx"
PLACES = st.tuples(st.integers(1, 6), st.integers(1, 30))
LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
TEXT = st.text(LETTERS)


def _book(cells: dict[Place, Any]) -> bytes:
    book = Workbook()
    page: Any = book.active
    for row in range(1, 7):
        page.cell(row, 31, "last")
    for place, value in cells.items():
        page.cell(*place, value)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _values(data: bytes) -> dict[Place, Any]:
    page: Any = load_workbook(io.BytesIO(data)).active
    return {(cell.row, cell.column): cell.value for row in page.iter_rows() for cell in row if cell.value}


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(PLACES, st.sampled_from(["old", 7, "=1+1", True])),
    st.dictionaries(PLACES, TEXT.filter(lambda text: not text.startswith("=")) | st.integers(1, 10**9)),
)
def test_what_is_written_is_read_back(before: dict[Place, Any], new: dict[Place, Any]) -> None:
    """Whatever stands in a sheet, the written cells hold the new values and all others what they held."""
    data = _book(before)
    after = _values(written(data, "Sheet", new, WHERE))
    assert after == {key: value for key, value in (_values(data) | new).items() if value}


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(PLACES, st.sampled_from(["old", 7, "=1+1"])))
def test_formulas_are_found(before: dict[Place, Any]) -> None:
    """A cell holds a formula exactly where one was put."""
    wanted = {place for place, value in before.items() if value == "=1+1"}
    assert formulas(_book(before), "Sheet", WHERE) == wanted


def test_text_that_looks_like_a_formula_stays_text() -> None:
    """What comes from a run never becomes a formula, and what XML can't hold is replaced."""
    data = written(_book({}), "Sheet", {(2, 2): "=HYPERLINK(1)", (3, 3): "a\x07<&>\n b "}, WHERE)
    page: Any = load_workbook(io.BytesIO(data)).active
    assert page["B2"].data_type != "f"
    assert page["B2"].value == "=HYPERLINK(1)"
    assert page["C3"].value == "a�<&>\n b "


def test_sheets_of_other_programs() -> None:
    """Prefixed names and cells without a reference, as some programs write them, are no hindrance."""
    data = _book({(1, 1): "a", (1, 2): 5, (2, 1): "b"})
    xml = re.sub(rb"<(/?)(?=[a-zA-Z])", rb"<\1x:", parts(data)[SHEET]).replace(b" xmlns=", b" xmlns:x=")
    xml = re.sub(rb'<x:c r="[AB]1"', b"<x:c", xml)
    data = with_part(data, SHEET, xml)
    before = _values(data)
    new: dict[Place, str | float] = {(1, 1): "A", (1, 2): "B", (1, 3): "C", (2, 2): 9}
    done = written(data, "Sheet", new, WHERE)
    assert _values(done) == before | new
    assert b'<x:c r="C1" t="inlineStr"><x:is>' in parts(done)[SHEET]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"<worksheet", b"<!DOCTYPE w><worksheet", "declares a document type"),
        (b"<worksheet", b"<?xml version='1.0' encoding='ISO-8859-1'?><worksheet", "ISO-8859-1, not UTF-8"),
        (b"</worksheet>", b"", "is a broken workbook"),
        (b'<row r="2"', b'<row r="99"', "has no row 2"),
    ],
)
def test_a_sheet_that_cannot_be_cut_open_is_refused(old: bytes, new: bytes, says: str) -> None:
    """XML that is broken, or not what a spreadsheet program writes, is refused in one sentence."""
    data = _book({})
    with pytest.raises(ConfigurationError, match=says):
        written(with_part(data, SHEET, parts(data)[SHEET].replace(old, new)), "Sheet", {(2, 2): "x"}, WHERE)


def test_a_damaged_part_is_refused() -> None:
    """A workbook one of whose parts is damaged is refused before anything is read from it."""
    data = _book({})
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        info = book.getinfo("xl/theme/theme1.xml")
    at = info.header_offset + 200
    damaged = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
    with pytest.raises(ConfigurationError, match=r"is a broken workbook|is no XLSX file"):
        open_workbook(damaged, WHERE)
