"""How fast the hub takes messages, held against a ceiling that is measured in the same run.

The real `dip sim up`, with everything on, is pinned to one core; the client, with requests that were signed
beforehand, to another. Rounds of ceiling, single messages and batches follow one another, so that
whatever else the machine does meets all three. Deliveries are outside: the parties' webhooks lead to a
closed port, so each outbox makes a call that fails and then waits.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import cores
from benchmarks.requests import (
    INTERFACE,
    SENDER,
    Sender,
    Signed,
    sign_ahead,
    sign_ahead_seconds,
    template,
)
from benchmarks.shape import rounded, shape
from benchmarks.wire import Connections, Drive
from harness.errors import ConfigurationError, EnvironmentFault
from harness.spec.release import load
from harness.transport.network import Network, write
from harness.transport.parties import CertificateSet
from harness.transport.tls import client_context
from simulators.embedded import EmbeddedTarget
from simulators.network import HUB_SERVER, NETWORK_FILE

RATIO = 0.60
"""Least share of the ceiling that single messages reach: this project's own requirement on its simulator."""
BATCH_RATIO = 1.6
"""Least rate of messages in requests of 100 over that of single ones: the same requirement."""
CLIENT_BUSY = 0.90
"""A client whose core is busier than this may itself be what was measured: the run is invalid."""

BATCH = 100
CONNECTIONS = 64
"""Unless the command says otherwise; more in flight means more that share a flush to the disk."""
ROUNDS = 3
_CLOSED = "https://127.0.0.1:1"
_SIGNING_SHARE = 0.45
_PHASES = {"ceiling": 0.25, "steady": 0.15, "single": 0.35, "batch": 0.25}
"""Shares of a round."""
_KEPT_BYTES = str(64 * 1024 * 1024)
_KEEPS_MEMORY = {"MALLOC_TRIM_THRESHOLD_": _KEPT_BYTES, "MALLOC_TOP_PAD_": _KEPT_BYTES}
"""What makes the GNU C library keep the memory that a process frees; others don't know these names.

A process as small as the ceiling has no room for the buffer that each request is read into: the library asks
the system for it, and gives it back. The hub has room.
"""
_SINGLES_PER_SECOND, _BATCHES_PER_SECOND = 10_000, 250
"""How many requests are signed at most per second of their phases."""
_WARM = 64


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured; None where the machine doesn't tell."""

    messages_per_s: float
    ceiling_per_s: float
    ratio: float
    steady_ceiling_per_s: float
    """The ceiling in a process that keeps the memory that it frees."""
    steady_ratio: float
    batch_messages_per_s: float
    batch_ratio: float
    p50_ms: float
    p99_ms: float
    cpu_us_per_message: float | None
    cpu_us_per_batched_message: float | None
    ceiling_cpu_us_per_request: float | None
    cpu_ratio: float | None
    """The ceiling's processor time over that of a single message: what `ratio` is on a machine of its own."""
    memory_bytes_per_message: float | None
    resident_bytes: int | None
    client_core_busy: float | None
    messages: int
    message_bytes: int


@dataclass(frozen=True, slots=True)
class Report:
    """A run: its figures, how it was made, and what speaks against it."""

    figures: Figures
    pinned: bool
    unpinned_because: str
    connections: int
    invalid: tuple[str, ...]
    """Why the figures say nothing; empty when they do."""
    missed: tuple[str, ...]
    """The limits that were not reached."""
    machine: str
    seconds: float

    def as_dict(self) -> dict[str, object]:
        """Return the JSON shape."""
        return shape(
            "ingress",
            self,
            rounded(asdict(self.figures)),
            {"ratio": RATIO, "batch_ratio": BATCH_RATIO},
            invalid=self.invalid,
            pinned=self.pinned,
            unpinned_because=self.unpinned_because,
            connections=self.connections,
        )


