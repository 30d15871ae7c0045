"""How the hub's figures grow: with the releases that are mounted, and with the parties of its network.

For each configuration a hub of its own is started and gets the same messages. At first all deliveries are
held back by a fault, so that taking in is measured alone, singly and in requests of 100; then they go. Each
message has three recipients out of all data services in turn. There is no limit: it is told, not judged.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks import cores
from benchmarks.networks import DATA_SERVICES, led_to, of_size
from benchmarks.receiving import Recipients
from benchmarks.requests import INTERFACE, SENDER, Sender, Signed, sign_ahead, spread, template
from benchmarks.shape import rounded, shape
from benchmarks.wire import Connections
from harness.errors import ConfigurationError, EnvironmentFault
from harness.settings import current
from harness.spec.release import DEFAULT
from harness.spec.shelf import shipped
from harness.transport.server import ServerThread, ServerTls
from harness.transport.tls import client_context
from simulators.embedded import EmbeddedTarget
from simulators.network import PARTICIPANTS_SERVER, network_ca

PARTIES = (10, 100, 1000)
MESSAGES = 4000
"""For each configuration, half of them single."""
BATCH = 100
RECIPIENTS = 3
_CONNECTIONS = 16
_STALLED_SECONDS = 20.0
_SIGNING_SECONDS = 120.0
_HOLD = {"fault": "outage", "at": "delivery"}


@dataclass(frozen=True, slots=True)
class Size:
    """What one configuration reached; None where the machine doesn't tell."""

    releases: int
    parties: int
    start_s: float
    resident_bytes: int | None
    """Before the first message."""
    messages_per_s: float
    batch_messages_per_s: float
    deliveries_per_s: float
    cpu_us_per_message: float | None
    cpu_us_per_batched_message: float | None
    cpu_us_per_delivery: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """All configurations, the smallest network with one release first."""

    sizes: tuple[Size, ...]
    messages: int
    machine: str
    seconds: float
    invalid: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the JSON shape."""
        sizes = [rounded(asdict(one)) for one in self.sizes]
        figures = {"messages": self.messages, "configurations": sizes}
        return shape("growth", self, figures, {}, invalid=self.invalid)


def run(messages: int = MESSAGES, parties: Sequence[int] = PARTIES) -> Report:
    """Measure one release with each number of parties, and all releases with the smallest.

    Raises ConfigurationError for a number of messages that is not twice whole requests of 100.
    """
    if messages <= 0 or messages % (2 * BATCH):
        raise ConfigurationError(
            f"{messages} are not twice whole requests", where="--messages", mend=f"A multiple of {2 * BATCH}."
        )
    began = time.monotonic()
    plan = [((DEFAULT,), number) for number in parties] + [(shipped(), parties[0])]
    sizes = tuple(_measure(releases, number, messages) for releases, number in plan)
    return Report(sizes, messages, cores.machine(), time.monotonic() - began)


def _measure(releases: Sequence[str], parties: int, messages: int) -> Size:
    """Start a hub and put the messages through it."""
    chosen = cores.choose()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dip-bench-")))
        network = of_size(EmbeddedTarget.prepare(folder), parties, folder / "network")
        ca = network_ca(folder / "network")
        recipients = Recipients(network.with_role("DIP")[0].dip_id, network.parties, messages, ca)
        server = network.certificate(PARTICIPANTS_SERVER)
        assert server.key is not None
        with cores.on_core(chosen.client):
            served = ServerThread(recipients.app, tls=ServerTls(server.cert, server.key, ca))
            stack.enter_context(served)
        network = led_to(network, served.url, folder / "network")
        started = time.monotonic()
        with cores.on_core(chosen.server):
            target = stack.enter_context(EmbeddedTarget(releases, folder))
        started = time.monotonic() - started
        resident = cores.resident_bytes(target.pid)
        party = network.with_role(SENDER)[0]
        services = [each for role in DATA_SERVICES for each in network.with_role(role)]
        whole = len(services) // RECIPIENTS * RECIPIENTS
        groups = [services[place : place + RECIPIENTS] for place in range(0, whole, RECIPIENTS)]
        sender = Sender(
            spread(template(DEFAULT, network, target.environment, groups[0]), groups),
            f"{target.url(DEFAULT)}/dip-channel/{INTERFACE}",
            party.api_key(),
            network.certificate(party.signing),
        )
        stack.enter_context(cores.on_core(chosen.client))
        context = client_context(target.ca, network.certificate(party.tls))
        port = urlsplit(target.url("")).port or 0
        connections = stack.enter_context(contextlib.closing(Connections(port, context, _CONNECTIONS)))
        return _put_through(
            sender,
            target,
            connections,
            recipients,
            messages,
            {"releases": len(releases), "parties": parties, "start_s": started, "resident_bytes": resident},
        )


def _put_through(
    sender: Sender,
    target: EmbeddedTarget,
    connections: Connections,
    recipients: Recipients,
    messages: int,
    about: dict[str, Any],
) -> Size:
    """Take everything in while deliveries are held back, then let them go."""
    half, admin = messages // 2, target.admin
    assert admin is not None
    plan = [(half, 1), (half // BATCH, BATCH)]
    signed = sign_ahead(sender, plan, _SIGNING_SECONDS)
    admin.set_faults([_HOLD])
    head = sender.head()

    def requests(ahead: Sequence[Signed]) -> Iterator[tuple[bytes, int]]:
        for one in ahead:
            yield head + one.lines + sender.template.body(one.serial, one.messages), one.messages

    rates, costs = [], []
    for ahead in signed:
        before = cores.process_seconds(target.pid)
        done = connections.drive(requests(ahead), float("inf"))
        done.check("the hub")
        rates.append(done.rate)
        costs.append(_cost(before, cores.process_seconds(target.pid), done.messages))
    before, began = cores.process_seconds(target.pid), time.monotonic()
    admin.clear_faults()
    due = RECIPIENTS * messages
    if not recipients.wait(due, due if current().flag("status.of_success") else 0, _STALLED_SECONDS):
        what = f"{recipients.delivered} of {due} and {recipients.statuses} status messages came"
        raise EnvironmentFault(f"the hub called nobody for {_STALLED_SECONDS:.0f} s: {what}")
    seconds = time.monotonic() - began
    if recipients.wrong:
        raise EnvironmentFault(f"deliveries went wrong: {dict(recipients.wrong)}")
    return Size(
        messages_per_s=rates[0],
        batch_messages_per_s=rates[1],
        deliveries_per_s=due / seconds,
        cpu_us_per_message=costs[0],
        cpu_us_per_batched_message=costs[1],
        cpu_us_per_delivery=_cost(before, cores.process_seconds(target.pid), due),
        **about,
    )


def _cost(before: float | None, after: float | None, count: int) -> float | None:
    """Return the processor microseconds for each of so many."""
    return (after - before) * 1e6 / count if before is not None and after is not None else None
