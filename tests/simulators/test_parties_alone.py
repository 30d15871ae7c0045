"""Simulated parties for a DIP that they can't ask anything: a hub of its own process plays it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.transport.client import DipClient
from harness.transport.target import TargetProfile, load
from simulators.embedded import EmbeddedTarget

RELEASE = "2.1.0"


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedTarget]:
    """Return the DIP that runs elsewhere; its own parties never hear anything."""
    target = EmbeddedTarget([RELEASE], tmp_path_factory.mktemp("far"))
    yield target
    target.close()


@pytest.fixture(scope="module")
def told(far: EmbeddedTarget, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Return what the parties' process tells when it is ready."""
    folder = tmp_path_factory.mktemp("parties")
    network = Path(far.network.where)
    server = far.network.certificate("participants-server")
    ready = folder / "ready.json"
    command = [sys.executable, "-m", "harness", "sim", "parties", "--watch-stdin", "--configure"]
    command += ["--dip", far.url("{release}"), "--dip-ca", str(far.ca), "--network", str(network)]
    command += ["--cert", str(server.cert), "--key", str(server.key), "--release", RELEASE]
    command += ["--folder", str(folder), "--ready-file", str(ready)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while not ready.is_file():
            assert child.poll() is None, "the process ended"
            assert time.monotonic() < end, "the process did not become ready"
            time.sleep(0.05)
        yield json.loads(ready.read_text())
    finally:
        assert child.stdin is not None
        child.stdin.close()
        child.wait(timeout=20)


@pytest.fixture(scope="module")
def profile(told: dict[str, Any]) -> Iterator[TargetProfile]:
    """Return the target profile that the process wrote."""
    found = load(told["target"])
    yield found
    found.close()


def test_every_webhook_is_set_at_the_dip(told: dict[str, Any], far: EmbeddedTarget) -> None:
    """The DIP took each webhook, and now calls the process and not its own parties."""
    assert told["refused"] == []
    assert told["webhooks"] > 100
    assert far.admin is not None
    party = far.network.with_role("SUP")[0]
    found = far.admin.call("GET", f"/webhooks/{RELEASE}/{party.dip_id}/IF-036")
    assert found["url"] == f"{told['parties']}/{RELEASE}/{party.dip_id}/IF-036"


def test_a_run_judges_what_the_parties_received(told: dict[str, Any], tmp_path: Path) -> None:
    """Exchanges pass without any question to the hub; what needs the hub's clock or faults is left out."""
    command = [sys.executable, "-m", "harness", "run", "--stage", "cit", "--target", told["target"]]
    command += ["--interface", "IF-031", "--out", str(tmp_path / "run")]
    for scenario in ("CIT-EXC", "CIT-TWICE", "CIT-BAT", "CIT-RETRY", "CIT-N-DATE"):
        command += ["--scenario", scenario]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    verdicts = {each["id"]: (each["verdict"], each["reason"]) for each in results["scenarios"]}
    assert done.returncode == 0, done.stdout + done.stderr
    assert verdicts["CIT-EXC/IF-031/MSApp/SUP"][0] == "pass"
    assert results["totals"]["pass"] >= 4
    assert results["evidence_class"] == "rehearsal"
    left_out = [reason for verdict, reason in verdicts.values() if verdict == "omitted"]
    assert left_out
    assert all("clock" in reason or "admin" in reason or "faults" in reason for reason in left_out)


def test_a_publication_that_never_comes_is_missed(told: dict[str, Any], tmp_path: Path) -> None:
    """A webhook that leads elsewhere is a failure after the wait, with the wait among the assumptions."""
    profile = load(told["target"])
    settings = tmp_path / "settings.yaml"
    settings.write_text("scenario.settle_seconds: 2\n", encoding="utf-8")
    client = DipClient(profile.url(RELEASE), profile.network, profile.ca)
    try:
        for party in profile.network.with_role("REGS"):
            assert client.remove_webhook(party, "IF-038").status == 204
    finally:
        client.close()
        profile.close()
    command = [sys.executable, "-m", "harness", "run", "--stage", "cit", "--target", told["target"]]
    command += ["--scenario", "CIT-EXC", "--interface", "IF-038", "--event", "DirectContractMSAdd"]
    command += ["--out", str(tmp_path / "run")]
    environment = {**os.environ, "DIP_SETTINGS": str(settings)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    results = json.loads((tmp_path / "run" / "results.json").read_text())
    assert done.returncode == 1, done.stdout + done.stderr
    failed = [each for each in results["scenarios"] if each["verdict"] == "fail"]
    assert failed
    assert any("scenario.settle_seconds" in name for each in failed for name in each["assumptions"])


def test_what_only_a_hub_can_do_is_refused(profile: TargetProfile) -> None:
    """The clock stays, no fault and no time of service can be asked for; the answer says why."""
    assert profile.capabilities == {"parties"}
    admin = profile.admin
    assert admin is not None
    for method, path, body in (
        ("POST", "/clock/advance", {"seconds": 60}),
        ("PUT", "/clock", {"now": "2026-01-31T09:00:00+00:00"}),
        ("PUT", "/faults", {"faults": []}),
        ("PUT", "/service", {}),
    ):
        with pytest.raises(HarnessError, match="not one of these simulators"):
            admin.call(method, path, body)
    assert admin.call("GET", "/faults") == {"faults": []}
