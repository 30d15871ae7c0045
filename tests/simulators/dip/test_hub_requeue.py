"""Requeue: messages are pushed to the webhook once more, and from 2.2.1 its progress can be asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from harness.clock import message_time
from harness.transport.client import Answer
from harness.transport.network import Party
from tests.simulators.dip.conftest import Bench
from tests.simulators.dip.history import NOTHING, call, codes, shaped, told, transactions
from tests.simulators.dip.webhook_stub import ScriptedWebhook, wait_for

NEW = "2.2.1"


@pytest.fixture
def recipient(bench: Bench) -> Iterator[Party]:
    """Return a registration service, whose webhooks for IF-031 are put back afterwards."""
    party = bench.party("REGS")
    releases = ("2.1.0", NEW)
    usual = {
        release: bench.admin.call("GET", f"/webhooks/{release}/{party.dip_id}/IF-031")["url"]
        for release in releases
    }
    yield party
    for release, url in usual.items():
        assert bench.client(release).configure_webhook(party, "IF-031", url).status == 201


def _send(bench: Bench, count: int = 1, *, release: str = NEW) -> tuple[str, list[str]]:
    tag = bench.tag()
    answer = bench.send(*(bench.message(tag=tag, release=release) for _ in range(count)), release=release)
    assert answer.status == 201
    bench.settle(tag)
    return tag, transactions(answer)


def _requeue(
    bench: Bench, party: Party, names: list[str], *, release: str = NEW, caller: Party | None = None
) -> Answer:
    path = f"/dip-channel/IF-031/requeue/{party.dip_id}"
    request = {**NOTHING, "transactionIDs": names}
    return call(bench, caller or party, "POST", path, request, release=release)


def _progress(bench: Bench, party: Party, name: str = "", *, caller: Party | None = None) -> Answer:
    path = f"/dip-channel/IF-031/requeueStatus/{party.dip_id}"
    query = f"?requeue-id={name}" if name else ""
    return call(bench, caller or party, "GET", path + query, release=NEW)


def _told(bench: Bench, party: Party, name: str) -> dict[str, Any]:
    answer = _progress(bench, party, name)
    assert answer.status == 200
    [progress] = shaped(bench, answer, "RequeueStatusArray", release=NEW)
    assert progress.pop("requeueId") == name
    return dict(progress)


def test_before_progress_existed_a_requeue_is_200(bench: Bench) -> None:
    """Before 2.2.1 the answer is a bare 200, and the same bytes come once more."""
    tag, names = _send(bench, 2, release="2.1.0")
    before = [receipt["body_base64"] for receipt in bench.settle(tag)["receipts"]]
    answer = _requeue(bench, bench.party("REGS"), names, release="2.1.0")
    assert (answer.status, answer.body) == (200, b"")
    after = [receipt["body_base64"] for receipt in bench.settle(tag)["receipts"]]
    assert after == before * 2


def test_a_requeue_is_202_and_is_told_of_to_its_end(bench: Bench, recipient: Party) -> None:
    """From 2.2.1 a requeue has an id, Processing while deliveries wait, Completed when all were made."""
    tag, names = _send(bench, 3)
    hold = threading.Event()
    with ScriptedWebhook(bench, hold=hold) as webhook:
        bench.client(NEW).configure_webhook(recipient, "IF-031", webhook.url)
        answer = _requeue(bench, recipient, names)
        assert answer.status == 202
        name = shaped(bench, answer, "RequeueId", release=NEW)
        wait_for(lambda: webhook.bodies)
        started = {"percentComplete": 0, "totalTransactions": 3, "processedTransactions": 0}
        assert _told(bench, recipient, name) == {**started, "status": "Processing"}
        hold.set()
        assert bench.settle(tag)["settled"]
    ended = {"percentComplete": 100, "totalTransactions": 3, "processedTransactions": 3}
    assert _told(bench, recipient, name) == {**ended, "status": "Completed"}
    [body] = webhook.bodies
    found = [item["payload"]["CommonBlock"]["D0"] for item in orjson.loads(body)]
    assert [block["transactionID"] for block in found] == names
    assert not any(block["replayIndicator"] for block in found)


def test_one_requeue_at_a_time(bench: Bench, recipient: Party) -> None:
    """While a requeue is under way another of the recipient is 429, of another recipient it is not."""
    tag, names = _send(bench)
    hold = threading.Event()
    with ScriptedWebhook(bench, hold=hold) as webhook:
        bench.client(NEW).configure_webhook(recipient, "IF-031", webhook.url)
        first = _requeue(bench, recipient, names)
        assert first.status == 202
        assert _requeue(bench, recipient, names).status == 429
        assert _requeue(bench, bench.party("REGS", 1), names).status == 202
        hold.set()
        bench.settle(tag)
        second = _requeue(bench, recipient, names)
        assert second.status == 202
        bench.settle(tag)
    assert len(webhook.bodies) == 2
    assert _told(bench, recipient, orjson.loads(first.body))["status"] == "Completed"
    assert _told(bench, recipient, orjson.loads(second.body))["status"] == "Completed"


def test_a_requeue_that_fails_says_so(bench: Bench, recipient: Party) -> None:
    """Failed when nothing was delivered, PartialCompletion when something was."""
    tag, names = _send(bench, 2)
    for script, says in (([403], "Failed"), ([207], "PartialCompletion")):
        with ScriptedWebhook(bench, script) as webhook:
            bench.client(NEW).configure_webhook(recipient, "IF-031", webhook.url)
            name = orjson.loads(_requeue(bench, recipient, names).body)
            bench.settle(tag)
        assert _told(bench, recipient, name)["status"] == says


def test_a_requeue_without_a_webhook_ends(bench: Bench, recipient: Party) -> None:
    """Without a webhook a requeue ends as Failed, so that another can follow."""
    _, names = _send(bench)
    bench.client(NEW).remove_webhook(recipient, "IF-031")
    name = orjson.loads(_requeue(bench, recipient, names).body)
    wait_for(lambda: _told(bench, recipient, name)["status"] == "Failed")
    assert _requeue(bench, recipient, names).status == 202


def test_a_requeue_takes_up_what_was_paused(bench: Bench, recipient: Party) -> None:
    """A paused delivery is tried once more by a requeue: still without a webhook, it is paused again."""
    bench.client(NEW).remove_webhook(recipient, "IF-031")
    tag = bench.tag()
    message = bench.message(tag=tag, release=NEW)
    names = transactions(bench.send(message, release=NEW))
    bench.settle(tag)
    reference = message["CommonBlock"]["S1"]["senderUniqueReference"]
    assert _outbound(bench, recipient, reference) == ["Paused"]
    assert _requeue(bench, recipient, names).status == 202
    assert bench.settle(tag)["settled"]
    assert _outbound(bench, recipient, reference) == ["Paused", "Paused"]


def _outbound(bench: Bench, party: Party, reference: str) -> list[str]:
    path = f"/dip-channel/IF-031/deliveryStatus/{party.dip_id}/{reference}"
    record = orjson.loads(call(bench, party, "GET", path, release=NEW).body)
    return [entry["Status"] for entry in record["JournalEntries"] if entry["DIPStage"] == "Outbound"]


def test_a_requeue_of_nothing_is_complete(bench: Bench) -> None:
    """A requeue that means no message is 202 and complete at once."""
    bystander = bench.party("REGS", 1)
    name = orjson.loads(_requeue(bench, bystander, ["T-IF-031-unknown"]).body)
    told_of = _told(bench, bystander, name)
    assert (told_of["status"], told_of["totalTransactions"], told_of["percentComplete"]) == (
        "Completed",
        0,
        100,
    )


def test_nobody_requeues_for_another(bench: Bench) -> None:
    """A bystander's requeue pushes nothing of others, and in their name it is 403; so is the progress."""
    tag, names = _send(bench)
    recipient, bystander = bench.party("REGS"), bench.party("REGS", 1)
    receipts = bench.settle(tag)["receipts"]
    assert _requeue(bench, bystander, names).status == 202
    assert _requeue(bench, recipient, names, caller=bystander).status == 403
    assert bench.settle(tag)["receipts"] == receipts
    name = orjson.loads(_requeue(bench, recipient, names).body)
    assert _progress(bench, recipient, name, caller=bystander).status == 403
    assert _progress(bench, bystander, name).status == 204
    bench.settle(tag)


