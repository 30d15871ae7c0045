"""The standing of a cycle: several runs merged, test by test, with history."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import pytest
from example_run import PARTIES, ExampleRun

from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus, Verdict
from harness.registers.model import Override, Registers, SeverityScale
from harness.reports.run import Run, read_run
from harness.reports.standing.merging import read_runs, standing
from harness.reports.standing.model import Facet, totals


def a_run(
    folder: Path,
    day: int,
    *verdicts: str,
    evidence: EvidenceClass = EvidenceClass.SELF_TEST,
    ended: bool = True,
    build: str = "",
    seed: int = 1,
) -> Run:
    """Return a run of one day of November with a case for each verdict, named by its place."""
    writing = ExampleRun(folder)
    for number, verdict in enumerate(verdicts):
        case = writing.begin(f"case-{number}", f"Case {number}", "IF-031", "MSApp", "SUP")
        writing.send(case, "IF-031", "MSApp")
        writing.check(case, "It holds", verdict == "pass", "yes", "no", key="held")
        if verdict:
            blame = None if verdict == "pass" else {"class": "participant", "party": PARTIES[0]["dip_id"]}
            writing.finish(case, verdict, "" if verdict == "pass" else "it does not hold", blame)
    read = read_run(writing.write(evidence_class=evidence.value, ended=ended))
    at = f"2026-11-{day:02}T09:30:00.000+00:00"
    builds = {"Supplier A SUP": build} if build else {}
    header = dataclasses.replace(read.header, run=f"run-{day}", at=at, builds=builds, seed=seed)
    return dataclasses.replace(read, header=header)


def test_retest_replaces_and_first_result_stays(tmp_path: Path) -> None:
    """The last result counts, the first stays, whatever order the runs are given in."""
    runs = [a_run(tmp_path / "b", 4, "pass", "fail"), a_run(tmp_path / "a", 3, "fail", "fail")]
    found = standing(runs)
    assert [run.header.run for run in found.runs] == ["run-3", "run-4"]
    first, second = found.tests
    assert (first.first.verdict, first.last.verdict) == (Verdict.FAIL, Verdict.PASS)
    assert [attempt.run for attempt in first.attempts] == ["run-3", "run-4"]
    assert second.status is ExecutionStatus.FAILED
    counts = found.totals[EvidenceClass.SELF_TEST]
    assert (counts.tests, counts.passed, counts.passed_at_first, counts.retests) == (2, 1, 0, 2)


def test_classes_stay_apart(tmp_path: Path) -> None:
    """A case that passed in a rehearsal and failed for real is two tests, and no total adds them."""
    found = standing(
        [
            a_run(tmp_path / "a", 3, "pass", evidence=EvidenceClass.REHEARSAL),
            a_run(tmp_path / "b", 4, "fail", evidence=EvidenceClass.PAIRED),
        ]
    )
    assert [(test.evidence, test.verdict) for test in found.tests] == [
        (EvidenceClass.PAIRED, Verdict.FAIL),
        (EvidenceClass.REHEARSAL, Verdict.PASS),
    ]
    assert [counts.tests for counts in found.totals.values()] == [1, 1]
    with pytest.raises(ValueError, match="never added"):
        totals(found.tests)


def test_left_out_replaces_nothing(tmp_path: Path) -> None:
    """A case that a later run left out keeps its result."""
    found = standing([a_run(tmp_path / "a", 3, "pass"), a_run(tmp_path / "b", 4, "omitted")])
    (test,) = found.tests
    assert test.verdict is Verdict.PASS
    assert len(test.attempts) == 2
    assert test.retests == 0


def test_flaky_is_named_only_under_equal_conditions(tmp_path: Path) -> None:
    """Passed and failed with nothing changed between is flaky; with another build or seed it isn't."""
    failed = a_run(tmp_path / "a", 3, "fail", build="4.2")
    (same,) = standing([failed, a_run(tmp_path / "b", 4, "pass", build="4.2")]).tests
    assert same.flaky is not None
    assert [attempt.run for attempt in same.flaky] == ["run-3", "run-4"]
    (mended,) = standing([failed, a_run(tmp_path / "c", 4, "pass", build="4.3")]).tests
    assert mended.flaky is None
    (other_data,) = standing([failed, a_run(tmp_path / "d", 4, "pass", build="4.2", seed=2)]).tests
    assert other_data.flaky is None


