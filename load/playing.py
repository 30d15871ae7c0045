"""Playing a profile: target, receiver and generator are started, watched and stopped; their notes are left.

Each is a process of its own, so that none holds another up more than a shared machine makes it. Locust
patches the process that imports it and is a child for that reason.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from benchmarks.cores import CoreTime, all_cores, process_seconds, resident_bytes
from harness.errors import ConfigurationError, EnvironmentFault
from harness.settings import read
from harness.transport.admin import Admin
from harness.transport.network import Network
from harness.transport.target import Target, TargetProfile
from load import arrived, records
from load.participants import check, led_to, network_for
from load.plan import Plan, make_plan
from load.profile import Profile
from load.receiving import ARRIVALS
from simulators.embedded import EmbeddedTarget
from simulators.network import PARTICIPANTS_SERVER

EMBEDDED = "embedded"
_START_SECONDS = 60.0
_WORKERS_SECONDS = 600.0
"""How long workers may take to connect and to be ready."""
_LOOK_SECONDS = 0.25
_QUIET_SECONDS = 2.0
_UNSIGNED_RATE = 500
"""Messages a second that are certainly signed, for the time limit of the preparation."""
_USERS = Path(__file__).with_name("users.py")


@dataclass(frozen=True, slots=True)
class Sample:
    """What the machine showed of itself and the hub's process at one moment; None where it doesn't tell."""

    at: float
    resident: int | None
    cpu_seconds: float | None
    cores: CoreTime | None = None
    """What all processors of the machine have done."""
    own_seconds: float = 0.0
    """Processor time of the process that watches."""


@dataclass(slots=True)
class Progress:
    """How far a run is, for who watches it."""

    phase: str
    seconds: float = 0.0
    due: float = 0.0
    requests: int = 0
    refused: int = 0
    publications: int = 0
    late: int = 0
    latencies: list[float] = field(default_factory=list)
    """Of the answers since the last look."""


Watch = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Played:
    """What a run left: its plan and where everything was noted."""

    folder: Path
    plan: Plan
    start: float
    samples: tuple[Sample, ...]
    disturbed: tuple[tuple[float, float], ...]
    """Begin and end of each disturbance, seconds since the epoch."""
    receives: frozenset[str]
    """DIP ids that the load's own receiver plays."""
    network: Network
    environment: str
    simulated: bool
    """Whether the target is the embedded one."""
    ca: Path
    drained: bool
    """Whether deliveries had come to rest when the wait for them ended."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a run is asked for; ``seed`` is that of random arrivals."""

    profile: Profile
    target: str = EMBEDDED
    seed: int = 1
    connections: int = 64
    listen: tuple[str, int] = ("127.0.0.1", 0)
    certificate: str = PARTICIPANTS_SERVER
    """The certificate set that the receiver shows."""
    network: Path | None = None
    """A folder with the default network that the embedded target begins with a copy of; None: a new one."""
    workers: int = 0
    """Locust workers that are waited for; 0: the load is offered by a process of this machine alone."""
    bind: tuple[str, int] = ("127.0.0.1", 5557)
    """Where workers connect."""
    faults: tuple[dict[str, object], ...] = ()
    """Faults that are on from the beginning, for showing that a bad system is noticed."""


