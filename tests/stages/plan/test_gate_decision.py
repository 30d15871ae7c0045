"""Gates: what makes a go, a go with work-off, a no-go; what counts as evidence; what an exemption may be."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plan_files import run_folder, small

from harness.errors import ConfigurationError
from harness.evidence.evidence_class import EvidenceClass
from harness.stages.plan.gate import Decision, State, Verdict, decide
from harness.stages.plan.model import Point
from harness.stages.plan.reading import read_plan, shipped
from harness.stages.plan.runs import Requirement, Result, RunFacts, read_run_facts

DAY = date(2026, 4, 1)
TEMPLATE = read_plan(shipped("template"))
PASSED = {"measure": "passed-share", "at_least": "100%", "evidence": "paired"}
WORK_OFF = {
    "work_off": "W-1",
    "criterion": "c",
    "item": "Mend it",
    "owner": "A",
    "due": "2026-04-10",
    "approved_by": "SI",
    "covers": ["CASE-*"],
}


def _criterion(**changes: Any) -> dict[str, Any]:
    found = {"criterion": "c", "stage": "cit", "at": "exit", "text": "All passed", "basis": "assumed"}
    return found | (changes or {"automatic": PASSED})


def _decide(folder: Path, runs: Iterable[Path], **changes: Any) -> Decision:
    plan = small(folder, **({"criteria": [_criterion()]} | changes))
    return decide(plan, "cit", Point.EXIT, [read_run_facts(run) for run in runs], DAY)


def test_all_met_is_a_go(tmp_path: Path) -> None:
    """Every case passed with evidence of the class that is asked for."""
    decision = _decide(tmp_path, [run_folder(tmp_path / "r", evidence="paired", passed=3)])
    assert decision.verdict is Verdict.GO
    assert str(decision.rag) == "Green (scale: gate)"
    assert decision.criteria[0].said == "3 of 3 cases passed (paired)"


def test_one_failure_is_a_no_go_and_is_named(tmp_path: Path) -> None:
    """Without work-off a failing case stops the stage."""
    decision = _decide(tmp_path, [run_folder(tmp_path / "r", evidence="paired", passed=2, failed=1)])
    assert decision.verdict is Verdict.NO_GO
    assert decision.criteria[0].against == ("CASE-3@2.1.0",)


def test_a_case_that_was_left_out_has_not_passed(tmp_path: Path) -> None:
    """What the target could not do is no success."""
    decision = _decide(tmp_path, [run_folder(tmp_path / "r", evidence="paired", passed=2, omitted=1)])
    assert decision.verdict is Verdict.NO_GO


def test_approved_work_off_carries_what_it_covers(tmp_path: Path) -> None:
    """A go with work-off prints each item with owner and date."""
    run = run_folder(tmp_path / "r", evidence="paired", passed=2, failed=1)
    decision = _decide(tmp_path, [run], work_off=[WORK_OFF])
    assert decision.verdict is Verdict.WITH_WORK_OFF
    assert [(each.id, each.owner, each.due) for each in decision.work_off] == [
        ("W-1", "A", date(2026, 4, 10))
    ]
    assert decision.rag.value == "Amber"


@pytest.mark.parametrize(
    "change",
    [
        {"due": "2026-03-31"},
        {"approved_by": ""},
        {"closed": "2026-03-30"},
        {"covers": ["CASE-3*"]},
        {"covers": []},
    ],
)
def test_work_off_that_does_not_hold_carries_nothing(tmp_path: Path, change: dict[str, Any]) -> None:
    """Late, unapproved, closed, or for one of two failures only: no-go."""
    run = run_folder(tmp_path / "r", evidence="paired", passed=2, failed=2)
    decision = _decide(tmp_path, [run], work_off=[{**WORK_OFF, **change}])
    assert decision.verdict is Verdict.NO_GO
    assert not decision.work_off


def test_a_criterion_may_forbid_work_off(tmp_path: Path) -> None:
    """What must be met is not carried."""
    run = run_folder(tmp_path / "r", evidence="paired", passed=2, failed=1)
    criteria = [_criterion(automatic=PASSED, may_work_off=False)]
    assert _decide(tmp_path, [run], criteria=criteria, work_off=[WORK_OFF]).verdict is Verdict.NO_GO


RESULTS = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from(["pass", "fail", "omitted", "inconclusive"])), max_size=8
)


def _facts(kind: EvidenceClass, cases: list[tuple[int, str]], stage: str, number: int) -> RunFacts:
    results = tuple(Result(f"CASE-{case}", "2.1.0", verdict, "", "") for case, verdict in cases)
    requirements = tuple(Requirement(f"R-{case}", "SUP", ("CIT",), "passed") for case, _ in cases)
    return RunFacts(
        f"run-{number}", "", stage, kind, f"2026-03-{number:02}", "2026-03-31", results, requirements
    )


@settings(deadline=None)
@given(st.lists(RESULTS, max_size=4), st.sampled_from(sorted(TEMPLATE.stages)))
def test_rehearsals_satisfy_nothing_that_asks_for_real_evidence(
    runs: list[list[tuple[int, str]]], stage: str
) -> None:
    """However many rehearsals pass, the measured criteria have no evidence."""
    rehearsals = [_facts(EvidenceClass.REHEARSAL, cases, stage, n) for n, cases in enumerate(runs, 1)]
    decision = decide(TEMPLATE, stage, Point.EXIT, rehearsals, DAY)
    assert decision.verdict is Verdict.NO_GO
    measured = [each for each in decision.criteria if "exit-" in each.criterion.id]
    assert all(each.state is State.NO_EVIDENCE for each in measured)


@settings(deadline=None)
@given(RESULTS, RESULTS)
def test_a_rehearsal_beside_real_runs_changes_nothing(
    real: list[tuple[int, str]], rehearsed: list[tuple[int, str]]
) -> None:
    """Adding a rehearsal gives the very same decision."""
    runs = [_facts(EvidenceClass.PAIRED, real, "cit", 1)]
    more = [*runs, _facts(EvidenceClass.REHEARSAL, rehearsed, "cit", 2)]
    before = decide(TEMPLATE, "cit", Point.EXIT, runs, DAY)
    after = decide(TEMPLATE, "cit", Point.EXIT, more, DAY)
    states = [(each.state, each.against) for each in before.criteria]
    assert states == [(each.state, each.against) for each in after.criteria]


def test_work_off_does_not_carry_a_rehearsal(tmp_path: Path) -> None:
    """There is nothing to work off where nothing real was run."""
    run = run_folder(tmp_path / "r", evidence="rehearsal", passed=3)
    decision = _decide(tmp_path, [run], work_off=[{**WORK_OFF, "covers": ["*"]}])
    assert decision.criteria[0].state is State.NO_EVIDENCE
    assert "rehearsal results don't count" in decision.criteria[0].said


def test_a_rehearsal_counts_where_no_more_is_asked(tmp_path: Path) -> None:
    """A team may rehearse a gate when its criterion says so."""
    run = run_folder(tmp_path / "r", evidence="rehearsal", passed=3)
    criteria = [_criterion(automatic={**PASSED, "evidence": "rehearsal"})]
    assert _decide(tmp_path, [run], criteria=criteria).verdict is Verdict.GO


def test_evidence_classes_are_not_added_up(tmp_path: Path) -> None:
    """Half passed paired and the other half integrated is all passed in neither."""
    paired = run_folder(tmp_path / "p", evidence="paired", passed=2, failed=1)
    integrated = run_folder(tmp_path / "i", evidence="integrated", omitted=2, passed=0)
    assert _decide(tmp_path, [paired, integrated]).verdict is Verdict.NO_GO


def test_a_failure_in_any_class_that_counts_is_open(tmp_path: Path) -> None:
    """A clean integrated run does not hide a paired failure."""
    open_failures = {"measure": "open-failures", "at_most": "0", "evidence": "paired"}
    paired = run_folder(tmp_path / "p", evidence="paired", passed=2, failed=1)
    integrated = run_folder(tmp_path / "i", evidence="integrated", passed=2)
    criteria = [_criterion(automatic=open_failures)]
    assert _decide(tmp_path, [integrated], criteria=criteria).verdict is Verdict.GO
    assert _decide(tmp_path, [paired, integrated], criteria=criteria).verdict is Verdict.NO_GO


def test_a_later_run_replaces_and_a_case_left_out_does_not(tmp_path: Path) -> None:
    """A re-run mends a failure, whatever order the runs are named in; leaving the case out mends nothing."""
    first = run_folder(tmp_path / "1", evidence="paired", passed=2, failed=1)
    later = "2026-03-11T09:00:00+00:00"
    again = run_folder(tmp_path / "2", evidence="paired", passed=1, first=3, started=later)
    left_out = run_folder(tmp_path / "3", evidence="paired", omitted=1, first=3, started=later)
    mended = _decide(tmp_path, [again, first])
    assert mended.verdict is Verdict.GO
    assert mended.criteria[0].said == "3 of 3 cases passed, 2 of them at first (paired)"
    open_failures = {"measure": "open-failures", "at_most": "0", "evidence": "paired"}
    still = _decide(tmp_path, [first, left_out], criteria=[_criterion(automatic=open_failures)])
    assert still.criteria[0].against == ("CASE-3@2.1.0",)


def test_a_run_of_another_stage_is_named_and_not_counted(tmp_path: Path) -> None:
    """A SIT run proves nothing of CIT."""
    run = run_folder(tmp_path / "r", evidence="integrated", passed=3, stage="sit")
    decision = _decide(tmp_path, [run])
    assert decision.criteria[0].state is State.NO_EVIDENCE
    assert decision.not_counted == ("r: a run of stage 'sit'",)


def test_an_open_run_is_seen(tmp_path: Path) -> None:
    """A run without an end keeps its criterion unmet."""
    criteria = [_criterion(automatic={"measure": "open-runs", "at_most": "0", "evidence": "paired"})]
    run = run_folder(tmp_path / "r", evidence="paired", passed=3, finished="")
    assert _decide(tmp_path, [run], criteria=criteria).criteria[0].against == ("r",)


def test_requirements_are_counted_for_each_role_of_the_phase(tmp_path: Path) -> None:
    """A requirement that a role never met is against the gate; another phase's is not."""
    rows = [
        {"our_id": "R-1", "role": "SUP", "phases_required": "CIT", "status_in_this_run": "passed"},
        {"our_id": "R-1", "role": "MSS", "phases_required": "CIT, PIT", "status_in_this_run": "not started"},
        {"our_id": "R-2", "role": "SUP", "phases_required": "PIT", "status_in_this_run": "failed"},
    ]
    measure = {"measure": "requirements-passed", "at_least": "100%", "evidence": "paired", "phase": "CIT"}
    run = run_folder(tmp_path / "r", evidence="paired", passed=1, requirements=rows)
    decision = _decide(tmp_path, [run], criteria=[_criterion(automatic=measure)])
    assert decision.criteria[0].against == ("R-1 MSS",)
    half = [_criterion(automatic={**measure, "at_least": "50%"})]
    assert _decide(tmp_path, [run], criteria=half).verdict is Verdict.GO


