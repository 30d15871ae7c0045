"""What was answered 201 is there after a kill, and is delivered after the restart."""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from harness.messages.build import encode
from simulators.embedded import EmbeddedTarget
from tests.simulators.dip.conftest import Bench

KILLS = 20
SENDERS = 4


def _load(bench: Bench, tag: str, accepted: set[str]) -> None:
    """Send messages, one after another, until the hub is gone; keep the references that were answered 201."""
    template = bench.message(tag=tag)
    start = template["CommonBlock"]["S1"]["senderUniqueReference"].rpartition("-")[0]
    for number in itertools.count(1):
        reference = f"{start}-{tag.replace('-', '')}x{number:06x}"
        template["CommonBlock"]["S1"]["senderUniqueReference"] = reference
        answer = bench.send(body=encode([template]), channel="IF-031")
        if answer.status is None:
            return
        assert answer.status == 201, answer.body
        accepted.add(reference)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_accepted_messages_survive_kills_under_load(network_folder: Path) -> None:
    """Killed 20 times while four senders load it, the hub has lost nothing that it accepted."""
    accepted: set[str] = set()
    rounds = 0
    for rounds in range(1, KILLS + 1):
        bench = Bench(EmbeddedTarget(("2.1.0",), network_folder, worker="durable"))
        before = len(accepted)
        senders = [
            threading.Thread(target=_load, args=(bench, f"round-{rounds}-{n}", accepted))
            for n in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        while len(accepted) < before + 20 + rounds * 2 and any(sender.is_alive() for sender in senders):
            time.sleep(0.002)
        os.kill(bench.target.pid, signal.SIGKILL)
        for sender in senders:
            sender.join(30)
        bench.close()
    assert rounds == KILLS
    assert len(accepted) > KILLS * 20
    bench = Bench(EmbeddedTarget(("2.1.0",), network_folder, worker="durable"))
    for number in range(1, KILLS + 1):
        for sender_number in range(SENDERS):
            result = bench.settle(f"round-{number}-{sender_number}")
            assert result["settled"]
            assert all(entry["recipients"][0]["status"] == "Delivered" for entry in result["messages"])
            accepted -= {entry["reference"] for entry in result["messages"]}
    bench.close()
    assert accepted == set()


def test_a_restart_delivers_what_was_left(network_folder: Path) -> None:
    """Messages that were accepted while nobody took them are delivered by the next process, once each."""
    first = Bench(EmbeddedTarget(("2.1.0",), network_folder, worker="restart"))
    recipient = first.party("REGS")
    assert first.client().remove_webhook(recipient, "IF-031").status == 204
    assert first.send(*(first.message(tag="left") for _ in range(5))).status == 201
    first.settle("left")
    first.close()
    path = first.target.store / "2.1.0.sqlite3"
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT DISTINCT status FROM delivery").fetchall() == [("Paused",)]
    connection.execute("UPDATE delivery SET status = 'Pending'")
    connection.execute("DELETE FROM webhook")
    connection.commit()
    connection.close()
    second = Bench(EmbeddedTarget(("2.1.0",), network_folder, worker="restart"))
    result = second.settle("left")
    second.close()
    assert [entry["recipients"][0]["status"] for entry in result["messages"]] == ["Delivered"] * 5
    assert sum(len(receipt["references"]) for receipt in result["receipts"]) == 5
