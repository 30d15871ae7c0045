"""`rttm.xlsx`: a trace matrix, of a run or of a submission, as a workbook for people.

Each figure of the summary is a formula, with the value that the harness counted as its saved result, so that
programs that work out no formulas show it. It stands beside it again, for formulas follow what people edit.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from harness.reports.rttm import Figure, Sheet
from harness.reports.rttm_layout import OURS

_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f￾￿]")
_LONGEST = 32_000
_HEADER_ROWS = 3
_SUMMARY = "Summary"

_BOLD = Font(bold=True)
_TITLE = Font(bold=True, size=14)
_WHITE = Font(bold=True, color="FFFFFF")
_GREY = Font(italic=True, color="555555", size=9)
_WRAP = Alignment(wrap_text=True, vertical="top")
_LINE = Border(bottom=Side(style="thin", color="B8C0CC"))
_HARNESS = PatternFill("solid", fgColor="1F3A5F")
_PARTY = PatternFill("solid", fgColor="8A6D1B")
_COLOURS = {
    "passed": "DFF2E3", "pass": "DFF2E3", "holds": "DFF2E3", "passed with work-off": "E6EFC9",
    "failed": "FBDCDA", "fail": "FBDCDA", "error": "FBDCDA", "refused": "FBDCDA", "not covered": "FBDCDA",
    "overdue": "FBDCDA", "blocked": "FCE8C8", "inconclusive": "FCE8C8", "in progress": "FCE8C8",
    "not approved": "FCE8C8",
}  # fmt: skip
_COLOURED = {
    "status_in_this_run",
    "overall_status",
    "final_result",
    "first_run_result",
    "execution_status",
    "verdict",
    "pit_status",
    "sit_or_qt_status",
    "regression_status",
    "state",
}
_WRAPPED = {"Requirements", "Gaps", "Defects", "Work-off", "Exemptions", "Reliance", "Changes"}
"""Sheets whose wide columns break their lines; cells without a style of their own are written much faster."""
_WIDTHS = {
    "requirement_text": 60,
    "title": 50,
    "source_document": 40,
    "clause_or_process_step": 36,
    "our_test_id": 44,
    "test_id": 44,
    "expected_result": 60,
    "evidence_ref": 40,
    "what_is_missing": 60,
    "sit_or_qt_test_ids": 44,
    "subject": 40,
    "gap": 30,
    "assumptions_leaned_on": 40,
    "sha_256": 24,
    "reason_or_exemption_ref": 40,
    "coverage_note": 40,
    "by_evidence_class": 44,
    "stale_reason": 50,
    "not_tested_reason": 44,
    "change_since_last_submission": 40,
    "pit_scenario_ids": 44,
    "part_of_clause": 24,
    "override_who_why": 40,
    "flaky": 40,
    "root_cause": 50,
    "item": 60,
    "covers": 40,
    "tests_covered": 50,
    "reason": 60,
    "notes": 50,
    "what_is_wrong": 60,
    "old_value": 44,
    "new_value": 44,
    "why": 60,
}
_FORMULA_NOTE = (
    "The harness counted each value when it wrote the file. A formula counts anew when a program for sheets "
    "opens it: the two differ once somebody edits a sheet."
)


class Content(Protocol):
    """What a workbook shows: the matrix of a run, or that of a submission."""

    @property
    def title(self) -> str:
        """Its heading."""

    @property
    def stamp(self) -> str:
        """What stands in the header of every printed sheet."""

    @property
    def control(self) -> Sequence[tuple[str, str, bool]]:
        """Name, value, and whether the harness fills it."""

    @property
    def sheets(self) -> Sequence[Sheet]:
        """The tables."""

    @property
    def figures(self) -> Sequence[Figure]:
        """The figures of the summary."""

    @property
    def lists(self) -> Mapping[str, Mapping[str, str]]:
        """Allowed values and what they mean."""

    @property
    def rules(self) -> Sequence[str]:
        """The roll-up rules."""


def workbook(matrix: Content) -> bytes:
    """Return the workbook's bytes."""
    book = Workbook(write_only=True)
    _control(book, matrix)
    for sheet in matrix.sheets:
        _table(book, sheet, matrix.stamp)
    _summary(book, matrix)
    _lists(book, matrix)
    book.calculation.fullCalcOnLoad = True
    stream = io.BytesIO()
    book.save(stream)
    part = f"xl/worksheets/sheet{book.sheetnames.index(_SUMMARY) + 1}.xml"
    return _with_results(stream.getvalue(), part, [figure.value for figure in matrix.figures])


