"""A requirement baseline of others as a register of ours."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from example_run import ExampleRun
from openpyxl import Workbook, load_workbook

from harness.commands.report import report
from harness.data import folder as data_folder
from harness.errors import ConfigurationError
from harness.reports.run import read_run
from harness.reports.tally import requirements
from harness.scenarios.requirements import joined, read_register, register_of, shipped
from harness.stages.options import options

MAP = """
columns: {external_id: Ref, text: Text, source: Doc, version: Issue, clause: Section, type: Kind, roles: Who,
  interfaces: Iface, parent: Under, covered_by: Ours}
key: [external_id, roles]
words: {type: {Functional: F, Migration: M}, roles: {Supplier: SUP, Everybody: ALL}}
defaults: {phases: "CIT, QT"}
"""
TITLES = ["Ref", "Text", "Doc", "Issue", "Section", "Kind", "Who", "Iface", "Under", "Ours"]
_SIGNED = ["Q-2", "Messages are signed", "Annex A", "", "1.2", "Functional"]
_LINKS = "DH-SIG-001; DH-SIG-006"
ROWS = [
    ["Q-0", "Appointments", "Annex A", "2.0", "1", "Functional", "Everybody", "", "", ""],
    ["Q-1", "A supplier shall appoint:\n= its service", "Annex A", "2.0", "1.1", "Functional", "Supplier",
     "IF-031", "Q-0", "DH-IF-031"],
    [*_SIGNED, "Supplier", "all", "", _LINKS],
    [*_SIGNED, "LDSO", "all", "", _LINKS],
    ["Q-3", "Nobody tests this", "Annex A", "2.0", "1.3", "Migration", "MS", "", "", ""],
]  # fmt: skip


class Desk:
    """A folder with a baseline and its map, and the command over them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "map.yaml").write_text(MAP, encoding="utf-8")
        self.rows(ROWS)

    def rows(self, rows: list[list[str]]) -> None:
        """Write the baseline."""
        stream = io.StringIO(newline="")
        csv.writer(stream).writerows([TITLES, *rows])
        (self.folder / "theirs.csv").write_bytes(stream.getvalue().encode())

    def imports(self, out: str = "register.yaml", *more: str) -> Result:
        """Run the command."""
        folder = self.folder
        arguments = ["baseline", "import", str(folder / "theirs.csv"), "--map", str(folder / "map.yaml")]
        arguments += ["--source", "cb-2", "--title", "Their matrix", "--publisher", "They"]
        arguments += ["--basis", "third-party", "--issue", "1.9", "--out", str(folder / out), *more]
        return CliRunner().invoke(report, arguments)

    def changed(self, row: int, column: str, value: str) -> None:
        """Write the baseline with one cell changed."""
        rows = [list(each) for each in ROWS]
        rows[row][TITLES.index(column)] = value
        self.rows(rows)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk."""
    return Desk(tmp_path)


def test_a_baseline_becomes_a_register(desk: Desk) -> None:
    """Ids, text, clause, version, source and links come over; the file stands by itself and joins ours."""
    done = desk.imports()
    assert done.exit_code == 0, done.output
    register = joined([shipped(), read_register(desk.folder / "register.yaml")])
    own = {each.external_ids["cb-2"]: each for each in register.values() if "cb-2" in each.external_ids}
    assert list(own) == ["Q-0", "Q-1", "Q-2", "Q-3"]
    first = own["Q-1"]
    assert (first.id, first.parent) == ("DH-EXT-0002", "DH-EXT-0001")
    assert first.text == "A supplier shall appoint: = its service"
    assert (first.clause, first.version, first.type, first.basis) == (
        "Annex A, 1.1",
        "2.0",
        "F",
        "third-party",
    )
    assert (first.interfaces, first.phases) == (("IF-031",), ("CIT", "QT"))
    assert register.verified_by("DH-EXT-0002") == ("DH-EXT-0002", "DH-IF-031")
    assert own["Q-2"].roles == ("SUP", "LDSO")
    assert own["Q-2"].version == "1.9"
    assert own["Q-3"].roles == ("MSS", "MSA")
    assert own["Q-0"].roles == ("ALL",)
    assert "SHA-256" in register.sources["cb-2"].note
    assert "Q-3" in done.output


def test_ids_stay_over_imports(desk: Desk) -> None:
    """What an earlier import has keeps its id, whatever comes before it now; new ones get fresh numbers."""
    assert desk.imports().exit_code == 0
    desk.rows(
        [["Q-9", "New", "Annex B", "2.1", "1", "Functional", "Supplier", "", "", ""], *ROWS[2:], *ROWS[:2]]
    )
    done = desk.imports("second.yaml", "--previous", str(desk.folder / "register.yaml"))
    assert done.exit_code == 0, done.output
    ids = {each.external_ids["cb-2"]: each.id for each in read_register(desk.folder / "second.yaml").values()}
    assert ids == {
        "Q-0": "DH-EXT-0001", "Q-1": "DH-EXT-0002", "Q-2": "DH-EXT-0003", "Q-3": "DH-EXT-0004",
        "Q-9": "DH-EXT-0005",
    }  # fmt: skip


def test_links_may_stand_in_a_table(desk: Desk) -> None:
    """A table of links covers what the baseline has no column for; an id that is none is refused."""
    links = desk.folder / "links.csv"
    links.write_text("external_id,covered_by\nQ-3,DH-IF-033\nQ-3,DH-IF-034\n", encoding="utf-8")
    assert desk.imports("linked.yaml", "--links", str(links)).exit_code == 0
    own = read_register(desk.folder / "linked.yaml")
    assert own["DH-EXT-0004"].covered_by == ("DH-IF-033", "DH-IF-034")
    links.write_text("external_id,covered_by\nQ-33,DH-IF-033\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"'Q-33' of the links.*Did you mean 'Q-3'"):
        raise desk.imports("again.yaml", "--links", str(links)).exception  # type: ignore[misc]


@pytest.mark.parametrize(
    ("row", "column", "value", "words"),
    [
        (
            1,
            "Who",
            "Suplier",
            "line 4, column 1: 'Suplier' is not allowed as 'roles'. Did you mean 'Supplier'",
        ),
        (1, "Iface", "IF-310", "'IF-310' is not allowed as 'interfaces'"),
        (1, "Kind", "Functionl", "Did you mean 'Functional'"),
        (1, "Ours", "DH-IF-31", "'DH-IF-31' is not allowed as 'covered_by'. Did you mean 'DH-IF-031'"),
        (1, "Under", "Q-O", "its parent 'Q-O' is no requirement of the baseline"),
        (1, "Text", "", "the requirement has no text"),
        (1, "Ref", "", "the row has no 'Ref'"),
    ],
)
def test_a_wrong_row_is_named(desk: Desk, row: int, column: str, value: str, words: str) -> None:
    """A row that is wrong is refused with its place and the nearest value, and nothing is written."""
    desk.changed(row, column, value)
    fault: Any = desk.imports().exception
    assert isinstance(fault, ConfigurationError)
    assert words in str(fault)
    assert not (desk.folder / "register.yaml").exists()


def test_a_run_selects_by_it_and_traces_to_it(desk: Desk, example: ExampleRun) -> None:
    """In a catalogue's folder of requirements, it lets a run be asked for by their ids and has results."""
    assert desk.imports().exit_code == 0
    catalogue = desk.folder / "catalogue"
    shutil.copytree(data_folder("test_catalogue") / "requirements", catalogue / "requirements")
    shutil.copy(desk.folder / "register.yaml", catalogue / "requirements")
    register = register_of(catalogue)
    chosen = options(stage="cit", catalogue=catalogue, requirements=("Q-2",), out=desk.folder / "out")
    assert chosen.selection.requirements == ("DH-EXT-0003", "DH-SIG-001", "DH-SIG-006")
    with pytest.raises(ConfigurationError, match="'Q-22' is no requirement"):
        options(stage="cit", catalogue=catalogue, requirements=("Q-22",), out=desk.folder / "out")
    example.refusal(passes=False)
    (result,) = [
        each for each in requirements(read_run(example.write()), register) if each.id == "DH-EXT-0003"
    ]
    assert len(result.instances) == 1
    assert not result.met


