"""A load from end to end: a real Locust child, the embedded hub and a receiver, over TLS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from load import figures


@pytest.fixture(scope="module")
def run_folder(
    tmp_path_factory: pytest.TempPathFactory, small_profile: dict[str, Any], patient: Path
) -> Path:
    """Play the small profile once through `dip run`, as a soak of one minute."""
    folder = tmp_path_factory.mktemp("load")
    profile = folder / "profile.yaml"
    level = [
        {"measure": name, "at_most": bound, "basis": "assumed", "source": "a test"}
        for name, bound in (("memory_growth", 1.5), ("latency_growth", 50))
    ]
    soak = {
        **small_profile,
        "shape": [{"seconds": 60, "rate": 20}],
        "limits": [*small_profile["limits"], *level],
    }
    profile.write_text(yaml.safe_dump(soak), encoding="utf-8")
    command = [sys.executable, "-m", "harness", "run", str(profile), "--stage", "sit-non-functional"]
    done = subprocess.run(
        [*command, "--out", str(folder / "run")],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "DIP_SETTINGS": str(patient)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "run"


def test_each_message_is_accepted_and_reaches_each_recipient(run_folder: Path) -> None:
    """All that was due was accepted on time, and every publication of it reached its webhook."""
    told = figures.read(run_folder / "load" / "NFT-SMALL")
    by_flow = {flow["flow"]: flow for flow in told["flows"]}
    assert told["verdict"] == "pass"
    assert by_flow["appointment-requests"]["accepted"] == by_flow["appointment-requests"]["due"] == 600
    assert by_flow["appointment-requests"]["delivered"] == 600
    assert (
        by_flow["consumption"]["delivered"] == 4 * by_flow["consumption"]["accepted"]
    )  # SUP, LDSO, MDS, LSS
    assert told["measures"]["lost"] == 0
    assert told["measures"]["delivery_p99_ms"] > told["measures"]["delivery_p50_ms"] > 0


def test_a_soak_tells_how_memory_and_times_grew(run_folder: Path) -> None:
    """Both are measured against the first part of the run, and nothing of a steady load is lost."""
    told = figures.read(run_folder / "load" / "NFT-SMALL")
    assert 0.5 < told["measures"]["memory_growth"] <= 1.5
    assert told["measures"]["latency_growth"] > 0
    assert [limit["passed"] for limit in told["limits"]] == [True] * 6


def test_the_verdict_is_in_the_reports_like_any_other(run_folder: Path) -> None:
    """Results and trace matrix hold the profile with its requirement; the load report stands beside."""
    results = json.loads((run_folder / "results.json").read_text())
    (scenario,) = results["scenarios"]
    assert (results["stage"], results["evidence_class"]) == ("sit-non-functional", "rehearsal")
    assert (scenario["id"], scenario["verdict"]) == ("NFT-SMALL/IF-033/DSAppSPRequest/REGS", "pass")
    assert scenario["requirements"] == ["DH-NFR-002"]
    assert "load:NFT-SMALL/volume" in scenario["assumptions"]
    matrix = json.loads((run_folder / "rttm.json").read_text())
    assert [row["req_id"] for row in matrix["trace"]] == ["DH-NFR-002"]
    report = (run_folder / "load" / "NFT-SMALL" / "load-report.html").read_text()
    assert "<polyline" in report
    assert "http://" not in report.replace("http://www.w3.org", "")