_FORMULA = re.compile(rb"(<c r=\"B\d+\"[^>]*>)<f>([^<]*)</f><v\s*(?:/>|></v>)</c>")


def _with_results(data: bytes, part: str, values: Sequence[int]) -> bytes:
    """Return the workbook with the results of its formulas saved in it, in their order."""
    waiting = iter(values)
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as read, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for info in read.infolist():
            content = read.read(info)
            if info.filename == part:
                content = _FORMULA.sub(
                    lambda found: b"%s<f>%s</f><v>%d</v></c>" % (found[1], found[2], next(waiting)), content
                )
            new.writestr(info, content, zipfile.ZIP_DEFLATED)
    assert next(waiting, None) is None, part
    return stream.getvalue()


def new_page(book: Workbook, name: str, stamp: str, widths: list[int]) -> Any:
    """Add a sheet; ``stamp`` stands at the head of each printed page."""
    page = book.create_sheet(name)
    page.oddHeader.center.text = stamp.replace("&", "&&")
    page.oddFooter.center.text = "&A, page &P of &N"
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    for index, width in enumerate(widths, start=1):
        page.column_dimensions[get_column_letter(index)].width = width
    return page


def page_cell(page: Any, value: Any, *, font: Font | None = None, fill: PatternFill | None = None) -> Any:
    """Return a cell; text is always text, so that nothing from outside becomes a formula."""
    if isinstance(value, str):
        value = _ILLEGAL.sub("�", value)
        if len(value) > _LONGEST:
            value = f"{value[:_LONGEST]}… ({len(value)} characters)"
    cell = WriteOnlyCell(page, value=value)
    if isinstance(value, str):
        cell.data_type = "s"
        cell.alignment = _WRAP
    if font:
        cell.font = font
    if fill:
        cell.fill = fill
    return cell


def _control(book: Workbook, matrix: Content) -> None:
    page = new_page(book, "Control", matrix.stamp, [40, 100, 12])
    page.append([page_cell(page, matrix.title, font=_TITLE)])
    page.append([])
    page.append([page_cell(page, text, font=_BOLD) for text in ("Item", "Value", "Filled by")])
    for name, value, by_harness in matrix.control:
        filled_by = "harness" if by_harness else "party"
        page.append(
            [
                page_cell(page, name, font=_BOLD),
                page_cell(page, value),
                page_cell(page, filled_by, font=_GREY),
            ]
        )


def _table(book: Workbook, sheet: Sheet, stamp: str) -> None:
    columns = sheet.columns
    page = new_page(book, sheet.name, stamp, [_WIDTHS.get(column.key, 18) for column in columns])
    last = get_column_letter(len(columns))
    page.freeze_panes = f"C{_HEADER_ROWS + 1}"
    page.auto_filter.ref = f"A{_HEADER_ROWS}:{last}{_HEADER_ROWS + len(sheet.rows)}"
    page.print_title_rows = f"1:{_HEADER_ROWS}"
    fills = [_HARNESS if column.by_harness else _PARTY for column in columns]
    page.append([page_cell(page, text, font=_GREY) for text in _group_titles(sheet)])
    page.append([page_cell(page, column.filled_by, font=_GREY) for column in columns])
    page.append(
        [
            page_cell(page, column.title, font=_WHITE, fill=fill)
            for column, fill in zip(columns, fills, strict=True)
        ]
    )
    wrapped = [sheet.name in _WRAPPED and column.key in _WIDTHS for column in columns]
    for row in sheet.rows:
        page.append(
            [
                _body_cell(page, row.get(column.key), wrapped=wrap)
                for column, wrap in zip(columns, wrapped, strict=True)
            ]
        )
    _colour(page, sheet)


