"""The embedded target: `dip sim up` as a child process that lives no longer than the run."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.errors import EnvironmentFault
from harness.transport.admin import Admin
from harness.transport.network import Network
from harness.transport.network import load as load_network
from simulators.network import NETWORK_FILE, copied_network, default_network

STORE_VARIABLE, BROKER_VARIABLE = "DIP_EMBEDDED_STORE", "DIP_EMBEDDED_BROKER"
"""Environment variables with URLs: embedded simulators use them in place of a store in their folder."""
NETWORK_VARIABLE = "DIP_EMBEDDED_NETWORK"
"""Environment variable with a folder: the network is made there once, and every target begins with a copy."""
_START_SECONDS = 60.0
_STOP_SECONDS = 5.0
_LOOK_SECONDS = 0.01
_TAIL = 2000


class EmbeddedTarget:
    """Simulated DIP and parties, started for one run; a `harness.transport.target.Target`.

    Everything lies under ``folder``: the network that all workers share, and a store per worker. The child
    ends when this process does, however it ends. Raises EnvironmentFault with what the child said when it
    does not come up.
    """

    def __init__(
        self,
        releases: Sequence[str],
        folder: Path | str,
        *,
        environment: str = "SIT",
        worker: str = "main",
        options: Sequence[str] = (),
    ) -> None:
        """``options`` are further ones of `dip sim up`."""
        folder = Path(folder).absolute()
        self.environment = environment
        self.network = self.prepare(folder)
        self.store = folder / worker
        self.store.mkdir(parents=True, exist_ok=True)
        self._log = self.store / "sim.log"
        ready = self.store / "ready.json"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "harness", "sim", "up", "--watch-stdin"]
        command += ["--store", str(self.store), "--network", str(_network_file(folder))]
        command += ["--environment", environment, "--ready-file", str(ready)]
        for release in releases:
            command += ["--release", release]
        command += _shared(worker)
        command += options
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=os.name == "posix",
            )
        self._told = self._wait(ready)
        self.ca: Path = Path(self._told["ca"])
        self.admin: Admin | None = Admin(
            self._told["admin"], Path(self._told["admin_key_file"]).read_text().strip()
        )

    @staticmethod
    def prepare(folder: Path | str) -> Network:
        """Make the network that the workers of a run share, or take the one that is there.

        Where ``DIP_EMBEDDED_NETWORK`` names a folder, the network is a copy of the one in it.
        """
        path = _network_file(Path(folder))
        if path.is_file():
            return load_network(path)
        kept = os.environ.get(NETWORK_VARIABLE)
        return copied_network(Path(kept), path.parent) if kept else default_network(path.parent)

    @property
    def capabilities(self) -> frozenset[str]:
        """What the embedded simulators can be asked for."""
        return frozenset({"admin", "clock", "faults"})

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    def url(self, release: str) -> str:
        """Return the base URL of a release."""
        return f"{self._told['dip']}/{release}"

    def close(self) -> None:
        """Stop the child and wait for it; a second call does nothing."""
        if self.admin is not None:
            self.admin.close()
        self._stop()

    def __enter__(self) -> EmbeddedTarget:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait(self, ready: Path) -> dict[str, Any]:
        deadline = time.monotonic() + _START_SECONDS
        while not ready.is_file():
            if self._child.poll() is not None:
                code = self._child.returncode
                self._stop()
                raise EnvironmentFault(
                    f"the simulators ended with exit code {code} before they were ready: {self._tail()}"
                )
            if time.monotonic() > deadline:
                self._stop()
                raise EnvironmentFault(
                    f"the simulators were not ready after {_START_SECONDS:.0f} s: {self._tail()}",
                    where=str(self._log),
                )
            time.sleep(_LOOK_SECONDS)
        told: dict[str, Any] = json.loads(ready.read_text(encoding="utf-8"))
        return told

    def _stop(self) -> None:
        if self._child.stdin is not None:
            with contextlib.suppress(OSError):
                self._child.stdin.close()  # the child ends by itself when its standard input does
        try:
            self._child.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _tail(self) -> str:
        try:
            text = self._log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return "it said nothing"
        return text[-_TAIL:].strip() or "it said nothing"


def _shared(worker: str) -> list[str]:
    """Return the options of a store and a broker that the environment names, a schema per worker."""
    options: list[str] = []
    if url := os.environ.get(STORE_VARIABLE):
        base, _, schema = url.partition("?schema=")
        name = re.sub("[^a-z0-9]+", "_", f"{schema or 'dip'}_{worker}".lower())
        options += ["--store", f"{base}?schema={name[:41]}"]
    if url := os.environ.get(BROKER_VARIABLE):
        options += ["--broker", url]
    return options


def _network_file(folder: Path) -> Path:
    return folder.absolute() / "network" / NETWORK_FILE
