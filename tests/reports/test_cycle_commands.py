"""`dip report cycle`, `progress` and `readiness` as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from test_progress import CYCLE, PLAN
from test_standing import a_run

from harness.cli import dip
from harness.errors import ConfigurationError
from harness.evidence.evidence_class import EvidenceClass


def invoke(*words: str) -> Result:
    """Call the command in this process; its own errors are raised."""
    return CliRunner().invoke(dip, ["report", *words])


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a self-test with a failure and a rehearsal, beside a plan, in the working folder."""
    monkeypatch.chdir(tmp_path)
    Path("plan.yaml").write_text(PLAN.replace("CYCLE", CYCLE))
    a_run(Path("a"), 3, "pass", "fail")
    a_run(Path("b"), 4, "pass", evidence=EvidenceClass.REHEARSAL)
    lines = Path("b/events.ndjson").read_text().splitlines(keepends=True)
    Path("b/events.ndjson").write_text(
        lines[0].replace("2026-11-03-0930-cit", "another") + "".join(lines[1:])
    )
    return ["a", "b"]


def test_the_cycle_lists_what_did_not_simply_pass(runs: list[str]) -> None:
    """Each class has its own line; a failure is listed, a first pass only with --all; exit 1."""
    result = invoke("cycle", *runs)
    assert result.exit_code == 1
    assert "self-test: 2 tests: 1 passed, 1 failed; 1 of 2 passed at first" in result.output
    assert "rehearsal: 1 test: 1 passed" in result.output
    assert "case-1/IF-031/MSApp/SUP@2.1.0" in result.output
    assert "case-0/" not in result.output
    assert "case-0/" in invoke("cycle", *runs, "--all").output
    data = json.loads(invoke("cycle", *runs, "--json").output)
    assert {kind: each["tests"] for kind, each in data["totals"].items()} == {"self-test": 2, "rehearsal": 1}


def test_progress_reads_the_plan_of_the_folder(runs: list[str]) -> None:
    """The plan beside is read without being named; files are written where --out says."""
    result = invoke("progress", *runs, "--as-of", "2026-11-05", "--out", "reports")
    assert result.exit_code == 0
    assert "Small (plan.yaml)" in result.output
    assert "Tests planned:                  2: the tests that the runs selected" in result.output
    assert sorted(path.name for path in Path("reports").iterdir()) == [
        "progress.html",
        "progress.json",
        "progress.xlsx",
    ]


def test_a_cycle_that_no_run_is_of_is_refused(runs: list[str]) -> None:
    """A slip in stage or cycle never makes an empty report."""
    for option, name, says in (
        ("--cycle", "c1", "see 'dip run --cycle'"),
        ("--stage", "ctt", "Did you mean 'cit'"),
    ):
        result = invoke("progress", *runs, option, name)
        assert isinstance(result.exception, ConfigurationError)
        assert says in str(result.exception)


def test_readiness_takes_runs_and_a_day(runs: list[str]) -> None:
    """Readiness of the folder's plan as of a day, as JSON."""
    result = invoke("readiness", "--as-of", "2026-11-02", "--json")
    assert result.exit_code == 0
    data = json.loads(result.output)
    assert (data["plan"], data["as_of"], data["kind"]) == ("small", "2026-11-02", "readiness-report")
    assert runs
