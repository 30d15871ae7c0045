"""A hub of several processes: whatever dies under load, nothing is lost, misdirected or out of order."""

from __future__ import annotations

import itertools
import os
import random
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from harness.messages.build import encode
from harness.transport.client import DipClient
from simulators.embedded import EmbeddedTarget
from tests.simulators.dip.conftest import Bench
from tests.simulators.dip.services import NATS, Cable, Services, services
from tests.simulators.dip.webhook_stub import ScriptedWebhook, wait_for

RELEASE = "2.1.0"
SENDERS = 3
BEFORE_SECONDS, AFTER_SECONDS = 0.5, 1.0
TAG = "chaos"


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
    options = ["--store", shared.store, "--broker", cable.url, "--workers", "2"]
    bench = Bench(EmbeddedTarget([RELEASE], network_folder, worker="chaos", options=options))
    yield bench
    bench.close()
    assert '"event":"fault"' not in bench.log
    assert "Traceback" not in bench.log


def _workers(bench: Bench, role: str) -> list[int]:
    health = httpx.get(f"{bench.admin.url}/health", trust_env=False).json()
    return [worker["pid"] for worker in health["workers"] if worker["role"] == role]


def _is_ready(bench: Bench) -> bool:
    return httpx.get(f"{bench.admin.url}/ready", trust_env=False).status_code == 200


def _harm(kind: str, bench: Bench, shared: Services, cable: Cable) -> None:
    """Do the harm, and end it where it lasts."""
    if kind in ("ingress", "delivery"):
        os.kill(_workers(bench, kind)[0], signal.SIGKILL)
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
