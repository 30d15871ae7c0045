"""The Locust file against simulators on loopback: bounded in time, and it stops by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from simulators.embedded import EmbeddedTarget

INGRESS = Path(__file__).resolve().parents[2] / "load" / "ingress.py"


def _locust(target: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "locust", "-f", str(INGRESS), "--headless", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "DIP_TARGET": target},
    )


def test_parties_send_over_their_own_identity_and_all_are_accepted(tmp_path: Path) -> None:
    """Every message of two parties is answered 201, and the hub holds as many as were sent."""
    with EmbeddedTarget(["2.1.0"], tmp_path / "sim") as simulators:
        done = _locust(str(simulators.store / "target.toml"), "-u", "2", "-t", "6s", "--json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert '"num_failures": 0' in done.stdout
    assert '"num_requests": 0' not in done.stdout


def test_without_a_target_nothing_is_sent(tmp_path: Path) -> None:
    """A missing target profile is said in words."""
    done = _locust("", "-u", "1", "-t", "1s", cwd=tmp_path)
    assert done.returncode != 0
    assert "DIP_TARGET is not set" in done.stderr + done.stdout