def play(request: Request, folder: Path, watch: Watch = lambda _: None) -> Played:
    """Run a profile; everything is noted in ``folder``, and nothing is left running.

    Raises ConfigurationError for a target that the profile does not name, EnvironmentFault when a process
    does not come up or ends early.
    """
    folder.mkdir(parents=True, exist_ok=True)
    run = secrets.token_hex(3)
    with contextlib.ExitStack() as stack:
        private = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dip-load-")))
        watch(Progress("starting"))
        target: Target
        if request.target == EMBEDDED:
            own, target_file, simulated = _embedded(request, run, private, folder, stack)
            target, samples_of = own, own.pid
        else:
            target_file, simulated, samples_of = Path(request.target), False, 0
            target = _real(request, target_file, run, folder, stack)
        plan = make_plan(
            request.profile,
            target.network,
            run=run,
            base_url=target.url(request.profile.release),
            environment=target.environment,
            seed=request.seed,
            connections=request.connections,
        )
        plan.write(folder / "plan.json")
        (folder / "target").write_text(str(target_file.absolute()))
        if target.admin is not None:
            _prepare(request.profile, plan, target, target.admin, private)
            if request.faults:
                target.admin.set_faults(request.faults)
        if request.workers:
            (folder / "worker-target").write_text(f"{target_file.absolute()}\n")
        generator = stack.enter_context(generator_of(folder, workers=request.workers, bind=request.bind))
        start, samples, disturbed, drained = _watch(
            request, plan, target, generator, folder, samples_of, watch
        )
        receives = frozenset(
            party.dip_id
            for party in target.network.parties
            if (not party.simulated if simulated else party.role not in request.profile.simulated)
        )
        network, environment, ca = target.network, target.environment, target.ca
        ca_copy = folder / "ca.pem"
        ca_copy.write_bytes(ca.read_bytes())
    return Played(
        folder,
        plan,
        start,
        samples,
        disturbed,
        receives,
        network,
        environment,
        simulated,
        ca_copy,
        drained,
    )


def _embedded(
    request: Request, run: str, private: Path, folder: Path, stack: contextlib.ExitStack
) -> tuple[EmbeddedTarget, Path, bool]:
    """Start receiver and simulators over a network in which the parties lead to the receiver."""
    profile = request.profile
    if request.network is not None:
        shutil.copytree(request.network, private / "network")
    network = network_for(profile, private / "network")
    server = network.certificate(PARTICIPANTS_SERVER)
    ca = private / "network" / "pki" / "authority" / "ca.pem"
    hub = network.with_role("DIP")[0].dip_id
    assert server.key is not None
    port = stack.enter_context(
        _receiver(run, profile.release, hub, server.cert, server.key, ca, folder, "127.0.0.1", 0)
    )
    led_to(network, f"https://127.0.0.1:{port}", (*profile.simulated, "DIP", "DCP"), private / "network")
    if profile.settings:
        settings = private / "settings.yaml"
        own = os.environ.get("DIP_SETTINGS")
        asked = {**(read(Path(own)) if own else {}), **profile.settings}
        settings.write_text(yaml.safe_dump(asked))
        stack.enter_context(_environment("DIP_SETTINGS", str(settings)))
    target = stack.enter_context(EmbeddedTarget([profile.release], private))
    return target, target.store / "target.toml", True


def _real(request: Request, target_file: Path, run: str, folder: Path, stack: contextlib.ExitStack) -> Target:
    """Open a target profile that the load profile names, and start the receiver where it shall listen."""
    target = TargetProfile.load(target_file)
    stack.callback(target.close)
    url, profile = target.url(request.profile.release), request.profile
    if not profile.allows(url):
        named = ", ".join(profile.endpoints) or "none"
        raise ConfigurationError(
            f"leads to {url}, which the profile {profile.id} does not name (it names {named})",
            where=str(target_file),
            mend="Add the address to 'endpoints' of the load profile, if this load may go there.",
        )
    check(profile, target.network, where=str(target_file))
    own = target.network.certificate(request.certificate)
    if own.key is None:
        raise ConfigurationError("has no key file", where=f"certificate {own.name}")
    hub = target.network.with_role("DIP")[0].dip_id
    stack.enter_context(
        _receiver(run, profile.release, hub, own.cert, own.key, target.ca, folder, *request.listen)
    )
    return target


def _prepare(profile: Profile, plan: Plan, target: Target, admin: Admin, private: Path) -> None:
    """Tell the hub who serves the points, and registration services what they hold."""
    addresses = [
        {"mpan": lane.mpan(place), "role": "SUP", "dip_id": lane.suppliers[place % len(lane.suppliers)]}
        for lane in plan.lanes
        if lane.suppliers
        for place in range(lane.points or 1)
    ]
    for first in range(0, len(addresses), 5000):
        admin.set_addresses(plan.release, addresses[first : first + 5000], opening=True)
    if profile.registered:
        from load.registered import register

        register(profile, plan, target.network, admin, private)


@contextlib.contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


