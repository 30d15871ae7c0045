"""What changed since the last submission, what people wrote carried on, and the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from example_run import PARTIES, ExampleRun
from openpyxl import load_workbook
from submitting import Desk, planned, register, row_of

from harness.commands.report import report
from harness.errors import ConfigurationError
from harness.reports.submission.gathering import write
from harness.reports.submission.matrix import Submission
from harness.reports.submission.previous import read_previous

ONE, TWO, THREE = "DH-TT-001", "DH-TT-002", "DH-TT-003"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk with two requirements, one of them met and one failed."""
    made = Desk(tmp_path, register(tmp_path / "register", "", ""), tests=(planned("c", TWO),))
    made.run({"a": ("pass", [ONE]), "b": ("fail", [TWO])})
    return made


def kept(desk: Desk, ending: str = ".json") -> Path:
    """Write the submission and return one of its files."""
    paths = write(desk.matrix(), desk.folder / "out")
    return next(path for path in paths if path.suffix == ending)


def changes_of(matrix: Submission, subject: str) -> dict[str, Any]:
    """Return the changes of a row by column: old, new, why."""
    return {
        each.get("column", ""): (each.get("old_value", ""), each.get("new_value", ""), each["why"])
        for each in matrix.sheet("Changes").rows
        if each["subject"] == subject
    }


@pytest.mark.parametrize("ending", [".json", ".xlsx"])
def test_nothing_changed_is_nothing(desk: Desk, ending: str) -> None:
    """The same runs against the same register differ in nothing, whichever file the last one is read from."""
    previous = read_previous(kept(desk, ending))
    assert previous.version == 1
    assert desk.matrix(previous).sheet("Changes").rows == ()


@pytest.mark.parametrize("ending", [".json", ".xlsx"])
def test_what_changed_is_told_with_its_reason(desk: Desk, ending: str) -> None:
    """Old value, new value and why: a run, the baseline, a test that is new."""
    previous = read_previous(kept(desk, ending))
    desk.run({"b": ("pass", [TWO]), "c": ("pass", [TWO])}, day=4)
    desk.register = register(desk.folder / "now", "text=Other words.", "", "")
    matrix = desk.matrix(previous)
    two = changes_of(matrix, f"{TWO} / SUP")
    assert two["Overall status"] == ("failed", "passed", "run run-2")
    assert two["Met"] == ("0 of 2", "2 of 2", "run run-2")
    one = changes_of(matrix, f"{ONE} / SUP")
    assert one["Requirement text"] == ("The text of number 1.", "Other words.", "requirement baseline")
    assert one["Overall status"][:2] == ("passed", "not started")
    assert "stale: the text of DH-TT-001 changed since run run-1" in one["Overall status"][2]
    assert changes_of(matrix, f"{THREE} / SUP")[""] == ("", "new", "the requirement baseline has it now")
    tests = changes_of(matrix, "b/IF-031/MSApp/SUP / self-test")
    assert tests["Final result"] == ("fail", "pass", "run in run-2")
    new = changes_of(matrix, "c/IF-031/MSApp/SUP / self-test")
    assert new["Execution status"] == ("not started", "passed", "run in run-2")
    assert "Overall status" in row_of(matrix, TWO)["change_since_last_submission"]


def test_what_went_is_told(desk: Desk) -> None:
    """A requirement that the baseline lost stands among the changes."""
    previous = read_previous(kept(desk))
    desk.register = register(desk.folder / "now", "")
    assert changes_of(desk.matrix(previous), f"{TWO} / SUP")[""][:2] == ("there", "gone")


def test_words_of_people_are_carried_on_and_decisions_lapse(desk: Desk) -> None:
    """Comments stay; an assurer's decision stays where nothing changed under it, and lapses elsewhere."""
    path = kept(desk, ".xlsx")
    book = load_workbook(path)
    page = book["Requirements"]
    titles = {cell.value: cell.column for cell in page[3]}
    for number in (4, 5):
        page.cell(number, titles["Party comment"], "see the log")
        page.cell(number, titles["Assurer decision"], "accepted")
        page.cell(number, titles["Assurer"], "Eve")
    book.save(path)
    desk.run({"b": ("pass", [TWO])}, day=4)
    matrix = desk.matrix(read_previous(path))
    one, two = row_of(matrix, ONE), row_of(matrix, TWO)
    assert (one["party_comment"], one["assurer_decision"], one["assurer"]) == (
        "see the log",
        "accepted",
        "Eve",
    )
    assert two["party_comment"] == "see the log"
    assert "assurer_decision" not in two
    lapsed = changes_of(matrix, f"{TWO} / SUP")["Assurer decision"]
    assert lapsed[:2] == ("accepted", "to be decided anew")
    assert "Overall status" in lapsed[2]


