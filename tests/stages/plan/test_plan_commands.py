"""dip plan and dip gate, as they are called: what they print, and how they end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from plan_files import run_folder, write

from harness.commands.gate import gate
from harness.commands.plan import plan
from harness.errors import ConfigurationError
from harness.stages.plan.reading import read_plan, shipped

CRITERION = {
    "criterion": "passed",
    "stage": "cit",
    "at": "exit",
    "text": "Every case passed",
    "basis": "assumed",
    "automatic": {"measure": "passed-share", "at_least": "100%", "evidence": "paired"},
}
WORK_OFF = {
    "work_off": "W-1",
    "criterion": "passed",
    "item": "Mend the refused re-send",
    "owner": "Supplier A",
    "due": "2026-04-10",
    "approved_by": "SI",
    "covers": ["CASE-3@*"],
}


def _run(command: Any, *arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def test_checking_the_example_ends_with_1_and_three_findings(tmp_path: Path) -> None:
    """The console script, in a folder without a plan file, checks the worked example."""
    done = subprocess.run(
        [sys.executable, "-m", "harness", "plan", "check", "--json"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    shown = json.loads(done.stdout)
    assert done.returncode == 1, done.stderr
    assert (shown["plan"], shown["consistent"], len(shown["findings"])) == ("example", False, 3)
    assert {each["basis"] for each in shown["findings"]} == {"published"}


def test_a_consistent_plan_ends_with_0(tmp_path: Path) -> None:
    """No finding, exit 0, in words and as JSON."""
    path = str(write(tmp_path))
    said = _run(plan, "check", "--plan", path, "--as-of", "2026-04-01")
    assert (said.exit_code, said.output.splitlines()[-1]) == (0, "0 findings")
    shown = json.loads(_run(plan, "check", "--plan", path, "--as-of", "2026-04-01", "--json").output)
    assert shown["consistent"] is True


def test_the_plan_of_the_folder_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan.yaml that lies where the command is called comes before the example."""
    write(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert json.loads(_run(plan, "show", "--json").output)["plan"] == "small"


def test_the_template_prints_itself_and_reads_back(tmp_path: Path) -> None:
    """What --source prints is a plan file."""
    path = tmp_path / "plan.yaml"
    path.write_text(_run(plan, "show", "--plan", "template", "--source").output)
    assert read_plan(path).stages == read_plan(shipped("template")).stages


def test_a_start_fills_the_dates_in() -> None:
    """From the start of CIT follow the dates of the papers."""
    asked = ("show", "--plan", "template", "--start", "first=2027-03-01", "--json")
    (track,) = json.loads(_run(plan, *asked).output)["tracks"]
    assert track["dates"]["cit-ready"] == "2027-02-22"
    assert track["dates"]["approach"] == "2026-11-16"
    assert "2026-11-16" in _run(plan, *asked[:-1]).output


def test_next_tells_what_can_start_from_what_waits(tmp_path: Path) -> None:
    """Both lists, the interval as a label, and what falls due."""
    reached = {"pit": "2026-03-16"}
    parties = [
        {"party": "a-sup", "organisation": "A", "role": "SUP", "interval": "5", "reached": reached},
        {"party": "b-mss", "organisation": "B", "role": "MSS", "interval": "4"},
    ]
    path = str(write(tmp_path, parties=parties, tracks=[{"track": "t", "dates": {"rttm": "2026-04-10"}}]))
    shown = json.loads(_run(plan, "next", "--plan", path, "--as-of", "2026-04-01", "--json").output)
    ready = {"stage": "cit", "party": "a-sup", "interval": "5", "waits_for": [], "ready": True}
    assert ready in shown["can_start"]
    assert ["cit", "b-mss"] in [[each["stage"], each["party"]] for each in shown["waiting"]]
    assert shown["due"][0]["date"] == "2026-04-10"
    said = _run(plan, "next", "--plan", path, "--as-of", "2026-04-01").output
    assert "interval (a label)" in said
    assert "pit: not yet left by this party" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--as-of", "yesterday"], "'yesterday' is no date"),
        (["--plan", "nowhere.yaml"], "there is no plan file 'nowhere.yaml'"),
        (["--plan", "template", "--start", "frist=2027-03-01"], "Did you mean 'first'"),
        (["--plan", "template", "--start", "first"], "'' is no date"),
    ],
)
def test_a_wrong_option_says_how_to_mend_it(arguments: list[str], says: str) -> None:
    """Configuration errors, which end with 2."""
    done = _run(plan, "show", *arguments)
    assert isinstance(done.exception, ConfigurationError)
    assert says in str(done.exception)


def test_a_gate_ends_as_it_decides(tmp_path: Path) -> None:
    """No-go ends with 1; the same run with work-off, and a clean one, with 0; each says its scale."""
    failing = str(run_folder(tmp_path / "first", evidence="paired", passed=2, failed=1))
    clean = str(run_folder(tmp_path / "again", evidence="paired", passed=3, started="2026-03-12"))
    path = str(write(tmp_path, criteria=[CRITERION]))
    day = ("--plan", path, "--as-of", "2026-04-01")
    stopped = _run(gate, "cit", *day, "--run", failing)
    assert stopped.exit_code == 1
    assert "no-go: Red on scale 'gate' (basis: ours)" in stopped.output
    assert "CASE-3@2.1.0" in stopped.output
    assert _run(gate, "cit", *day, "--run", failing, "--run", clean).exit_code == 0
    write(tmp_path, criteria=[CRITERION], work_off=[WORK_OFF])
    conditional = _run(gate, "cit", *day, "--run", failing)
    assert conditional.exit_code == 0
    assert "Mend the refused re-send\n  owner Supplier A, due 2026-04-10, by SI" in conditional.output
    assert "go with work-off: Amber on scale 'gate'" in conditional.output


def test_a_gate_as_json_says_all(tmp_path: Path) -> None:
    """Verdict, scale, criteria with the evidence class asked and found, exemptions, runs not counted."""
    run = str(run_folder(tmp_path / "r", evidence="rehearsal", passed=3))
    other = str(run_folder(tmp_path / "o", evidence="integrated", passed=3, stage="sit"))
    exemptions = [{"legal_entity": "A Ltd", "segment": "prepayment"}]
    path = str(write(tmp_path, criteria=[CRITERION], exemptions=exemptions))
    done = _run(gate, "cit", "--plan", path, "--as-of", "2026-04-01", "--run", run, "--run", other, "--json")
    shown = json.loads(done.output)
    assert (done.exit_code, shown["verdict"]) == (1, "no-go")
    assert shown["rag"] == {"scale": "gate", "value": "Red", "basis": "ours"}
    (criterion,) = shown["criteria"]
    assert (criterion["asks_for_evidence"], criterion["evidence_class"]) == ("paired", None)
    assert shown["exemptions"][0]["state"] == "refused by the code bodies"
    assert shown["not_counted"] == ["o: a run of stage 'sit'"]


def test_the_gate_of_the_example_names_the_stages_scale() -> None:
    """The stage's status in the plan is on a scale of the programme, the gate's colour on ours."""
    done = _run(gate, "cit", "--plan", "example", "--as-of", "2024-03-08")
    assert done.exit_code == 0
    assert "Stage status in the plan: On plan if mitigated (scale: stage-readiness)" in done.output
    assert _run(gate, "cit", "--plan", "example", "--as-of", "2024-03-07").exit_code == 1
