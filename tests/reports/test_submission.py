"""The trace matrix of one party in one role: statuses, staleness, what is asked of whom."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import pytest
from submitting import SUPPLIER_A, Desk, plan_with, planned, register, row_of

from harness.errors import ConfigurationError
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus
from harness.registers.model import Defect, DefectStatus, Evidence, Override, Reliance
from harness.registers.reliance import EvidenceFacts
from harness.reports.run import Party
from harness.reports.submission.subject import Subject, find
from harness.scenarios.model import Given as ScenarioGiven

ONE, TWO, THREE = "DH-TT-001", "DH-TT-002", "DH-TT-003"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk with three requirements of suppliers."""
    return Desk(tmp_path, register(tmp_path / "register", "", "", ""))


def test_failed_beats_blocked_beats_not_run(desk: Desk) -> None:
    """The worst of a requirement's tests is its status, and how many passed stands beside it."""
    desk.tests = (planned("never", ONE),)
    desk.run({"a": ("pass", [ONE, TWO, THREE]), "b": ("skipped", [ONE, TWO]), "c": ("fail", [TWO])})
    matrix = desk.matrix()
    found = {name: row_of(matrix, name) for name in (ONE, TWO, THREE)}
    assert [each["overall_status"] for each in found.values()] == ["blocked", "failed", "passed"]
    assert [each["met"] for each in found.values()] == ["1 of 3", "1 of 3", "1 of 1"]
    assert "blocked" in found[ONE]["not_tested_reason"]
    assert "1 of 3 tests not run with this party" in found[ONE]["not_tested_reason"]


def test_a_rehearsal_counts_only_where_no_more_is_asked(desk: Desk) -> None:
    """A rehearsal stands in its own column and moves no overall status, unless rehearsals are asked for."""
    desk.run({"a": ("pass", [ONE])}, evidence="rehearsal", real=False)
    row = row_of(desk.matrix(), ONE)
    assert (row["overall_status"], row["by_evidence_class"]) == ("not started", "rehearsal: 1 of 1 passed")
    assert "evidence_class" not in row
    desk.least = EvidenceClass.REHEARSAL
    assert row_of(desk.matrix(), ONE)["overall_status"] == "passed"


def test_what_a_simulated_party_shows_is_a_rehearsal_of_it(desk: Desk) -> None:
    """In a run of real systems in which this party's was simulated, it proved nothing."""
    run = desk.run({"a": ("pass", [ONE])}, evidence="paired", real=False)
    row = row_of(desk.matrix(), ONE)
    assert row["overall_status"] == "not started"
    assert f"its own system was simulated in run {run}" in row["coverage_note"]
    desk.run({"a": ("pass", [ONE])}, evidence="paired", day=4)
    row = row_of(desk.matrix(), ONE)
    assert (row["overall_status"], row["evidence_class"]) == ("passed", "paired")


def test_a_simulated_hub_shows_nothing_of_the_hub(desk: Desk, tmp_path: Path) -> None:
    """What real parties showed through a simulated DIP is no evidence of the DIP; a real DIP shows itself."""
    desk.register = register(tmp_path / "other", "roles=[DIP]")
    desk.subject = Subject("DIP", "DIP", "DIP", "", "")
    desk.run({"a": ("pass", [ONE])}, evidence="paired")
    assert row_of(desk.matrix(), ONE)["overall_status"] == "not started"
    end = desk.runs[0].end
    assert end is not None
    desk.runs[0] = dataclasses.replace(desk.runs[0], end=dataclasses.replace(end, extra={"hub_real": True}))
    assert row_of(desk.matrix(), ONE)["overall_status"] == "passed"


def test_a_more_real_failure_is_not_hidden(desk: Desk) -> None:
    """What passed with one real system does not hide what failed with two; the other way round is mended."""
    desk.run({"a": ("pass", [ONE]), "b": ("fail", [TWO])})
    desk.run({"a": ("fail", [ONE]), "b": ("pass", [TWO])}, evidence="paired", day=4)
    matrix = desk.matrix()
    assert row_of(matrix, ONE)["overall_status"] == "failed"
    assert row_of(matrix, TWO)["overall_status"] == "passed"
    assert row_of(matrix, TWO)["evidence_class"] == "paired"