@contextlib.contextmanager
def _receiver(
    run: str, release: str, hub: str, cert: Path, key: Path, ca: Path, folder: Path, host: str, port: int
) -> Iterator[int]:
    """Start the receiver; gives its port."""
    command = [sys.executable, "-m", "load.receiving", run, release, hub]
    command += [str(cert), str(key), str(ca), str(folder.absolute()), host, str(port)]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=os.name == "posix"
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        line = child.stdout.readline()
        if not line.strip().isdigit():
            raise EnvironmentFault("the receiver of webhook calls did not start; it says why above")
        yield int(line)
    finally:
        child.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(20)
        child.kill()
        child.wait()
        child.stdout.close()


def work(target: Path, host: str, port: int) -> int:
    """Be a worker of the master at ``host``; returns Locust's exit code.

    Raises ConfigurationError for a target profile that can't be used.
    """
    TargetProfile.load(target).close()
    with tempfile.TemporaryDirectory(prefix="dip-load-") as name:
        folder = Path(name)
        (folder / "target").write_text(str(target.absolute()))
        command = [sys.executable, "-m", "locust", "-f", str(_USERS), "--headless", "--only-summary"]
        command += ["--worker", "--master-host", host, "--master-port", str(port)]
        told = {"DIP_LOAD_FOLDER": name, "DIP_LOAD_MODE": "worker"}
        return subprocess.run(command, env={**os.environ, **told}, check=False).returncode


@contextlib.contextmanager
def generator_of(
    folder: Path, *, workers: int = 0, bind: tuple[str, int] = ("127.0.0.1", 5557)
) -> Iterator[subprocess.Popen[bytes]]:
    """Start Locust; it ends by itself, or at the end of the block.

    With ``workers`` it is the master of so many, which connect to ``bind``.
    """
    command = [sys.executable, "-m", "locust", "-f", str(_USERS), "--headless", "--only-summary"]
    lanes = len(json.loads((folder / "plan.json").read_text())["lanes"])
    users = lanes * max(1, workers)
    command += ["-u", str(users), "-r", str(users), "--stop-timeout", "0"]
    if workers:
        command += ["--master", "--expect-workers", str(workers)]
        command += ["--master-bind-host", bind[0], "--master-bind-port", str(bind[1])]
    told = {
        "DIP_LOAD_FOLDER": str(folder.absolute()),
        "DIP_LOAD_MODE": "master" if workers else "local",
        "DIP_LOAD_WORKERS": str(max(1, workers)),
    }
    with (folder / "locust.log").open("wb") as log:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **told},
            start_new_session=os.name == "posix",
        )
    try:
        yield child
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.terminate()
            child.wait(10)
        child.kill()
        child.wait()


def _watch(
    request: Request,
    plan: Plan,
    target: Target,
    generator: subprocess.Popen[bytes],
    folder: Path,
    pid: int,
    watch: Watch,
) -> tuple[float, tuple[Sample, ...], tuple[tuple[float, float], ...], bool]:
    """Follow a run to its end: samples, disturbances, and waiting for the last deliveries."""
    profile, look = request.profile, _Look(plan, folder)
    samples: list[Sample] = []
    stirrer = _Stirrer(profile, target)
    messages = sum((p.rate + p.to) / 2 * p.seconds for p in plan.phases)
    limit = time.monotonic() + _START_SECONDS + messages / _UNSIGNED_RATE
    limit += _WORKERS_SECONDS if request.workers else 0.0
    start_file = folder / "start"
    while not start_file.exists():
        if generator.poll() is not None:
            raise EnvironmentFault("the generator ended before it began", where=str(folder / "locust.log"))
        if time.monotonic() > limit:
            raise EnvironmentFault("the generator did not begin", where=str(folder / "locust.log"))
        watch(Progress("waiting for workers" if request.workers else "signing ahead"))
        time.sleep(_LOOK_SECONDS)
    start = float(start_file.read_text())
    last = start + plan.seconds + 60.0
    while generator.poll() is None and time.time() < last:
        stirrer.look(start)
        samples.append(_sample(pid))
        watch(look.now(start, "sending"))
        time.sleep(_LOOK_SECONDS)
    if generator.poll() is None:
        raise EnvironmentFault("the generator did not end in time", where=str(folder / "locust.log"))
    if not list(folder.glob("generator-*.json")):
        raise EnvironmentFault("the generator ended early", where=str(folder / "locust.log"))
    drained = time.monotonic() + profile.drain_seconds
    quiet = time.monotonic()
    seen = -1
    while time.monotonic() < drained and (
        time.monotonic() - quiet < _QUIET_SECONDS or time.time() < stirrer.until(start)
    ):
        stirrer.look(start)
        samples.append(_sample(pid))
        progress = look.now(start, "draining")
        watch(progress)
        if progress.publications != seen or stirrer.on:
            seen, quiet = progress.publications, time.monotonic()
        time.sleep(_LOOK_SECONDS)
    stirrer.end()
    rested = time.monotonic() - quiet >= _QUIET_SECONDS or not profile.drain_seconds
    return start, tuple(samples), tuple(stirrer.done), rested


