"""Figures of delivery, replay and requeue in the hub's behaviour: a hub whose limits are small."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from harness.transport.network import Party
from simulators.embedded import EmbeddedTarget
from tests.simulators.dip.conftest import RELEASES, Bench
from tests.simulators.dip.history import NOTHING, call
from tests.simulators.dip.webhook_stub import ScriptedWebhook

_SMALL = """\
requeue.messages: 2
replay.messages: 2
delivery.batch_messages: 3
delivery.timeout_seconds: 0.5
delivery.backoff_seconds: 0.1
delivery.backoff_limit_seconds: 0.2
delivery.attempts: 4
"""


@pytest.fixture(scope="module")
def bench(network_folder: Path) -> Iterator[Bench]:
    """Return a hub with small limits."""
    settings = network_folder / "small.yaml"
    settings.write_text(_SMALL, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIP_SETTINGS", str(settings))
        bench = Bench(EmbeddedTarget(RELEASES, network_folder, worker="hub_limits"))
    yield bench
    bench.close()
    assert "Traceback" not in bench.log


def _sent(bench: Bench, recipient: Party, count: int, release: str) -> None:
    tag = bench.tag()
    messages = [bench.message(to=(recipient,), tag=tag, release=release) for _ in range(count)]
    assert bench.send(*messages, release=release).status == 201
    bench.settle(tag)


@pytest.mark.parametrize(("release", "status"), [("2.1.0", 200), ("2.2.1", 202)])
def test_a_requeue_of_too_much_is_refused(bench: Bench, release: str, status: int) -> None:
    """As many messages as the limit are taken, one more is 400 with the code of the setting."""
    recipient = bench.party("REGS")
    path = f"/dip-channel/IF-031/requeue/{recipient.dip_id}"
    _sent(bench, recipient, 2, release)
    assert call(bench, recipient, "POST", path, NOTHING, release=release).status == status
    _sent(bench, recipient, 1, release)
    answer = call(bench, recipient, "POST", path, NOTHING, release=release)
    assert (answer.status, answer.codes) == (400, ("MSG1000",))


def test_a_replay_of_too_much_is_refused_before_pages(bench: Bench) -> None:
    """In a release without pages one message more than the limit is 400 with the code of the setting."""
    recipient = bench.party("REGS", 1)
    path = f"/dip-channel/IF-031/replay/{recipient.dip_id}"
    _sent(bench, recipient, 2, "2.1.0")
    assert call(bench, recipient, "POST", path, NOTHING).status == 200
    _sent(bench, recipient, 1, "2.1.0")
    answer = call(bench, recipient, "POST", path, NOTHING)
    assert (answer.status, answer.codes) == (400, ("MSG1000",))


def test_a_call_holds_no_more_than_the_limit(bench: Bench) -> None:
    """Seven messages that wait for a webhook come in calls of three at most, in order."""
    recipient, tag = bench.party("REGS", 1), bench.tag()
    assert bench.client().remove_webhook(recipient, "IF-031").status == 204
    messages = [bench.message(to=(recipient,), tag=tag) for _ in range(7)]
    assert bench.send(*messages).status == 201
    bench.settle(tag)
    with ScriptedWebhook(bench) as webhook:
        assert bench.client().configure_webhook(recipient, "IF-031", webhook.url).status == 201
        bench.settle(tag)
        assert [body.count(b'"payload"') for body in webhook.bodies] == [3, 3, 1]
        sent = [message["CommonBlock"]["S1"]["senderUniqueReference"] for message in messages]
        assert webhook.references == sent
        bench.client().remove_webhook(recipient, "IF-031")


def test_the_wait_between_attempts_grows(bench: Bench) -> None:
    """Of four attempts that fail the waits are at least the back-off, its double, and the limit."""
    recipient, tag = bench.party("REGS"), bench.tag()
    with ScriptedWebhook(bench, [503] * 9) as webhook:
        assert bench.client().configure_webhook(recipient, "IF-031", webhook.url).status == 201
        assert bench.send(bench.message(tag=tag)).status == 201
        (message,) = bench.settle(tag)["messages"]
        assert [each["status"] for each in message["recipients"]] == ["RetriesExhausted"]
        made = [datetime.fromisoformat(date) for date in webhook.dates]
        waits = [(later - earlier).total_seconds() for earlier, later in pairwise(made)]
        assert len(waits) == 3
        assert all(wait >= least - 0.002 for wait, least in zip(waits, (0.1, 0.2, 0.2), strict=True))
        bench.client().remove_webhook(recipient, "IF-031")


def test_an_answer_that_does_not_come_in_time_is_tried_again(bench: Bench) -> None:
    """A call that the recipient does not answer within the time is made again with the same bytes."""
    recipient, tag, hold = bench.party("REGS"), bench.tag(), threading.Event()
    with ScriptedWebhook(bench, hold=hold) as webhook:
        assert bench.client().configure_webhook(recipient, "IF-031", webhook.url).status == 201
        assert bench.send(bench.message(tag=tag)).status == 201
        assert not bench.admin.settle(tag, timeout=0.7)["settled"]
        hold.set()
        assert bench.settle(tag)["settled"]
        assert len(webhook.bodies) >= 2
        assert len(set(webhook.bodies)) == 1
        bench.client().remove_webhook(recipient, "IF-031")