def test_classes_do_not_complete_one_another(desk: Desk) -> None:
    """Half of the tests in one class and half in another is a requirement that no class carries."""
    desk.run({"a": ("pass", [ONE])})
    desk.run({"b": ("pass", [ONE])}, evidence="paired", day=4)
    row = row_of(desk.matrix(), ONE)
    assert row["overall_status"] == "not started"
    assert row["by_evidence_class"] == "paired: 1 of 2 passed; self-test: 1 of 2 passed"


def test_negative_tests_alone_do_not_meet_it(desk: Desk, tmp_path: Path) -> None:
    """A requirement is not met by refusals, unless a refusal is what it asks for."""
    desk.register = register(tmp_path / "other", "", "refusal=true")
    desk.run({"a": ("pass", [ONE, TWO])}, polarity="negative")
    matrix = desk.matrix()
    assert row_of(matrix, ONE)["overall_status"] == "not started"
    assert row_of(matrix, ONE)["coverage"] == "partial"
    assert row_of(matrix, TWO)["overall_status"] == "passed"


def test_every_part_is_needed(desk: Desk, tmp_path: Path) -> None:
    """A requirement that two others cover needs tests of both passed; a part without a test is a gap."""
    desk.register = register(tmp_path / "other", "", "", "covered_by=[DH-TT-001, DH-TT-002]")
    desk.run({"a": ("pass", [ONE])})
    matrix = desk.matrix()
    row = row_of(matrix, THREE)
    assert (row["overall_status"], row["coverage"]) == ("not started", "partial")
    assert {each["gap"] for each in matrix.sheet("Gaps").rows if each["subject"] == THREE} == {
        "part without test"
    }
    desk.run({"b": ("pass", [TWO])}, day=4)
    matrix = desk.matrix()
    assert row_of(matrix, THREE)["overall_status"] == "passed"
    links = [each for each in matrix.sheet("Trace").rows if each["req_id"] == THREE]
    assert [(each["link"], each["part_of_clause"]) for each in links] == [
        ("partly verifies", f"as {ONE}"),
        ("partly verifies", f"as {TWO}"),
    ]


def test_a_parent_shows_counts(desk: Desk, tmp_path: Path) -> None:
    """A parent has the worst status of its children, says how many are met, and is counted apart."""
    desk.register = register(tmp_path / "other", "", f"parent={ONE}", f"parent={ONE}")
    desk.run({"a": ("pass", [TWO]), "b": ("fail", [THREE])})
    matrix = desk.matrix()
    row = row_of(matrix, ONE)
    assert (row["level"], row["overall_status"], row["met"]) == ("parent", "failed", "1 of 2 requirements")
    assert matrix.value("Requirements that apply") == 2
    assert matrix.value("Parent requirements, counted apart") == 1


def test_what_is_not_asked_of_the_party_leaves_the_denominator(desk: Desk, tmp_path: Path) -> None:
    """Another role's requirement, and one that another phase needs, do not apply; both say why."""
    desk.register = register(tmp_path / "other", "roles=[REGS]", "phases=[QT]", "phases=[CIT, QT]")
    matrix = desk.matrix()
    found = [row_of(matrix, name) for name in (ONE, TWO, THREE)]
    assert [each["applies_to_this_party"] for each in found] == ["N", "N", "Y"]
    assert [each["overall_status"] for each in found[:2]] == ["not applicable"] * 2
    assert "REGS" in found[0]["reason_or_exemption_ref"]
    assert "QT" in found[1]["reason_or_exemption_ref"]


def test_what_tests_of_the_stage_verify_stays_in(desk: Desk, tmp_path: Path) -> None:
    """A requirement that only another phase needs is in where tests of this one verify it, and says so."""
    desk.register = register(tmp_path / "other", "phases=[QT]", "phases=[QT]", "")
    desk.run({"a": ("fail", [ONE])})
    row = row_of(desk.matrix(), ONE)
    assert (row["applies_to_this_party"], row["overall_status"]) == ("Y", "failed")
    assert row["coverage_note"] == "beyond what is needed: tests of CIT verify it too"
    assert row_of(desk.matrix(), TWO)["applies_to_this_party"] == "N"


