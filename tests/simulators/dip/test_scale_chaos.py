"""A hub of several processes: whatever dies under load, nothing is lost, misdirected or out of order.

``DIP_WORKER_KILLS`` says how many workers of a role are killed one after another; `.ci/nightly` asks for 20.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from harness.messages.build import encode
from harness.transport.admin import Admin
from harness.transport.client import DipClient
from harness.transport.network import Network, load
from simulators.embedded import EmbeddedTarget
from tests.simulators.dip.conftest import Bench
from tests.simulators.dip.services import NATS, Cable, Services, services
from tests.simulators.dip.webhook_stub import ScriptedWebhook, wait_for

RELEASE = "2.1.0"
SENDERS = 3
KILLS = int(os.environ.get("DIP_WORKER_KILLS", "1"))
BEFORE_SECONDS, AFTER_SECONDS = 0.5, 1.0
TAG = "chaos"
PASSWORD = "hunter2"
"""Neither engine asks for one here; nothing may tell it."""


@dataclass
class Load:
    """What senders sent: references that were answered 201, in order, with whom they are for."""

    accepted: dict[str, list[tuple[str, frozenset[str]]]] = field(default_factory=lambda: defaultdict(list))
    """By sender."""
    statuses: dict[int | None, int] = field(default_factory=lambda: defaultdict(int))
    ended: threading.Event = field(default_factory=threading.Event)

    def send(self, bench: Bench, templates: list[dict[str, Any]], name: str, choices: random.Random) -> None:
        """Send requests of a few messages, one after another, on connections of its own."""
        client = DipClient(bench.target.url(RELEASE), bench.network, bench.target.ca)
        party = bench.party("SUP")
        start = templates[0]["CommonBlock"]["S1"]["senderUniqueReference"].rpartition("-")[0]
        for number in itertools.count(1):
            if self.ended.is_set():
                break
            request, payloads = [], []
            for place in range(choices.randint(1, 4)):
                common = choices.choice(templates)["CommonBlock"]
                reference = f"{start}-{name}x{number:06x}{place}"
                common = {**common, "S1": {**common["S1"], "senderUniqueReference": reference}}
                payloads.append({**templates[0], "CommonBlock": common})
                request.append((reference, frozenset(common["A0"]["primaryRecipients"])))
            status = client.send(party, "IF-031", encode(payloads)).status
            self.statuses[status] += 1
            if status == 201:
                self.accepted[name] += request
            else:
                time.sleep(0.05)
        client.close()


@pytest.fixture(scope="module")
def cable() -> Iterator[Cable]:
    """Return the broker's connection."""
    cable = Cable(NATS)
    yield cable
    cable.close()


@pytest.fixture(scope="module")
def shared() -> Iterator[Services]:
    """Return a schema and a stream."""
    with services() as found:
        yield found


@pytest.fixture(scope="module")
def bench(network_folder: Path, shared: Services, cable: Cable) -> Iterator[Bench]:
    """Return a hub of two ingress and two delivery workers, whose broker can be cut off."""
    options = ["--store", shared.store.replace("root@", f"root:{PASSWORD}@"), "--workers", "2"]
    options += ["--broker", cable.url.replace("//", f"//root:{PASSWORD}@")]
    bench = Bench(EmbeddedTarget([RELEASE], network_folder, worker="chaos", options=options))
    yield bench
    bench.close()
    assert PASSWORD not in bench.log
    assert '"event":"fault"' not in bench.log
    assert "Traceback" not in bench.log


def _workers(bench: Bench, role: str) -> list[int]:
    text = httpx.get(f"{bench.admin.url}/health", trust_env=False).text
    assert PASSWORD not in text
    health = json.loads(text)
    for worker in health["workers"]:
        with contextlib.suppress(FileNotFoundError):  # it was killed, and is still listed
            assert PASSWORD.encode() not in Path(f"/proc/{worker['pid']}/cmdline").read_bytes()
    return [worker["pid"] for worker in health["workers"] if worker["role"] == role]


def _is_ready(bench: Bench) -> bool:
    return httpx.get(f"{bench.admin.url}/ready", trust_env=False).status_code == 200


def _kill_one(bench: Bench, role: str) -> None:
    """Kill a worker of a role, and wait until another is in its place."""
    before = _workers(bench, role)
    os.kill(before[0], signal.SIGKILL)

    def replaced() -> bool:
        now = _workers(bench, role)
        return before[0] not in now and len(now) == len(before)

    wait_for(replaced, 20)


def _harm(kind: str, bench: Bench, shared: Services, cable: Cable) -> None:
    """Do the harm, and end it where it lasts."""
    if kind in ("ingress", "delivery"):
        for _ in range(KILLS):
            _kill_one(bench, kind)
    elif kind == "database":
        shared.rows(
            RELEASE,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'dip-hub ' || current_schema()",
        )
    else:
        cable.cut()
        time.sleep(AFTER_SECONDS)
        assert not _is_ready(bench), "readiness says nothing of the broker"
        cable.mend()


