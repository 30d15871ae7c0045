"""Requirement baselines: what is read, what is refused, and what differs."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from harness.errors import ConfigurationError
from harness.reports.baselines import (
    DEFAULT_MAP,
    Baseline,
    BaselineMap,
    Comparison,
    Entry,
    compare,
    read_baseline,
    read_baseline_map,
)
from harness.reports.rttm import trace_matrix
from harness.reports.run import Run
from harness.reports.workbook import workbook
from harness.scenarios.requirements import shipped

MAP = """
columns:
  external_id: Req ID
  text: Requirement
  clause: {title: Clause, optional: true}
  version: {title: Version, optional: true}
"""
OLD = [
    ["Req ID", "Requirement", "Clause", "Ours alone"],
    ["R-1", "A message is signed", "4.1", "x"],
    ["R-2", "A message,\nin two lines", "4.2", ""],
    ["R-3", "Goes", "4.3", ""],
]
NEW = [
    ["Clause", "Req ID", "Requirement", "Ours alone"],
    ["9.9", "R-2", "A message,\nin two lines", ""],
    ["4.1", "R-1", "Each message is signed", "y"],
    ["4.4", "R-4", "Comes", ""],
]


def _csv(path: Path, rows: list[list[str]]) -> Path:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(rows)
    path.write_bytes(stream.getvalue().encode("utf-8-sig"))
    return path


def _xlsx(path: Path, rows: list[list[str]], sheet: str = "Requirements") -> Path:
    book = Workbook()
    page = book.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(row)
    book.save(path)
    return path


@pytest.fixture
def columns(tmp_path: Path) -> BaselineMap:
    """Return the column map of these tests."""
    (tmp_path / "map.yaml").write_text(MAP, encoding="utf-8")
    return read_baseline_map(tmp_path / "map.yaml")


@pytest.mark.parametrize("old", ["old.csv", "old.xlsx"])
@pytest.mark.parametrize("new", ["new.csv", "new.xlsx"])
def test_what_differs_is_named_exactly(tmp_path: Path, columns: BaselineMap, old: str, new: str) -> None:
    """Added, removed, changed and moved are told apart in any format and order of columns and rows."""
    write = {".csv": _csv, ".xlsx": _xlsx}
    was = read_baseline(write[Path(old).suffix](tmp_path / old, OLD), columns)
    now = read_baseline(write[Path(new).suffix](tmp_path / new, NEW), columns)
    found = compare(was, now)
    assert [entry.name for entry in found.added] == ["R-4"]
    assert [entry.name for entry in found.removed] == ["R-3"]
    assert [(each.requirement, each.field, each.old, each.new) for each in found.changed] == [
        ("R-1", "text", "A message is signed", "Each message is signed")
    ]
    assert [(each.requirement, each.old, each.new) for each in found.moved] == [("R-2", "4.2", "9.9")]
    assert found.not_compared == ()
    place = found.changed[0].new_place
    assert place.endswith("cell B3" if new.endswith("xlsx") else "line 4, column 2")


def test_a_column_that_one_lacks_is_said(tmp_path: Path, columns: BaselineMap) -> None:
    """A field of one baseline alone is not compared, and the result says so."""
    was = read_baseline(_csv(tmp_path / "a.csv", [["Req ID", "Requirement"], ["R-1", "t"]]), columns)
    now = read_baseline(
        _csv(tmp_path / "b.csv", [["Req ID", "Requirement", "Version"], ["R-1", "t", "2"]]), columns
    )
    found = compare(was, now)
    assert found.not_compared == ("version",)
    assert not found.same
    assert not found.changed


def test_the_shipped_map_reads_the_harness_own_workbook(mixed: Run, tmp_path: Path) -> None:
    """What a run wrote as rttm.xlsx is a baseline by the shipped map, one entry per requirement and role."""
    (tmp_path / "rttm.xlsx").write_bytes(workbook(trace_matrix(mixed, shipped())))
    found = read_baseline(tmp_path / "rttm.xlsx", read_baseline_map(DEFAULT_MAP))
    assert ("DH-IF-031", "SUP") in found.entries
    assert len(found.entries) == len(trace_matrix(mixed, shipped()).sheet("Requirements").rows)
    assert compare(found, found).same


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([["Req Id", "Requirement"], ["R-1", "t"]], "no column 'Req ID'. Did you mean 'Req Id'?"),
        ([["Req ID", "Requirement"], ["", "t"]], "line 2, column 1: the row has no 'Req ID'"),
        ([["Req ID", "Requirement"], ["R-1", "t"], ["R-1 ", "u"]], "line 3, column 1: 'R-1' stands twice"),
        ([["Req ID", "Req ID", "Requirement"], ["R-1", "", "t"]], "two columns are called 'Req ID'"),
        ([["Req ID", "Requirement"]], "holds no requirement"),
        ([["", ""], ["R-1", "t"]], "row 1 holds no titles"),
    ],
)
def test_a_broken_table_is_refused(
    tmp_path: Path, columns: BaselineMap, rows: list[list[str]], says: str
) -> None:
    """The error names the place, what is wrong, and the nearest right name."""
    with pytest.raises(ConfigurationError) as caught:
        read_baseline(_csv(tmp_path / "a.csv", rows), columns)
    assert says in str(caught.value)
    assert "a.csv" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.xlsx", b"no zip at all", "is no XLSX file"),
        ("a.xlsx", b"", "is no XLSX file"),
        ("a.ods", b"PK", "'.ods' is no ending"),
        ("a.csv", b"Req ID,Requirement\nR-1,\xff\n", "line 2: is not UTF-8"),
        ("a.csv", b'Req ID,Requirement\nR-1,"open\n', "line"),
        ("absent.csv", None, "can't be read: No such file"),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    tmp_path: Path, columns: BaselineMap, name: str, data: bytes | None, says: str
) -> None:
    """Neither a foreign format nor broken bytes get further than one clear sentence."""
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ConfigurationError) as caught:
        read_baseline(tmp_path / name, columns)
    assert says in str(caught.value)


def test_a_missing_sheet_is_named(tmp_path: Path) -> None:
    """A sheet that the workbook lacks is answered with those that it has."""
    (tmp_path / "map.yaml").write_text(f"sheet: Requirement\n{MAP}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"no sheet 'Requirement'\. Did you mean 'Requirements'"):
        read_baseline(_xlsx(tmp_path / "a.xlsx", OLD), read_baseline_map(tmp_path / "map.yaml"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colums: {external_id: A}", "'colums' is not known here. Did you mean 'columns'?"),
        ("columns: {external_id: A, clauze: B}", "Did you mean 'clause'?"),
        ("columns: {text: A}", "lacks 'external_id'"),
        ("columns: {external_id: 7}", "'external_id' is 7, a text is wanted"),
        ("columns: {external_id: A}\nkey: [external_id, rolls]", "'rolls' of 'key'"),
        ("columns: {external_id: A}\nheader_row: 0", "'header_row' is 0"),
    ],
)
def test_a_broken_map_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """A map's mistakes are named with the nearest right word."""
    (tmp_path / "map.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        read_baseline_map(tmp_path / "map.yaml")
    assert says in str(caught.value)


_FIELDS = ("external_id", "text", "clause")


def _baseline(entries: dict[str, tuple[str, str]]) -> Baseline:
    return Baseline(
        "x.csv",
        "",
        _FIELDS,
        {
            (key,): Entry((key,), dict(zip(_FIELDS, (key, *values), strict=True)), "")
            for key, values in entries.items()
        },
    )


_BASELINES = st.dictionaries(
    st.sampled_from("abcdef"), st.tuples(st.sampled_from(["t", "u", ""]), st.sampled_from(["1", "2"]))
).map(_baseline)


def _names(found: Comparison) -> tuple[list[str], list[str], set[tuple[str, ...]], set[tuple[str, ...]]]:
    return (
        [each.name for each in found.added],
        [each.name for each in found.removed],
        {(each.requirement, each.old, each.new) for each in found.changed},
        {(each.requirement, each.old, each.new) for each in found.moved},
    )


@given(_BASELINES, _BASELINES)
def test_a_comparison_can_be_turned_round(one: Baseline, other: Baseline) -> None:
    """Nothing differs from itself; backwards, added is removed and old is new; no entry is lost."""
    assert compare(one, one).same
    added, removed, changed, moved = _names(compare(one, other))
    back = _names(compare(other, one))
    assert (sorted(back[0]), sorted(back[1])) == (sorted(removed), sorted(added))
    assert back[2] == {(name, new, old) for name, old, new in changed}
    assert back[3] == {(name, new, old) for name, old, new in moved}
    assert len(one.entries) - len(removed) + len(added) == len(other.entries)
    assert compare(one, other).same == (one.entries == other.entries)
