"""The packaged SIT stages, run whole as a user runs them; and that a run can be repeated."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.data import folder
from harness.scenarios.catalogue import read_scenario, scenario_files

LEAST = {"sit-functional": 120, "sit-migration": 40}
"""How many scenarios the packaged catalogue has at least."""
_LIMIT_SECONDS = 1500
_BY_CHANCE = frozenset(
    {
        "at",
        "run",
        "instance",
        "transaction",
        "reference",
        "references",
        "body",
        "signature",
        "signed_by",
        "answer",
        "url",
        "headers",
        "seconds",
    }
)
"""Fields that hold times, ids, or the hash of bytes that hold them."""
_CORRELATION = re.compile(r"CI-\d{8}-[0-9a-f]+")


def run(stage: str, out: Path, *arguments: str) -> dict[str, Any]:
    """Run a stage on the embedded network; returns its results."""
    done = subprocess.run(
        [sys.executable, "-m", "harness", "run", "--stage", stage, "--out", str(out), *arguments],
        cwd=out.parent,
        capture_output=True,
        text=True,
        timeout=_LIMIT_SECONDS,
        env={**os.environ, "COLUMNS": "110"},
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    results: dict[str, Any] = json.loads((out / "results.json").read_text())
    return results


@pytest.mark.parametrize("stage", sorted(LEAST))
def test_every_scenario_of_the_stage_passes_on_both_releases(stage: str, tmp_path: Path) -> None:
    """All cases pass on 2.1.0 and 2.2.1, and every packaged scenario was run."""
    files = list(scenario_files(folder("test_catalogue") / stage.replace("-", "_")))
    assert len(files) >= LEAST[stage]
    results = run(stage, tmp_path / "run", "--release", "2.1.0", "--release", "2.2.1")
    assert results["totals"]["pass"] == len(results["scenarios"])
    for release in ("2.1.0", "2.2.1"):
        ids = {
            each["id"].split("/")[0].split(".")[0]
            for each in results["scenarios"]
            if each["release"] == release
        }
        wanted = {
            scenario.id
            for path in files
            if not (scenario := read_scenario(path)).releases or release in scenario.releases
        }
        assert ids == wanted


def test_a_run_can_be_repeated(tmp_path: Path) -> None:
    """The same seed gives the same events but for ids and times, with one worker and with two."""
    chosen = ("--area", "registration-and-change-of-supplier", "--seed", "7")
    run("sit-functional", tmp_path / "one", *chosen)
    run("sit-functional", tmp_path / "two", *chosen, "-n", "2")
    first, second = events(tmp_path / "one"), events(tmp_path / "two")
    assert set(first) == set(second)
    assert [case for case in first if first[case] != second[case]] == []


def events(out: Path) -> dict[str, list[str]]:
    """Return the events of each case, without what differs from run to run."""
    found: dict[str, list[str]] = {}
    for line in (out / "events.ndjson").read_text().splitlines():
        event = json.loads(line)
        if "case" in event:
            kept = {key: value for key, value in event.items() if key not in _BY_CHANCE}
            text = _CORRELATION.sub("CI", json.dumps(kept, sort_keys=True))
            found.setdefault(event["case"], []).append(text)
    return found
