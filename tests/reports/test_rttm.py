"""The trace matrix and its workbook."""

from __future__ import annotations

import io
import itertools
from typing import Any

import pytest
from example_run import ExampleRun
from openpyxl import load_workbook
from sheet_formulas import worked_out

from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus as Status
from harness.reports.rttm import Matrix, overall, roll_up, trace_matrix
from harness.reports.rttm_layout import GAPS, REQUIREMENTS, TESTS, TRACE
from harness.reports.run import Run, read_run
from harness.reports.workbook import workbook
from harness.scenarios.requirements import shipped


def _matrix(run: Run) -> Matrix:
    return trace_matrix(run, shipped())


def _rows(matrix: Matrix, sheet: str, **where: str) -> list[Any]:
    return [
        row for row in matrix.sheet(sheet).rows if all(row.get(key) == value for key, value in where.items())
    ]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([Status.PASSED, Status.PASSED], Status.PASSED),
        ([Status.PASSED, Status.PASSED_WITH_WORK_OFF], Status.PASSED_WITH_WORK_OFF),
        ([Status.PASSED, Status.NOT_STARTED], Status.NOT_STARTED),
        ([Status.NOT_STARTED, Status.IN_PROGRESS], Status.IN_PROGRESS),
        ([Status.NOT_STARTED, Status.BLOCKED], Status.BLOCKED),
        ([Status.BLOCKED, Status.FAILED], Status.FAILED),
        ([Status.PASSED, Status.NOT_APPLICABLE, Status.DESCOPED], Status.PASSED),
        ([Status.NOT_APPLICABLE], Status.NOT_APPLICABLE),
        ([], Status.NOT_STARTED),
    ],
)
def test_the_worst_status_wins(statuses: list[Status], expected: Status) -> None:
    """Failed beats blocked, blocked beats not run, and what left the denominator does not count."""
    for order in itertools.permutations(statuses):
        assert roll_up(order) is expected


def test_a_rehearsal_never_counts() -> None:
    """A passed rehearsal leaves the overall status where it was; the same run on real systems moves it."""
    assert (
        overall(Status.PASSED, phase="CIT", phases=["CIT"], evidence=EvidenceClass.REHEARSAL)
        is Status.NOT_STARTED
    )
    assert (
        overall(Status.FAILED, phase="CIT", phases=["CIT"], evidence=EvidenceClass.REHEARSAL)
        is Status.NOT_STARTED
    )
    assert (
        overall(Status.PASSED, phase="CIT", phases=["CIT"], evidence=EvidenceClass.SELF_TEST) is Status.PASSED
    )


def test_a_run_speaks_for_its_own_phase_alone() -> None:
    """A requirement that needs a further phase has not passed."""
    real = EvidenceClass.INTEGRATED
    assert overall(Status.PASSED, phase="CIT", phases=["CIT", "QT"], evidence=real) is Status.NOT_STARTED
    assert overall(Status.FAILED, phase="CIT", phases=["CIT", "QT"], evidence=real) is Status.FAILED


def test_requirements_stand_once_per_role(mixed: Run) -> None:
    """Each role that has to meet a requirement has its row, with the status of the cases it took part in."""
    matrix = _matrix(mixed)
    rows = {
        row["role"]: row["status_in_this_run"] for row in _rows(matrix, "Requirements", our_id="DH-IF-031")
    }
    assert rows == {"SUP": "passed", "REGS": "passed"}
    everybody = _rows(matrix, "Requirements", our_id="DH-RCP-001")
    assert len(everybody) == 16
    (hub,) = _rows(matrix, "Requirements", our_id="DH-SIG-006")
    assert (hub["role"], hub["status_in_this_run"]) == ("DIP", "failed")


