"""Somebody's own workbook filled from runs: what is written, and that nothing else changes."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from example_run import ExampleRun
from openpyxl import Workbook, load_workbook
from theirs import EXTENSION, parts, theirs, with_part

from harness.errors import ConfigurationError
from harness.reports.fill_map import DEFAULT_MAP, FillMap, read_fill_map
from harness.reports.rows_of_runs import shown
from harness.reports.rttm import trace_matrix
from harness.reports.rttm_filling import Filling, fill
from harness.reports.run import Run, read_run
from harness.reports.workbook import workbook
from harness.scenarios.requirements import shipped

SHEET = "xl/worksheets/sheet1.xml"
MAP = """
sheet: SIT Functional
header_row: 2
match: {column: Req ID, subject: requirements, role: Role, roles: {Supplier: SUP}}
filled_cells: FILLED
fill:
  - column: Status
    value: status
    words: {passed: Passed, failed: Failed, "rehearsal: passed": Rehearsal passed}
    class: CLASS
  - {column: Evidence, value: evidence}
  - {column: Tested on, value: date}
"""
ROWS: list[list[Any]] = [
    ["DH-IF-031", "Appointments", "Supplier"],
    ["DH-IF-031", "Appointments", "LDSO"],
    ["DH-RSP-001", "=1+1 is no formula", ""],
    ["R-404", "Not ours", "SUP"],
    ["DH-IF-032", "Answers", "Registration"],
    ["DH-MIG-001", "Migration", ""],
    ["", "A heading", ""],
]


def _columns(
    folder: Path, *, classes: str = "[paired, rehearsal]", filled: str = "keep", **changes: str
) -> FillMap:
    text = MAP.replace("CLASS", classes).replace("FILLED", filled)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "map.yaml").write_text(text, encoding="utf-8")
    return read_fill_map(folder / "map.yaml")


def _run(folder: Path, evidence: str = "rehearsal", *, fails: bool = False) -> Run:
    example = ExampleRun(folder)
    example.exchange(requirements=("DH-RSP-001",))
    if fails:
        example.begin("worse", "w", "IF-031", "MSApp", "SUP", requirements=("DH-IF-031",))
        example.finish(
            "worse/IF-031/MSApp/SUP@2.1.0",
            "fail",
            "no",
            {"class": "participant", "party": "x"},
            status="failed",
        )
    return read_run(example.write(evidence_class=evidence))


def _filled(data: bytes, columns: FillMap, *runs: Run) -> Filling:
    return fill(data, "theirs.xlsx", columns, shown(runs, shipped(), columns))


def _page(done: Filling) -> Any:
    assert done.data is not None
    return _opened(done.data)["SIT Functional"]


def _opened(data: bytes) -> Workbook:
    with pytest.warns(UserWarning, match="Unknown extension"):
        return load_workbook(io.BytesIO(data))


def test_only_the_mapped_cells_change(tmp_path: Path) -> None:
    """Every part of the file but two is the same to the byte, and the sheet is the same but for the cells."""
    data = theirs(ROWS)
    done = _filled(data, _columns(tmp_path), _run(tmp_path / "a"))
    assert done.data is not None
    before, after = parts(data), parts(done.data)
    assert list(before) == list(after)
    assert {name for name in before if before[name] != after[name]} == {SHEET, "xl/workbook.xml"}
    assert EXTENSION in after[SHEET]
    places = {cell.cell for cell in done.written}
    assert places == {"D3", "E3", "F3", "D5", "E5", "F5"}
    without = [
        re.sub(rb'<c r="(%s)"[^>]*?(/>|>.*?</c>)' % b"|".join(map(str.encode, places)), rb"<\1>", xml[SHEET])
        for xml in (before, after)
    ]
    assert without[0] == without[1]
    assert re.sub(rb'\s*fullCalcOnLoad="1"', b"", after["xl/workbook.xml"]) == re.sub(
        rb'\s*fullCalcOnLoad="1"', b"", before["xl/workbook.xml"]
    )
    assert b'fullCalcOnLoad="1"' in after["xl/workbook.xml"]


def test_a_library_sees_the_same_workbook(tmp_path: Path) -> None:
    """Cells, styles, formulas, names, lists, colours by rule, comments and widths are as they were."""
    data = theirs(ROWS)
    done = _filled(data, _columns(tmp_path), _run(tmp_path / "a"))
    assert done.data is not None
    places = {cell.cell for cell in done.written}
    old, new = _opened(data), _opened(done.data)
    assert old.sheetnames == new.sheetnames
    for one, other in zip(old, new, strict=True):
        assert one.dimensions == other.dimensions
        for was, now in zip(one.iter_rows(), other.iter_rows(), strict=True):
            for cell, same in zip(was, now, strict=True):
                assert cell._style == same._style if hasattr(cell, "_style") else True
                comments = [each.comment and each.comment.text for each in (cell, same)]
                assert comments[0] == comments[1]
                if one.title == "Lists" or cell.coordinate not in places:
                    assert (cell.value, cell.data_type) == (same.value, same.data_type)
        assert {key: each.width for key, each in one.column_dimensions.items()} == {
            key: each.width for key, each in other.column_dimensions.items()
        }
        assert [each.sqref for each in one.data_validations.dataValidation] == [
            each.sqref for each in other.data_validations.dataValidation
        ]
        assert list(map(str, one.conditional_formatting)) == list(map(str, other.conditional_formatting))
        assert one.merged_cells.ranges == other.merged_cells.ranges
    assert {key: each.attr_text for key, each in old.defined_names.items()} == {
        key: each.attr_text for key, each in new.defined_names.items()
    }


def test_a_rehearsal_is_written_as_one(tmp_path: Path) -> None:
    """A passed rehearsal says so in status, evidence and date."""
    page = _page(_filled(theirs(ROWS), _columns(tmp_path), _run(tmp_path / "a")))
    assert page["D3"].value == "Rehearsal passed"
    assert page["E3"].value.startswith("rehearsal: ")
    assert page["F3"].value.startswith("rehearsal: 2026-11-03")
    assert page["D3"].fill.fgColor.rgb.endswith("FFF2CC")


def test_classes_are_never_added_up(tmp_path: Path) -> None:
    """A failed rehearsal beside a passed paired run leaves each its own status."""
    runs = [_run(tmp_path / "a", fails=True), _run(tmp_path / "b", "paired")]
    done = _filled(theirs(ROWS), _columns(tmp_path, classes="paired"), *runs)
    page = _page(done)
    assert page["D3"].value == "Passed"
    assert page["E3"].value.startswith("rehearsal: ")
    assert "; paired: " in page["E3"].value


def test_the_last_run_of_a_case_counts(tmp_path: Path) -> None:
    """A case that failed and then passed has passed, in whatever order the runs are given."""
    runs = []
    for number, passes in enumerate((False, True), start=1):
        example = ExampleRun(tmp_path / str(number))
        case = example.begin("s", "s", "IF-031", "MSApp", "SUP", requirements=("DH-IF-031",))
        blame = None if passes else {"class": "participant", "party": "x"}
        status = "passed" if passes else "failed"
        example.finish(case, "pass" if passes else "fail", "", blame, status=status)
        run = read_run(example.write(evidence_class="paired"))
        assert run.end is not None
        runs.append(replace(run, end=replace(run.end, at=f"2026-11-0{number}T09:00:00.000+00:00")))
    for order in (runs, runs[::-1]):
        page = _page(_filled(theirs(ROWS), _columns(tmp_path, classes="paired"), *order))
        assert (page["D3"].value, page["F3"].value) == ("Passed", datetime(2026, 11, 2))


def test_a_date_goes_into_a_date_cell(tmp_path: Path) -> None:
    """A day of real evidence is a day in a cell that shows days."""
    page = _page(_filled(theirs(ROWS), _columns(tmp_path, classes="paired"), _run(tmp_path / "a", "paired")))
    assert page["F3"].value == datetime(2026, 11, 3)
    assert page["F3"].number_format == "DD/MM/YYYY"


def test_what_did_not_match_is_listed_both_ways(tmp_path: Path) -> None:
    """Rows of nobody, rows without result and results without row each stand with cell, id and reason."""
    done = _filled(
        theirs(ROWS),
        _columns(tmp_path),
        _run(tmp_path / "a"),
    )
    assert [(each.cell, each.id) for each in done.unmatched] == [
        ("A6", "R-404"),
        ("A7", "DH-IF-032"),
        ("A9", ""),
    ]
    assert "'Registration' is no role" in done.unmatched[1].reason
    assert [(each.cell, each.id) for each in done.without_result] == [
        ("A4", "DH-IF-031"),
        ("A8", "DH-MIG-001"),
    ]
    assert done.without_row == ()
    short = _filled(theirs(ROWS[:1]), _columns(tmp_path), _run(tmp_path / "b"))
    assert short.without_row == (("DH-RSP-001", 1),)


def test_filled_cells_stay_unless_the_map_says_replace(tmp_path: Path) -> None:
    """What a person wrote stays and is listed; a formula and a merged cell always stay."""
    data = theirs(ROWS, filled={"D3": "Blocked", "E3": '="a"&"b"'}, merge="E5:F5")
    run = _run(tmp_path / "a")
    kept = _filled(data, _columns(tmp_path), run)
    assert [(each.cell, each.there, each.value) for each in kept.kept if each.cell == "D3"] == [
        ("D3", "Blocked", "Rehearsal passed")
    ]
    assert _page(kept)["D3"].value == "Blocked"
    replaced = _filled(data, _columns(tmp_path, filled="replace"), run)
    assert _page(replaced)["D3"].value == "Rehearsal passed"
    for done in (kept, replaced):
        assert {each.cell: each.reason for each in done.kept}["E3"] == "holds a formula"
        assert {each.cell: each.reason for each in done.kept}["F5"] == "lies in merged cells"
        assert _page(done)["E3"].value == '="a"&"b"'


def test_locked_cells_of_a_protected_sheet_stay(tmp_path: Path) -> None:
    """Protection is not walked round: the one cell that is open is filled."""
    done = _filled(theirs(ROWS, protect=True), _columns(tmp_path), _run(tmp_path / "a"))
    assert [each.cell for each in done.written] == ["E3"]
    assert {each.reason for each in done.kept} == {"is locked on a protected sheet"}


def test_a_word_that_the_workbook_does_not_allow_is_refused(tmp_path: Path) -> None:
    """A status that the drop-down list of the cell lacks is named with the nearest that it has."""
    with pytest.raises(ConfigurationError) as caught:
        _filled(theirs(ROWS), _columns_without_words(tmp_path), _run(tmp_path / "a", "paired"))
    assert "sheet 'SIT Functional', cell D3: the cell's list of allowed values lacks 'paired: passed'" in str(
        caught.value
    )
    assert "Passed" in caught.value.mend


def _columns_without_words(folder: Path) -> FillMap:
    text = re.sub(r"\n    words: .*", "", MAP).replace("CLASS", "[paired]").replace("FILLED", "keep")
    (folder / "wordless.yaml").write_text(text.replace("[paired]", "[paired, integrated]"), encoding="utf-8")
    return read_fill_map(folder / "wordless.yaml")


@pytest.mark.parametrize(
    ("part", "says"),
    [("xl/vbaProject.bin", "holds macros"), ("_xmlsignatures/sig1.xml", "is signed")],
)
def test_macros_and_signatures_are_refused(tmp_path: Path, part: str, says: str) -> None:
    """A workbook that a change would break, or that could change itself, is refused with the reason."""
    with pytest.raises(ConfigurationError, match=says):
        _filled(with_part(theirs(ROWS), part, b"x"), _columns(tmp_path), _run(tmp_path / "a"))


def test_merged_titles_are_refused(tmp_path: Path) -> None:
    """Titles in merged cells don't tell columns apart; the span is named."""
    with pytest.raises(ConfigurationError, match="the titles in G2:H2 are merged"):
        _filled(theirs(ROWS, merge="G2:H2"), _columns(tmp_path), _run(tmp_path / "a"))


