"""Webhooks and outboxes: who may configure them, what is tried again, and that nobody waits for another."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from harness.transport.network import Party
from tests.simulators.dip.conftest import Bench
from tests.simulators.dip.webhook_stub import ScriptedWebhook, wait_for


def _statuses(result: dict[str, Any]) -> list[tuple[str, int | None]]:
    return [
        (entry["status"], entry["http_status"])
        for message in result["messages"]
        for entry in message["recipients"]
    ]


@pytest.fixture
def recipient(bench: Bench) -> Iterator[Party]:
    """Return the registration service, whose webhook for IF-031 is put back afterwards."""
    party = bench.party("REGS")
    usual = bench.admin.call("GET", f"/webhooks/{bench.release}/{party.dip_id}/IF-031")["url"]
    yield party
    assert bench.client().configure_webhook(party, "IF-031", usual).status == 201


def test_a_configured_webhook_gets_the_publications(bench: Bench, recipient: Party) -> None:
    """After 201 for the configuration, the publications of that channel go to the new URL only."""
    tag = bench.tag()
    with ScriptedWebhook(bench) as webhook:
        assert bench.client().configure_webhook(recipient, "IF-031", webhook.url).status == 201
        message = bench.message(tag=tag)
        assert bench.send(message).status == 201
        result = bench.settle(tag)
    assert webhook.references == [message["CommonBlock"]["S1"]["senderUniqueReference"]]
    assert result["receipts"] == []
    assert _statuses(result) == [("Delivered", 201)]


def test_a_removed_webhook_pauses_and_a_new_one_resumes(bench: Bench, recipient: Party) -> None:
    """Without a webhook a delivery is paused, not lost: it is made when one is configured."""
    tag = bench.tag()
    assert bench.client().remove_webhook(recipient, "IF-031").status == 204
    assert bench.client().remove_webhook(recipient, "IF-031").status == 204
    assert bench.send(bench.message(tag=tag)).status == 201
    assert _statuses(bench.settle(tag)) == [("Paused", None)]
    with ScriptedWebhook(bench) as webhook:
        assert bench.client().configure_webhook(recipient, "IF-031", webhook.url).status == 201
        assert _statuses(bench.settle(tag)) == [("Delivered", 201)]
    assert len(webhook.references) == 1


def test_only_the_party_itself_may_set_its_webhook(bench: Bench) -> None:
    """Another party gets 403, an unknown DIP id 404, and nothing changes; the nominated provider may."""
    owner, other = bench.party("SUP", 1), bench.party("SUP")
    path = f"/dip-channel/IF-036/pubconfig/{owner.dip_id}"
    before = bench.admin.call("GET", f"/webhooks/{bench.release}/{owner.dip_id}/IF-036")
    body = orjson.dumps({"callbackURL": "https://127.0.0.1:1/x"})
    assert bench.client().request(other, "POST", path, body).status == 403
    assert bench.client().request(other, "DELETE", path).status == 403
    unknown = path.replace(owner.dip_id, "9999999999")
    assert bench.client().request(owner, "POST", unknown, body).status == 404
    assert bench.admin.call("GET", f"/webhooks/{bench.release}/{owner.dip_id}/IF-036") == before
    provider = bench.party("DCP")
    assert (
        bench.client().request(provider, "POST", path, orjson.dumps({"callbackURL": before["url"]})).status
        == 201
    )


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"callbackURL": None},
        {"callbackURL": ""},
        {"callbackURL": "http://127.0.0.1:9/x"},
        {"callbackURL": "https://"},
        {"callbackURL": "https://host:99999/x"},
        {"callbackURL": "https://user:pass@host/x"},
        {"callbackURL": "https://host/a b"},
        [],
        "x",
    ],
)
def test_a_callback_url_must_be_usable(bench: Bench, config: Any) -> None:
    """A configuration without an https URL is 400."""
    party = bench.party("REGS")
    path = f"/dip-channel/IF-031/pubconfig/{party.dip_id}"
    assert bench.client().request(party, "POST", path, orjson.dumps(config)).status == 400


def test_a_callback_url_can_not_name_the_admin_port(bench: Bench) -> None:
    """A webhook on the admin API's port is 400."""
    party = bench.party("REGS")
    port = urlsplit(bench.admin.url).port
    answer = bench.client().configure_webhook(party, "IF-031", f"https://127.0.0.1:{port}/settle")
    assert answer.status == 400