def test_a_role_that_took_no_part_is_not_covered(mixed: Run) -> None:
    """A requirement of every role that only suppliers were tested on stays open for the others."""
    rows = {row["role"]: row for row in _rows(_matrix(mixed), "Requirements", our_id="DH-PUB-005")}
    assert rows.keys() == {"DIP"}
    (passed,) = _rows(_matrix(mixed), "Requirements", our_id="DH-RSP-001")
    assert passed["overall_status"] == "not started"
    everybody = _rows(_matrix(mixed), "Requirements", our_id="DH-TLS-001")
    assert {row["not_tested_reason"] for row in everybody} == {"no test cites it"}


def test_receiving_proves_nothing_of_sending(example: ExampleRun) -> None:
    """A sender's requirement is met by the role that sent, a recipient's by the one that received."""
    example.exchange(requirements=("DH-SIG-002", "DH-RCP-001"))
    matrix = _matrix(read_run(example.write()))
    for requirement, tested in (("DH-SIG-002", {"SUP", "DIP"}), ("DH-RCP-001", {"REGS"})):
        rows = _rows(matrix, "Requirements", our_id=requirement)
        assert {row["role"] for row in rows if row["status_in_this_run"] == "passed"} == tested
        assert {row["role"] for row in _rows(matrix, "Trace", req_id=requirement)} == tested


def test_real_evidence_moves_the_overall_status(example: ExampleRun) -> None:
    """The same exchange counts overall when real systems took part, and leaves no rehearsal gap."""
    example.exchange()
    rehearsal = _matrix(read_run(example.write()))
    real = _matrix(read_run(example.write(evidence_class="paired")))
    for matrix, status in ((rehearsal, "not started"), (real, "passed")):
        rows = _rows(matrix, "Requirements", our_id="DH-IF-031")
        assert {row["overall_status"] for row in rows} == {status}
    assert _rows(rehearsal, "Gaps", gap="only rehearsal evidence", subject="DH-IF-031")
    assert not _rows(real, "Gaps", gap="only rehearsal evidence")


def test_only_negative_tests_are_a_gap(example: ExampleRun) -> None:
    """A requirement with negative tests alone is a gap, unless a refusal is what it asks for."""
    case = example.begin(
        "n", "n", "IF-031", "MSApp", "SUP", polarity="negative", requirements=("DH-TLS-001", "DH-SIG-006")
    )
    example.finish(case, "pass")
    matrix = _matrix(read_run(example.write()))
    assert [row["subject"] for row in _rows(matrix, "Gaps", gap="only negative evidence")] == ["DH-TLS-001"]
    (row,) = [row for row in _rows(matrix, "Requirements", our_id="DH-TLS-001") if row["role"] == "SUP"]
    assert "negative tests only" in row["coverage_note"]


def test_a_requirement_that_no_register_holds_has_its_row(example: ExampleRun) -> None:
    """What a test cites and the register lacks is said so, beside what the run says of it."""
    example.exchange(requirements=("DH-OWN-001",))
    (row,) = _rows(_matrix(read_run(example.write())), "Requirements", our_id="DH-OWN-001")
    assert row["coverage_note"] == "cited by tests, not in the register; rehearsal evidence only"
    assert row["status_in_this_run"] == "passed"


def test_gaps_name_what_was_never_exercised(mixed: Run) -> None:
    """Requirements without test, pairs, roles and codes that the run never met are gaps."""
    matrix = _matrix(mixed)
    assert _rows(matrix, "Gaps", gap="requirement without test", subject="DH-MIG-001")
    assert _rows(matrix, "Gaps", gap="interface or event never exercised", subject="IF-031 [DSApp]")
    assert not _rows(matrix, "Gaps", gap="interface or event never exercised", subject="IF-031 [MSApp]")
    assert _rows(matrix, "Gaps", gap="role never received", subject="IF-001", role="SUP")
    assert not _rows(matrix, "Gaps", gap="role never received", subject="IF-031", role="REGS")
    assert _rows(matrix, "Gaps", gap="code never provoked", subject="MSG1006")
    assert not _rows(matrix, "Gaps", gap="code never provoked", subject="MSG0000")
    assert _rows(matrix, "Gaps", gap="test without requirement")


