"""`ctrf.json`: the Common Test Report Format, which CI summaries and dashboards read."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from harness.evidence.verdicts import Verdict
from harness.reports.results import blame
from harness.reports.run import Instance, Run

STATUS: dict[Verdict, str] = {
    Verdict.PASS: "passed",
    Verdict.FAIL: "failed",
    Verdict.INCONCLUSIVE: "other",
    Verdict.OMITTED: "skipped",
    Verdict.SKIPPED: "skipped",
    Verdict.ERROR: "other",
}
"""The format knows fewer outcomes; ``rawStatus`` of each test keeps the verdict."""
_STATUSES = ("passed", "failed", "pending", "skipped", "other")


def ctrf(run: Run) -> dict[str, Any]:
    """Return the document of a run; times are milliseconds, of summaries since 1970."""
    counted = Counter(STATUS[each.verdict] for each in run.instances)
    return {
        "reportFormat": "CTRF",
        "specVersion": "0.0.0",
        "results": {
            "tool": {"name": "dip", "version": run.header.harness_version},
            "summary": {
                "tests": len(run.instances),
                **{status: counted[status] for status in _STATUSES},
                "start": _milliseconds(run.header.at),
                "stop": _milliseconds(run.finished),
            },
            "tests": [_test(each) for each in run.instances],
            "environment": {"appName": "dip", "testEnvironment": run.header.environment},
            "extra": {
                "run": run.header.run,
                "stage": run.header.stage,
                "seed": run.header.seed,
                "target": run.header.target,
                "evidenceClass": run.evidence_class.value,
                "interrupted": run.interrupted,
            },
        },
    }


def _test(instance: Instance) -> dict[str, Any]:
    started = instance.started
    found: dict[str, Any] = {
        "name": instance.case,
        "status": STATUS[instance.verdict],
        "rawStatus": instance.verdict.value,
        "duration": round(instance.seconds * 1000),
        "suite": [started.stage, started.area, started.release],
        "tags": list(started.requirements),
        "extra": {"title": started.title},
    }
    if instance.reason:
        found["message"] = instance.reason
    if instance.blame:
        found["extra"]["blame"] = blame(instance.blame)
    return found


def _milliseconds(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1000)
