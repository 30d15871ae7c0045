"""The workbook of a submission: its sheets, and a summary that is a count of their rows."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from sheet_formulas import worked_out
from submitting import Desk, planned, register

from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus
from harness.reports.submission.layout import SHEETS
from harness.reports.workbook import workbook

ONE, TWO, THREE = "DH-TT-001", "DH-TT-002", "DH-TT-003"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Return a desk with three requirements of suppliers."""
    return Desk(tmp_path, register(tmp_path / "register", "", "", ""))


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