def test_an_exemption_takes_its_segment_out(desk: Desk) -> None:
    """A requirement whose tests are all of an exempt segment is exempt, with the reference; no other is."""
    exemption = {
        "legal_entity": "Supplier A", "segment": "unmetered", "grantor": "Code Body", "reference": "EX-7",
        "from": "2026-01-01", "until": "2027-01-01",
    }  # fmt: skip
    desk.run({"a": ("fail", [ONE])}, segments=["unmetered"])
    desk.run({"b": ("pass", [TWO])}, segments=["smart"], day=4)
    assert row_of(desk.matrix(), ONE)["overall_status"] == "failed"
    desk.plan = plan_with(exemptions=[exemption])
    matrix = desk.matrix()
    row = row_of(matrix, ONE)
    assert (row["applies_to_this_party"], row["overall_status"]) == ("Exempt", "not applicable")
    assert "EX-7" in row["reason_or_exemption_ref"]
    assert row_of(matrix, TWO)["overall_status"] == "passed"
    assert matrix.value("Exemptions: in force") == 1
    tests = {each["our_test_id"][0]: each["execution_status"] for each in matrix.sheet("Tests").rows}
    assert tests == {"a": "descoped", "b": "passed"}


@pytest.mark.parametrize(
    ("covers", "status"), [(["a/*"], "failed"), (["a/*", "b/*"], "passed with work-off")]
)
def test_work_off_has_to_cover_every_failure(desk: Desk, covers: list[str], status: str) -> None:
    """A requirement passes with work-off only where approved work-off covers all of its failures."""
    item = {
        "work_off": "W-1", "criterion": "passed", "item": "Mend it", "owner": "Ann", "due": "2027-01-10",
        "approved_by": "SITAG", "covers": covers,
    }  # fmt: skip
    desk.plan = plan_with(work_off=[item])
    desk.run({"a": ("fail", [ONE]), "b": ("fail", [ONE]), "c": ("pass", [ONE])})
    matrix = desk.matrix()
    row = row_of(matrix, ONE)
    assert row["overall_status"] == status
    assert (row["work_off_ref"], row["target_date"], row["owner"]) == ("W-1", "2027-01-10", "Ann")
    assert matrix.value("Work-off items: holds") == 1
    (other,) = desk.matrix(plan=plan_with()).sheet("Requirements").rows[:1]
    assert "work_off_ref" not in other


def test_the_first_result_and_the_override_stay_visible(desk: Desk) -> None:
    """A retest replaces the result and leaves the first beside it; an override moves the status alone."""
    desk.run({"a": ("fail", [ONE])})
    desk.run({"a": ("pass", [ONE])}, day=4)
    (test,) = desk.matrix().sheet("Tests").rows
    assert (test["first_run_result"], test["final_result"], test["attempts"]) == ("fail", "pass", 2)
    desk.run({"a": ("fail", [ONE])}, day=5)
    override = Override(
        id="OV-1", cases="a/*", status=ExecutionStatus.PASSED, reason="read by hand", by="Ann", second="Bea",
        day=date(2026, 11, 6), approval="mail", evidence=EvidenceClass.SELF_TEST,
    )  # fmt: skip
    desk.registers = dataclasses.replace(desk.registers, overrides=(override,))
    matrix = desk.matrix()
    (test,) = matrix.sheet("Tests").rows
    assert (test["final_result"], test["execution_status"]) == ("fail", "passed")
    assert test["override_who_why"] == "Ann and Bea: read by hand"
    assert test["flaky"].startswith("passed and failed under equal conditions: run-1, run-2")
    assert row_of(matrix, ONE)["overall_status"] == "passed"
    assert [each["verdict"] for each in matrix.sheet("Trace").rows] == ["fail"]


def test_defects_stand_with_what_they_stop(desk: Desk) -> None:
    """Open defects of a requirement's tests are counted by severity; closed ones and others' are not."""
    desk.run({"a": ("fail", [ONE]), "b": ("pass", [TWO])})
    case, severity = "a/IF-031/MSApp/SUP", next(iter(desk.registers.severities.values))
    usual = Defect(
        id="D-1", title="It fails", status=DefectStatus.OPEN, severity=severity, owner="Ann", cases=(case,)
    )
    desk.registers = dataclasses.replace(
        desk.registers,
        defects=(
            usual,
            dataclasses.replace(usual, id="D-2", status=DefectStatus.CLOSED),
            dataclasses.replace(usual, id="D-3", cases=("elsewhere/IF-031/MSApp/SUP",)),
            dataclasses.replace(usual, id="D-4", cases=(), requirements=(TWO,), severity=""),
        ),
    )
    matrix = desk.matrix()
    title = desk.registers.severity_title(severity)
    one, two = row_of(matrix, ONE), row_of(matrix, TWO)
    assert (one["open_defects_by_severity"], one["defect_ids"], one["owner"]) == (f"{title} 1", "D-1", "Ann")
    assert (two["open_defects_by_severity"], two["defect_ids"]) == ("not assessed 1", "D-4")
    assert [each["defect_id"] for each in matrix.sheet("Defects").rows] == ["D-1", "D-2", "D-4"]
    assert (matrix.value("Defects open"), matrix.value(f"Defects open: {title}")) == (2, 1)


