"""How fast the hub delivers, and whether it stays so: three recipients each, verified by the recipients.

The real `dip sim up` is pinned to one core; the client, which sends in requests of 100, and the recipients
are on another. The client keeps a bounded number of messages undelivered, so that what goes in is what comes
out. Time, memory and processor time are read at every tenth of the deliveries. Then the stored messages are
looked up: `deliveryStatus`, and replay by time and by MPAN.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import cores
from benchmarks.delivery_report import Figures, Part, Report, judge
from benchmarks.lookups import Lookups, Stored, look_up
from benchmarks.networks import led_to
from benchmarks.receiving import Recipients
from benchmarks.requests import INTERFACE, SENDER, Sender, signed_lines, template
from benchmarks.wire import Connections, percentile
from harness.errors import ConfigurationError, EnvironmentFault
from harness.security.signing import Signer
from harness.settings import current
from harness.spec.release import load
from harness.transport.network import Network, Party
from harness.transport.server import ServerThread, ServerTls
from harness.transport.tls import client_context
from simulators.embedded import EmbeddedTarget
from simulators.network import PARTICIPANTS_SERVER, network_ca

MESSAGES = 20_000
"""When no number is asked for; the requirement speaks of 1,000,000."""
PARTS = 10
BATCH = 100
RELEASE = "2.2.1"
"""Which release is mounted when none is asked for: one that offers deliveryStatus."""
_STATUS_PATH = "/dip-channel/{id}/deliveryStatus/{recipient-id}/{message-id}"
_ROLES = ("SDS", "SDS", "ADS")
_CONNECTIONS = 2
_UNDELIVERED = 2000
_STALLED_SECONDS = 60.0
_WARM = 50 * BATCH
"""Sent first, so that the hub has its connections and most of its caches when the measuring begins."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What was read when so many publications had arrived; None where the machine doesn't tell."""

    delivered: int
    at: float
    cpu: float | None
    resident: int | None


def run(messages: int = MESSAGES, release: str = RELEASE) -> Report:
    """Deliver so many messages to three recipients each.

    Raises ConfigurationError for a number that makes no tenths of whole requests and for a release without
    deliveryStatus, EnvironmentFault when a request is refused or deliveries stop.
    """
    if messages < PARTS * BATCH or messages % (PARTS * BATCH):
        raise ConfigurationError(
            f"{messages} are not {PARTS} equal parts of whole requests",
            where="--messages",
            mend=f"Give a multiple of {PARTS * BATCH}.",
        )
    if not any(operation.path == _STATUS_PATH for operation in load(release).operations):
        raise ConfigurationError(
            f"{release} has no deliveryStatus", where="--release", mend=f"{RELEASE} has it."
        )
    began, warm = time.monotonic(), min(_WARM, messages)
    chosen = cores.choose()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dip-bench-")))
        network = EmbeddedTarget.prepare(folder)
        parties = receiving_parties(network)
        ca = network_ca(folder / "network")
        recipients = Recipients(network.with_role("DIP")[0].dip_id, parties, warm + messages, ca)
        server = network.certificate(PARTICIPANTS_SERVER)
        assert server.key is not None
        with cores.on_core(chosen.client):
            served = ServerThread(recipients.app, tls=ServerTls(server.cert, server.key, ca))
            stack.enter_context(served)
        network = led_to(network, served.url, folder / "network")
        with cores.on_core(chosen.server):
            target = stack.enter_context(EmbeddedTarget([release], folder))
        stack.enter_context(cores.on_core(chosen.client))
        party = network.with_role(SENDER)[0]
        sender = Sender(
            template(release, network, target.environment, parties),
            f"{target.url(release)}/dip-channel/{INTERFACE}",
            party.api_key(),
            network.certificate(party.signing),
        )
        loaded = _load(sender, target, network, party, recipients, warm, messages, chosen)
        stored = Stored(sender.template, warm + messages, loaded.times)
        lookups = look_up(target, release, network, party, parties[0], stored)
        figures = _figures(loaded, recipients, lookups, messages, sender, target)
        parts = tuple(
            Part(round(_rate(*pair), 1), _cpu_us(*pair), pair[1].resident)
            for pair in pairwise(loaded.samples)
        )
        invalid, missed = judge(figures)
        return Report(
            figures,
            parts,
            chosen.pinned,
            chosen.why,
            invalid,
            missed,
            cores.machine(),
            time.monotonic() - began,
        )


