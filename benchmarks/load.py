"""What one core of load generator offers: signed single messages a second over mutual TLS, sent when due.

The generator is the one of `dip load`: Locust users over connections of their own, with requests signed
ahead. It is pinned to one core and the server that answers it to another; the server is the benchmarks'
ceiling, so every signature is checked. Rates rise in steps with pauses between them; the highest rate that
was sent on time is the figure, and a second run at 80 % of it shows how late messages are. What OpenSSL
signs on one core is measured in the same run, beside it: it bounds a generator that signs while it sends.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from benchmarks import cores
from benchmarks.ingress import ceiling
from benchmarks.shape import rounded, shape
from harness.errors import EnvironmentFault
from harness.security.keys import load_private_key
from harness.transport.network import CertificateSet, Network
from load.histogram import Histogram
from load.participants import network_for
from load.plan import make_plan
from load.playing import generator_of
from load.profile import Phase, Profile, read_profile
from load.records import Sent, read_records
from load.wording import Speaker
from simulators.network import network_ca

WANTED_PER_S = 4000
"""Messages a second that one core should offer on time: this project's own requirement."""
ON_TIME_SECONDS = 0.010
ON_TIME_SHARE = 0.99
"""A rate is kept on time when this share of its messages began within `ON_TIME_SECONDS` of being due."""
OTHERS = 0.10
"""A run in which others take more of the generator's core says nothing of its rate."""
STEPS = (1000, 2000, 3000, 4000, 5000, 6000)
STEP_SECONDS = 3.0
_PAUSE_SECONDS = 1.5
_STEADY = 2.5
"""How long the second run lasts, over the time of a step."""
_SIGNING_SECONDS = 1.0
_PROFILE = Path(__file__).with_name("load.yaml")
_LIMIT_SECONDS = 240.0
_RELEASE = "2.1.0"


@dataclass(frozen=True, slots=True)
class Step:
    """One rate: what was due and how it was sent."""

    rate: float
    sent_per_s: float
    on_time_share: float
    late_p99_ms: float
    answered_p99_ms: float
    core: float | None
    """Share of its core that the generator's process used."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured."""

    offered_per_s: float
    """The highest rate that was sent on time."""
    core_limit_per_s: float | None
    """A second over the processor time of a message in all steps: what a core of its own would send."""
    openssl_signs_per_s: float
    """RSA-2048 signatures in a second of a core's time, OpenSSL alone."""
    signed_ahead_per_core_s: float
    """Messages that a core makes and signs a second, ahead of the timed path."""
    steady_rate: float
    """80 % of the highest rate."""
    late_p50_ms: float
    late_p90_ms: float
    late_p99_ms: float
    late_p999_ms: float
    late_max_ms: float
    steady_core: float | None
    cpu_us_per_message: float | None
    core_others: float | None
    """Share of the generator's core that other programs took."""
    message_bytes: int
    messages: int


@dataclass(frozen=True, slots=True)
class Report:
    """A run: its figures, the steps, and what speaks against it."""

    figures: Figures
    steps: tuple[Step, ...]
    pinned: bool
    unpinned_because: str
    missed: tuple[str, ...]
    invalid: tuple[str, ...]
    machine: str
    seconds: float

    def as_dict(self) -> dict[str, object]:
        """Return the JSON shape."""
        return shape(
            "load",
            self,
            rounded(asdict(self.figures)),
            {"offered_per_s": WANTED_PER_S},
            invalid=self.invalid,
            steps=[rounded(asdict(step)) for step in self.steps],
            pinned=self.pinned,
            unpinned_because=self.unpinned_because,
        )


