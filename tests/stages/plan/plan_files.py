"""Plan files and runs for tests: a small plan that is right, changed by each test in one place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from harness.stages.plan.model import Plan
from harness.stages.plan.reading import read_plan

PLAN: Mapping[str, Any] = {
    "plan": "small",
    "title": "A small plan",
    "kind": "plan",
    "stages": [
        {"stage": "pit", "title": "PIT", "per": "party"},
        {"stage": "cit", "title": "CIT", "per": "party", "after": ["pit"], "environment": "SIT A"},
        {"stage": "sit", "title": "SIT", "per": "cohort", "after": ["cit"], "start": "go"},
    ],
    "environments": [{"environment": "SIT A", "title": "First"}],
    "places": [
        {
            "environment": "SIT A",
            "party": name,
            "build": "1",
            "certificates": "set-1",
            "ready": "2026-03-02",
        }
        for name in ("a-sup", "b-mss")
    ],
    "milestones": [
        {
            "milestone": "data",
            "title": "Data",
            "baseline": "2026-03-02",
            "forecast": "2026-03-03",
            "actual": "2026-03-04",
        },
        {"milestone": "go", "title": "Start", "forecast": "2026-06-01", "needs": ["data"]},
    ],
    "parties": [
        {"party": "a-sup", "organisation": "A", "role": "SUP", "interval": "5"},
        {"party": "b-mss", "organisation": "B", "role": "MSS", "interval": "4"},
    ],
    "pairings": [{"pairing": "one", "parties": ["a-sup", "b-mss"]}],
    "cohort": {"basis": "assumed", "roles": {"SUP": 1, "MSS": 1}},
}


def write(folder: Path, **changes: Any) -> Path:
    """Write the small plan with some of its parts replaced; None takes a part away."""
    data = {key: value for key, value in {**PLAN, **changes}.items() if value is not None}
    path = folder / "plan.yaml"
    text = json.loads(json.dumps(data))
    path.write_text(yaml.safe_dump(text, sort_keys=False), encoding="utf-8")
    return path


def small(folder: Path, **changes: Any) -> Plan:
    """Read the small plan with some of its parts replaced."""
    return read_plan(write(folder, **changes))


def run_folder(
    folder: Path,
    *,
    evidence: str,
    passed: int = 0,
    failed: int = 0,
    omitted: int = 0,
    stage: str = "cit",
    started: str = "2026-03-10T09:00:00+00:00",
    finished: str = "2026-03-10T10:00:00+00:00",
    requirements: Iterable[Mapping[str, str]] = (),
    first: int = 1,
) -> Path:
    """Write what `dip run` leaves: results.json, and rttm.json where requirements are given."""
    folder.mkdir(parents=True, exist_ok=True)
    verdicts = ["pass"] * passed + ["fail"] * failed + ["omitted"] * omitted
    statuses = {"pass": "passed", "fail": "failed", "omitted": "not started"}
    results = {
        "format": 1,
        "run": folder.name,
        "stage": stage,
        "releases": ["2.1.0"],
        "seed": 1,
        "evidence_class": evidence,
        "started": started,
        "finished": finished,
        "totals": {},
        "scenarios": [
            {
                "id": f"CASE-{number}",
                "title": "A case",
                "release": "2.1.0",
                "verdict": verdict,
                "status": statuses[verdict],
                "reason": "",
            }
            for number, verdict in enumerate(verdicts, first)
        ],
    }
    (folder / "results.json").write_text(json.dumps(results), encoding="utf-8")
    if requirements:
        (folder / "rttm.json").write_text(json.dumps({"requirements": list(requirements)}), encoding="utf-8")
    return folder
