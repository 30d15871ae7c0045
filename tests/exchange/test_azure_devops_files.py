"""Test cases by file, in the layout of Azure Test Plans."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from azure_project import Project
from openpyxl import load_workbook

from harness.errors import ConfigurationError

HEADER = ["ID", "Work Item Type", "Title", "Test Step", "Step Action", "Step Expected"]


def _rows(path: Path) -> list[list[str]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.reader(file))
    sheet = load_workbook(path).active
    assert sheet is not None
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


def _imported(exported: Path, out: Path, ids: dict[str, int]) -> None:
    """Do what the service does: give new test cases an id, and export what it holds."""
    rows = _rows(exported)
    for row in rows[1:]:
        if row[1]:
            key = row[2].partition(":")[0]
            row[0] = row[0] or str(ids.setdefault(key, 500 + len(ids)))
            row[7], row[8] = "owner@example.org", "Ready"
    with out.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(rows)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_three_rounds_by_file_keep_every_id_and_make_none_twice(project: Project, ending: str) -> None:
    """After the first round each test case goes over with its id, and the ids never change."""
    ids: dict[str, int] = {}
    for number in range(3):
        out = project.folder / f"out{number}.{ending}"
        done = project.ado("export", "--stage", "cit", "--out", out, "--profile", project.profile)
        assert done.exit_code == 0, done.exception
        rows = _rows(out)
        assert rows[0][:6] == HEADER
        assert {row[0] for row in rows[1:] if row[1]} == (
            {""} if number == 0 else {str(each) for each in ids.values()}
        )
        back = project.folder / f"back{number}.csv"
        _imported(out, back, ids)
        done = project.ado("import", back, "--stage", "cit")
        assert done.exit_code == 0, done.output
        assert ("everything is in step" in done.output) == (number > 0)
    assert len(ids) == 3


def test_what_was_changed_there_or_is_not_ours_is_listed(project: Project) -> None:
    """A changed step, a row without id, a second id and a foreign test case are named with their cell."""
    out, back = project.folder / "out.csv", project.folder / "back.csv"
    project.ado("export", "--stage", "cit", "--out", out)
    _imported(out, back, {})
    project.ado("import", back, "--stage", "cit")
    text = back.read_text(encoding="utf-8-sig").replace("expect none", "nothing at all", 1)
    text += "900,Test Case,CIT-ONE: again,,,,,,\r\n901,Test Case,Their own,,,,,,\r\n"
    back.write_text(text, encoding="utf-8")
    done = project.ado("import", back, "--stage", "cit")
    assert done.exit_code == 1
    for said in ("changed there", "there more than once", "not ours", "line"):
        assert said in done.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ID,Work Item Type,Titel,Test Step,Step Action,Step Expected\r\n", "no column 'Title'"),
        (",".join(HEADER) + "\r\nx,Test Case,A,,,\r\n", "line 2, column 1: 'x' is no id"),
        (",".join(HEADER) + "\r\n1,Bug,A,,,\r\n", "line 2, column 2: 'Bug' is no type"),
        (",".join(HEADER) + "\r\n,,,1,do,see\r\n", "a step comes before its test case"),
    ],
)
def test_a_broken_file_says_where(project: Project, text: str, said: str) -> None:
    """The cell and what is wrong; the ledger stays as it was."""
    file = project.folder / "bad.csv"
    file.write_text(text)
    done = project.ado("import", file, "--stage", "cit")
    assert isinstance(done.exception, ConfigurationError)
    assert said in str(done.exception)
    assert not project.profile.with_suffix(".json").exists()


def test_an_export_overwrites_nothing(project: Project) -> None:
    """A file that is there is refused."""
    out = project.folder / "out.csv"
    out.write_text("kept")
    done = project.ado("export", "--stage", "cit", "--out", out)
    assert isinstance(done.exception, ConfigurationError)
    assert out.read_text() == "kept"