def test_a_retry_carries_the_same_bytes(bench: Bench, recipient: Party) -> None:
    """Statuses that are tried again are, with the same body, and later messages wait their turn."""
    tag = bench.tag()
    with ScriptedWebhook(bench, [503, 429]) as webhook:
        bench.client().configure_webhook(recipient, "IF-031", webhook.url)
        assert bench.send(bench.message(tag=tag)).status == 201
        result = bench.settle(tag)
    assert len(webhook.bodies) == 3
    assert len(set(webhook.bodies)) == 1
    assert _statuses(result) == [("Delivered", 201)]


@pytest.mark.parametrize(
    ("status", "final"), [(400, "RejectedByRecipient"), (404, "DeliveryFailure"), (413, "DeliveryFailure")]
)
def test_other_statuses_are_not_tried_again(bench: Bench, recipient: Party, status: int, final: str) -> None:
    """An answer outside the retried statuses ends the delivery at the first attempt."""
    tag = bench.tag()
    with ScriptedWebhook(bench, [status]) as webhook:
        bench.client().configure_webhook(recipient, "IF-031", webhook.url)
        assert bench.send(bench.message(tag=tag)).status == 201
        result = bench.settle(tag)
    assert len(webhook.bodies) == 1
    assert _statuses(result) == [(final, status)]


def test_a_207_is_read_message_by_message(bench: Bench, recipient: Party) -> None:
    """Of a call that is answered 207, each message gets the status of its own entry."""
    tag = bench.tag()
    with ScriptedWebhook(bench, [207]) as webhook:
        bench.client().configure_webhook(recipient, "IF-031", webhook.url)
        assert bench.send(bench.message(tag=tag), bench.message(tag=tag)).status == 201
        result = bench.settle(tag)
    assert _statuses(result) == [("Delivered", 207), ("RejectedByRecipient", 207)]


def test_a_slow_recipient_delays_nobody_and_its_messages_are_batched(bench: Bench, recipient: Party) -> None:
    """While one recipient holds a call, others are served; what waits for it comes in one call, in order."""
    slow, others = bench.tag(), bench.tag()
    hold = threading.Event()
    with ScriptedWebhook(bench, hold=hold) as webhook:
        bench.client().configure_webhook(recipient, "IF-031", webhook.url)
        messages = [bench.message(tag=slow) for _ in range(6)]
        for message in messages:
            assert bench.send(message).status == 201
            if message is messages[0]:
                assert webhook.arrived.wait(10)
        to = (bench.party("REGS", 1),)
        assert bench.send(bench.message(to=to, tag=others)).status == 201
        assert _statuses(bench.settle(others)) == [("Delivered", 201)]
        waiting = bench.admin.settle(slow, timeout=0.05)
        assert waiting["settled"] is False
        hold.set()
        assert bench.settle(slow)["settled"] is True
    assert webhook.references == [
        message["CommonBlock"]["S1"]["senderUniqueReference"] for message in messages
    ]
    assert len(webhook.bodies) == 2


def test_a_dead_recipient_is_tried_again_until_it_answers(bench: Bench, recipient: Party) -> None:
    """A refused connection is tried again, and the message arrives once somebody listens."""
    tag = bench.tag()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        dead = f"https://127.0.0.1:{probe.getsockname()[1]}/hook"
    bench.client().configure_webhook(recipient, "IF-031", dead)
    assert bench.send(bench.message(tag=tag)).status == 201
    wait_for(lambda: _statuses(bench.admin.settle(tag, timeout=0)) == [("Retrying", None)])
    with ScriptedWebhook(bench) as webhook:
        bench.client().configure_webhook(recipient, "IF-031", webhook.url)
        assert _statuses(bench.settle(tag)) == [("Delivered", 201)]
    assert len(webhook.bodies) == 1


def test_a_store_that_another_program_locks_is_told_and_recovers(bench: Bench) -> None:
    """While the database is locked a message gets 503 and is not taken; afterwards it is."""
    tag = bench.tag()
    message = bench.message(tag=tag)
    with bench.locked():
        assert bench.send(message).status == 503
    assert bench.send(message).status == 201
    assert _statuses(bench.settle(tag)) == [("Delivered", 201)]