def test_progress_of_an_unknown_requeue_is_204(bench: Bench) -> None:
    """An unknown id is 204; without an id all requeues of the channel are told of, the latest first."""
    tag, names = _send(bench)
    party = bench.party("REGS")
    first = orjson.loads(_requeue(bench, party, names).body)
    bench.settle(tag)
    second = orjson.loads(_requeue(bench, party, names).body)
    bench.settle(tag)
    assert _progress(bench, party, "unknown").status == 204
    found = shaped(bench, _progress(bench, party), "RequeueStatusArray", release=NEW)
    assert [entry["requeueId"] for entry in found][:2] == [second, first]


def test_status_messages_can_be_requeued(bench: Bench) -> None:
    """From 2.2.1 status messages are pushed again too, and only the sender's own."""
    sender, other = bench.party("SUP"), bench.party("SUP", 1)
    start = message_time(bench.admin.now())
    tag, names = _send(bench)
    before = told(bench.settle(tag))
    body = {"datetimeFrom": start, "datetimeTo": "2999-01-01T00:00:00+00:00", "transactionID": names[0]}
    path = f"/statusmessage/requeue/{sender.dip_id}"
    assert call(bench, other, "POST", path, body, release=NEW).status == 403
    answer = call(bench, sender, "POST", path, body, release=NEW)
    assert answer.status == 202
    name = shaped(bench, answer, "RequeueId", release=NEW)
    assert told(bench.settle(tag)) == before * 2
    status = call(
        bench, sender, "GET", f"/statusmessage/requeueStatus/{sender.dip_id}?requeue-id={name}", release=NEW
    )
    [progress] = shaped(bench, status, "RequeueStatusArray", release=NEW)
    assert (progress["status"], progress["totalTransactions"]) == ("Completed", 1)
    wrong = call(bench, sender, "POST", path, {}, release=NEW)
    assert wrong.status == 400
    assert set(codes(shaped(bench, wrong, "StandardResponse", release=NEW)["messageArray"])) == {"MSG1001"}
