"""Plan files: what is shipped is right, and what a broken file is answered with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from plan_files import PLAN, small, write

from harness.data import folder
from harness.errors import ConfigurationError
from harness.stages.plan.building import OF_RUNS
from harness.stages.plan.model import Automatic, Kind, Point
from harness.stages.plan.reading import SHIPPED, find, read_plan, schema, shipped

STAGES = """pit-cit dip-onboarding connectivity-a connectivity-b smoke cit secondary-routing
    pit-sit-functional sit-functional pit-sit-migration sit-migration
    pit-sit-non-functional sit-non-functional pit-sit-operational sit-operational
    settlement regression pit-qualification qualification sandbox"""


def test_the_schema_is_a_schema() -> None:
    """An editor can check plan files with it."""
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_plans_hold_every_stage(name: str) -> None:
    """Both read without error, and no stage of the programme is missing."""
    plan = read_plan(shipped(name))
    assert set(STAGES.split()) <= set(plan.stages)
    assert plan.kind is (Kind.RECORD if name == "example" else Kind.TEMPLATE)


def test_every_stage_of_the_template_has_both_gates() -> None:
    """No stage of the template is left without entry and exit criteria."""
    plan = read_plan(shipped("template"))
    gates = {(each.stage, each.at) for each in plan.criteria.values()}
    assert gates == {(stage, at) for stage in plan.stages for at in Point}


def test_no_threshold_is_shown_as_the_programmes() -> None:
    """No public source gives a threshold, so each one in a shipped plan is marked assumed."""
    for name in SHIPPED:
        for each in read_plan(shipped(name)).criteria.values():
            if isinstance(each.check, Automatic) and each.check.measure in OF_RUNS:
                assert each.basis == "assumed", each.id
            assert each.basis == "assumed" or each.source, each.id


def test_the_timing_rules_of_the_papers_are_the_published_ones() -> None:
    """Twelve weeks, four weeks, ten and fifteen working days, five days, fortnightly, weekly."""
    artefacts = read_plan(shipped("template")).artefacts
    rules = {
        key: each.when.text for key, each in artefacts.items() if each.when and each.basis == "published"
    }
    assert rules["approach"] == "at least 12 weeks before final-report"
    assert rules["approach-assured"] == "10 working days after approach"
    assert rules["rttm"] == "at least 4 weeks after approach"
    assert rules["rttm-assured"] == "10 working days after rttm"
    assert rules["scenarios"] == "same day as rttm"
    assert rules["scenarios-assured"] == "10 working days after scenarios"
    assert rules["draft-report"] == "at least 15 working days before execution-end"
    assert rules["final-report-reviewed"] == "5 working days after final-report"
    assert rules["cit-ready"] == "1 week before cit-start"
    repeats = {key: each.repeat for key, each in artefacts.items() if each.repeat}
    assert (repeats["readiness-report"].every, repeats["readiness-report"].unit) == (2, "weeks")
    assert repeats["progress-report"].weekly_in_last == 4


def _place(index: int, **changes: Any) -> list[dict[str, Any]]:
    stages = [dict(each) for each in PLAN["stages"]]
    stages[index].update(changes)
    return stages


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kind": "paln"}, "at kind: 'paln' is not allowed. Did you mean 'plan'"),
        ({"milestons": []}, "'milestons' is not known here. Did you mean 'milestones'"),
        (
            {"stages": _place(1, after=["pitt"])},
            "at stages/1/after: 'pitt' is no stage of this plan. Did you mean 'pit'",
        ),
        ({"stages": _place(2, start="g0")}, "'g0' is no milestone of this plan. Did you mean 'go'"),
        ({"stages": _place(0, after=["sit"])}, "turns in a circle: pit -> sit -> cit -> pit"),
        ({"stages": _place(1, stage="pit")}, "'pit' stands twice in stages"),
        (
            {"stages": _place(0, rag={"scale": "milestone", "value": "Green"})},
            "'Green' is no value of scale 'milestone'",
        ),
        (
            {"stages": _place(0, rag={"scale": "gates", "value": "Green"})},
            "'gates' is no scale of this plan. Did you mean 'gate'",
        ),
        ({"calendar": "scottland"}, "'scottland' is no calendar. Did you mean 'scotland'"),
        (
            {"parties": [{"party": "x", "organisation": "X", "role": "SUPP"}], "places": [], "pairings": []},
            "'SUPP' is no role of this plan. Did you mean 'SUP'",
        ),
        ({"cohort": {"basis": "assumed", "roles": {"MSP": 1}}}, "at cohort/roles/MSP: 'MSP' is no role"),
        (
            {"milestones": [{"milestone": "go", "title": "Go", "forecast": "2026-02-30"}]},
            "'2026-02-30' is no date; write it as 2026-11-22",
        ),
        (
            {"artefacts": [{"artefact": "rttm", "title": "R", "basis": "ours", "when": "soon"}]},
            "'soon' is no timing rule",
        ),
        (
            {
                "artefacts": [
                    {"artefact": "rttm", "title": "R", "basis": "ours", "when": "1 week after aproach"}
                ]
            },
            "Did you mean 'approach'",
        ),
        (
            {"tracks": [{"track": "one", "dates": {"rtm": "2026-01-05"}}]},
            "'rtm' is no artefact of this plan. Did you mean 'rttm'",
        ),
        (
            {
                "work_off": [
                    {"work_off": "W", "criterion": "c", "item": "i", "owner": "o", "due": "2026-01-05"}
                ]
            },
            "'c' is no criterion of this plan",
        ),
        (
            {"criteria": [{"criterion": "c", "stage": "cit", "at": "exit", "text": "t", "basis": "ours"}]},
            "exactly one of 'manual' and 'automatic'",
        ),
        ({"exemptions": [{"legal_entity": "A", "segment": "unmeterd"}]}, "Did you mean 'unmetered'"),
    ],
)
def test_a_broken_plan_is_answered_with_place_and_mend(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    """The file, a line in it, what is wrong, and the nearest valid value."""
    path = write(tmp_path, **changes)
    with pytest.raises(ConfigurationError) as caught:
        read_plan(path)
    assert says in str(caught.value)
    assert f"{path}, line " in str(caught.value)


@pytest.mark.parametrize(
    ("automatic", "lacks"),
    [
        ({"measure": "passed-share", "evidence": "paired"}, "exactly one of 'at_least' and 'at_most'"),
        ({"measure": "open-failures", "at_most": "0"}, "'evidence', the least class of evidence"),
        ({"measure": "milestones-reached"}, "'of'"),
    ],
)
def test_a_measure_without_its_bound_is_refused(
    tmp_path: Path, automatic: dict[str, Any], lacks: str
) -> None:
    """A measured criterion says against what, and which evidence counts."""
    criterion = {"criterion": "c", "stage": "cit", "at": "exit", "text": "t", "basis": "ours"}
    with pytest.raises(ConfigurationError) as caught:
        small(tmp_path, criteria=[{**criterion, "automatic": automatic}])
    assert f"'{automatic['measure']}' needs {lacks}" in str(caught.value)


def test_the_line_is_the_one_of_the_mistake(tmp_path: Path) -> None:
    """In a file of several lines the error names the right one."""
    path = tmp_path / "plan.yaml"
    path.write_text(
        "plan: p\ntitle: P\nkind: plan\nstages:\n  - {stage: a, title: A, per: party}\n"
        "  - stage: b\n    title: B\n    per: partie\n"
    )
    with pytest.raises(ConfigurationError, match=r"plan\.yaml, line 8: at stages/1/per: 'partie'"):
        read_plan(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("plan: [", "is no YAML"),
        ("plan: a\nplan: b\n", "line 2: 'plan' is given twice"),
        ("", "'plan' is a required property"),
        ("- 1\n", "is not of type 'object'"),
        ("plan: &a [*a]\n", "line 1: is nested too deep, or in itself"),
    ],
)
def test_what_is_no_plan_at_all_is_refused(tmp_path: Path, text: str, says: str) -> None:
    """Broken YAML, a key given twice, an empty file, a list: each in one sentence."""
    path = tmp_path / "plan.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_plan(path)
    assert says in str(caught.value)


def test_a_plan_that_is_not_there_leads_to_the_shipped_ones() -> None:
    """A wrong path names what can be given instead."""
    with pytest.raises(ConfigurationError, match="shipped plan: example, template"):
        find("nowhere.yaml")
    assert find("template") == folder("test_catalogue") / "plan" / "template.yaml"


def test_an_api_release_is_one_of_those_that_are_here(tmp_path: Path) -> None:
    """A release that nobody has imported is answered with the nearest."""
    places = [{**PLAN["places"][0], "release": "2.1"}]
    with pytest.raises(
        ConfigurationError, match=r"'2\.1' is no API release of this plan. Did you mean '2\.1\.0'"
    ):
        small(tmp_path, places=places)


def test_numbers_that_look_like_numbers_stay_text(tmp_path: Path) -> None:
    """Build 5.10 is not build 5.1, and interval 011 not 9."""
    path = tmp_path / "plan.yaml"
    path.write_text(
        "plan: p\ntitle: P\nkind: plan\nstages: []\nenvironments: [{environment: E, title: E}]\n"
        "parties: [{party: a, organisation: A, role: SUP, interval: 011}]\n"
        "places: [{environment: E, party: a, build: 5.10}]\n"
    )
    plan = read_plan(path)
    assert (plan.places[0].build, plan.parties["a"].interval) == ("5.10", "011")


def test_a_plans_own_rule_replaces_the_shipped_one(tmp_path: Path) -> None:
    """A team that agrees another rule writes it in its plan; the other papers keep theirs."""
    own = {"artefact": "rttm", "title": "RTTM", "basis": "ours", "when": "at least 3 weeks after approach"}
    plan = small(tmp_path, artefacts=[own])
    assert plan.artefacts["rttm"].when is not None
    assert plan.artefacts["rttm"].when.amount == 3
    assert "approach" in plan.artefacts
