"""The trace matrix of one party in one role: statuses, staleness, what is asked of whom."""

from __future__ import annotations

import dataclasses
import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sheet_formulas import worked_out
from submitting import SUPPLIER_A, Desk, planned, register, row_of

from harness.errors import ConfigurationError
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus
from harness.registers.model import Defect, DefectStatus, Evidence, Override, Reliance
from harness.registers.reliance import EvidenceFacts
from harness.reports.run import Party
from harness.reports.submission.impacts import check_parties, read_changes
from harness.reports.submission.layout import SHEETS
from harness.reports.submission.subject import find
from harness.reports.workbook import workbook
from harness.stages.plan.building import plan as build_plan
from harness.stages.plan.model import Plan

ONE, TWO, THREE = "DH-TT-001", "DH-TT-002", "DH-TT-003"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk with three requirements of suppliers."""
    return Desk(tmp_path, register(tmp_path / "register", "", "", ""))


def plan_with(**parts: object) -> Plan:
    """Return a plan with a CIT exit criterion and what else is given."""
    criterion = {
        "criterion": "passed", "stage": "cit", "at": "exit", "text": "All passed", "basis": "ours",
        "automatic": {"measure": "open-failures", "at_most": "0", "evidence": "self-test"},
    }  # fmt: skip
    data = {
        "plan": "p", "title": "P", "kind": "plan", "criteria": [criterion], **parts,
        "stages": [{"stage": "cit", "title": "CIT", "per": "party"}],
    }  # fmt: skip
    return build_plan(data, "plan.yaml")


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


def test_reliance_on_a_rehearsal_is_refused(desk: Desk) -> None:
    """A statement whose evidence is a rehearsal covers nothing, and says why."""
    evidence = Evidence("run-x", "", "", EvidenceClass.REHEARSAL)
    desk.registers = dataclasses.replace(
        desk.registers, reliance=(dataclasses.replace(_statement(), evidence=evidence),)
    )
    matrix = desk.matrix()
    assert row_of(matrix, ONE)["basis_of_reliance"] == "not covered"
    assert {each["state"] for each in matrix.sheet("Reliance").rows} == {"refused"}


def test_a_changed_requirement_makes_its_passes_stale(desk: Desk, tmp_path: Path) -> None:
    """Text, version, roles or interfaces that changed since the run make its pass count no more, with why."""
    before = desk.register
    desk.register = register(tmp_path / "now", "text=Another text of number 1.", "interfaces=[IF-031]", "")
    desk.run({"a": ("pass", [ONE]), "b": ("pass", [TWO]), "c": ("pass", [THREE])}, asked=before)
    matrix = desk.matrix()
    first, second, third = (row_of(matrix, name) for name in (ONE, TWO, THREE))
    assert first["stale_reason"] == f"the text of {ONE} changed since run run-1"
    assert "the interfaces of DH-TT-002 changed: all, now IF-031" in second["stale_reason"]
    assert [each["overall_status"] for each in (first, second, third)] == [
        "not started", "not started", "passed",
    ]  # fmt: skip
    assert "stale_reason" not in third
    assert matrix.value("Gaps: stale evidence") == 2


def test_a_changed_scenario_makes_a_pass_stale_and_no_failure(desk: Desk) -> None:
    """A pass of a scenario that does something else now counts no more; a failure stays one."""
    desk.run({"a": ("pass", [ONE]), "b": ("fail", [TWO])})
    desk.digests = {("a", ""): "b" * 64, ("b", ""): "b" * 64}
    matrix = desk.matrix()
    assert row_of(matrix, ONE)["overall_status"] == "not started"
    assert "scenario a changed since run run-1" in row_of(matrix, ONE)["stale_reason"]
    assert row_of(matrix, TWO)["overall_status"] == "failed"
    desk.digests = {("b", ""): "a" * 64}
    assert "no longer in the catalogue" in row_of(desk.matrix(), ONE)["stale_reason"]


def test_a_build_alone_makes_nothing_stale(desk: Desk) -> None:
    """Another build of the party leaves a result as it is, and is told in Control."""
    desk.run({"a": ("pass", [ONE])}, build="4.0")
    desk.plan = plan_with(
        environments=[{"environment": "SIT A", "title": "A"}],
        places=[{"environment": "SIT A", "party": "Supplier A", "build": "4.1"}],
    )
    matrix = desk.matrix()
    row = row_of(matrix, ONE)
    assert row["overall_status"] == "passed"
    assert "stale_reason" not in row
    assert row["builds"].endswith("4.0")
    assert {name: value for name, value, _ in matrix.control}["Builds in use"] == "Supplier A: 4.1"


def test_a_release_makes_stale_what_it_touches(desk: Desk) -> None:
    """A result on another release stands where nothing that the case uses changed, and falls where it did."""
    desk.run({"a": ("pass", [ONE])}, release="1.8.3")
    desk.release = "2.0.1"
    row = row_of(desk.matrix(), ONE)
    assert (row["overall_status"], row["release"]) == ("passed", "1.8.3")
    desk.release = "2.2.1"
    row = row_of(desk.matrix(), ONE)
    assert row["overall_status"] == "not started"
    assert row["stale_reason"].startswith("run on release 1.8.3; 2.2.1 changes ")
    desk.run({"a": ("pass", [ONE])}, release="2.2.1", day=4)
    row = row_of(desk.matrix(), ONE)
    assert (row["overall_status"], row["release"]) == ("passed", "2.2.1")


IMPACT = """
changes:
  - change: Build 4.2
    from: "2026-11-04"
    party: {party}
    {what}