def test_override_moves_the_status_and_the_verdict_stays(tmp_path: Path) -> None:
    """An override gives the status and says who; the machine's verdict stays what it was."""
    override = Override(
        id="OV-1",
        cases="case-0/*",
        status=ExecutionStatus.PASSED,
        reason="read by hand",
        by="A",
        second="B",
        day=date(2026, 11, 5),
        approval="mail",
        evidence=EvidenceClass.SELF_TEST,
    )
    registers = Registers(folder=None, severities=SeverityScale("assumed", "", {}), overrides=(override,))
    (test,) = standing([a_run(tmp_path / "a", 3, "fail")], registers).tests
    assert test.status is ExecutionStatus.PASSED
    assert test.verdict is Verdict.FAIL
    assert "A and B" in test.why


def test_cut_off_run_is_kept_and_said(tmp_path: Path) -> None:
    """A run without its end stays, as a rehearsal, and its open case is in progress."""
    found = standing([a_run(tmp_path / "a", 3, "pass", "", ended=False)])
    assert [run.header.run for run in found.open_runs] == ["run-3"]
    assert [(test.evidence, test.status) for test in found.tests] == [
        (EvidenceClass.REHEARSAL, ExecutionStatus.PASSED),
        (EvidenceClass.REHEARSAL, ExecutionStatus.IN_PROGRESS),
    ]
    assert not found.tests[1].last.ended


def test_killed_run_is_read_from_its_parts(tmp_path: Path) -> None:
    """Of a run that was killed before its parts were merged, the parts are read and it counts as open."""
    whole = a_run(tmp_path / "whole", 3, "pass")
    lines = (whole.folder / "events.ndjson").read_bytes().splitlines(keepends=True)
    parts = tmp_path / "killed" / "parts"
    parts.mkdir(parents=True)
    (parts / "events-controller.ndjson").write_bytes(lines[0])
    (parts / "events-gw0.ndjson").write_bytes(b"".join(lines[1:-1])[:-9])
    run = read_run(tmp_path / "killed", lean=True)
    assert run.interrupted
    assert [instance.case.split("/")[0] for instance in run.instances] == ["case-0"]


def test_lean_reading_says_the_same(tmp_path: Path) -> None:
    """Without messages and passed checks, verdict, reason and failure key are those of the full reading."""
    folder = a_run(tmp_path / "a", 3, "pass", "fail").folder
    (lean,) = read_runs([folder])
    full = read_run(folder)
    assert [(i.verdict, i.reason, i.key) for i in lean.instances] == [
        (i.verdict, i.reason, i.key) for i in full.instances
    ]
    assert sum(len(i.steps) for i in lean.instances) == 1


def test_groups_count_a_test_with_each_of_its_parties(tmp_path: Path) -> None:
    """By party a test counts with each party; by interface once."""
    found = standing([a_run(tmp_path / "a", 3, "pass", "fail")])
    by_party = found.by(Facet.PARTY, EvidenceClass.SELF_TEST)
    assert {name: counts.tests for name, counts in by_party.items()} == {"2200000001": 2, "2300000001": 2}
    assert found.by(Facet.INTERFACE, EvidenceClass.SELF_TEST)["IF-031"].passed == 1
    assert found.party_name("2300000001") == "Supplier A SUP (SUP 2300000001)"


def test_a_run_given_twice_is_refused(tmp_path: Path) -> None:
    """One run given twice would count its history twice."""
    folder = a_run(tmp_path / "a", 3, "pass").folder
    with pytest.raises(Exception, match="given twice"):
        read_runs([folder, folder])