def _statement(until: str = "2027-06-01", build: str = "4.1") -> Reliance:
    return Reliance(
        id="REL-1",
        relying="Supplier A",
        relied_on="Agent B",
        requirements=(ONE, TWO),
        interfaces=("IF-031",),
        roles=("SUP",),
        system="Gateway",
        build=build,
        evidence=Evidence("run-x", "", "", EvidenceClass.PAIRED),
        start=date(2026, 1, 1),
        until=date.fromisoformat(until),
        residual_tests=("kept/IF-031/MSApp/SUP",),
    )


@pytest.mark.parametrize(
    ("until", "build", "basis", "status"),
    [
        ("2027-06-01", "4.1", "relied", "passed"),
        ("2026-11-30", "4.1", "not covered", "not started"),
        ("2027-06-01", "4.0", "not covered", "not started"),
    ],
)
def test_reliance_counts_while_it_holds(desk: Desk, until: str, build: str, basis: str, status: str) -> None:
    """A row that another's evidence covers has passed; expired, or with another build, it falls back."""
    facts = EvidenceFacts(
        run="run-x", evidence=EvidenceClass.PAIRED, passed=frozenset({ONE, TWO}),
        interfaces=frozenset({"IF-031"}), roles=frozenset({"SUP"}),
    )  # fmt: skip
    desk.facts = {"REL-1": facts}
    desk.registers = dataclasses.replace(desk.registers, reliance=(_statement(until, build),))
    place = {"environment": "SIT A", "party": "Agent B", "build": "4.1"}
    desk.plan = plan_with(environments=[{"environment": "SIT A", "title": "A"}], places=[place])
    desk.run({"kept": ("fail", [TWO])})
    matrix = desk.matrix()
    row = row_of(matrix, ONE)
    assert (row["basis_of_reliance"], row["overall_status"]) == (basis, status)
    assert row_of(matrix, TWO)["overall_status"] == "failed"
    if basis == "relied":
        assert row_of(matrix, TWO)["basis_of_reliance"] == "split"
        assert matrix.value("Reliance rows: holds") == 2
    else:
        reasons = [each["reason"] for each in matrix.sheet("Reliance").rows]
        assert all(each.startswith(("it expired", "Agent B runs build 4.1")) for each in reasons)


def test_reliance_is_held_to_the_evidence_that_counts(desk: Desk) -> None:
    """A statement on less real evidence than the gate asks for covers nothing, and says why."""
    desk.registers = dataclasses.replace(desk.registers, reliance=(_statement(),))
    desk.least = EvidenceClass.PAIRED
    assert row_of(desk.matrix(), ONE)["overall_status"] == "passed"
    desk.least = EvidenceClass.INTEGRATED
    matrix = desk.matrix()
    assert row_of(matrix, ONE)["basis_of_reliance"] == "not covered"
    assert {each["reason"] for each in matrix.sheet("Reliance").rows} == {
        "its evidence is paired, what counts here is integrated or more real"
    }


def test_reliance_on_a_rehearsal_is_refused(desk: Desk) -> None:
    """A statement whose evidence is a rehearsal covers nothing, and says why."""
    evidence = Evidence("run-x", "", "", EvidenceClass.REHEARSAL)
    desk.registers = dataclasses.replace(
        desk.registers, reliance=(dataclasses.replace(_statement(), evidence=evidence),)
    )
    matrix = desk.matrix()
    assert row_of(matrix, ONE)["basis_of_reliance"] == "not covered"
    assert {each["state"] for each in matrix.sheet("Reliance").rows} == {"refused"}


