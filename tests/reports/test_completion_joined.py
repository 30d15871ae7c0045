"""The completion report with registers and a trace matrix, and the exit report over participants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from completing import OPTIONS, PLAN, TITLE_BLOCK, invoke, run_folder, said, sealed
from openpyxl import load_workbook

from harness.reports.completion.given import read_given

DEFECTS = """\
defects:
  - {defect: D-1, title: A bad signature is taken, status: open, severity: "2", owner: DIP operator,
     raised_by: Supplier A, raised: 2026-11-03, cases: [cit-bad-signature-2/IF-031/MSApp/SUP]}
  - {defect: D-2, title: Nothing of these tests, status: new, severity: "1", raised: 2026-11-03,
     cases: [elsewhere/IF-001/X/SUP]}
"""
OVERRIDES = """\
overrides:
  - {override: O-1, cases: cit-bad-signature-2/IF-031/MSApp/SUP, status: passed, reason: agreed in DR-4,
     by: Jo Bloggs, second: Al Smith, day: 2026-11-04, approval: MIN-9, evidence: self-test}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder with a plan, a title block and a run with one failure."""
    monkeypatch.chdir(tmp_path)
    Path("plan.yaml").write_text(PLAN, encoding="utf-8")
    Path("block.yaml").write_text(TITLE_BLOCK, encoding="utf-8")
    Path("registers").mkdir()


def _report(out: str, *more: object) -> dict[str, Any]:
    result = invoke("completion", "a", *OPTIONS, "--out", out, *more)
    assert result.exit_code == 0, said(result)
    data: dict[str, Any] = orjson.loads(Path(out, "completion-report.json").read_bytes())
    return data


def _blocks(data: dict[str, Any], section: int) -> dict[str, Any]:
    blocks = data["document"]["sections"][section]["blocks"]
    return {block["title"]: block for block in blocks if block["kind"] == "table"}


def test_defects_of_the_register_stand_beside_the_tests_that_fail_by_them() -> None:
    """A failure names its defect; the section counts by severity and status, with age and definitions."""
    run_folder(Path("a"), passes=False)
    Path("registers/defects.yaml").write_text(DEFECTS, encoding="utf-8")
    data = _report("out", "--registers", "registers", "--party", "Supplier A")
    failed = next(iter(_blocks(data, 11).values()))
    assert [row["cells"][8] for row in failed["rows"]] == ["D-1"]
    defects = _blocks(data, 12)["Defects"]
    assert [row["cells"][:6] for row in defects["rows"]] == [
        ["D-1", "A bad signature is taken", "2 high", "open", "DIP operator", "17"]
    ]
    assert len(_blocks(data, 12)["Definitions of severity"]["rows"]) == 4
    assert [row["defect"] for row in data["extracts"]["defects"]] == ["D-1"]
    names = load_workbook("out/completion-report-anonymised.xlsx")["Defects"]
    row = next(iter(names.iter_rows(min_row=2, values_only=True)))
    assert row[2] == row[5] == "withheld"


def test_an_override_is_shown_with_the_verdict_that_it_overrules() -> None:
    """The status is the person's, the verdict stays what the machine saw, and both stand in section 15."""
    run_folder(Path("a"), passes=False)
    Path("registers/overrides.yaml").write_text(OVERRIDES, encoding="utf-8")
    data = _report("out", "--registers", "registers")
    shown = _blocks(data, 15)["Overrides by people"]["rows"][0]["cells"]
    assert shown[0] == "O-1"
    assert shown[3:7] == ["fail", "passed", "agreed in DR-4", "Jo Bloggs"]
    assert data["totals"]["self-test"]["statuses"]["passed"] == 3
    assert data["totals"]["self-test"]["verdicts"]["fail"] == 1


def test_requirements_come_from_a_trace_matrix_where_one_is_given() -> None:
    """The matrix of a submission says what is met; a matrix of rehearsals or of something else is refused."""
    run_folder(Path("a"))
    written = invoke(
        "rttm", "a", "--plan", "plan.yaml", "--party", "SUPA", "--role", "SUP", "--submission", "pit-exit",
        "--out", "rttm",
    )  # fmt: skip
    assert written.exit_code == 0, said(written)
    path = next(Path("rttm").glob("*.json"))
    matrix = orjson.loads(path.read_bytes())
    data = _report("out", "--rttm", path)
    assert len(data["extracts"]["requirements"]) == len(matrix["requirements"])
    assert f"the trace matrix {path.name}" in str(data["document"]["sections"][8])
    for row in matrix["requirements"]:
        if row.get("evidence_class"):
            row["evidence_class"] = "rehearsal"
    path.write_bytes(orjson.dumps(matrix))
    result = invoke("completion", "a", *OPTIONS, "--out", "other", "--rttm", path)
    assert result.exit_code == 2
    assert "rests on a rehearsal" in said(result)
    path.write_text("{}", encoding="utf-8")
    assert "holds no requirements" in said(
        invoke("completion", "a", *OPTIONS, "--out", "other", "--rttm", path)
    )