def test_each_link_names_party_and_role(example: ExampleRun) -> None:
    """A link of requirement and test stands once per role, with the DIP id that played it."""
    example.exchange()
    rows = _rows(_matrix(read_run(example.write())), "Trace", req_id="DH-IF-031")
    assert {(row["role"], row["party"], row["verdict"]) for row in rows} == {
        ("SUP", "2300000001", "pass"),
        ("REGS", "2200000001", "pass"),
    }


def test_columns_keep_the_agreed_order() -> None:
    """The first and last columns of each group stand where an assurer looks for them."""
    groups = [key for key, _ in itertools.groupby(REQUIREMENTS, lambda column: column.group)]
    assert groups == [
        *("identity", "applicability", "reliance", "coverage plan"),
        *("status", "evidence", "exceptions", "review"),
    ]
    assert [column.title for column in REQUIREMENTS[:3]] == ["Req ID (external)", "Our ID", "Parent"]
    for columns in (REQUIREMENTS, TESTS, TRACE, GAPS):
        assert len({column.key for column in columns}) == len(columns)


def test_columns_of_the_party_stay_empty(mixed: Run) -> None:
    """The harness writes nothing into a column that people fill."""
    for sheet in _matrix(mixed).sheets:
        for_people = {column.key for column in sheet.columns if not column.by_harness}
        assert for_people
        assert all(not for_people & row.keys() for row in sheet.rows)


def test_the_workbook_opens_with_its_sheets(mixed: Run) -> None:
    """The workbook holds every sheet, its header row, and as many rows as the matrix."""
    matrix = _matrix(mixed)
    book = load_workbook(io.BytesIO(workbook(matrix)))
    assert book.sheetnames == ["Control", "Requirements", "Tests", "Trace", "Gaps", "Summary", "Lists"]
    for sheet in matrix.sheets:
        page = book[sheet.name]
        assert [cell.value for cell in page[3]] == [column.title for column in sheet.columns]
        assert {cell.value for cell in page[2]} <= {"harness", "party"}
        assert page.max_row == 3 + len(sheet.rows)
        assert "rehearsal" in str(page.oddHeader.center.text)
    assert any("roll-up" in str(row[0].value).lower() for row in book["Lists"].iter_rows())


def test_summary_formulas_count_what_the_harness_counted(mixed: Run) -> None:
    """Each formula, worked out over the sheets, gives the value beside it and the result saved with it."""
    data = workbook(_matrix(mixed))
    book, saved = load_workbook(io.BytesIO(data)), load_workbook(io.BytesIO(data), data_only=True)
    seen = 0
    rows = zip(book["Summary"].iter_rows(min_row=4), saved["Summary"].iter_rows(min_row=4), strict=True)
    for (title, formula, counted), (_, result, _) in rows:
        assert worked_out(book, str(formula.value)) == counted.value == result.value, title.value
        seen += counted.value > 0
    assert seen >= 8


def test_text_from_outside_never_becomes_a_formula(example: ExampleRun) -> None:
    """A title that looks like a formula, or holds control characters, is text in the workbook."""
    case = example.begin("s", '=HYPERLINK("http://x","y")\x07', "IF-031", "MSApp", "=SUM(1)")
    example.finish(case, "pass")
    book = load_workbook(io.BytesIO(workbook(_matrix(read_run(example.write())))))
    cells = [cell for row in book["Tests"].iter_rows(min_row=4) for cell in row if cell.value]
    assert any(str(cell.value).startswith("=HYPERLINK") for cell in cells)
    assert all(cell.data_type != "f" for cell in cells)
    trace = [cell for row in book["Trace"].iter_rows(min_row=4) for cell in row]
    assert all(cell.data_type != "f" for cell in trace)