@pytest.mark.parametrize(
    ("manual", "state"),
    [
        ({"owner": "SI"}, State.NO_EVIDENCE),
        ({"owner": "SI", "met": True}, State.NO_EVIDENCE),
        (
            {"owner": "SI", "met": True, "evidence": ["minutes 4"], "assessed": "2026-04-02"},
            State.NO_EVIDENCE,
        ),
        ({"owner": "SI", "met": True, "evidence": ["minutes 4"]}, State.MET),
        ({"owner": "SI", "met": False}, State.NOT_MET),
        ({"owner": "SI", "met_for": ["a-sup"], "evidence": ["minutes 4"]}, State.NO_EVIDENCE),
        ({"owner": "SI", "met_for": ["a-sup", "b-mss"], "evidence": ["minutes 4"]}, State.MET),
        ({"owner": "SI", "met_for": ["a-sup", "b-mss"]}, State.NO_EVIDENCE),
        ({"owner": "SI", "met": False, "met_for": ["a-sup", "b-mss"]}, State.NOT_MET),
    ],
)
def test_a_persons_word_needs_evidence(tmp_path: Path, manual: dict[str, Any], state: State) -> None:
    """Not assessed, assessed later than the day, for some parties only, or on nothing is no evidence."""
    decision = _decide(tmp_path, [], criteria=[_criterion(manual=manual)])
    assert decision.criteria[0].state is state
    assert (decision.verdict is Verdict.GO) is (state is State.MET)