def _sample(pid: int) -> Sample:
    if not pid:
        return Sample(time.time(), None, None)
    memory, used = resident_bytes(pid), process_seconds(pid)
    return Sample(time.time(), memory, used, all_cores(), time.process_time())


class _Look:
    """Reads what generator and receiver have noted since the last look."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan, self._folder = plan, folder
        self._read: dict[Path, int] = {}
        self._progress = Progress("")

    def now(self, start: float, phase: str) -> Progress:
        """Return how far it is."""
        progress = self._progress
        progress.phase, progress.seconds = phase, time.time() - start
        progress.due = _due(self._plan, progress.seconds)
        progress.latencies = []
        batches = [lane.batch for lane in self._plan.lanes]
        for path in self._folder.glob("records-*.bin"):
            read = self._read.get(path, 0)
            for sent in records.read_records(path, start=read):
                read += records.SIZE
                progress.requests += batches[sent.lane]
                progress.refused += batches[sent.lane] if sent.status != 201 else 0
                progress.late += sent.own_delay > 0.05
                progress.latencies.append(sent.latency)
            self._read[path] = read
        arrivals = self._folder / ARRIVALS
        if arrivals.exists():
            progress.publications = arrivals.stat().st_size // arrived.SIZE
        return progress


def _due(plan: Plan, seconds: float) -> float:
    """Return how many messages were due by now."""
    total, begun = 0.0, 0.0
    for phase in plan.phases:
        inside = max(0.0, min(seconds - begun, phase.seconds))
        total += (phase.rate + (phase.rate + (phase.to - phase.rate) * inside / phase.seconds)) / 2 * inside
        begun += phase.seconds
    return total


class _Stirrer:
    """Switches a profile's faults on and off when it is time."""

    def __init__(self, profile: Profile, target: Target) -> None:
        if profile.faults and (target.admin is None or "faults" not in target.capabilities):
            raise ConfigurationError("has faults, and the target can't be asked for them", where=profile.file)
        self._profile, self._admin = profile, target.admin
        self.on = 0
        self.done: list[tuple[float, float]] = []
        self._begun: dict[int, float] = {}
        self._over: set[int] = set()

    def look(self, start: float) -> None:
        """Switch what is due."""
        now = time.time() - start
        for number, each in enumerate(self._profile.faults):
            if number not in self._begun and now >= each.at:
                self._begun[number] = time.time()
                self._put()
            if number in self._begun and number not in self._over and now >= each.at + each.seconds:
                self._finish(number)

    def until(self, start: float) -> float:
        """Return when the last disturbance ends."""
        return max((start + each.at + each.seconds for each in self._profile.faults), default=0.0)

    def end(self) -> None:
        """Switch off what is still on."""
        for number in set(self._begun) - self._over:
            self._finish(number)

    def _finish(self, number: int) -> None:
        self._over.add(number)
        self._put()
        self.done.append((self._begun[number], time.time()))

    def _put(self) -> None:
        on = sorted(set(self._begun) - self._over)
        self.on = len(on)
        assert self._admin is not None
        self._admin.set_faults([dict(fault) for each in on for fault in self._profile.faults[each].faults])