def run(steps: Sequence[float] = STEPS, seconds: float = STEP_SECONDS) -> Report:
    """Measure; about two minutes with the usual steps of ``seconds`` each.

    Raises EnvironmentFault when a process does not come up.
    """
    began = time.monotonic()
    chosen = cores.choose()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dip-bench-")))
        profile = read_profile(_PROFILE)
        network = network_for(profile, folder / "network")
        ca = network_ca(folder / "network")
        signs = _openssl(network.certificate(network.with_role("REGS")[0].signing))
        with cores.on_core(chosen.server):
            port, _ = stack.enter_context(ceiling(network, ca))
        target = folder / "target.toml"
        target.write_text(
            f'url = "https://127.0.0.1:{port}/{{release}}"\nca = "{ca}"\n'
            f'network = "{folder / "network" / "network.toml"}"\nenvironment = "SIT"\n'
        )
        shape = [
            phase for rate in steps for phase in (Phase(seconds, rate, rate), Phase(_PAUSE_SECONDS, 0.0, 0.0))
        ]
        climb = _drive(profile, network, target, folder / "climb", shape, port, chosen.client)
        climbed = tuple(_steps(climb))
        best = max((step.rate for step in climbed if step.on_time_share >= ON_TIME_SHARE), default=0.0)
        steady = 0.8 * (best or steps[0])
        lasting = _STEADY * seconds
        even = _drive(
            profile, network, target, folder / "steady", [Phase(lasting, steady, steady)], port,
            chosen.client,
        )  # fmt: skip
        size = len(even.body)
    late = Histogram(max(0.0, one.begun - one.due) for one in even.sent)
    cpu = even.cpu(even.start, even.start + lasting)
    figures = Figures(
        offered_per_s=best,
        core_limit_per_s=1.0 / climb.cpu_seconds_per_message if climb.cpu_seconds_per_message else None,
        openssl_signs_per_s=signs,
        signed_ahead_per_core_s=climb.signed_per_core_s,
        steady_rate=steady,
        late_p50_ms=late.percentile(0.5) * 1000,
        late_p90_ms=late.percentile(0.9) * 1000,
        late_p99_ms=late.percentile(0.99) * 1000,
        late_p999_ms=late.percentile(0.999) * 1000,
        late_max_ms=late.largest * 1000,
        steady_core=cpu,
        cpu_us_per_message=climb.cpu_seconds_per_message * 1e6 if climb.cpu_seconds_per_message else None,
        core_others=climb.others,
        message_bytes=size,
        messages=len(climb.sent) + len(even.sent),
    )
    missed = []
    if best < WANTED_PER_S:
        missed.append(f"offered_per_s is {best:,.0f}, at least {WANTED_PER_S:,} is wanted")
    refused = sum(one.status != 201 for one in (*climb.sent, *even.sent))
    invalid = [f"{refused:,} messages were not accepted"] if refused else []
    if climb.others is not None and climb.others > OTHERS:
        invalid.append(
            f"other programs took {climb.others:.0%} of the generator's core, at most {OTHERS:.0%} may: "
            "trust the processor time, not the rate"
        )
    return Report(
        figures,
        climbed,
        chosen.pinned,
        chosen.why,
        tuple(missed),
        tuple(invalid),
        cores.machine(),
        time.monotonic() - began,
    )


@dataclass(frozen=True, slots=True)
class _Driven:
    """What a run of the generator left."""

    phases: Sequence[Phase]
    start: float
    sent: tuple[Sent, ...]
    samples: tuple[tuple[float, float], ...]
    """Time and processor seconds of the generator's process."""
    signed_per_core_s: float
    body: bytes
    others: float | None
    """Share of the core that other programs took meanwhile."""

    @property
    def cpu_seconds_per_message(self) -> float | None:
        """Return the processor time of one message, from the first sent to the last answered."""
        if len(self.samples) < 2 or not self.sent:
            return None
        return (self.samples[-1][1] - self.samples[0][1]) / len(self.sent)

    def cpu(self, since: float, until: float) -> float | None:
        """Return the share of a core that the generator used in a time."""
        known = [(at, seconds) for at, seconds in self.samples if since <= at <= until]
        if len(known) < 2:
            return None
        (first, before), (last, after) = known[0], known[-1]
        return (after - before) / (last - first)


def _drive(
    profile: Profile,
    network: Network,
    target: Path,
    folder: Path,
    phases: Sequence[Phase],
    port: int,
    core: int | None,
) -> _Driven:
    folder.mkdir()
    plan = make_plan(
        replace(profile, shape=tuple(phases)),
        network,
        run=os.urandom(3).hex(),
        base_url=f"https://127.0.0.1:{port}/{_RELEASE}",
        environment="SIT",
        seed=1,
        connections=16,
    )
    plan.write(folder / "plan.json")
    (folder / "target").write_text(str(target))
    samples: list[tuple[float, float]] = []
    before = after = None
    limit = time.monotonic() + _LIMIT_SECONDS
    with generator_of(folder) as child:
        pinned = False
        while child.poll() is None:
            if (folder / "start").exists():
                if not pinned and core is not None:
                    _pin(child.pid, core)
                if not pinned:
                    before = cores.core_time(core)
                pinned = True
                after = cores.core_time(core) or after
                used = cores.process_seconds(child.pid)
                if used is not None:
                    samples.append((time.time(), used))
            if time.monotonic() > limit:
                raise EnvironmentFault("the generator did not end in time")
            time.sleep(0.2)
    told = list(folder.glob("generator-*.json"))
    if not told:
        raise EnvironmentFault(
            f"the generator ended early: {(folder / 'locust.log').read_text(errors='replace')[-2000:]}"
        )
    cost = json.loads(told[0].read_text())
    return _Driven(
        phases,
        float((folder / "start").read_text()),
        tuple(one for path in folder.glob("records-*.bin") for one in read_records(path)),
        tuple(samples),
        cost["signed"] / cost["signing_cpu_seconds"] if cost["signing_cpu_seconds"] else 0.0,
        Speaker(plan, plan.lanes[0], network).body(0, "2026-01-01T00:00:00.000Z"),
        _others(before, after, samples),
    )


