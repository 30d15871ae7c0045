"""Sealed self-checks of participants, as the readiness report takes them."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from harness.cli import dip
from harness.errors import ConfigurationError
from harness.evidence.log import FILE
from harness.reports.progress.self_checks import SelfCheck, judged
from harness.stages.plan.reading import read_plan

PLAN = """\
plan: small
title: Small
kind: plan
stages:
  - {stage: cit, title: CIT, per: party, environment: SIT A}
environments: [{environment: SIT A, title: First}]
parties:
  - {party: x, organisation: Supplier X, role: SUP}
  - {party: y, organisation: Agent Y, role: MSS}
places:
  - {environment: SIT A, party: x, release: 2.1.0}
"""
CHECK = SelfCheck(
    file="x.evidence.zip",
    participant="Supplier X",
    network=({"organisation": "Supplier X", "role": "SUP", "dip_id": "2300000077"},),
    day=date(2026, 11, 20),
    releases=("2.1.0",),
    state="ready",
    sentence="",
    evidence_class="self-test",
    first=(),
    root="",
    signer="",
)


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """A plan with two parties."""
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    return path


def test_one_that_is_fresh_and_of_the_release_counts(plan: Path) -> None:
    """It is of a party of the plan, by organisation and role."""
    found = judged([CHECK], read_plan(plan), date(2026, 11, 30))[0]
    assert (found.counts, found.parties, found.problems) == (True, ("x",), ())


@pytest.mark.parametrize(
    ("changes", "as_of", "said"),
    [
        ({}, date(2026, 12, 21), "is stale: 31 days old"),
        ({}, date(2026, 11, 19), "was made after 2026-11-19"),
        ({"releases": ("2.0.1",)}, date(2026, 11, 30), "is of release 2.0.1, and SIT A has 2.1.0"),
        ({"network": ()}, date(2026, 11, 30), "the plan has no such party"),
    ],
)
def test_one_that_is_stale_or_of_something_else_is_named(
    plan: Path, changes: dict[str, object], as_of: date, said: str
) -> None:
    """It stands in the report with the reason, and does not count."""
    found = judged([replace(CHECK, **changes)], read_plan(plan), as_of)[0]  # type: ignore[arg-type]
    assert not found.counts
    assert said in "; ".join(found.problems)


def test_of_two_the_later_counts(plan: Path) -> None:
    """The earlier one is named with the one that replaces it; one of a day to come replaces nothing."""
    later = replace(CHECK, file="later.zip", day=date(2026, 11, 21))
    ahead = replace(CHECK, file="ahead.zip", day=date(2027, 1, 1))
    found = judged([ahead, later, CHECK], read_plan(plan), date(2026, 11, 30))
    assert [(each.file, each.counts) for each in found] == [
        ("x.evidence.zip", False),
        ("later.zip", True),
        ("ahead.zip", False),
    ]
    assert found[0].problems == ("later.zip is later",)


def test_a_sealed_file_is_verified_and_shown(participant: Path, plan: Path, tmp_path: Path) -> None:
    """A real sealed file says ready or not and what to mend first; one changed byte is named instead."""
    (participant.with_name("certificates") / "signing.key").unlink()
    folder = tmp_path / "received"
    out = ["--profile", str(participant), "--out", str(folder / "one")]
    assert CliRunner().invoke(dip, ["check", "run", "--offline", "--no-ask", *out]).exit_code == 1
    whole = folder / "one.evidence.zip"
    changed = folder / "two.evidence.zip"
    with zipfile.ZipFile(whole) as pack, zipfile.ZipFile(changed, "w") as other:
        for name in pack.namelist():
            data = pack.read(name)
            other.writestr(name, data.replace(b"Supplier X", b"Supplier Z") if name == FILE else data)
    words = ["report", "readiness", "--plan", str(plan), "--self-check", str(folder), "--out", str(tmp_path)]
    done = CliRunner().invoke(dip, [*words, "--json"], catch_exceptions=False)
    broken, shown = json.loads(done.stdout)["self_checks"]
    assert (shown["participant"], shown["parties"], shown["state"]) == ("Supplier X", ["x"], "not ready")
    assert shown["first"]
    assert len(shown["first"]) <= 3
    assert shown["problems"] == ["no system took part: it is a rehearsal"]
    assert (broken["file"], broken["state"]) == ("two.evidence.zip", "not known")
    assert broken["problems"][0].startswith(f"the seal is broken: {FILE} ")
    page = (tmp_path / "readiness.html").read_text()
    assert "Self-checks of participants" in page
    assert "No self-check counts of: x, y." in page


def test_a_folder_without_sealed_files_is_refused(plan: Path, tmp_path: Path) -> None:
    """An empty folder is a mistake, no self-check of nobody."""
    (tmp_path / "none").mkdir()
    words = ["report", "readiness", "--plan", str(plan), "--self-check", str(tmp_path / "none")]
    assert isinstance(CliRunner().invoke(dip, words).exception, ConfigurationError)