@dataclass(slots=True)
class _Phase:
    """One kind of load: its requests, the process under test, and what came of it."""

    port: int
    pid: int
    requests: Iterator[tuple[bytes, int]]
    drive: Drive
    cpu: float = 0.0
    grown: int = 0

    def round(self, connections: Connections, seconds: float) -> None:
        before, small = cores.process_seconds(self.pid), cores.resident_bytes(self.pid)
        self.drive.add(connections.drive(self.requests, seconds))
        after, large = cores.process_seconds(self.pid), cores.resident_bytes(self.pid)
        if before is not None and after is not None:
            self.cpu += after - before
        if small is not None and large is not None:
            self.grown += large - small

    @property
    def cpu_us(self) -> float | None:
        """Processor microseconds of the server per message."""
        return self.cpu * 1e6 / self.drive.messages if self.cpu and self.drive.messages else None

    @property
    def memory(self) -> float | None:
        """Bytes that the server grew by per message."""
        known = cores.resident_bytes(self.pid) is not None and self.drive.messages
        return self.grown / self.drive.messages if known else None


def run(seconds: float, release: str, connections: int = CONNECTIONS) -> Report:
    """Measure for about ``seconds`` in all, with a request in flight on each of some connections.

    Raises ConfigurationError for more seconds than a request may be signed ahead and for an unknown release,
    EnvironmentFault when a request is refused.
    """
    if seconds > sign_ahead_seconds():
        raise ConfigurationError(
            f"{seconds:.0f} s is longer than a request may be signed ahead",
            where="--seconds",
            mend=f"At most {sign_ahead_seconds():.0f}, half of signing.skew_seconds.",
        )
    load(release)
    began = time.monotonic()
    chosen = cores.choose()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dip-bench-")))
        network = _without_webhooks(folder)
        with cores.on_core(chosen.server):
            target = stack.enter_context(EmbeddedTarget([release], folder))
            tops = {
                "ceiling": stack.enter_context(ceiling(network, target.ca)),
                "steady": stack.enter_context(ceiling(network, target.ca, environment=_KEEPS_MEMORY)),
            }
        party = network.with_role(SENDER)[0]
        sender = Sender(
            template(release, network, target.environment),
            f"{target.url(release)}/dip-channel/{INTERFACE}",
            party.api_key(),
            network.certificate(party.signing),
        )
        left = seconds - (time.monotonic() - began)
        measuring = max(1.0, left * (1 - _SIGNING_SHARE))
        plan = [
            (int(measuring * _PHASES["batch"] * _BATCHES_PER_SECOND), BATCH),
            (int(measuring * _PHASES["single"] * _SINGLES_PER_SECOND) + _WARM, 1),
        ]
        batches, singles = sign_ahead(sender, plan, left * _SIGNING_SHARE)
        if not batches or len(singles) <= _WARM:
            raise EnvironmentFault("too few requests could be signed", mend="Give more --seconds.")
        stack.enter_context(cores.on_core(chosen.client))
        return _measure(
            sender,
            target,
            tops,
            network.certificate(party.tls),
            batches,
            singles,
            measuring,
            chosen,
            began,
            connections,
        )


