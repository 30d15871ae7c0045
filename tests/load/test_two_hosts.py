"""A load from two hosts, as `docs/load.md` says it: two network namespaces with a cable stand for them."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.security.authority import Authority
from harness.transport.network import CertificateSet
from load import figures
from load.participants import led_to, network_for
from load.profile import read_profile

HARNESS = [sys.executable, "-m", "harness"]
FIRST, SECOND = "10.213.77.1", "10.213.77.2"
"""Addresses that only the two namespaces know."""
HUB, WEBHOOKS, MASTER = 8443, 9443, 5557
TARGET = f"""url = "https://{FIRST}:{HUB}/{{release}}"
ca = "network/pki/authority/ca.pem"
network = "network/network.toml"
environment = "SIT"
"""


@dataclass(frozen=True)
class Host:
    """A network namespace, and the folder that is this host's disk."""

    name: str
    folder: Path

    def start(self, *command: str, settings: Path) -> subprocess.Popen[str]:
        """Start a command of the harness here; what it says goes into ``said`` in the folder."""
        with (self.folder / "said").open("a") as said:
            return subprocess.Popen(
                ["ip", "netns", "exec", self.name, *HARNESS, *command],
                cwd=self.folder,
                env={**os.environ, "DIP_SETTINGS": str(settings)},
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                text=True,
            )


def _ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True, capture_output=True, text=True, timeout=20)


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[tuple[Host, Host]]:
    """Make two hosts with a cable between them; skipped by name where the machine doesn't let us."""
    names = [f"dip-{os.getpid()}-{place}" for place in (1, 2)]
    ends = [f"dip{os.getpid() % 10**8}{place}" for place in "ab"]
    with contextlib.ExitStack() as stack:
        try:
            for name in names:
                _ip(f"netns add {name}")
                stack.callback(_ip, f"netns del {name}")
            _ip(f"link add {ends[0]} netns {names[0]} type veth peer name {ends[1]} netns {names[1]}")
        except (OSError, subprocess.SubprocessError) as error:
            told = getattr(error, "stderr", None) or error
            pytest.skip(f"network namespaces can't be made here: {told}")
        for name, end, address in zip(names, ends, (FIRST, SECOND), strict=True):
            _ip(f"-n {name} addr add {address}/24 dev {end}")
            _ip(f"-n {name} link set {end} up")
            _ip(f"-n {name} link set lo up")
        yield Host(names[0], tmp_path / "first"), Host(names[1], tmp_path / "second")


def _prepare(profile: Path, network: Path, folder: Path) -> None:
    """Write what a user brings: network file with webhooks and the receiver's certificate, target profile."""
    shutil.copytree(network, folder / "network")
    made = network_for(read_profile(profile), folder / "network")
    issued = Authority.open(folder / "network" / "pki").issue("webhooks", "tls-server", hosts=[FIRST])
    shown = CertificateSet("my-webhook-server", issued.cert, issued.key)
    made = replace(made, certificates=(*made.certificates, shown))
    led_to(made, f"https://{FIRST}:{WEBHOOKS}", ("DIP", "DCP"), folder / "network")
    shutil.copy(profile, folder / "mine.yaml")
    (folder / "nft.toml").write_text(TARGET)


def _wait_for(path: Path, child: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 60
    while not path.exists():
        assert child.poll() is None, "it ended early"
        assert time.monotonic() < until, f"there is no {path.name}"
        time.sleep(0.1)


def test_a_worker_on_another_host_sends_every_message_once(
    hosts: tuple[Host, Host],
    profile_file: Callable[..., Path],
    base_network: Path,
    patient: Path,
) -> None:
    """Hub, receiver and master are on one host, the sender on another: nothing is missing, twice or lost."""
    first, second = hosts
    profile = profile_file(shape=[{"seconds": 2, "rate": 20}], endpoints=[f"https://{FIRST}:{HUB}"])
    _prepare(profile, base_network, first.folder)
    shutil.copytree(first.folder, second.folder)
    worker = ["load", "--worker", "--target", "nft.toml", "--master-host", f"{FIRST}:{MASTER}"]
    sim = ["sim", "up", "--network", "network/network.toml", "--listen", f"{FIRST}:{HUB}", "--watch-stdin"]
    load = ["load", "--profile", "mine.yaml", "--target", "nft.toml", "--certificate", "my-webhook-server"]
    load += ["--listen", f"0.0.0.0:{WEBHOOKS}", "--master", "--expect-workers", "1"]
    load += ["--bind", f"0.0.0.0:{MASTER}", "--out", "run"]
    with contextlib.ExitStack() as stack:

        def start(host: Host, *command: str) -> subprocess.Popen[str]:
            child = stack.enter_context(host.start(*command, settings=patient))
            stack.callback(child.kill)
            return child

        hub = start(first, *sim, "--ready-file", "ready.json")
        _wait_for(first.folder / "ready.json", hub)
        master = start(first, *load)
        other = start(second, *worker)
        codes = master.wait(120), other.wait(30)
    assert codes == (0, 0), [(host.folder / "said").read_text() for host in hosts]
    where = first.folder / "run" / "load" / "NFT-SMALL"
    found = figures.read(where)
    assert found["rehearsal"] is False
    assert [(flow["due"], flow["accepted"]) for flow in found["flows"]] == [(20, 20), (20, 20)]
    assert (found["measures"]["lost"], found["measures"]["repeated"]) == (0, 0)