def test_cells_that_are_not_there_yet_are_put_in_order(tmp_path: Path) -> None:
    """A column whose cells were never touched is filled at its place, in the style of the column."""
    data = theirs(ROWS)
    sheet = re.sub(rb'<c r="[DF]\d+"[^>]*?/>', b"", parts(data)[SHEET])
    sheet = sheet.replace(b"<cols>", b'<cols><col min="4" max="4" width="9" style="2"/>')
    done = _filled(with_part(data, SHEET, sheet), _columns(tmp_path), _run(tmp_path / "a"))
    assert done.data is not None
    row = re.search(rb'<row r="3".*?</row>', parts(done.data)[SHEET])
    assert row
    assert re.findall(rb'<c r="([A-Z])3"', row.group()) == [b"A", b"B", b"C", b"D", b"E", b"F", b"G"]
    assert b'<c r="D3" s="2" t="inlineStr">' in row.group()
    assert _page(done)["D3"].value == "Rehearsal passed"


def test_the_shipped_map_knows_the_harness_own_workbook(mixed: Run) -> None:
    """By the shipped map each row of rttm.xlsx belongs to a requirement, and what it holds already stays."""
    done = _filled(workbook(trace_matrix(mixed, shipped())), read_fill_map(DEFAULT_MAP), mixed)
    assert {each.column for each in done.kept} == {"As of", "Evidence refs", "Release"}
    assert done.data is None
    assert not done.unmatched
    assert not done.without_row


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("value: status", "value: statuz", "Did you mean 'status'?"),
        ("column: Status", "column: Req ID", "'Req ID' has a use already"),
        ("subject: requirements", "subject: requirement", "Did you mean 'requirements'?"),
        ("Rehearsal passed", "Passed", "does not say that it was a rehearsal"),
        ("class: [paired, rehearsal]", "class: [pared]", "Did you mean 'paired'?"),
        ("role: Role,", "rolle: Role,", "'rolle' is not known here"),
    ],
)
def test_a_broken_map_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    """A map's mistakes are named; a rehearsal can't be given words that hide it."""
    text = MAP.replace("CLASS", "[paired, rehearsal]").replace("FILLED", "keep")
    (tmp_path / "map.yaml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_fill_map(tmp_path / "map.yaml")
    assert says in str(caught.value)


def test_ids_of_others_are_looked_up_by_their_scheme(tmp_path: Path) -> None:
    """A scheme that the register knows matches its external ids; one that nothing has is refused."""
    example = ExampleRun(tmp_path / "a")
    scheme, ours, external = next(
        (scheme, each.id, value) for each in shipped().values() for scheme, value in each.external_ids.items()
    )
    example.exchange(requirements=(ours,))
    run = read_run(example.write())
    by_scheme = {"column: Req ID,": f"column: Req ID, scheme: {scheme},"}
    done = _filled(theirs([[external, "Theirs", ""]]), _columns(tmp_path, **by_scheme), run)
    assert done.written
    assert "DH-IF-031" in done.without_id
    wrong = _columns(tmp_path, **{"column: Req ID,": f"column: Req ID, scheme: {scheme}x,"})
    with pytest.raises(ConfigurationError, match=f"Did you mean '{scheme}'"):
        _filled(theirs(ROWS), wrong, run)