@pytest.mark.parametrize("kind", ["ingress", "delivery", "database", "broker"])
def test_nothing_is_lost_or_misdirected(kind: str, bench: Bench, shared: Services, cable: Cable) -> None:
    """With a worker killed, or a connection cut, all that was answered 201 comes, to whom and in order."""
    seed = random.randrange(10**6)
    load = Load()
    tag = f"{TAG}-{kind}"
    parties = (bench.party("REGS"), bench.party("REGS", 1))
    templates = [bench.message(tag=tag, to=to) for to in (parties, parties[:1], parties[1:])]
    wait_for(lambda: _is_ready(bench), 20)
    with ExitStack() as stack:
        webhooks = [stack.enter_context(ScriptedWebhook(bench)) for _ in parties]
        for party, webhook in zip(parties, webhooks, strict=True):
            assert bench.client().configure_webhook(party, "IF-031", webhook.url).status == 201
        senders = [
            threading.Thread(
                target=load.send, args=(bench, templates, f"{kind[:4]}{n}", random.Random(seed + n))
            )
            for n in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        time.sleep(BEFORE_SECONDS)
        _harm(kind, bench, shared, cable)
        time.sleep(AFTER_SECONDS)
        load.ended.set()
        for sender in senders:
            sender.join(30)
        result = bench.settle(tag, timeout=30)
    assert result["settled"], f"seed {seed}"
    assert set(load.statuses) <= {201, 503, None}, load.statuses
    accepted = {name: to for line in load.accepted.values() for name, to in line}
    assert len(accepted) > 50, load.statuses
    stored = {message["reference"]: message["transaction_id"] for message in result["messages"]}
    assert accepted.keys() <= stored.keys(), f"lost, seed {seed}"
    for party, webhook in zip(parties, webhooks, strict=True):
        first = _first_arrivals(webhook, party.dip_id, stored)
        due = {name for name, to in accepted.items() if party.dip_id in to}
        assert due <= first.keys(), f"not delivered, seed {seed}: {len(due - first.keys())}"
        for line in load.accepted.values():
            mine = [name for name, to in line if party.dip_id in to]
            assert sorted(mine, key=first.__getitem__) == mine, f"out of order, seed {seed}"


def _first_arrivals(webhook: ScriptedWebhook, dip_id: str, stored: dict[str, str]) -> dict[str, int]:
    """Return at which place each reference came first; it must be addressed and have its transaction."""
    found: dict[str, int] = {}
    for item in itertools.chain.from_iterable(orjson.loads(body) for body in webhook.bodies):
        common = item["payload"]["CommonBlock"]
        name = common["S1"]["senderUniqueReference"]
        assert dip_id in common["A0"]["primaryRecipients"], "it went to somebody else"
        assert common["D0"]["transactionID"] == stored[name], "it was not kept so"
        found.setdefault(name, len(found))
    return found


def test_a_stream_that_was_removed_is_filled_again(bench: Bench, shared: Services) -> None:
    """What was in the stream and not delivered yet is handed over once more from the store."""
    tag = f"{TAG}-stream"
    wait_for(lambda: _is_ready(bench), 20)
    with ScriptedWebhook(bench) as webhook:
        webhook.usual = 503
        party = bench.party("REGS")
        assert bench.client().configure_webhook(party, "IF-031", webhook.url).status == 201
        for _ in range(3):
            assert bench.send(bench.message(tag=tag)).status == 201
        wait_for(lambda: webhook.bodies, 20)
        shared.remove_stream(RELEASE)
        for worker in _workers(bench, "delivery"):
            os.kill(worker, signal.SIGKILL)
        webhook.usual = 201
        assert bench.send(bench.message(tag=tag)).status == 201
        result = bench.settle(tag, timeout=40)
    assert result["settled"]
    assert {entry["status"] for each in result["messages"] for entry in each["recipients"]} == {"Delivered"}


def test_what_an_operator_says_reaches_every_worker(bench: Bench) -> None:
    """The clock, faults and times of service of the admin API hold in all workers."""
    wait_for(lambda: _is_ready(bench), 20)
    bench.admin.set_faults([{"fault": "outage", "at": "delivery"}])
    tag = f"{TAG}-operator"
    for _ in range(4):
        assert bench.send(bench.message(tag=tag)).status == 201
    assert not bench.settle(tag, timeout=1)["settled"]
    bench.admin.clear_faults()
    assert bench.settle(tag, timeout=20)["settled"]
    bench.admin.advance(30 * 86400)
    try:
        statuses = {bench.client().send(bench.party("SUP"), "IF-031", encode([bench.message()])).status}
        assert statuses == {401}, "a signature of today is too old by then"
    finally:
        bench.admin.advance(0)
        bench.admin.set_clock(datetime.now(UTC))
    assert bench.send(bench.message()).status == 201


def test_hosts_are_run_by_themselves(network_folder: Path, tmp_path: Path) -> None:
    """Parties, an ingress worker and a delivery worker that were started apart are one hub."""
    network = network_folder / "network" / "network.toml"
    with services() as found, ExitStack() as stack:
        port, metrics = _free_port(), dict[str, str]()
        first = stack.enter_context(_up(found, tmp_path, "--network", str(network), "--workers", "2",
                                        "--parties-listen", "127.0.0.2:0"))  # fmt: skip
        for role, listen in (("ingress", f"127.0.0.1:{port}"), ("delivery", "127.0.0.1:0")):
            other = stack.enter_context(
                _up(found, tmp_path, "--network", str(network), "--role", role, "--listen", listen)
            )
            assert other.stdout is not None
            assert other.stdout.readline() == "ready\n"
            metrics[role] = other.stdout.readline().removeprefix("metrics ").strip()
        assert first.stdout is not None
        told = json.loads(first.stdout.readline())
        key = Path(told["admin_key_file"]).read_text().strip()
        admin = stack.enter_context(closing(Admin(told["admin"], key)))
        bench = Bench(_Told(load(network), Path(told["ca"]), f"https://127.0.0.1:{port}", admin))
        for _ in range(5):
            assert bench.send(bench.message(tag=TAG)).status == 201
        assert admin.settle(TAG, timeout=30)["settled"]
        bench.client().close()
        text = httpx.get(metrics["ingress"], trust_env=False).text
        assert 'dip_messages_accepted_total{release="2.1.0",interface="IF-031"} 5' in text.splitlines()


@dataclass
class _Told:
    """What a test needs of a hub that it did not start as a target."""

    network: Network
    ca: Path
    base: str
    admin: Admin

    def url(self, release: str) -> str:
        """Return the base URL of a release."""
        return f"{self.base}/{release}"


@contextmanager
def _up(found: Services, folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "harness", "sim", "up", "--release", RELEASE, "--watch-stdin"]
    pipe = subprocess.PIPE
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            [*command, *found.options, *options], stdin=pipe, stdout=pipe, stderr=log, text=True
        )
        try:
            yield process
        finally:
            process.communicate(timeout=30)