def test_planned_tests_stand_until_they_are_run(desk: Desk) -> None:
    """Tests of the catalogue for the role are listed before any run; the matrix then is the plan of tests."""
    desk.tests = (planned("a", ONE), planned("b", TWO))
    matrix = desk.matrix()
    assert [each["execution_status"] for each in matrix.sheet("Tests").rows] == ["not started"] * 2
    assert row_of(matrix, ONE)["sit_or_qt_test_ids"] == "a/IF-031/MSApp/SUP"
    assert [
        each["subject"] for each in matrix.sheet("Gaps").rows if each["gap"] == "requirement without test"
    ] == [THREE]
    assert matrix.value("Tests without a run of this party") == 2


def test_planned_date_and_preconditions_are_what_plan_and_scenario_say(desk: Desk) -> None:
    """The cycle of the test's area that comes next, else the stage's milestones; the scenario's 'given'."""
    test = planned("a", ONE)
    given = ScenarioGiven(
        parties={"sender": "SUP"}, points={"one": {"segment": "smart"}}, metering_point=("sender",)
    )
    scenario = dataclasses.replace(test.case.scenario, given=given)
    desk.tests = (dataclasses.replace(test, case=dataclasses.replace(test.case, scenario=scenario)),)
    cycles = [
        {"cycle": "one", "title": "1", "stage": "cit", "start": "2026-10-05", "end": "2026-10-09"},
        {"cycle": "two", "title": "2", "stage": "cit", "start": "2026-12-07", "end": "2026-12-11"},
        {"cycle": "else", "title": "3", "stage": "cit", "start": "2026-12-02", "areas": ["batches"]},
    ]
    desk.plan = plan_with(cycles=cycles)
    (row,) = desk.matrix().sheet("Tests").rows
    assert row["planned_date"] == "2026-12-07 to 2026-12-11"
    assert row["preconditions"] == (
        "parties: sender SUP | metering points: one: segment smart | known to the DIP for the MPAN: sender"
        " | effective date: 14 days after the start"
    )
    desk.plan = plan_with(cycles=cycles[:1])
    assert desk.matrix().sheet("Tests").rows[0]["planned_date"] == "2026-10-05 to 2026-10-09"
    desk.plan = plan_with()
    assert "planned_date" not in desk.matrix().sheet("Tests").rows[0]


def test_another_party_of_the_role_shows_nothing_of_this_one(desk: Desk) -> None:
    """What Supplier A proved is no test of Supplier B, who still has to run it."""
    desk.tests = (planned("a", ONE),)
    desk.run({"a": ("pass", [ONE])})
    desk.subject = dataclasses.replace(
        SUPPLIER_A, organisation="Supplier B", mpid="SUPB", dip_id="2300000002"
    )
    row = row_of(desk.matrix(), ONE)
    assert row["overall_status"] == "not started"
    assert row["not_tested_reason"] == "1 of 1 tests not run with this party"


def _party(name: str, role: str, mpid: str, dip_id: str) -> Party:
    return Party(f"{name} ({role})", name, role, dip_id, mpid, real=True)


def test_a_party_is_found_by_any_of_its_names() -> None:
    """MPID, DIP id and name all find it; a name of several, an unknown one and a wrong role are refused."""
    parties = [_party("Ann Energy", "SUP", "ANNE", "23"), _party("Bee Power", "SUP", "BEEP", "24")]
    for asked in ("ANNE", "anne", "23", "Ann Energy", "Ann Energy (SUP)"):
        assert find(asked, "SUP", parties, None).mpid == "ANNE"
    own = {"party": "ann", "organisation": "Ann Energy", "role": "SUP"}
    by_plan = find("ann", "SUP", parties, plan_with(parties=[own]))
    assert (by_plan.mpid, by_plan.plan_id) == ("ANNE", "ann")
    with pytest.raises(ConfigurationError, match="Did you mean 'ANNE'"):
        find("ANEN", "SUP", parties, None)
    with pytest.raises(ConfigurationError, match=r"no role REGS.*SUP"):
        find("ANNE", "REGS", parties, None)
    with pytest.raises(ConfigurationError, match=r"several parties.*AN2E, ANNE"):
        find("Ann Energy", "SUP", [*parties, _party("Ann Energy", "SUP", "AN2E", "25")], None)
