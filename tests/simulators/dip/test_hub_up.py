"""`dip sim up` as a process: what it prints, how it ends, and what it says when it can't start."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from harness.errors import EnvironmentFault, HarnessError
from harness.transport.target import load as load_target
from simulators.command import sim
from simulators.dip.store import StoreLock
from simulators.embedded import EmbeddedTarget


def _start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "harness", "sim", "up", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)


def _told(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.stderr.read() if process.stderr else ""
    told: dict[str, Any] = json.loads(line)
    return told


def _fails(*arguments: str) -> tuple[int, str]:
    """Run the command where it can't start; returns exit code and the sentence for standard error."""
    with pytest.raises(HarnessError) as caught:
        sim(["up", *arguments], standalone_mode=False)
    return caught.value.exit_code, str(caught.value)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_tells_where_it_is_and_ends_when_asked(
    tmp_path: Path, network_folder: Path, number: signal.Signals
) -> None:
    """One JSON line, the same in the ready file, a target profile that loads, and exit code 0 on a signal."""
    ready = tmp_path / "ready.json"
    network = str(network_folder / "network" / "network.toml")
    store = tmp_path / "store"
    process = _start(
        "--network", network, "--store", str(store), "--ready-file", str(ready), "--release", "2.2.1"
    )
    told = _told(process)
    assert set(told) == {"dip", "admin", "ca", "releases", "network", "target", "admin_key_file"}
    assert told == json.loads(ready.read_text())
    assert told["releases"] == ["2.2.1"]
    assert stat.S_IMODE(Path(told["admin_key_file"]).stat().st_mode) == 0o600
    target = load_target(told["target"])
    assert target.url("2.2.1") == told["dip"] + "/2.2.1"
    assert target.admin is not None
    assert target.admin.ready()
    target.close()
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "")
    assert Path(told["admin_key_file"]).read_text().strip() not in err
    assert all(json.loads(line)["event"] for line in err.splitlines())


def test_a_temporary_store_is_removed(tmp_path: Path) -> None:
    """Without --store and --network everything is made up in a temporary folder, which is gone afterwards."""
    process = _start()
    told = _told(process)
    folder = Path(told["target"]).parent
    assert (folder / "network" / "network.toml").is_file()
    process.terminate()
    process.communicate(timeout=20)
    assert process.returncode == 0
    assert not folder.exists()
    assert tmp_path not in folder.parents


def test_a_port_in_use_is_an_environment_fault(tmp_path: Path, network_folder: Path) -> None:
    """A taken port is exit code 3 and one sentence that names it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        network = str(network_folder / "network" / "network.toml")
        code, text = _fails("--network", network, "--store", str(tmp_path), "--listen", f"127.0.0.1:{port}")
    assert code == 3
    assert f"port {port} on 127.0.0.1 is in use" in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--release", "2.1"), "2.1.0"),
        (("--network", "nowhere.toml"), "nowhere.toml: there is no such file"),
        (("--listen", "8443"), "--listen: '8443' is no HOST:PORT"),
        (("--listen", "127.0.0.1:70000"), "is no HOST:PORT"),
        (("--admin-listen", "0.0.0.0:0"), "--admin-listen: 0.0.0.0 is not loopback"),
        (("--environment", "PRD"), "--environment: the environment is 'PRD'"),
        (("--pki", "nowhere"), "nowhere: there is no such folder"),
    ],
)
def test_wrong_usage_is_one_sentence(
    tmp_path: Path, network_folder: Path, arguments: tuple[str, ...], says: str
) -> None:
    """A value that can't be used is exit code 2 and says which, and how to mend it."""
    network = str(network_folder / "network" / "network.toml")
    code, text = _fails("--store", str(tmp_path), "--network", network, *arguments)
    assert code == 2
    assert says in text
    assert len(text.splitlines()) == 1


def test_a_store_is_used_by_one_process(tmp_path: Path, network_folder: Path) -> None:
    """A second hub on the same store is exit code 3 and told so."""
    lock = StoreLock(tmp_path)
    code, text = _fails(
        "--store", str(tmp_path), "--network", str(network_folder / "network" / "network.toml")
    )
    lock.close()
    assert code == 3
    assert "in use by another process" in text


def test_a_damaged_database_is_told(tmp_path: Path, network_folder: Path) -> None:
    """A file that is no database, and one of another format, are exit code 3 and name the file."""
    network = str(network_folder / "network" / "network.toml")
    path = tmp_path / "2.1.0.sqlite3"
    path.write_bytes(b"not a database at all" * 100)
    code, text = _fails("--store", str(tmp_path), "--network", network)
    assert (code, str(path) in text) == (3, True)
    assert "damaged" in text
    path.unlink()
    Path(f"{path}-wal").unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    code, text = _fails("--store", str(tmp_path), "--network", network)
    assert code == 3
    assert "format 99" in text


def test_the_embedded_target_says_why_it_did_not_start(tmp_path: Path) -> None:
    """A child that can't start is an EnvironmentFault with what it said."""
    lock = StoreLock(tmp_path / "main")
    with pytest.raises(EnvironmentFault, match="in use by another process"):
        EmbeddedTarget(["2.1.0"], tmp_path)
    lock.close()


@pytest.mark.skipif(os.name != "posix", reason="process ids of children are read through POSIX calls")
def test_the_child_dies_with_its_parent(network_folder: Path) -> None:
    """When the process that embeds the simulators is killed, they end by themselves."""
    script = (
        "import sys, time; from simulators.embedded import EmbeddedTarget;"
        f" t = EmbeddedTarget(['2.1.0'], {str(network_folder)!r}, worker='orphan');"
        " print(t.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    log = network_folder / "orphan" / "sim.log"
    deadline = 1000
    while '"event":"stopping"' not in log.read_text() and deadline:
        deadline -= 1
        time.sleep(0.01)
    assert '"event":"stopping"' in log.read_text(), f"the child {child} goes on"


def test_an_error_is_one_line_on_standard_error(tmp_path: Path) -> None:
    """The process prints one sentence and no traceback, and ends with the error's exit code."""
    process = _start("--store", str(tmp_path), "--network", "nowhere.toml")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert len(err.splitlines()) == 1
