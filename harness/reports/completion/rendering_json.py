"""`completion-report.json`: the report for programs, and what an overarching exit report reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from harness.reports.completion.document import Document, as_dict
from harness.reports.completion.extracts import Extract
from harness.reports.completion.model import Completion
from harness.reports.completion.roll_up import roll_up

FORMAT = 1
KIND = "completion-report"


def as_json(report: Completion, document: Document, found: Iterable[Extract]) -> dict[str, Any]:
    """Return the content of the file; ``extracts`` and ``document`` as they are to be shown."""
    return {
        "format": FORMAT,
        "kind": KIND,
        "draft": report.draft,
        "stage": report.stage.id,
        "party": report.party,
        "as_of": report.as_of.isoformat(),
        "evidence_classes": [kind.value for kind in report.classes],
        "verdict": report.exit.verdict.value if report.exit else None,
        "lacks": [asdict(each) for each in report.lacks],
        "totals": {kind.value: counts.as_dict() for kind, counts in report.totals.items()},
        "requirements": {kind.value: asdict(each) for kind, each in report.coverage.items()},
        "roll_up": [each.as_dict() for each in roll_up(report)],
        "entry": report.entry.as_dict() if report.entry else None,
        "exit": report.exit.as_dict() if report.exit else None,
        "runs": [{**asdict(run), "evidence": run.evidence.value} for run in report.runs],
        "parties": [asdict(party) for party in report.parties],
        "packs": [{**asdict(pack), "intact": pack.intact} for pack in report.packs],
        "given": dict(report.given.parts),
        "extracts": {each.name.lower(): each.as_dicts() for each in found},
        "document": as_dict(document),
    }
