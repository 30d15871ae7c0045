"""Reliance statements, against packs and runs that really are there."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from small_run import PASS, Ended, failed, write_run

from harness.cli import dip
from harness.evidence.events import Event
from harness.evidence.log import FILE
from harness.evidence.pack.sealing import seal
from harness.reports.results import results
from harness.reports.run import fold

CASES = {
    "a": PASS,
    "b": Ended(requirements=("DH-PUB-005",)),
    "c": failed(requirements=("DH-SIG-006",)),
}


def _derive(events: Iterable[Event]) -> dict[str, Any]:
    return results(fold(events, folder=Path(), where=FILE))


def _packed(tmp_path: Path, *, evidence: str = "paired") -> tuple[Path, str]:
    """Seal a run into the register's folder; returns the folder and the root hash."""
    folder = tmp_path / "registers"
    folder.mkdir()
    run = write_run(tmp_path / "run", CASES, run="r1", evidence=evidence, reports=True)
    return folder, seal(run, folder / "r1.evidence.zip", derive=_derive).seal.root


def _statement(folder: Path, root: str, **changes: str) -> None:
    fields = {
        "requirements": "[DH-RSP-001, DH-PUB-005]",
        "interfaces": "[IF-031]",
        "roles": "[SUP]",
        "build": '"4.1"',
        "class": "paired",
        "until": "2027-05-01",
        **changes,
    }
    (folder / "reliance.yaml").write_text(
        f"""reliance:
- reliance: DH-REL-0001
  relying: supplier-a
  relied_on: agent-a
  requirements: {fields["requirements"]}
  interfaces: {fields["interfaces"]}
  roles: {fields["roles"]}
  system: Agent platform
  build: {fields["build"]}
  evidence: {{run: r1, pack: r1.evidence.zip, root: {root}, class: {fields["class"]}}}
  from: 2026-11-01
  until: {fields["until"]}
  residual_tests: [cit-retry/IF-031/MSApp/SUP]
"""
    )


def _check(folder: Path, *more: str) -> tuple[int, dict[str, Any]]:
    words = ["reliance", "check", "--registers", str(folder), "--as-of", "2026-11-22", "--json", *more]
    done = CliRunner().invoke(dip, words)
    assert done.exit_code in {0, 1}, done.exception
    return done.exit_code, json.loads(done.stdout)["statements"][0]


def test_a_statement_holds_while_its_evidence_shows_what_it_says(tmp_path: Path) -> None:
    """A sealed pack of the right build, in time, covers every row."""
    folder, root = _packed(tmp_path)
    _statement(folder, root)
    code, found = _check(folder, "--build", "agent-a=4.1")
    assert code == 0
    assert [each["covered"] for each in found["rows"]] == [True, True]
    assert found["residual_tests"] == ["cit-retry/IF-031/MSApp/SUP"]
    assert found["notes"] == []


@pytest.mark.parametrize(
    ("changes", "more", "said"),
    [
        ({}, ("--build", "agent-a=4.2"), "runs build 4.2, the evidence is of build 4.1"),
        ({}, ("--as-of", "2027-05-02"), "it expired on 2027-05-01"),
        ({}, ("--as-of", "2026-10-31"), "it begins on 2026-11-01"),
        ({"requirements": "[DH-SIG-006]"}, (), "not every case of it passed in the evidence"),
        ({"requirements": "[DH-NEW-001]"}, (), "no case of it is in the evidence"),
        ({"interfaces": "[IF-031, IF-021]"}, (), "no case of the evidence passed for interface IF-021"),
        ({}, ("--requirement", "DH-SIG-006"), "the statement does not name the requirement"),
        ({}, ("--requirement", "DH-RSP-001", "--role", "MDS"), "wider than the statement: role MDS"),
        ({"class": "integrated"}, (), "its evidence is paired, it says integrated"),
    ],
)
def test_what_changed_since_drops_rows_with_the_reason(
    tmp_path: Path, changes: dict[str, str], more: tuple[str, ...], said: str
) -> None:
    """A changed build, a day outside it, a wider scope or evidence that shows less: not covered, and why."""
    folder, root = _packed(tmp_path)
    _statement(folder, root, **changes)
    code, found = _check(folder, *more)
    assert code == 1
    assert any(said in reason for row in found["rows"] for reason in row["reasons"])
    assert found["refused"] is None


def test_nobody_can_rely_on_a_rehearsal(tmp_path: Path) -> None:
    """Whether the statement says so or only the pack does, it is refused."""
    folder, root = _packed(tmp_path, evidence="rehearsal")
    for declared in ("rehearsal", "paired"):
        _statement(folder, root, **{"class": declared})
        code, found = _check(folder)
        assert code == 1
        assert "a rehearsal proves nothing" in found["refused"]
        assert not any(each["covered"] for each in found["rows"])


def test_a_pack_that_was_changed_carries_nothing(tmp_path: Path) -> None:
    """One changed byte, another root or an absent file: no row is covered, and the reason names it."""
    folder, root = _packed(tmp_path)
    _statement(folder, "0" * 64)
    assert "the pack's root is" in _check(folder)[1]["rows"][0]["reasons"][0]
    _statement(folder, root)
    pack = folder / "r1.evidence.zip"
    with zipfile.ZipFile(pack) as source:
        entries = {name: source.read(name) for name in source.namelist()}
    entries["results.json"] = entries["results.json"].replace(b"fail", b"pass", 1)
    with zipfile.ZipFile(pack, "w") as target:
        for name, data in entries.items():
            target.writestr(name, data)
    code, found = _check(folder)
    assert code == 1
    assert "results.json" in found["rows"][0]["reasons"][0]
    pack.unlink()
    assert "evidence: " in _check(folder)[1]["rows"][0]["reasons"][0]


def test_evidence_that_is_only_named_is_looked_up_among_the_runs(tmp_path: Path) -> None:
    """Without a pack the run itself is read where it is given; where not, a note says that nobody looked."""
    folder, root = _packed(tmp_path)
    _statement(folder, root)
    path = folder / "reliance.yaml"
    path.write_text(path.read_text().replace(f"pack: r1.evidence.zip, root: {root}, ", ""))
    assert "the evidence was not looked at" in _check(folder)[1]["notes"]
    code, found = _check(folder, "--run", str(tmp_path / "run"))
    assert code == 0
    assert found["notes"] == ["nobody says which build agent-a runs now"]