def test_json_and_workbook_hold_the_same(desk: Desk) -> None:
    """Both files are read back to the same rows and control items."""
    paths = write(desk.matrix(), desk.folder / "out")
    book, data = (read_previous(path) for path in paths)
    assert book.sheets == {
        name: tuple({key: str(value) for key, value in row.items()} for row in rows)
        for name, rows in data.sheets.items()
    }
    assert {key: value for key, value in book.control.items() if value} == {
        key: value for key, value in data.control.items() if value
    }
    assert (book.by_people, data.by_people) == (True, False)


def test_nothing_is_overwritten(desk: Desk) -> None:
    """A submission that is there is left as it is; the mending is said."""
    path = kept(desk)
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="--previous"):
        write(desk.matrix(), desk.folder / "out")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", "{", "is no JSON"),
        ("a.json", '{"format": 1, "run": "x"}', "is no trace matrix of a submission"),
        ("a.xlsx", "PK", "XLSX"),
    ],
)
def test_a_broken_previous_submission_is_named(tmp_path: Path, name: str, content: str, words: str) -> None:
    """What is no submission is refused with its file."""
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(ConfigurationError, match=words) as caught:
        read_previous(path)
    assert str(path) in str(caught.value)


def asked(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(report, ["rttm", *arguments])


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """Return the folder of a run with a real supplier."""
    parties = [{**party, "real": "yes" if party["mpid"] == "SUPA" else "no"} for party in PARTIES]
    writing = ExampleRun(tmp_path / "run", parties=parties)
    writing.exchange()
    return writing.write(evidence_class="self-test")


def test_the_command_writes_both_files_and_then_the_next_version(run_folder: Path, tmp_path: Path) -> None:
    """The files bear party, role, stage, point and version; given the last one the next counts on."""
    out = tmp_path / "out"
    options = ["--party", "SUPA", "--role", "SUP", "--submission", "sit-exit", "--out", str(out), "--json"]
    first = asked(str(run_folder), *options)
    assert first.exit_code == 0, first.output
    name = "RTTM_SUPA_SUP_cit_sit-exit_v1"
    assert {path.name for path in out.iterdir()} == {f"{name}.xlsx", f"{name}.json"}
    said = json.loads(first.output)
    assert said["summary"]["Tests, self-test"] == 1
    assert said["control"]["Evidence that counts"].startswith("self-test or more real")
    second = asked(*options, "--previous", str(out / f"{name}.xlsx"), str(run_folder))
    assert second.exit_code == 0, second.output
    assert json.loads(second.output)["name"] == "RTTM_SUPA_SUP_cit_sit-exit_v2"
    assert json.loads(second.output)["control"]["Changes since last submission"] == "0"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("--party", "SUPPA"), "Did you mean 'SUPA'"),
        (("--stage", "ci"), "Did you mean 'cit'"),
        (("--release", "2.1.9"), "'2.1.9' is no release"),
        (("--submission", "a b"), "is no plain name"),
    ],
)
def test_a_wrong_name_is_refused(
    run_folder: Path, tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    """An unknown name is refused with the nearest, and nothing is written."""
    options = {"--party": "SUPA", "--role": "SUP", "--submission": "sit-exit"} | dict([change])
    flat = [word for pair in options.items() for word in pair]
    done = asked(str(run_folder), *flat, "--out", str(tmp_path / "out"))
    assert isinstance(done.exception, ConfigurationError)
    assert words in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_without_runs_it_is_a_plan_of_tests(tmp_path: Path) -> None:
    """Before anything ran, a party of the plan gets its planned tests, all of them not started."""
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        "plan: p\ntitle: P\nkind: plan\nstages: [{stage: cit, title: CIT, per: party}]\n"
        "parties: [{party: ann, organisation: Ann Energy, role: SUP}]\n",
        encoding="utf-8",
    )
    done = asked(
        *("--party", "ann", "--role", "SUP", "--stage", "cit", "--submission", "pit-entry"),
        *("--plan", str(plan), "--out", str(tmp_path / "out"), "--json"),
    )
    assert done.exit_code == 0, done.output
    said = json.loads(done.output)
    assert said["name"] == "RTTM_ann_SUP_cit_pit-entry_v1"
    assert said["summary"]["Tests without a run of this party"] > 100
    applying = said["summary"]["Requirements that apply"]
    assert said["summary"]["Requirements that apply, overall: not started"] == applying > 50


def test_fill_and_map_are_still_there() -> None:
    """The group's own commands keep their names beside the runs."""
    assert asked("map").exit_code == 0
    assert "fill" in asked("--help").output
    assert "--party" in asked("write", "--help").output


def test_a_previous_one_of_somebody_else_is_refused(desk: Desk, run_folder: Path, tmp_path: Path) -> None:
    """Version and changes are those of one party and role."""
    done = asked(
        str(run_folder),
        *("--party", "SUPB", "--role", "SUP", "--submission", "sit-exit", "--previous", str(kept(desk))),
        *("--out", str(tmp_path / "out")),
    )
    assert "is of SUPA (SUP), not of Supplier B" in str(done.exception)
