"""A load from two workers and a master, each its own process: together they send what one would."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from load import figures

LOAD = [sys.executable, "-m", "harness", "load"]


def test_two_workers_send_every_message_once(
    profile_file: Callable[..., Path], patient: Path, tmp_path: Path
) -> None:
    """Each of two workers sends half; nothing is missing, twice or lost, and one result holds both."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{free.getsockname()[1]}"
    told = {"cwd": tmp_path, "env": {**os.environ, "DIP_SETTINGS": str(patient)}, "text": True}
    profile = profile_file(shape=[{"seconds": 2, "rate": 40}])
    out = tmp_path / "run"
    command = [*LOAD, "--profile", str(profile), "--out", str(out)]
    command += ["--master", "--expect-workers", "2", "--bind", bind]
    where = out / "load" / "NFT-SMALL"
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **told) as master:  # type: ignore[call-overload]
        while master.poll() is None and not (where / "worker-target").exists():
            time.sleep(0.1)
        target = (where / "worker-target").read_text().strip()
        worker = [*LOAD, "--worker", "--master-host", bind, "--target", target]
        workers = [
            subprocess.Popen(worker, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **told) for _ in "12"
        ]
        try:
            said, _ = master.communicate(timeout=150)
            codes = [each.wait(30) for each in workers]
        finally:
            for each in workers:
                each.kill()
                each.communicate()
    assert master.returncode == 0, said
    assert codes == [0, 0]
    assert all((where / f"records-{number}.bin").stat().st_size > 0 for number in (0, 1))
    found = figures.read(where)
    assert [(flow["due"], flow["accepted"]) for flow in found["flows"]] == [(40, 40), (40, 40)]
    assert (found["measures"]["lost"], found["measures"]["repeated"]) == (0, 0)
