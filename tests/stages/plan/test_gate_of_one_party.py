"""The gate of a stage for one party: its own cases, on its own evidence."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from plan_files import run_folder, small

from harness.errors import ConfigurationError
from harness.stages.plan.gate import Decision, State, Verdict, decide
from harness.stages.plan.model import Point
from harness.stages.plan.runs import read_run_facts, with_players

DAY = date(2026, 4, 1)
PASSED = {"measure": "passed-share", "at_least": "100%", "evidence": "self-test"}
RUN: dict[str, Any] = {
    "run": "r", "stage": "cit", "releases": ["2.1.0"], "seed": 1, "target": "t", "environment": "SIT",
    "harness_version": "0", "catalogue": "", "options": {}, "selected": 3,
}  # fmt: skip
CASE: dict[str, Any] = {
    "case_id": "", "scenario": "", "title": "", "release": "2.1.0", "stage": "cit", "area": "",
    "polarity": "positive", "interface": "", "event_code": "", "role": "", "requirements": [],
    "external_ids": {}, "seed": 1, "instance": "",
}  # fmt: skip
CRITERION = {"criterion": "c", "stage": "cit", "at": "exit", "text": "All passed", "basis": "assumed"}


def a_run(folder: Path, *, real: str, passed: int = 2, failed: int = 1) -> Path:
    """Write a self-test of ``real``; the first cases are of a-sup alone, the failing ones of b-mss alone."""
    run_folder(folder, evidence="self-test", passed=passed, failed=failed)
    network = [
        {"organisation": name, "role": role, "dip_id": dip_id, "real": "yes" if name == real else "no"}
        for name, role, dip_id in (("A", "SUP", "2300000001"), ("B", "MSS", "1200000001"))
    ]
    path = folder / "results.json"
    data = json.loads(path.read_text())
    lines = [{"event": "run-started", "network": network, **RUN}]
    for number, case in enumerate(data["scenarios"]):
        case["requirements"] = ["DH-1"]
        parties = ["2300000001" if number < passed else "1200000001"]
        lines.append({"event": "instance-started", "case": f"{case['id']}@2.1.0", "parties": parties, **CASE})
        lines.append({"event": "message-sent", "case": "of no interest here"})
    end = {"evidence_class": "self-test", "evidence_class_reason": "", "seconds": 1.0}
    lines[0]["selected"] = len(data["scenarios"])
    lines.append({"event": "run-finished", **end})
    path.write_text(json.dumps(data))
    text = "".join(f"{json.dumps(line, separators=(',', ':'))}\n" for line in lines)
    (folder / "events.ndjson").write_text(text)
    return folder


def gate(tmp_path: Path, run: Path, party: str = "a-sup", stage: str = "cit", **changes: Any) -> Decision:
    """Decide the exit of CIT for one party."""
    plan = small(tmp_path, **({"criteria": [{**CRITERION, "automatic": PASSED}]} | changes))
    return decide(plan, stage, Point.EXIT, [with_players(read_run_facts(run), run)], DAY, party=party)


def test_another_partys_failures_do_not_stop_it(tmp_path: Path) -> None:
    """Only cases in which the party took part count for it."""
    decision = gate(tmp_path, a_run(tmp_path / "r", real="A"))
    assert decision.verdict is Verdict.GO
    assert decision.criteria[0].said == "2 of 2 cases passed (self-test)"
    assert decision.as_dict()["party"] == "a-sup"


def test_evidence_of_another_real_system_is_none_of_its_own(tmp_path: Path) -> None:
    """Where the party itself was simulated, a self-test is a rehearsal for it."""
    decision = gate(tmp_path, a_run(tmp_path / "r", real="B"))
    assert decision.verdict is Verdict.NO_GO
    assert decision.criteria[0].state is State.NO_EVIDENCE
    assert "rehearsal results don't count" in decision.criteria[0].said


def test_a_party_that_took_no_part_has_no_evidence(tmp_path: Path) -> None:
    """A run in which the party plays in no case is named as not counted."""
    run = a_run(tmp_path / "r", real="A", passed=2, failed=0)
    decision = gate(tmp_path, run, "b-mss")
    assert decision.criteria[0].state is State.NO_EVIDENCE
    assert decision.not_counted == ("r: b-mss took no part",)


def test_a_requirement_has_the_worst_status_of_its_own_cases(tmp_path: Path) -> None:
    """A requirement of the role that another party's case failed is passed for this one."""
    run = a_run(tmp_path / "r", real="A")
    rows = [{"our_id": "DH-1", "role": "SUP", "phases_required": "CIT", "status_in_this_run": "failed"}]
    (run / "rttm.json").write_text(json.dumps({"requirements": rows}))
    check = {"measure": "requirements-passed", "at_least": "100%", "evidence": "self-test"}
    decision = gate(tmp_path, run, criteria=[{**CRITERION, "automatic": check}])
    assert decision.criteria[0].said.startswith("1 of 1 requirements")


def test_a_person_may_have_said_it_of_this_party(tmp_path: Path) -> None:
    """A manual criterion that names the party under met_for is met for it, and for it alone."""
    manual = {"owner": "SI", "met_for": ["a-sup"], "evidence": ["minutes 4"]}
    changes = {"criteria": [{**CRITERION, "manual": manual}]}
    run = a_run(tmp_path / "r", real="A")
    assert gate(tmp_path, run, **changes).verdict is Verdict.GO
    assert gate(tmp_path, run, "b-mss", **changes).criteria[0].state is State.NO_EVIDENCE


def test_a_stage_of_the_cohort_is_not_decided_for_one(tmp_path: Path) -> None:
    """Asking a cohort's stage for one party says which stages are per party; a slip gets the nearest id."""
    run = a_run(tmp_path / "r", real="A")
    with pytest.raises(ConfigurationError, match="Per party are: pit, cit"):
        gate(tmp_path, run, stage="sit")
    with pytest.raises(ConfigurationError, match="Did you mean 'a-sup'"):
        gate(tmp_path, run, "a-spu")