def _others(
    before: cores.CoreTime | None, after: cores.CoreTime | None, samples: Sequence[tuple[float, float]]
) -> float | None:
    """Return the share of a core that others than the generator took; None where it can't be told."""
    if before is None or after is None or len(samples) < 2:
        return None
    (first, used), (last, at_end) = samples[0], samples[-1]
    return max(0.0, after.busy_since(before) - (at_end - used) / (last - first))


def _pin(pid: int, core: int) -> None:
    """Keep every thread of a process on one core."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):
            os.sched_setaffinity(int(task.name), {core})


def _steps(driven: _Driven) -> Iterator[Step]:
    begins = 0.0
    for phase in driven.phases:
        ends = begins + phase.seconds
        if phase.rate:
            found = [one for one in driven.sent if begins <= one.due - driven.start < ends]
            late = Histogram(max(0.0, one.begun - one.due) for one in found)
            took = Histogram(one.latency for one in found)
            last = max((one.begun for one in found), default=driven.start + ends)
            yield Step(
                rate=phase.rate,
                sent_per_s=len(found) / max(phase.seconds, last - driven.start - begins),
                on_time_share=late.share_within(ON_TIME_SECONDS),
                late_p99_ms=late.percentile(0.99) * 1000,
                answered_p99_ms=took.percentile(0.99) * 1000,
                core=driven.cpu(driven.start + begins, driven.start + ends),
            )
        begins = ends


def _openssl(own: CertificateSet) -> float:
    """Return how often a core signs a string-to-sign with an RSA-2048 key in a second of processor time."""
    assert own.key is not None
    key = load_private_key(own.key)
    assert isinstance(key, rsa.RSAPrivateKey)
    text, scheme, hashed = b"POST;https://127.0.0.1/" + b"x" * 100, padding.PKCS1v15(), SHA256()
    began = time.process_time()
    count = 0
    while (seconds := time.process_time() - began) < _SIGNING_SECONDS:
        for _ in range(50):
            key.sign(text, scheme, hashed)
        count += 50
    return count / seconds


def lines(report: Report) -> Iterator[str]:
    """Yield what a person reads."""
    f = report.figures
    yield report.machine
    yield ""
    yield f"{'due/s':>8} {'sent/s':>8} {'on time':>9} {'99 % late by':>14} {'99 % answered':>14} {'core':>6}"
    for step in report.steps:
        core = f"{step.core:.0%}" if step.core is not None else ""
        yield (
            f"{step.rate:>8,.0f} {step.sent_per_s:>8,.0f} {step.on_time_share:>8.2%} "
            f"{step.late_p99_ms:>11,.1f} ms {step.answered_p99_ms:>11,.1f} ms {core:>6}"
        )
    yield ""
    yield f"offered on time                {f.offered_per_s:>10,.0f} a second   (wanted: {WANTED_PER_S:,})"
    if f.core_limit_per_s is not None:
        yield f"a core's time is enough for    {f.core_limit_per_s:>10,.0f} a second"
    yield f"OpenSSL alone signs            {f.openssl_signs_per_s:>10,.0f} a second and core"
    yield f"made and signed ahead          {f.signed_ahead_per_core_s:>10,.0f} a second and core"
    yield (
        f"at {f.steady_rate:,.0f} a second late by   "
        f"50 %: {f.late_p50_ms:.2f}, 90 %: {f.late_p90_ms:.2f}, 99 %: {f.late_p99_ms:.2f}, "
        f"99.9 %: {f.late_p999_ms:.2f}, at most {f.late_max_ms:.2f} ms"
    )
    yield from (*report.missed, *report.invalid)
