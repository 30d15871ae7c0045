"""What a second ingress worker brings, on PostgreSQL and NATS, beside the embedded store: the same work.

Three hubs stand side by side: the embedded one, and one with one and one with two ingress workers. Rounds of
single messages go to each in turn. Deliveries are held back meanwhile; what the workers hand to the broker is
part of their work. Then everything is delivered, and what does not come is lost.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks import cores
from benchmarks.networks import led_to
from benchmarks.receiving import Recipients
from benchmarks.requests import INTERFACE, RECIPIENT, SENDER, Sender, Signed, Template, sign_many, template
from benchmarks.shape import rounded, shape
from benchmarks.shared import DELIVERY, INGRESS, Hub, engines, hub
from benchmarks.wire import Connections, Drive
from harness.errors import EnvironmentFault
from harness.spec.release import load
from harness.transport.network import Network
from harness.transport.server import ServerThread, ServerTls
from harness.transport.tls import client_context
from simulators.dip.workers import BROKER_VARIABLE, STORE_VARIABLE
from simulators.embedded import EmbeddedTarget
from simulators.network import NETWORK_FILE, PARTICIPANTS_SERVER, network_ca

OTHERS_BUSY = 0.1
"""Where others take a larger share of the cores the run is invalid."""
ROUNDS = 3
CONNECTIONS = 32
_MEASURING_SHARE = 0.5
_PER_SECOND = 6000
"""How many requests are signed at most per second of a hub's rounds."""
_WARM = 200
_STALLED_SECONDS = 30.0
_HOLD = {"fault": "outage", "at": "delivery"}


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured; None where the machine doesn't tell. Processor times are microseconds a message."""

    one_worker_per_s: float
    two_workers_per_s: float
    two_workers_ratio: float
    embedded_per_s: float
    lost: int
    wrong: int
    repeated: int
    delivered_per_s: float
    """With one delivery worker for each of the two hubs, both at a time with the embedded one."""
    one_worker_cpu_us: float | None
    two_workers_cpu_us: float | None
    embedded_cpu_us: float | None
    one_worker_engines_cpu_us: float | None
    """PostgreSQL and NATS, whoever else used them."""
    two_workers_engines_cpu_us: float | None
    one_worker_p99_ms: float
    two_workers_p99_ms: float
    embedded_p99_ms: float
    store_bytes_per_message: float
    stream_bytes_per_message: float
    embedded_store_bytes_per_message: float
    delivery_cpu_us: float | None
    """A delivery worker's, per delivery, from its start on, with a status message for each."""
    worker_resident_bytes: int | None
    cores_busy: float | None
    """All cores, client and whatever else ran."""
    others_busy: float | None
    """The part of it that was neither a hub, nor an engine, nor the client."""
    messages: int
    message_bytes: int


