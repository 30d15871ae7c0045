"""`dip report` from the command line: files, exit codes, and what is said."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from example_run import ExampleRun
from theirs import parts, theirs

from harness.cli import main
from harness.reports.fill_map import read_fill_map

MAP = """
header_row: 2
match: {column: Req ID, role: Role}
fill: [{column: Evidence, value: runs}, {column: Witness, value: counts}]
"""


def dip(*words: object, code: int = 0) -> str:
    """Run ``dip report``; return what it says on standard output, or on standard error where it fails."""
    out, err, ended = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["dip", "report", *map(str, words)])
        try:
            main()
        except SystemExit as stopped:
            ended = int(stopped.code or 0)
    assert ended == code, out.getvalue() + err.getvalue()
    return err.getvalue() if code > 1 else out.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a workbook, a map and the folder of a run."""
    (tmp_path / "theirs.xlsx").write_bytes(theirs([["DH-IF-031", "t", "SUP"], ["R-9", "u", ""]]))
    (tmp_path / "map.yaml").write_text(MAP, encoding="utf-8")
    example = ExampleRun(tmp_path / "run")
    example.exchange(requirements=("DH-RSP-001",))
    example.write()
    return tmp_path


def test_a_workbook_is_filled_into_a_new_file(folder: Path) -> None:
    """The new file is written, the workbook stays, and the terminal lists what did not match, both ways."""
    before = (folder / "theirs.xlsx").read_bytes()
    words = ("rttm", "fill", folder / "theirs.xlsx", folder / "run", "--map", folder / "map.yaml", "--out")
    said = dip(*words, folder / "filled.xlsx")
    assert "2 cells of sheet 'SIT Functional' written to" in said
    assert "rehearsal" in said
    assert "Rows that nothing belongs to: 1" in said
    assert "R-9" in said
    assert "Results without a row: 1" in said
    assert "DH-RSP-001" in said
    assert (folder / "theirs.xlsx").read_bytes() == before
    assert (
        b"rehearsal: 1 of 1 passed"
        in parts((folder / "filled.xlsx").read_bytes())["xl/worksheets/sheet1.xml"]
    )
    filled = (folder / "filled.xlsx").read_bytes()
    assert "nothing is overwritten" in dip(*words, folder / "filled.xlsx", code=2)
    assert "nothing is overwritten" in dip(*words, folder / "theirs.xlsx", code=2)
    assert (folder / "filled.xlsx").read_bytes() == filled


def test_the_same_as_json(folder: Path) -> None:
    """A program gets runs with their class, cells, and both lists."""
    found = json.loads(
        dip("rttm", "fill", folder / "theirs.xlsx", folder / "run", "--map", folder / "map.yaml",
            "--out", folder / "filled.xlsx", "--json")
    )  # fmt: skip
    assert [run["evidence_class"] for run in found["runs"]] == ["rehearsal"]
    assert [(each["cell"], each["id"]) for each in found["written"]] == [
        ("E3", "DH-IF-031"),
        ("H3", "DH-IF-031"),
    ]
    assert [each["cell"] for each in found["rows_unmatched"]] == ["A4"]
    assert found["results_without_row"] == [{"id": "DH-RSP-001", "cases": 1}]


def test_no_match_leaves_no_file(folder: Path) -> None:
    """Where nothing is to be written, the lists are printed, there is no new file, and the exit code is 1."""
    (folder / "theirs.xlsx").write_bytes(theirs([["R-9", "u", ""]]))
    said = dip("rttm", "fill", folder / "theirs.xlsx", folder / "run", "--map", folder / "map.yaml",
               "--out", folder / "filled.xlsx", code=1)  # fmt: skip
    assert "no requirement has this id" in said
    assert not (folder / "filled.xlsx").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["theirs.xlsx", "run", "run", "--out", "new.xlsx"], "is given twice"),
        (["theirs.xlsx", "absent", "--out", "new.xlsx"], "absent"),
        (["absent.xlsx", "run", "--out", "new.xlsx"], "can't be read"),
        (["map.yaml", "run", "--out", "new.xlsx"], "is no XLSX file"),
        (["theirs.xlsx", "run", "--out", "new.xls"], "does not end in .xlsx"),
        (["theirs.xlsx", "run", "--out", "nowhere/new.xlsx"], "can't be written"),
    ],
)
def test_what_cannot_be_filled_is_said(folder: Path, words: list[str], says: str) -> None:
    """Wrong files end with exit code 2 and one sentence, and nothing is written."""
    placed = [word if word.startswith("--") else str(folder / word) for word in words]
    assert says in dip("rttm", "fill", *placed, "--map", folder / "map.yaml", code=2)
    assert not list(folder.glob("new*"))


def test_baselines_are_compared(folder: Path) -> None:
    """Differences don't change the exit code; a file that can't be read does."""
    columns = folder / "columns.yaml"
    columns.write_text("columns: {external_id: Id, text: Text, clause: Clause}", encoding="utf-8")
    (folder / "old.csv").write_text("Id,Text,Clause\nA,one,1\nB,two,2\n", encoding="utf-8")
    (folder / "new.csv").write_text("Id,Text,Clause\nB,zwei,3\nC,three,2\n", encoding="utf-8")
    words = ("baseline", "compare", folder / "old.csv", folder / "new.csv", "--map", columns)
    said = dip(*words)
    assert "1 added, 1 removed, 1 changed, 1 moved" in said
    assert "zwei" in said
    found = json.loads(dip(*words, "--json"))
    assert [each["requirement"] for each in found["added"]] == ["C"]
    assert found["moved"][0]["new"] == "3"
    assert found["old"]["requirements"] == 2
    same = dip(
        "baseline", "compare", folder / "old.csv", folder / "old.csv", "--map", folder / "columns.yaml"
    )
    assert "no difference" in same
    (folder / "new.csv").write_text("Id,Text\nB,zwei\n", encoding="utf-8")
    assert "no column 'Clause'" in dip(*words, code=2)


def test_the_shipped_maps_can_be_copied(folder: Path) -> None:
    """What `map` prints is a map."""
    (folder / "copy.yaml").write_text(dip("rttm", "map"), encoding="utf-8")
    assert read_fill_map(folder / "copy.yaml").column == "Our ID"
    assert "external_id:" in dip("baseline", "map")