def _measure(
    sender: Sender,
    target: EmbeddedTarget,
    ceilings: Mapping[str, tuple[int, int]],
    identity: CertificateSet,
    batches: Sequence[Signed],
    singles: Sequence[Signed],
    measuring: float,
    chosen: cores.Cores,
    began: float,
    connections: int,
) -> Report:
    context = client_context(target.ca, identity)
    head = sender.head()

    def bytes_of(signed: Sequence[Signed], *, endless: bool = False) -> Iterator[tuple[bytes, int]]:
        while True:
            for one in signed:
                yield head + one.lines + sender.template.body(one.serial, one.messages), one.messages
            if not endless:
                return

    hub_port = urlsplit(target.url("")).port or 0
    phases = {
        **{
            name: _Phase(port, pid, bytes_of(singles, endless=True), Drive())
            for name, (port, pid) in ceilings.items()
        },
        "single": _Phase(hub_port, target.pid, bytes_of(singles[_WARM:]), Drive()),
        "batch": _Phase(hub_port, target.pid, bytes_of(batches), Drive()),
    }
    with contextlib.ExitStack() as stack:
        open_to: dict[int, Connections] = {}
        for name, phase in phases.items():
            if phase.port not in open_to:  # single messages and batches share the hub's
                opened = stack.enter_context(
                    contextlib.closing(Connections(phase.port, context, connections))
                )
                opened.drive(bytes_of(singles[:_WARM]), measuring).check(name)
                open_to[phase.port] = opened
        core = cores.core_time(chosen.client)
        for _ in range(ROUNDS):
            for name, phase in phases.items():
                phase.round(open_to[phase.port], measuring * _PHASES[name] / ROUNDS)
        core_after = cores.core_time(chosen.client)
    for name, phase in phases.items():
        phase.drive.check(name)
    busy = core_after.busy_since(core) if core and core_after else None
    memory = phases["single"].memory
    resident = cores.resident_bytes(target.pid)
    messages = phases["single"].drive.messages + phases["batch"].drive.messages
    single, batch, top, steady = (phases[name].drive for name in ("single", "batch", "ceiling", "steady"))
    figures = Figures(
        messages_per_s=single.rate,
        ceiling_per_s=top.rate,
        ratio=single.rate / top.rate,
        steady_ceiling_per_s=steady.rate,
        steady_ratio=single.rate / steady.rate,
        batch_messages_per_s=batch.rate,
        batch_ratio=batch.rate / single.rate,
        p50_ms=single.percentile(0.50),
        p99_ms=single.percentile(0.99),
        cpu_us_per_message=phases["single"].cpu_us,
        cpu_us_per_batched_message=phases["batch"].cpu_us,
        ceiling_cpu_us_per_request=phases["ceiling"].cpu_us,
        cpu_ratio=_over(phases["ceiling"].cpu_us, phases["single"].cpu_us),
        memory_bytes_per_message=memory,
        resident_bytes=resident,
        client_core_busy=busy,
        messages=messages,
        message_bytes=len(sender.template.body(0, 1)),
    )
    invalid, missed = judge(figures)
    return Report(
        figures,
        chosen.pinned,
        chosen.why,
        connections,
        invalid,
        missed,
        cores.machine(),
        time.monotonic() - began,
    )


def judge(figures: Figures) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Say why the figures are invalid, and which limits they miss."""
    invalid = []
    if figures.client_core_busy is not None and figures.client_core_busy > CLIENT_BUSY:
        invalid.append(
            f"the client's core was {figures.client_core_busy:.0%} busy, at most {CLIENT_BUSY:.0%} counts: "
            "the client, or something else on its core, may have held the hub up"
        )
    missed = []
    if figures.ratio < RATIO:
        missed.append(f"ratio is {figures.ratio:.2f}, at least {RATIO:.2f} is wanted")
    if figures.batch_ratio < BATCH_RATIO:
        missed.append(f"batch_ratio is {figures.batch_ratio:.2f}, at least {BATCH_RATIO:.1f} is wanted")
    return tuple(invalid), tuple(missed)


def _over(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def _without_webhooks(folder: Path) -> Network:
    """Make the default network with webhooks on a closed port."""
    network = EmbeddedTarget.prepare(folder)
    for party in network.parties:
        if party.simulated:
            network = network.replacing(replace(party, webhook=_CLOSED))
    write(network, folder / "network" / NETWORK_FILE)
    return network


@contextlib.contextmanager
def ceiling(
    network: Network, ca: Path, *, environment: Mapping[str, str] | None = None
) -> Iterator[tuple[int, int]]:
    """Start the ceiling's server, with more in its environment; gives its port and process id."""
    server = network.certificate(HUB_SERVER)
    command = [sys.executable, "-m", "benchmarks.ceiling", str(server.cert), str(server.key), str(ca)]
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, **(environment or {})},
        start_new_session=os.name == "posix",
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        line = child.stdout.readline()
        if not line.strip().isdigit():
            raise EnvironmentFault("the ceiling's server did not start; its own message stands above")
        yield int(line), child.pid
    finally:
        child.stdin.close()
        child.wait()
        child.stdout.close()