"""


@pytest.mark.parametrize(
    ("party", "what", "stale"),
    [
        ("Supplier A", "interfaces: [IF-031]", True),
        ("SUPA", "roles: [REGS]", True),
        ("Supplier A", "interfaces: [IF-031]\n    requirements: [DH-TT-001]", True),
        ("Supplier A", "interfaces: [IF-021]", False),
        ("Supplier A", "roles: [MDS]", False),
        ("Supplier A", "requirements: [DH-TT-002]", False),
        ("Supplier B", "interfaces: [IF-031]", False),
    ],
)
def test_a_change_of_a_system_makes_stale_what_it_touches(
    desk: Desk, party: str, what: str, stale: bool
) -> None:
    """A change that names interfaces, roles or requirements touches earlier results that used them alone."""
    path = desk.folder / "impact.yaml"
    path.write_text(IMPACT.format(party=party, what=what), encoding="utf-8")
    desk.run({"a": ("pass", [ONE])}, day=3)
    row = row_of(desk.matrix(changes=read_changes(path, desk.register)), ONE)
    assert row["overall_status"] == ("not started" if stale else "passed")
    assert row.get("stale_reason", "") == ("Build 4.2, in from 2026-11-04" if stale else "")


def test_a_change_that_touches_nothing_is_refused(desk: Desk) -> None:
    """A build alone is no reason; neither is an interface that there is not."""
    path = desk.folder / "impact.yaml"
    for what, words in (
        ("{}", "a change alone makes nothing stale"),
        ("interfaces: [IF-310]", "'IF-310' is not"),
    ):
        path.write_text(
            IMPACT.format(party="Supplier A", what=what if what != "{}" else ""), encoding="utf-8"
        )
        with pytest.raises(ConfigurationError, match=f"{path}, line .*{words}"):
            read_changes(path, desk.register)
    path.write_text(IMPACT.format(party="Nobody", what="roles: [SUP]"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"'Nobody' of change 'Build 4\.2' is no party"):
        check_parties(read_changes(path, desk.register), ["Supplier A"], str(path))


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


def test_the_workbook_has_its_sheets_in_order(desk: Desk) -> None:
    """Twelve sheets, in the order of the layout, and a printed header that says whose it is."""
    desk.run({"a": ("pass", [ONE])})
    matrix = desk.matrix()
    book = load_workbook(io.BytesIO(workbook(matrix)))
    assert book.sheetnames == ["Control", *SHEETS, "Summary", "Lists"]
    assert len(book.sheetnames) == 12
    assert "Supplier A" in str(book["Requirements"].oddHeader.center.text)
    assert matrix.name == "RTTM_SUPA_SUP_cit_sit-exit_v1"


def test_the_formulas_count_what_the_harness_counted(desk: Desk) -> None:
    """Each formula, worked out over the sheets, gives its saved result and what the harness counted."""
    desk.tests = (planned("d", ONE),)
    desk.run({"a": ("pass", [ONE, TWO]), "b": ("fail", [TWO])})
    desk.run({"a": ("pass", [ONE]), "c": ("skipped", [THREE])}, evidence="paired", day=4)
    matrix = desk.matrix()
    data = workbook(matrix)
    book, saved = load_workbook(io.BytesIO(data)), load_workbook(io.BytesIO(data), data_only=True)
    rows = zip(book["Summary"].iter_rows(min_row=4), saved["Summary"].iter_rows(min_row=4), strict=True)
    for figure, ((title, formula, counted), (_, result, _)) in zip(matrix.figures, rows, strict=True):
        assert title.value == figure.title
        assert figure.value == counted.value == result.value == worked_out(book, str(formula.value)), (
            title.value
        )
    assert sum(figure.value > 0 for figure in matrix.figures) > 15


_VERDICTS = st.sampled_from(["pass", "fail", "skipped", "omitted", "inconclusive"])
_RUNS = st.lists(
    st.tuples(
        st.sampled_from(["rehearsal", "self-test", "paired", "integrated"]),
        st.booleans(),
        st.dictionaries(
            st.sampled_from("abc"), st.tuples(_VERDICTS, st.sets(st.sampled_from([ONE, TWO, THREE])))
        ),
    ),
    max_size=4,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(runs=_RUNS)
def test_the_summary_is_a_recount_of_the_rows(
    tmp_path_factory: pytest.TempPathFactory, runs: list[tuple[str, bool, dict[str, tuple[str, set[str]]]]]
) -> None:
    """Whatever was run: each figure is a count of rows, no class is added, and a pass rests on passes."""
    folder = tmp_path_factory.mktemp("submission")
    desk = Desk(folder, register(folder / "register", "", "", ""), tests=(planned("d", ONE),))
    for number, (evidence, real, results) in enumerate(runs, start=1):
        cases = {name: (verdict, sorted(cited)) for name, (verdict, cited) in results.items()}
        desk.run(cases, evidence=evidence, real=real, day=number)
    matrix = desk.matrix()
    for figure in matrix.figures:
        rows = matrix.sheet(figure.sheet).rows
        recount = sum(
            all(str(each.get(key, "")) == value for key, value in figure.where.items()) for each in rows
        )
        assert recount == figure.value, figure.title
    tests = matrix.sheet("Tests").rows
    by_class = {kind: matrix.value(f"Tests, {kind}") for kind in EvidenceClass}
    assert sum(by_class.values()) + matrix.value("Tests without a run of this party") == len(tests)
    assert len({(each["our_test_id"], each.get("evidence_class")) for each in tests}) == len(tests)
    for kind in EvidenceClass:
        parts = sum(matrix.value(f"Tests, {kind}: {status}") for status in ExecutionStatus)
        assert parts == by_class[kind]
    for row_ in matrix.sheet("Requirements").rows:
        if row_["overall_status"] == "passed":
            kind = row_["evidence_class"]
            links = [
                each
                for each in matrix.sheet("Trace").rows
                if each["req_id"] == row_["our_id"] and each.get("evidence_class") == kind
            ]
            assert links
            assert {each["execution_status"] for each in links} == {"passed"}
            assert kind != "rehearsal"


def _party(name: str, role: str, mpid: str, dip_id: str) -> Party:
    return Party(f"{name} ({role})", name, role, dip_id, mpid, real=True)


def test_a_party_is_found_by_any_of_its_names() -> None:
    """MPID, DIP id and name all find it; a name of several, an unknown one and a wrong role are refused."""
    parties = [_party("Ann Energy", "SUP", "ANNE", "23"), _party("Bee Power", "SUP", "BEEP", "24")]
    for asked in ("ANNE", "anne", "23", "Ann Energy", "Ann Energy (SUP)"):
        assert find(asked, "SUP", parties, None).mpid == "ANNE"
    with pytest.raises(ConfigurationError, match="Did you mean 'ANNE'"):
        find("ANEN", "SUP", parties, None)
    with pytest.raises(ConfigurationError, match=r"no role REGS.*SUP"):
        find("ANNE", "REGS", parties, None)
    with pytest.raises(ConfigurationError, match=r"several parties.*AN2E, ANNE"):
        find("Ann Energy", "SUP", [*parties, _party("Ann Energy", "SUP", "AN2E", "25")], None)