def test_what_a_person_found_unmet_can_be_worked_off(tmp_path: Path) -> None:
    """A manual criterion that is not met is carried by an approved item of its own."""
    criteria = [_criterion(manual={"owner": "SI", "met": False})]
    assert _decide(tmp_path, [], criteria=criteria, work_off=[WORK_OFF]).verdict is Verdict.WITH_WORK_OFF


@pytest.mark.parametrize(
    ("measure", "of", "state"),
    [
        ("milestones-reached", ["data"], State.MET),
        ("milestones-reached", ["data", "go"], State.NOT_MET),
        ("stages-left", ["pit"], State.NOT_MET),
        ("environment-ready", ["SIT A"], State.MET),
        ("minimum-cohort", [], State.NOT_MET),
    ],
)
def test_measures_of_the_plan_itself(tmp_path: Path, measure: str, of: list[str], state: State) -> None:
    """Milestones, stages, environments and the cohort are measured without a run."""
    automatic = {"measure": measure, **({"of": of} if of else {})}
    decision = _decide(tmp_path, [], criteria=[_criterion(automatic=automatic)])
    assert decision.criteria[0].state is state


GRANTED = {
    "legal_entity": "A Ltd",
    "segment": "unmetered",
    "grantor": "Code Bodies",
    "reference": "EX-1",
    "from": "2026-01-05",
    "until": "2026-12-31",
}


