"""What was answered 201 is there after a kill, and reaches whom it is for after the restart.

``DIP_KILLS`` says how often a hub on PostgreSQL and NATS is killed; `.ci/nightly` asks for 50.
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from harness.messages.build import encode
from harness.transport.network import Party
from simulators.embedded import EmbeddedTarget
from tests.simulators.dip.conftest import ENGINES, FILES, Bench
from tests.simulators.dip.webhook_stub import ScriptedWebhook

KILLS = {FILES: 50, ENGINES: int(os.environ.get("DIP_KILLS", "4"))}
"""By the kind of store: with engines each new process takes longer to come up."""
SENDERS = 3
MOST_ACCEPTED, LONGEST_SECONDS = 40, 0.03
"""A kill comes after so many messages at most, and at a random moment then."""
TAG = "durable"


@dataclass
class Accepted:
    """What was answered 201: reference and DIP ids that it is for."""

    recipients: dict[str, frozenset[str]] = field(default_factory=dict)
    unforeseen: list[bytes] = field(default_factory=list)
    """Answers other than 201."""


def _load(
    bench: Bench, templates: list[dict[str, Any]], name: str, choices: random.Random, accepted: Accepted
) -> None:
    """Send requests of a few messages, one after another, until the hub is gone."""
    start = templates[0]["CommonBlock"]["S1"]["senderUniqueReference"].rpartition("-")[0]
    for number in itertools.count(1):
        request: dict[str, frozenset[str]] = {}
        payloads = []
        for place in range(choices.randint(1, 4)):
            template = choices.choice(templates)
            common = template["CommonBlock"]
            reference = f"{start}-{name}x{number:06x}{place}"
            common = {**common, "S1": {**common["S1"], "senderUniqueReference": reference}}
            payloads.append({**template, "CommonBlock": common})
            request[reference] = frozenset(common["A0"]["primaryRecipients"])
        answer = bench.send(body=encode(payloads), channel="IF-031")
        if answer.status is None:
            return
        if answer.status != 201:
            accepted.unforeseen.append(answer.body)
            return
        accepted.recipients |= request


def _got(webhook: ScriptedWebhook, party: Party) -> dict[str, set[str]]:
    """Return the transactions of each reference that a party got; it must be addressed by all of them."""
    found: dict[str, set[str]] = defaultdict(set)
    for body in webhook.bodies:
        for item in orjson.loads(body):
            common = item["payload"]["CommonBlock"]
            assert party.dip_id in common["A0"]["primaryRecipients"], "it went to somebody else"
            found[common["S1"]["senderUniqueReference"]].add(common["D0"]["transactionID"])
    return found


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_nothing_accepted_is_lost_or_misdelivered_when_the_hub_is_killed(
    network_folder: Path, store_kind: str
) -> None:
    """Killed again and again at random moments, under load, it loses and misleads nothing."""
    kills, worker = KILLS[store_kind], f"durable-{store_kind}"
    seed = random.randrange(10**6)
    choices = random.Random(seed)
    accepted = Accepted()
    bench = Bench(EmbeddedTarget(("2.1.0",), network_folder, worker=worker))
    parties = (bench.party("REGS"), bench.party("REGS", 1))
    templates = [bench.message(tag=TAG, to=to) for to in (parties, parties[:1], parties[1:])]
    interrupted = 0
    with ScriptedWebhook(bench) as one, ScriptedWebhook(bench) as other:
        webhooks = (one, other)
        for party, webhook in zip(parties, webhooks, strict=True):
            assert bench.client().configure_webhook(party, "IF-031", webhook.url).status == 201
        for kill in range(kills):
            bench.client()  # made once, before the threads ask for it
            senders = [
                threading.Thread(
                    target=_load,
                    args=(bench, templates, f"k{kill}n{n}", random.Random(choices.random()), accepted),
                )
                for n in range(SENDERS)
            ]
            for sender in senders:
                sender.start()
            enough = len(accepted.recipients) + choices.randint(0, MOST_ACCEPTED)
            while len(accepted.recipients) < enough and any(sender.is_alive() for sender in senders):
                time.sleep(0.001)
            time.sleep(choices.uniform(0, LONGEST_SECONDS))
            os.kill(bench.target.pid, signal.SIGKILL)
            for sender in senders:
                sender.join(30)
            bench.close()
            interrupted += _open(bench)
            bench = Bench(EmbeddedTarget(("2.1.0",), network_folder, worker=worker))
        result = bench.settle(TAG, timeout=60)
        bench.close()
        got = [_got(webhook, party) for webhook, party in zip(webhooks, parties, strict=True)]
    assert not accepted.unforeseen, accepted.unforeseen[:3]
    assert len(accepted.recipients) > kills
    assert interrupted > kills / 5, "the kills met no deliveries"
    assert result["settled"], f"seed {seed}"
    stored = {message["reference"]: message["transaction_id"] for message in result["messages"]}
    assert accepted.recipients.keys() <= stored.keys(), f"lost, seed {seed}"
    for party, found in zip(parties, got, strict=True):
        due = {name for name, to in accepted.recipients.items() if party.dip_id in to}
        assert due <= found.keys(), f"not delivered, seed {seed}"
        assert found.keys() <= stored.keys(), f"delivered without having been kept, seed {seed}"
        assert all(transactions == {stored[name]} for name, transactions in found.items()), f"seed {seed}"


def _open(bench: Bench) -> bool:
    """Say whether deliveries were open when the hub was killed."""
    return bool(bench.stored("SELECT 1 FROM delivery WHERE status IN ('Pending', 'Retrying') LIMIT 1"))


def test_a_restart_delivers_what_was_left(network_folder: Path, store_kind: str) -> None:
    """Messages that were accepted while nobody took them are delivered by the next process, once each."""
    worker = f"restart-{store_kind}"
    first = Bench(EmbeddedTarget(("2.1.0",), network_folder, worker=worker))
    recipient = first.party("REGS")
    assert first.client().remove_webhook(recipient, "IF-031").status == 204
    assert first.send(*(first.message(tag="left") for _ in range(5))).status == 201
    first.settle("left")
    first.close()
    paused = first.stored("SELECT DISTINCT status FROM delivery WHERE recipient = ?", recipient.dip_id)
    assert paused == [("Paused",)]
    first.change("DELETE FROM webhook")  # as when the network file names one now
    second = Bench(EmbeddedTarget(("2.1.0",), network_folder, worker=worker))
    result = second.settle("left")
    second.close()
    assert [entry["recipients"][0]["status"] for entry in result["messages"]] == ["Delivered"] * 5
    assert sum(len(receipt["references"]) for receipt in result["receipts"]) == 5
