"""Outcomes, testers, runs and builds that come back by file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from azure_project import Project
from openpyxl import Workbook
from played_run import play

from harness.errors import ConfigurationError

TITLES = [
    *("Test Case Id", "Title", "Configuration", "Outcome"),
    *("Tester", "Test Run", "Build", "Date Completed"),
]
SUPPLIER, AGENT = "Supplier A (SUP)", "Agent A (MSS)"
KEYS = ("CIT-ONE", "CIT-TWO", "CIT-THREE")


def _table(path: Path, rows: list[list[str]]) -> Path:
    if path.suffix == ".csv":
        path.write_text("".join(",".join(row) + "\r\n" for row in rows), encoding="utf-8-sig")
        return path
    book = Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append([int(cell) if cell.isdecimal() else cell for cell in row])
    book.save(path)
    return path


def _points(outcomes: dict[str, str]) -> list[list[str]]:
    """Return the rows of a whole export: each test case with each of its two parties."""
    rows = [TITLES]
    for number, key in enumerate(KEYS, start=500):
        for party in (SUPPLIER, AGENT):
            outcome = outcomes.get(f"{key} | {party}", "Not run")
            rows.append([str(number), f"{key}: title", party, outcome, "tester@example.org", "77", "4.1", ""])
    return rows


def _read(project: Project, file: Path, *words: object) -> tuple[int, dict[str, Any]]:
    registers, run = project.folder / "registers", project.folder / "run"
    if not run.exists():
        play(run, dict.fromkeys(KEYS, "pass"))
    done = project.ado("outcomes", file, run, "--registers", registers, "--json", *words)
    if done.exit_code not in {0, 1} or isinstance(done.exception, ConfigurationError):
        assert done.exception is not None
        raise done.exception
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_three_rounds_by_file_lose_and_double_nothing(project: Project, ending: str) -> None:
    """Every point comes in once, a change of one is told once, and the same file again changes nothing."""
    first = {f"CIT-ONE | {SUPPLIER}": "Passed", f"CIT-TWO | {AGENT}": "failed"}
    file = _table(project.folder / f"one.{ending}", _points(first))
    code, found = _read(project, file)
    assert code == 0
    assert len(found["test_points"]) == 6
    point = found["test_points"][f"CIT-TWO | {AGENT}"]
    assert (point["outcome"], point["tester"]) == ("Failed", "tester@example.org")
    assert (point["their_run"], point["build"], point["id"]) == ("77", "4.1", None)
    assert found["test_points"][f"CIT-THREE | {AGENT}"]["outcome"] == ""
    assert _read(project, file)[1]["done"] == []
    changed = _table(project.folder / f"two.{ending}", _points(first | {f"CIT-TWO | {AGENT}": "Passed"}))
    (told,) = _read(project, changed)[1]["done"]
    assert (told["what"], told["name"]) == ("outcome", f"CIT-TWO | {AGENT}")
    assert f"two.{ending}" in told["said"]
    last = _read(project, changed)[1]
    assert last["done"] == []
    assert last["test_points"].keys() == found["test_points"].keys()


def test_what_was_read_by_file_is_in_step_by_rest(project: Project) -> None:
    """A point that a file told of is the same point when the service tells of it."""
    project.ado("push", play(project.folder / "run", dict.fromkeys(KEYS, "pass")))
    ledger = json.loads(project.profile.with_suffix(".json").read_text())
    row = [str(ledger["cases"]["CIT-ONE"]["id"]), "CIT-ONE: x", SUPPLIER, "Failed", "", "78", "", ""]
    _, found = _read(project, _table(project.folder / "one.csv", [TITLES, row]))
    said = {each["what"]: each["said"] for each in found["done"]}
    assert said["outcome"].startswith("Failed, ours was Passed (run r1)")
    done = json.loads(project.ado("pull", "--stage", "cit", "--json").stdout)
    assert [each["name"] for each in done["done"] if each["what"] == "outcome"] == [f"CIT-ONE | {SUPPLIER}"]
    assert done["test_points"].keys() == found["test_points"].keys()


def test_rows_and_columns_that_fit_nothing_are_listed(project: Project) -> None:
    """A foreign test case, an unknown party, a second id and an unknown column are named with their row."""
    rows = [
        *_points({}),
        ["900", "Their own", SUPPLIER, "Passed", "", "", "", ""],
        ["500", "CIT-ONE: title", "Nobody", "Passed", "", "", "", ""],
        ["901", "CIT-TWO: again", AGENT, "Passed", "", "", "", ""],
    ]
    rows = [[*row, "x" if number else "Mood"] for number, row in enumerate(rows)]
    code, found = _read(project, _table(project.folder / "one.csv", rows))
    said = {each["what"]: each for each in found["done"] if each["what"] not in {"id", "tester"}}
    assert code == 1
    assert said["not ours"]["said"].endswith("line 8, column 1")
    assert said["no such party"]["said"].endswith("line 9, column 1")
    assert "there more than once" in said["conflict"]["said"]
    assert said["column not read"]["name"] == "Mood"
    assert len(found["test_points"]) == 6


def test_of_two_rows_of_one_point_the_later_counts_and_a_tie_is_a_conflict(project: Project) -> None:
    """The moment decides; without one, neither of two that disagree is taken."""
    row = ["500", "CIT-ONE: title", SUPPLIER]
    early = [*row, "Failed", "", "1", "", "2026-11-20T09:00:00Z"]
    late = [*row, "Passed", "", "2", "", "2026-11-20T10:00:00Z"]
    _, found = _read(project, _table(project.folder / "one.csv", [TITLES, late, early]))
    assert found["test_points"][f"CIT-ONE | {SUPPLIER}"]["outcome"] == "Passed"
    tie = [[*row, outcome, "", "3", "", ""] for outcome in ("Failed", "Blocked")]
    code, found = _read(project, _table(project.folder / "two.csv", [TITLES, *tie]))
    assert code == 1
    assert "line 2, column 1: Failed, 3; " in found["done"][0]["said"]
    assert found["test_points"][f"CIT-ONE | {SUPPLIER}"]["outcome"] == "Passed"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({3: "Pased"}, "line 2, column 4: 'Pased' is no outcome"),
        ({0: "x"}, "line 2, column 1: 'x' is no id of a work item"),
        ({0: ""}, "line 2, column 1: has no id of a test case"),
        ({7: "20/11/2026"}, "line 2, column 8: '20/11/2026' is no moment"),
    ],
)
def test_a_broken_row_is_refused_with_its_cell(project: Project, changes: dict[int, str], said: str) -> None:
    """File, cell, what is wrong, the nearest; the ledger is not written."""
    row = ["500", "CIT-ONE: title", SUPPLIER, "Passed", "", "", "", ""]
    for column, value in changes.items():
        row[column] = value
    with pytest.raises(ConfigurationError) as refused:
        _read(project, _table(project.folder / "one.csv", [TITLES, row]))
    assert said in str(refused.value)
    assert not project.profile.with_suffix(".json").exists()


def test_a_map_of_ones_own_names_other_columns_and_words(project: Project) -> None:
    """Titles and words of the file are the map's; a column that it needs and the file lacks is refused."""
    _read(project, _table(project.folder / "ids.csv", _points({})))
    columns = project.folder / "columns.yaml"
    columns.write_text(
        "basis: agreed\ncolumns: {case: Nr, party: Who, outcome: Result}\noutcomes: {Good: Passed}\n"
    )
    file = _table(project.folder / "one.csv", [["Nr", "Who", "Result"], ["500", SUPPLIER, "good"]])
    _, found = _read(project, file, "--map", columns)
    assert found["test_points"][f"CIT-ONE | {SUPPLIER}"]["outcome"] == "Passed"
    columns.write_text("basis: agreed\ncolumns: {case: Nr, party: Whom, outcome: Result}\n")
    with pytest.raises(ConfigurationError, match="has no column 'Whom'"):
        _read(project, file, "--map", columns)
