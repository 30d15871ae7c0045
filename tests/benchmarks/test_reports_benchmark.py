"""dip bench reports makes every report, and says which limit one misses."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import reporting
from harness.reports.run import read_run


def test_the_made_up_run_has_what_it_promises(tmp_path: Path) -> None:
    """As many verdicts and messages as asked for, one failure in forty, and every body there."""
    reporting.made_up(tmp_path, 80)
    run = read_run(tmp_path)
    messages = [step for each in run.instances for step in each.steps if getattr(step, "body", "")]
    assert len(run.instances) == 80
    assert sum(1 for each in run.instances if each.failures) == 2
    assert sum(type(step).__name__ != "AnswerReceived" for step in messages) == 80 * reporting.MESSAGES
    assert all(run.evidence.get(step.body) for step in messages)


def test_every_report_is_made_and_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has a time, a memory and, where it has pages, their size; a limit too low is missed by name."""
    monkeypatch.setattr(reporting, "PAGE_BYTES", 10)
    report = reporting.run(80)
    assert [made.failed for made in report.reports] == [""] * len(report.reports)
    assert all(made.seconds > 0 and made.resident_bytes > 1 << 20 for made in report.reports)
    assert {made.name for made in report.reports if made.page_bytes} >= {"run", "progress", "completion"}
    assert any(each.startswith("run: a page of") for each in report.missed)
    assert report.as_dict()["figures"]