def _body_cell(page: Any, value: Any, *, wrapped: bool) -> Any:
    """Return a cell of its own style where the column or the value needs one, else the bare value."""
    harmless = not isinstance(value, str) or not (
        value.startswith("=") or len(value) > _LONGEST or _ILLEGAL.search(value)
    )
    if value is None or (harmless and not wrapped):
        return value
    return page_cell(page, value)


def _colour(page: Any, sheet: Sheet) -> None:
    """Colour statuses and verdicts by rule, so that a value that a person changes takes its own colour."""
    for index, column in enumerate(sheet.columns, start=1):
        if column.key in _COLOURED and sheet.rows:
            letter = get_column_letter(index)
            span = f"{letter}{_HEADER_ROWS + 1}:{letter}{_HEADER_ROWS + len(sheet.rows)}"
            for text, colour in _COLOURS.items():
                rule: Any = CellIsRule(  # type: ignore[no-untyped-call]
                    operator="equal", formula=[f'"{text}"'], fill=PatternFill(bgColor=colour)
                )
                page.conditional_formatting.add(span, rule)


def _group_titles(sheet: Sheet) -> list[str]:
    shown = []
    previous = ""
    for column in sheet.columns:
        shown.append(column.group if column.group != previous else "")
        previous = column.group
    return shown


def _summary(book: Workbook, matrix: Content) -> None:
    page = new_page(book, _SUMMARY, matrix.stamp, [64, 22, 22])
    page.append([page_cell(page, f"Summary: {matrix.stamp}", font=_TITLE)])
    page.append([page_cell(page, _FORMULA_NOTE, font=_GREY)])
    page.append(
        [page_cell(page, text, font=_BOLD) for text in ("Figure", "Formula", "Counted by the harness")]
    )
    for figure in matrix.figures:
        formula = WriteOnlyCell(page, value=_formula(matrix, figure))
        page.append([page_cell(page, figure.title), formula, figure.value])


def _formula(matrix: Content, figure: Figure) -> str:
    """Return the formula that counts what the figure counts."""
    sheet = next(each for each in matrix.sheets if each.name == figure.sheet)
    last = _HEADER_ROWS + max(1, len(sheet.rows))
    keys = [column.key for column in sheet.columns]
    filled = next(key for key in _ALWAYS_FILLED if key in keys)

    def span(key: str) -> str:
        letter = get_column_letter(keys.index(key) + 1)
        return f"'{figure.sheet}'!${letter}${_HEADER_ROWS + 1}:${letter}${last}"

    if not figure.where:
        return f"=COUNTA({span(filled)})"
    conditions = [(filled, "<>")] if "" in figure.where.values() else []
    conditions += list(figure.where.items())
    return "=COUNTIFS(" + ",".join(f'{span(key)},"{value}"' for key, value in conditions) + ")"


_ALWAYS_FILLED = (
    "our_id", "our_test_id", "req_id", "gap", "defect_id", "work_off_ref", "legal_entity", "reliance_ref",
    "sheet",
)  # fmt: skip
"""The column of each sheet that every row fills."""


def _lists(book: Workbook, matrix: Content) -> None:
    page = new_page(book, "Lists", matrix.stamp, [40, 30, 100])
    page.append([page_cell(page, "Lists and roll-up rules", font=_TITLE)])
    page.append([page_cell(page, OURS, font=_GREY)])
    page.append([])
    page.append([page_cell(page, text, font=_BOLD) for text in ("List", "Value", "Meaning")])
    for name, values in matrix.lists.items():
        for value, meaning in values.items():
            page.append([page_cell(page, name), page_cell(page, str(value)), page_cell(page, meaning)])
    page.append([])
    page.append([page_cell(page, "Roll-up rules", font=_BOLD)])
    for number, rule in enumerate(matrix.rules, start=1):
        page.append([page_cell(page, f"Rule {number}"), None, page_cell(page, rule)])
