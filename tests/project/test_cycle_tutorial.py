"""The tutorial is a script: its commands are read out of the document and run in order."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_HEAD = "set -euo pipefail\ntrap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n"
_SECONDS = 240


@pytest.fixture(scope="module")
def played(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run every command of the tutorial; returns the folder that it leaves."""
    if os.name == "nt" or shutil.which("bash") is None:
        pytest.skip("needs bash")
    place = tmp_path_factory.mktemp("tutorial")
    shutil.copytree(root / "docs" / "tutorial", place / "checkout" / "docs" / "tutorial")
    text = (root / "docs" / "tutorial.md").read_text(encoding="utf-8")
    with (place / "said.txt").open("w") as said:
        script = subprocess.Popen(
            ["bash", "-c", _HEAD + "\n".join(_BLOCK.findall(text))],
            cwd=place / "checkout",
            env={**os.environ, "PATH": _programs(place), "PORT": str(_free_port()), "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = script.wait(_SECONDS)
        finally:
            if script.poll() is None:
                os.killpg(script.pid, signal.SIGKILL)
                script.wait()
    assert code == 0, (place / "said.txt").read_text()[-3000:]
    return place / "dip-tutorial"


def _programs(place: Path) -> str:
    """Return a PATH on which ``dip`` and ``python`` are those of this environment."""
    (place / "bin").mkdir()
    program = place / "bin" / "dip"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m harness "$@"\n')
    program.chmod(0o755)
    (place / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (place / "bin" / "python").chmod(0o755)
    return f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def read(path: Path) -> dict[str, Any]:
    """Return a JSON file."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_the_gate_says_no_go_and_then_go_with_work_off(played: Path) -> None:
    """On self-test evidence of the supplier itself, before and after the work-off was agreed."""
    first, second = read(played / "gate-1.json"), read(played / "gate-2.json")
    assert (first["verdict"], second["verdict"]) == ("no-go", "go with work-off")
    assert {each["evidence_class"] for each in second["criteria"]} == {"self-test"}
    said = (played.parent / "said.txt").read_text()
    assert "Work-off W-1: Take IF-032" in said
    assert "no-go: Red on scale 'gate'" in said


def test_three_defects_are_raised_and_two_are_fixed(played: Path) -> None:
    """The re-run closes the two that the new build mends; the third stays open."""
    assert "3 raised" in (played.parent / "said.txt").read_text()
    defects = (played / "registers" / "defects.yaml").read_text()
    statuses = re.findall(r"^  status: (\w+)$", defects, re.MULTILINE)
    assert sorted(statuses) == ["closed", "closed", "open"]


def test_progress_counts_the_cycle_and_names_its_scale(played: Path) -> None:
    """Three of nine passed at first, seven at the end; nothing is flaky, for the build changed between."""
    (before,) = read(played / "reports" / "progress-1" / "progress.json")["classes"]
    (after,) = read(played / "reports" / "progress-2" / "progress.json")["classes"]
    assert after["evidence_class"] == "self-test"
    assert (before["totals"]["verdicts"]["pass"], after["totals"]["verdicts"]["pass"]) == (3, 7)
    assert after["totals"]["statuses"]["passed with work-off"] == 2
    assert (after["totals"]["passed_at_first"], after["totals"]["retests"]) == (3, 6)
    assert after["totals"]["flaky"] == 0
    assert before["rag"] == before["rag"] | {"scale": "progress", "value": "Behind"}
    assert after["rag"]["value"] == "As planned"


def test_every_report_is_there_and_the_final_one_is_refused(played: Path) -> None:
    """Readiness, progress, trace matrix, completion as a draft, exit report; no final one is written."""
    reports = played / "reports"
    for name in ("readiness/readiness.html", "progress-2/progress.html", "completion/completion-report.html"):
        assert "<html" in (reports / name).read_text(encoding="utf-8")
    assert list((reports / "rttm").glob("RTTM_SUPA_SUP_cit_*.xlsx"))
    assert list((reports / "exit").iterdir())
    completion = read(reports / "completion" / "completion-report.json")
    assert (completion["draft"], completion["evidence_classes"]) == (True, ["self-test"])
    assert not (reports / "final").exists()