def test_their_workbook_is_filled_by_their_ids(desk: Desk, example: ExampleRun) -> None:
    """What tests of ours showed goes into the rows of the requirements of theirs that they cover."""
    assert desk.imports().exit_code == 0
    example.exchange(requirements=())
    run = example.write(evidence_class="paired")
    book = Workbook()
    page = book.worksheets[0]
    for row in (["Ref", "Status"], ["Q-1", None], ["Q-2", None], ["Q-9", None]):
        page.append(row)
    book.save(desk.folder / "theirs.xlsx")
    (desk.folder / "fill.yaml").write_text(
        "match: {column: Ref, subject: requirements, scheme: cb-2}\n"
        "fill: [{column: Status, value: status, class: paired}]\n",
        encoding="utf-8",
    )
    filled = desk.folder / "filled.xlsx"
    words = ["rttm", "fill", str(desk.folder / "theirs.xlsx"), str(run), "--out", str(filled), "--json"]
    words += ["--map", str(desk.folder / "fill.yaml"), "--baseline", str(desk.folder / "register.yaml")]
    done = CliRunner().invoke(report, words)
    assert done.exit_code == 0, done.output
    sheet = load_workbook(filled).worksheets[0]
    assert [cell.value for (cell,) in sheet["B2:B4"]] == ["passed", None, None]
    assert json.loads(done.output)["rows_unmatched"][0]["id"] == "Q-9"


def test_nothing_is_overwritten(desk: Desk) -> None:
    """A file that is there stays as it is."""
    (desk.folder / "register.yaml").write_text("mine")
    assert isinstance(desk.imports().exception, ConfigurationError)
    assert (desk.folder / "register.yaml").read_text() == "mine"