def test_the_exit_report_keeps_participants_and_classes_apart() -> None:
    """Each participant has its own row in each class, the extract names it, the nameless variant does not."""
    run_folder(Path("a"), passes=False, kind="paired")
    for party in ("Supplier A", "Registration A"):
        _report(party, "--party", party)
    parts = [f"{party}/completion-report.json" for party in ("Supplier A", "Registration A")]
    result = invoke("exit", *parts, "--plan", "plan.yaml", "--title-block", "block.yaml", "--out", "exit")
    assert result.exit_code == 0, said(result)
    data = orjson.loads(Path("exit/exit-report.json").read_bytes())
    assert [(each["party"], each["evidence"], each["planned"]) for each in data["roll_up"]] == [
        ("Supplier A", "paired", 3),
        ("Registration A", "paired", 3),
    ]
    assert {row["participant"] for row in data["extracts"]["tests"]} == {"Supplier A", "Registration A"}
    steps = next(each for each in data["document"]["sections"] if each["number"] == "11")["blocks"][0]["rows"]
    assert [row["cells"][0] for row in steps] == ["SITWG recommends", "SITAG approves"]
    book = load_workbook("exit/exit-report-anonymised.xlsx")
    text = str([list(sheet.iter_rows(values_only=True)) for sheet in book])
    assert "Organisation 1" in text
    assert "Supplier A" not in text
    assert "2300000001" not in text


def test_a_final_exit_report_needs_final_reports_of_everybody() -> None:
    """A draft, and a participant of the plan without a report, are named at once; else it is final."""
    pack = sealed(run_folder(Path("a")))
    _report("draft", "--party", "Supplier A")
    plan = PLAN + (
        "parties:\n  - {party: sup-a, organisation: Supplier A, role: SUP}\n"
        "  - {party: sup-c, organisation: Supplier C, role: SUP}\n"
    )
    Path("two.yaml").write_text(plan, encoding="utf-8")
    result = invoke("exit", "draft/completion-report.json", "--plan", "two.yaml", "--final", "--out", "exit")
    assert result.exit_code == 1
    assert "the completion report of Supplier A is a draft" in result.output
    assert "no completion report of Supplier C was given" in result.output
    assert not Path("exit").exists()
    _report("done", "--party", "Supplier A", "--title-block", "block.yaml", "--pack", pack, "--final")
    result = invoke("exit", "done/completion-report.json", "--plan", "plan.yaml", "--final", "--out", "exit")
    assert result.exit_code == 0, said(result)
    assert orjson.loads(Path("exit/exit-report.json").read_bytes())["draft"] is False


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data, "is a second report of Supplier A"),
        (lambda data: data | {"stage": "smoke", "party": "B"}, "are of 2 stages: cit, smoke"),
        (lambda data: data | {"kind": "exit-report"}, "is no completion report of this harness"),
        (lambda data: {key: data[key] for key in data if key != "extracts"}, "is a broken completion report"),
    ],
)
def test_what_is_no_completion_report_is_refused(change: Any, words: str) -> None:
    """A report given twice, of another stage, of another kind, or cut short: the file and what is wrong."""
    run_folder(Path("a"))
    data = _report("out", "--party", "Supplier A")
    Path("other.json").write_bytes(orjson.dumps(change(data)))
    result = invoke("exit", "out/completion-report.json", "other.json", "--out", "exit")
    assert result.exit_code == 2
    assert words in said(result)
    assert "other.json" in said(result)


def test_the_title_block_of_the_documentation_is_one() -> None:
    """The example in docs/completion.md is read, every part of it."""
    text = (Path(__file__).parents[2] / "docs" / "completion.md").read_text(encoding="utf-8")
    block = text.split("<!-- title-block -->")[1].split("```")[1].removeprefix("yaml")
    Path("doc.yaml").write_text(block, encoding="utf-8")
    given = read_given(Path("doc.yaml"))
    assert len(given.parts) > 20
    assert given.owner("outages") == "Sam Field"
