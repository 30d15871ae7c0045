"""Runs in Markdown."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner
from example_run import ExampleRun

from harness.cli import dip
from harness.evidence.verdicts import ExecutionStatus
from harness.reports.markdown import in_order, markdown
from harness.reports.standing.merging import read_runs, standing


def _run(folder: Path, run: str, *refusals: bool, **written: object) -> Path:
    made = ExampleRun(folder)
    made.exchange()
    for passes in refusals:
        made.refusal(passes=passes)
    path = made.write(**written)  # type: ignore[arg-type]
    events = path / "events.ndjson"
    events.write_text(events.read_text().replace("2026-11-03-0930-cit", run))
    return path


def test_the_summary_has_the_totals_of_each_class_and_adds_none(tmp_path: Path) -> None:
    """Rows per class agree with the standing; a rehearsal says what it doesn't prove."""
    folders = [_run(tmp_path / "1", "r1", True, False), _run(tmp_path / "2", "r2", evidence_class="paired")]
    found = standing(read_runs(folders))
    text = markdown(found)
    for kind, counts in found.totals.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| **{kind}**"))
        cells = [cell.strip() for cell in row.split("|")]
        assert cells[2:5] == [
            str(counts.tests),
            str(counts.statuses[ExecutionStatus.PASSED]),
            str(counts.statuses[ExecutionStatus.FAILED]),
        ]
    assert "nothing about anybody's system" in text
    assert "Classes of evidence are never added up." in text
    assert "| **rehearsal** | 3 | 2 | 1 |" in text
    assert not in_order(found)


def test_what_failed_stands_with_whose_move_it_is_and_stays_text(tmp_path: Path) -> None:
    """One row per kind of failure; marks of Markdown and HTML in a reason do nothing."""
    path = _run(tmp_path / "1", "r1", False, False)
    events = path / "events.ndjson"
    events.write_text(events.read_text().replace("got 201 MSG0000", "got <b>|x|</b> `y`"))
    text = markdown(standing(read_runs([path])))
    (row,) = [line for line in text.splitlines() if line.startswith("| 2 | failed")]
    assert r"got &lt;b&gt;\|x\|&lt;/b&gt; \`y\`" in row
    assert "the central system" in row


def test_shards_and_a_cut_off_run_are_told_apart(tmp_path: Path) -> None:
    """A run that did not end is marked, and keeps the summary from being in order."""
    whole, cut = _run(tmp_path / "1", "r1", True), _run(tmp_path / "2", "r2", ended=False)
    assert in_order(standing(read_runs([whole])))
    found = standing(read_runs([whole, cut]))
    assert "| **cut off** |" in markdown(found)
    assert not in_order(found)


def test_the_command_writes_appends_and_gates(tmp_path: Path) -> None:
    """The file of a CI job is added to, and only --exit-code makes a failure one of the command."""
    bad, page = _run(tmp_path / "1", "r1", False), tmp_path / "page.md"
    page.write_text("before\n")
    words = ["report", "summary", str(bad), "--registers", str(tmp_path / "none")]
    assert CliRunner().invoke(dip, [*words, "--append", str(page)]).exit_code == 0
    assert page.read_text().startswith("before\n# DIP tests")
    done = CliRunner().invoke(dip, [*words, "--exit-code", "--out", str(tmp_path / "out.md")])
    assert done.exit_code == 1
    assert (tmp_path / "out.md").read_text().startswith("# DIP tests")