@pytest.mark.parametrize(
    ("change", "verdict", "says"),
    [
        ({}, Verdict.GO, "in force"),
        ({"segment": "smart"}, Verdict.GO, "in force"),
        ({"from": "2026-05-01"}, Verdict.GO, "not yet in force"),
        ({"segment": "smart", "grantor": ""}, Verdict.GO, "asked for, not granted; its tests are in scope"),
        ({"reference": ""}, Verdict.NO_GO, "granted by Code Bodies, but it lacks reference"),
        ({"until": "2026-03-31"}, Verdict.GO, "ended; its tests are in scope"),
        ({"until": "2026-01-04"}, Verdict.NO_GO, "before it begins on 2026-01-05"),
        ({"cap": 5}, Verdict.NO_GO, "its cap is 5"),
        ({"segment": "prepayment"}, Verdict.NO_GO, "prepayment was refused by the code bodies"),
        ({"segment": "export"}, Verdict.NO_GO, "export was refused by the code bodies"),
        (
            {"observed": [{"date": "2026-03-02", "metering_points": 1}]},
            Verdict.NO_GO,
            "1 metering point of the unmetered segment seen on 2026-03-02, the cap is 0",
        ),
        ({"observed": [{"date": "2026-03-02", "metering_points": 0}]}, Verdict.GO, "in force"),
        ({"observed": [{"date": "2026-04-02", "metering_points": 1}]}, Verdict.GO, "in force"),
        ({"observed": [{"date": "2026-01-04", "metering_points": 1}]}, Verdict.GO, "in force"),
    ],
)
def test_exemptions(tmp_path: Path, change: dict[str, Any], verdict: Verdict, says: str) -> None:
    """Unmetered, and smart once granted, with a cap of nought; prepayment and export were refused."""
    run = run_folder(tmp_path / "r", evidence="paired", passed=3)
    decision = _decide(tmp_path, [run], exemptions=[GRANTED | change])
    assert decision.verdict is verdict
    (standing,) = decision.exemptions
    assert says in "; ".join([standing.state.value, standing.note, *standing.problems])


def test_a_gate_without_criteria_is_no_go_and_no_no_go(tmp_path: Path) -> None:
    """Where nothing says what a go is, and for a stage that is not there, the plan is to be mended."""
    plan = small(tmp_path)
    with pytest.raises(ConfigurationError, match="'cit' has no exit criteria"):
        decide(plan, "cit", Point.EXIT, [], DAY)
    with pytest.raises(ConfigurationError, match="Did you mean 'cit'"):
        decide(plan, "cti", Point.EXIT, [], DAY)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "can't be read"),
        ("[]", "holds no JSON object"),
        ('{"format": 2}', "has format 2, format 1 is read here"),
        ('{"format": 1, "run": "r"}', "is not what a run writes"),
    ],
)
def test_a_broken_run_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """A run folder that can't be read stops the gate rather than count as nothing."""
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(ConfigurationError, match=says):
        read_run_facts(tmp_path)
    with pytest.raises(ConfigurationError, match="Name the folder of a run"):
        read_run_facts(tmp_path / "nowhere")