def _counted(url: str, family: str, label: str = "") -> dict[str, int]:
    """Return a family's counts with a label in a scrape, added up by worker."""
    found: dict[str, int] = defaultdict(int)
    for line in httpx.get(url, trust_env=False).text.splitlines():
        if line.startswith(f'{family}{{worker="') and label in line:
            found[line.split('"')[1]] += int(line.rpartition(" ")[2])
    return found


def _open(url: str) -> int:
    """Return how many deliveries of the whole hub are still to be made."""
    lines = httpx.get(url, trust_env=False).text.splitlines()
    waiting = [line for line in lines if line.startswith("dip_deliveries_open{") and "Paused" not in line]
    return sum(int(line.rpartition(" ")[2]) for line in waiting)


def test_metrics_hold_what_every_worker_counted(bench: Bench) -> None:
    """One scrape of the admin API has the counts of all ingress and delivery workers, by worker."""
    url, tag = f"{bench.admin.url}/metrics", f"{TAG}-metrics"
    wait_for(lambda: set(_counted(url, "dip_worker_up").values()) == {1}, 20)
    assert set(_counted(url, "dip_worker_up")) == {"delivery-1", "delivery-2", "ingress-1", "ingress-2"}
    families = ("dip_messages_accepted_total", "dip_deliveries_total")
    label = 'interface="IF-031"'
    wait_for(lambda: not _open(url), 20)  # what earlier tests left is tried until it is given up
    with ScriptedWebhook(bench) as webhook:
        assert bench.client().configure_webhook(bench.party("REGS"), "IF-031", webhook.url).status == 201
        before = [_counted(url, family, label) for family in families]
        clients = [DipClient(bench.target.url(RELEASE), bench.network, bench.target.ca) for _ in range(12)]
        for client in clients:
            body = encode([bench.message(tag=tag)])
            assert client.send(bench.party("SUP"), "IF-031", body).status == 201
            client.close()
        assert bench.settle(tag)["settled"]
    after = [_counted(url, family, label) for family in families]
    grown = [sum(now.values()) - sum(then.values()) for then, now in zip(before, after, strict=True)]
    assert grown == [12, 12]
    assert {name.partition("-")[0] for name in after[0]} == {"ingress"}
    assert {name.partition("-")[0] for name in after[1]} == {"delivery"}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port