def receiving_parties(network: Network) -> tuple[Party, ...]:
    """Return the three recipients: of each of `_ROLES` one that was not taken yet."""
    found: list[Party] = []
    for role in _ROLES:
        found.append(next(party for party in network.with_role(role) if party not in found))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What came of the load."""

    samples: tuple[Sample, ...]
    times: tuple[float, float]
    """When the first and the last message were sent."""
    calls: int
    statuses: int
    client_busy: float | None
    others_busy: float | None


def _load(
    sender: Sender,
    target: EmbeddedTarget,
    network: Network,
    party: Party,
    recipients: Recipients,
    warm: int,
    messages: int,
    chosen: cores.Cores,
) -> _Loaded:
    """Send everything, ``warm`` messages before what is measured, and wait until it has been delivered."""
    samples: list[Sample] = []
    per_message, told = len(_ROLES), current().flag("status.of_success")
    marks = [per_message * (warm + messages * part // PARTS) for part in range(PARTS + 1)]

    def sample(delivered: int) -> None:
        if len(samples) <= PARTS and delivered >= marks[len(samples)]:
            cpu, resident = cores.process_seconds(target.pid), cores.resident_bytes(target.pid)
            samples.append(Sample(delivered, time.monotonic(), cpu, resident))

    def arrive(messages: int) -> None:
        """Wait until so many messages have arrived everywhere, and the sender has been told so."""
        count = per_message * messages
        if not recipients.wait(count, count if told else 0, _STALLED_SECONDS):
            raise EnvironmentFault(f"the hub called nobody for {_STALLED_SECONDS:.0f} s")

    def requests(first: int, last: int) -> Iterator[tuple[bytes, int]]:
        head, signer = sender.head(), Signer.load(sender.signing.cert, sender.signing.key)
        for serial in range(first, last, BATCH):
            arrive(serial + BATCH - _UNDELIVERED)
            body = sender.template.body(serial, BATCH)
            yield head + signed_lines(signer, sender, body) + body, BATCH

    port = urlsplit(target.url("")).port or 0
    context = client_context(target.ca, network.certificate(party.tls))
    recipients.on_delivery = sample
    with contextlib.closing(Connections(port, context, _CONNECTIONS)) as connections:

        def drive(first: int, last: int) -> float:
            done = connections.drive(requests(first, last), float("inf"))
            done.check("the hub")
            sent = time.time()
            arrive(last)
            return sent

        drive(0, warm)
        calls, statuses = recipients.calls_of_publications, recipients.statuses
        before = [cores.core_time(core) for core in (chosen.client, chosen.server)]
        began = time.time()
        sent = drive(warm, warm + messages)
        after = [cores.core_time(core) for core in (chosen.client, chosen.server)]
    client, hub = (
        now.busy_since(then) if now and then else None for now, then in zip(after, before, strict=True)
    )
    own = _cpu(samples[0], samples[-1])
    share = own / (samples[-1].at - samples[0].at) if own is not None else None
    others = max(0.0, hub - share) if hub is not None and share is not None else None
    return _Loaded(
        tuple(samples),
        (began, sent),
        recipients.calls_of_publications - calls,
        recipients.statuses - statuses,
        client,
        others if chosen.pinned else None,
    )


def _figures(
    loaded: _Loaded,
    recipients: Recipients,
    lookups: Lookups,
    messages: int,
    sender: Sender,
    target: EmbeddedTarget,
) -> Figures:
    samples = loaded.samples
    first, last = (samples[0], samples[1]), (samples[-2], samples[-1])
    seconds = samples[-1].at - samples[0].at
    deliveries = samples[-1].delivered - samples[0].delivered
    small, large = first[1].resident, last[1].resident
    return Figures(
        messages=messages,
        deliveries=deliveries,
        deliveries_per_s=_rate(samples[0], samples[-1]),
        status_messages_per_s=loaded.statuses / seconds,
        deliveries_per_call=deliveries / loaded.calls,
        cpu_us_per_delivery=_cpu_us(samples[0], samples[-1]),
        first_deliveries_per_s=_rate(*first),
        last_deliveries_per_s=_rate(*last),
        rate_ratio=_rate(*last) / _rate(*first),
        first_cpu_us_per_delivery=_cpu_us(*first),
        last_cpu_us_per_delivery=_cpu_us(*last),
        first_resident_bytes=small,
        last_resident_bytes=large,
        memory_ratio=large / small if small and large else None,
        delivery_status_p50_ms=percentile(lookups.delivery_status, 0.50),
        delivery_status_p99_ms=percentile(lookups.delivery_status, 0.99),
        replay_p50_ms=percentile(lookups.replay, 0.50),
        replay_p99_ms=percentile(lookups.replay, 0.99),
        replay_by_mpan_p99_ms=percentile(lookups.replay_by_mpan, 0.99),
        lost=recipients.missing,
        repeated=recipients.repeated,
        wrong=recipients.wrong.total(),
        store_bytes=sum(path.stat().st_size for path in target.store.glob("*.sqlite3*")),
        message_bytes=len(sender.template.body(0, 1)),
        client_core_busy=loaded.client_busy,
        hub_core_others=loaded.others_busy,
    )


def _rate(first: Sample, last: Sample) -> float:
    """Return the deliveries per second between two samples."""
    return (last.delivered - first.delivered) / (last.at - first.at)


def _cpu(first: Sample, last: Sample) -> float | None:
    return last.cpu - first.cpu if first.cpu is not None and last.cpu is not None else None


def _cpu_us(first: Sample, last: Sample) -> float | None:
    used = _cpu(first, last)
    return used * 1e6 / (last.delivered - first.delivered) if used is not None else None