@dataclass(frozen=True, slots=True)
class Report:
    """A run; it has no limits."""

    figures: Figures
    machine: str
    seconds: float
    invalid: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the JSON shape."""
        return shape(
            "scale", self, rounded(asdict(self.figures)), {"lost": 0, "wrong": 0}, invalid=self.invalid
        )


@dataclass(slots=True)
class _Hub:
    """One of the hubs: who it is, its requests, and what came of them."""

    port: int
    pids: Sequence[int]
    requests: Iterator[tuple[bytes, int]]
    connections: Connections
    drive: Drive = field(default_factory=Drive)
    cpu: float = 0.0
    engines: float = 0.0
    warmed: int = 0

    def warm(self) -> None:
        some = (next(self.requests) for _ in range(_WARM))
        done = self.connections.drive(some, float("inf"))
        done.check("a hub")
        self.warmed = done.messages

    def round(self, seconds: float) -> None:
        before = _cpu(self.pids), _cpu(engines())
        self.drive.add(self.connections.drive(self.requests, seconds))
        self.cpu += _cpu(self.pids) - before[0]
        self.engines += _cpu(engines()) - before[1]

    @property
    def cpu_us(self) -> float | None:
        return self.cpu * 1e6 / self.drive.messages if self.cpu and self.drive.messages else None

    @property
    def engines_us(self) -> float | None:
        return self.engines * 1e6 / self.drive.messages if self.engines and self.drive.messages else None


def run(seconds: float, release: str) -> Report:
    """Measure for about ``seconds`` and the time that delivering takes afterwards.

    Raises EnvironmentFault where PostgreSQL or NATS is absent, and when a request is refused.
    """
    load(release)
    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dip-bench-")))
        network = EmbeddedTarget.prepare(folder)
        parties = network.with_role(RECIPIENT)[:1]
        ca = network_ca(folder / "network")
        measuring = seconds * _MEASURING_SHARE / 3
        most = int(measuring * _PER_SECOND) + _WARM
        recipients = Recipients(network.with_role("DIP")[0].dip_id, parties, 3 * most, ca)
        certificate = network.certificate(PARTICIPANTS_SERVER)
        assert certificate.key is not None
        tls = ServerTls(certificate.cert, certificate.key, ca)
        served = stack.enter_context(ServerThread(recipients.app, tls=tls))
        network = led_to(network, served.url, folder / "network")
        with _on_files():
            target = stack.enter_context(EmbeddedTarget([release], folder))
        assert target.admin is not None
        target.admin.set_faults([_HOLD])
        file = folder / "network" / NETWORK_FILE
        shared = [stack.enter_context(hub(release, file, target.environment)) for _ in range(2)]
        pids = [
            stack.enter_context(each.workers(INGRESS, count)) for count, each in enumerate(shared, start=1)
        ]
        urls = [target.url(release), *(each.url for each in shared)]
        model = template(release, network, target.environment)
        requests = _signed(urls, model, network, most, measuring)
        context = client_context(ca, network.certificate(network.with_role(SENDER)[0].tls))
        hubs = []
        for url, who, ahead in zip(urls, [[target.pid], *pids], requests, strict=True):
            port = urlsplit(url).port or 0
            connections = stack.enter_context(contextlib.closing(Connections(port, context, CONNECTIONS)))
            hubs.append(_Hub(port, who, ahead, connections))
            hubs[-1].warm()
        own_before = _own(hubs)
        cores_before = [cores.core_time(core) for core in range(os.cpu_count() or 1)]
        for _ in range(ROUNDS):
            for each in hubs:
                each.round(measuring / ROUNDS)
        cores_after = [cores.core_time(core) for core in range(os.cpu_count() or 1)]
        own = _own(hubs) - own_before
        readings = zip(cores_after, cores_before, strict=True)
        pairs = [(now, then) for now, then in readings if now and then]
        busy = [now.busy_since(then) for now, then in pairs]
        for each in hubs:
            each.drive.check("a hub")
        resident = cores.resident_bytes(pids[0][0])
        accepted = sum(each.drive.messages + each.warmed for each in hubs)
        sizes = _sizes(shared, hubs, target)
        since = time.monotonic()
        before = recipients.delivered
        workers = [pid for one in shared for pid in stack.enter_context(one.workers(DELIVERY, 1))]
        used = _cpu(workers)
        target.admin.clear_faults()
        came = recipients.wait(accepted, 0, _STALLED_SECONDS)
        delivered = (recipients.delivered - before) / (time.monotonic() - since)
        used = _cpu(workers) - used
        lost = accepted - recipients.delivered
        ticks = [now.total - then.total for now, then in pairs]
        seconds_measured = sum(ticks) / len(ticks) / os.sysconf("SC_CLK_TCK") if ticks else 0.0
        shared_messages = sum(each.drive.messages + each.warmed for each in hubs[1:])
        all_busy = sum(busy) / len(busy) if busy else None
        figures = Figures(
            **_of_hubs(hubs, sizes),
            lost=lost,
            wrong=recipients.wrong.total(),
            repeated=recipients.repeated,
            delivered_per_s=delivered,
            delivery_cpu_us=used * 1e6 / shared_messages if used else None,
            worker_resident_bytes=resident,
            cores_busy=all_busy,
            others_busy=_others(all_busy, own, seconds_measured),
            messages=accepted,
            message_bytes=len(model.body(0, 1)),
        )
    missed, invalid = [], []
    if figures.others_busy is not None and figures.others_busy > OTHERS_BUSY:
        invalid.append(
            f"others took {figures.others_busy:.0%} of the cores, at most {OTHERS_BUSY:.0%} counts: rates "
            "and their ratio say nothing, processor times are too high"
        )
    if lost or not came:
        missed.append(f"{lost} of {accepted} deliveries did not come")
    if recipients.wrong:
        missed.append(f"deliveries went wrong: {dict(recipients.wrong)}")
    return Report(figures, cores.machine(), time.monotonic() - began, tuple(invalid), tuple(missed))


def _of_hubs(hubs: Sequence[_Hub], sizes: tuple[float, float, float]) -> dict[str, Any]:
    """Return the figures that are about one hub each."""
    embedded, one, two = hubs
    return {
        "one_worker_per_s": one.drive.rate,
        "two_workers_per_s": two.drive.rate,
        "two_workers_ratio": two.drive.rate / one.drive.rate,
        "embedded_per_s": embedded.drive.rate,
        "one_worker_cpu_us": one.cpu_us,
        "two_workers_cpu_us": two.cpu_us,
        "embedded_cpu_us": embedded.cpu_us,
        "one_worker_engines_cpu_us": one.engines_us,
        "two_workers_engines_cpu_us": two.engines_us,
        "one_worker_p99_ms": one.drive.percentile(0.99),
        "two_workers_p99_ms": two.drive.percentile(0.99),
        "embedded_p99_ms": embedded.drive.percentile(0.99),
        "store_bytes_per_message": sizes[0],
        "stream_bytes_per_message": sizes[1],
        "embedded_store_bytes_per_message": sizes[2],
    }


def _own(hubs: Sequence[_Hub]) -> float:
    """Return the processor seconds of the hubs, the engines and this process."""
    return _cpu([pid for each in hubs for pid in each.pids]) + _cpu(engines()) + time.process_time()


def _others(busy: float | None, own: float, seconds: float) -> float | None:
    """Return the share of all cores that others took."""
    if busy is None or not seconds:
        return None
    return max(0.0, busy - own / (seconds * (os.cpu_count() or 1)))


@contextlib.contextmanager
def _on_files() -> Iterator[None]:
    """Keep the variables of the shared engines from the embedded simulators."""
    names = (STORE_VARIABLE, BROKER_VARIABLE)
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


def _sizes(shared: Sequence[Hub], hubs: Sequence[_Hub], target: EmbeddedTarget) -> tuple[float, float, float]:
    """Return bytes per message: in PostgreSQL, in the stream, in the embedded store."""
    counts = [each.drive.messages + each.warmed for each in hubs]
    embedded = sum(path.stat().st_size for path in target.store.glob("*.sqlite3*"))
    return (
        sum(each.store_bytes() for each in shared) / sum(counts[1:]),
        sum(each.stream_bytes() for each in shared) / sum(counts[1:]),
        embedded / counts[0],
    )


def _signed(
    urls: Sequence[str], model: Template, network: Network, most: int, seconds: float
) -> list[Iterator[tuple[bytes, int]]]:
    """Sign requests for each hub, with serial numbers of its own."""
    party = network.with_role(SENDER)[0]
    workers = os.cpu_count() or 1
    found: list[Iterator[tuple[bytes, int]]] = []
    with ProcessPoolExecutor(workers) as pool:
        for place, url in enumerate(urls):
            sender = Sender(
                model, f"{url}/dip-channel/{INTERFACE}", party.api_key(), network.certificate(party.signing)
            )
            serials = range(place * most, (place + 1) * most)
            until = time.monotonic() + seconds * 2
            jobs = [
                pool.submit(sign_many, sender, serials[part::workers], 1, until) for part in range(workers)
            ]
            signed = [one for job in jobs for one in job.result()]
            if len(signed) <= _WARM:
                raise EnvironmentFault("too few requests could be signed", mend="Give more --seconds.")
            found.append(_bytes_of(sender, signed))
    return found


def _bytes_of(sender: Sender, signed: Sequence[Signed]) -> Iterator[tuple[bytes, int]]:
    head = sender.head()
    for one in signed:
        yield head + one.lines + sender.template.body(one.serial, one.messages), one.messages


def _cpu(pids: Sequence[int]) -> float:
    return sum(cores.process_seconds(pid) or 0.0 for pid in pids)


def lines(report: Report) -> Iterator[str]:
    """Give the lines of a report."""
    figures = report.figures

    def known(value: float | None) -> str:
        return "unknown" if value is None else f"{value:,.0f} us"

    yield "                          taken   99 % within    processor of the hub    of the engines"
    for name, rate, within, own, others in (
        ("embedded store", figures.embedded_per_s, figures.embedded_p99_ms, figures.embedded_cpu_us, None),
        ("one ingress worker", figures.one_worker_per_s, figures.one_worker_p99_ms, figures.one_worker_cpu_us,
         figures.one_worker_engines_cpu_us),
        ("two ingress workers", figures.two_workers_per_s, figures.two_workers_p99_ms,
         figures.two_workers_cpu_us, figures.two_workers_engines_cpu_us),
    ):  # fmt: skip
        engine = "" if others is None else known(others)
        yield f"{name:<20}{rate:>9,.0f} /s{within:>11.1f} ms{known(own):>24}{engine:>18}"
    yield f"two over one{figures.two_workers_ratio:>17.2f}"
    yield (
        f"lost, to the wrong party, twice: {figures.lost}, {figures.wrong}, {figures.repeated} of "
        f"{figures.messages:,} messages of {figures.message_bytes:,} bytes"
    )
    yield (
        f"bytes per message: {figures.store_bytes_per_message:,.0f} in PostgreSQL, "
        f"{figures.stream_bytes_per_message:,.0f} in the stream, "
        f"{figures.embedded_store_bytes_per_message:,.0f} in the embedded store"
    )
    yield f"{report.machine}; {CONNECTIONS} connections each; {report.seconds:.0f} s"
    if figures.cores_busy is not None:
        yield f"all cores were {figures.cores_busy:.0%} busy: client, engines and whatever else ran are in it"
    yield f"a delivery takes {known(figures.delivery_cpu_us)} of a delivery worker"
    yield from (f"INVALID: {text}" for text in report.invalid)
    yield from (f"MISSED: {text}" for text in report.missed)
