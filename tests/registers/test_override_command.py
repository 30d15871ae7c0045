"""``dip override``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harness.cli import dip
from harness.errors import ConfigurationError

GIVEN = {
    "--status": "passed",
    "--reason": "The hub was restarted.",
    "--by": "A. Tester",
    "--second": "B. Manager",
    "--approval": "MIN-14",
    "--run": "r1",
}


def _add(folder: Path, **changes: str) -> Result:
    given = GIVEN | {f"--{name}": value for name, value in changes.items()}
    words = [word for pair in given.items() if pair[1] != "-" for word in pair]
    return CliRunner().invoke(dip, ["override", "add", "cit-retry/*", "--registers", str(folder), *words])


def test_an_override_is_added_listed_and_withdrawn(tmp_path: Path) -> None:
    """It gets the next id, and stays in the register when it ends."""
    folder = tmp_path / "registers"
    assert _add(folder).exit_code == 0
    assert _add(folder, run="r2").exit_code == 0
    words = ["override", "withdraw", "DH-OVR-0001", "--registers", str(folder), "--as-of", "2026-11-23"]
    assert CliRunner().invoke(dip, words).exit_code == 0
    done = CliRunner().invoke(dip, ["override", "list", "--registers", str(folder), "--json"])
    listed = json.loads(done.stdout)["overrides"]
    assert [each["override"] for each in listed] == ["DH-OVR-0001", "DH-OVR-0002"]
    assert [each.get("withdrawn") for each in listed] == ["2026-11-23", None]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": "  "}, "'reason' is empty"),
        ({"second": "  "}, "'second' is empty"),
        ({"second": "a.  TESTER"}, "is the first person too"),
        ({"run": "-"}, "neither a run nor an evidence class"),
        ({"status": "pased"}, "Did you mean 'passed'?"),
        ({"evidence": "pair"}, "Did you mean 'paired'?"),
    ],
)
def test_an_override_without_reason_bound_or_second_person_is_refused(
    tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    """Nothing is written for what is no decision."""
    done = _add(tmp_path / "registers", **changes)
    assert isinstance(done.exception, ConfigurationError)
    assert said in str(done.exception)
    assert not (tmp_path / "registers").exists()


@pytest.mark.parametrize("option", ["--reason", "--second"])
def test_reason_and_second_person_must_be_given(tmp_path: Path, option: str) -> None:
    """Left out altogether they are asked for."""
    done = _add(tmp_path / "registers", **{option[2:]: "-"})
    assert done.exit_code == 2
    assert option in done.stderr
