"""Each fault over real TLS: what the sender, the recipient and the record see of it, and that it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.errors import HarnessError
from harness.transport.network import Party
from simulators.embedded import EmbeddedTarget
from tests.simulators.dip.conftest import Bench
from tests.simulators.dip.webhook_stub import ScriptedWebhook, wait_for


@pytest.fixture(autouse=True)
def _no_faults(bench: Bench) -> Iterator[None]:
    yield
    bench.admin.clear_faults()
    bench.admin.set_service({})


@pytest.fixture
def recipient(bench: Bench) -> Iterator[Party]:
    """Return the registration service, whose webhook for IF-031 is put back afterwards."""
    party = bench.party("REGS")
    usual = bench.admin.call("GET", f"/webhooks/{bench.release}/{party.dip_id}/IF-031")["url"]
    yield party
    bench.admin.clear_faults()
    assert bench.client().configure_webhook(party, "IF-031", usual).status == 201


def _put(bench: Bench, fault: str, **options: Any) -> None:
    bench.admin.set_faults([{"fault": fault, **options}])


def _delivered(bench: Bench, tag: str) -> list[tuple[str, int | None]]:
    result = bench.settle(tag)
    assert result["settled"]
    return [
        (entry["status"], entry["http_status"])
        for message in result["messages"]
        for entry in message["recipients"]
    ]


def _applied(bench: Bench, tag: str) -> list[str]:
    return [entry["fault"] for entry in bench.admin.applied_faults(tag=tag)]


def test_nothing_is_on_by_default(bench: Bench) -> None:
    """A new hub has no faults, has applied none, and is in service."""
    assert bench.admin.call("GET", "/faults") == {"faults": []}
    assert bench.admin.call("GET", "/service") == {"opens": None, "outages": [], "closed": ""}
    tag = bench.tag()
    assert bench.send(bench.message(tag=tag)).status == 201
    assert _applied(bench, tag) == []


def test_an_answer_can_be_slow(bench: Bench) -> None:
    """Latency at the ingress holds the answer to one sender and to nobody else."""
    sender = bench.party("SUP")
    _put(bench, "latency", at="ingress", party=sender.dip_id, channel="IF-031", seconds=0.6)
    tag = bench.tag()
    started = time.monotonic()
    assert bench.send(bench.message(tag=tag)).status == 201
    assert time.monotonic() - started >= 0.6
    other, untouched = bench.party("SUP", 1), bench.tag()
    assert bench.send(bench.message(sender=other, tag=untouched), party=other).status in (201, 400)
    assert bench.admin.applied_faults(tag=untouched) == []
    [applied] = bench.admin.applied_faults(tag=tag)
    assert (applied["point"], applied["party"], applied["channel"], applied["release"]) == (
        "ingress",
        sender.dip_id,
        "IF-031",
        bench.release,
    )
    assert len(applied["references"]) == 1


def test_an_error_answer_takes_nothing(bench: Bench) -> None:
    """A status at the ingress is answered with its header, and the message can be sent again."""
    _put(bench, "status", at="ingress", status=429, retry_after=7, times=1)
    tag = bench.tag()
    message = bench.message(tag=tag)
    answer = bench.send(message)
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")
    assert bench.settle(tag)["messages"] == []
    assert bench.send(message).status == 201
    assert _applied(bench, tag) == ["status"]


@pytest.mark.parametrize(("when", "second"), [("before", 201), ("after", 400)])
def test_a_dropped_connection_has_no_answer(bench: Bench, when: str, second: int) -> None:
    """The sender gets no answer; after the effect the reference is used, before it it is not."""
    _put(bench, "drop", at="ingress", when=when, times=1)
    message = bench.message(tag=bench.tag())
    answer = bench.send(message)
    assert answer.status is None
    assert answer.error
    answer = bench.send(message)
    assert answer.status == second
    assert ("MSG1006" in answer.codes) is (second == 400)


@pytest.mark.parametrize(
    ("fault", "final"),
    [
        ({"fault": "status", "status": 503}, ("Delivered", 201)),
        ({"fault": "status", "status": 404}, ("DeliveryFailure", 404)),
        ({"fault": "drop"}, ("Delivered", 201)),
        ({"fault": "drop", "when": "after"}, ("Delivered", 201)),
        ({"fault": "latency", "seconds": 0.2}, ("Delivered", 201)),
    ],
)
def test_a_simulated_party_answers_badly_once(
    bench: Bench, fault: dict[str, Any], final: tuple[str, int]
) -> None:
    """A party's bad answer is retried or final as its status says, and each message counts once for it."""
    bench.admin.set_faults([{**fault, "at": "webhook", "party": bench.party("REGS").dip_id, "times": 1}])
    tag = bench.tag()
    assert bench.send(bench.message(tag=tag)).status == 201
    assert _delivered(bench, tag) == [final]
    assert _applied(bench, tag) == [fault["fault"]]


def test_a_recipient_that_asks_for_time_gets_it(bench: Bench) -> None:
    """Retry-After holds the next attempt back for longer than the back-off would."""
    fault = {"fault": "status", "at": "webhook", "status": 429, "retry_after": 2, "times": 1}
    bench.admin.set_faults([{**fault, "party": bench.party("REGS").dip_id}])
    tag = bench.tag()
    started = time.monotonic()
    assert bench.send(bench.message(tag=tag)).status == 201
    assert _delivered(bench, tag) == [("Delivered", 201)]
    assert time.monotonic() - started >= 2


def test_a_call_is_made_twice(bench: Bench, recipient: Party) -> None:
    """A duplicate has the same bytes and the same transaction."""
    _put(bench, "duplicate", times=1)
    tag = bench.tag()
    with ScriptedWebhook(bench) as webhook:
        bench.client().configure_webhook(recipient, "IF-031", webhook.url)
        assert bench.send(bench.message(tag=tag)).status == 201
        assert _delivered(bench, tag) == [("Delivered", 201)]
    assert len(webhook.bodies) == 2
    assert len(set(webhook.bodies)) == 1
    assert _applied(bench, tag) == ["duplicate"]


def test_deliveries_change_their_order(bench: Bench, recipient: Party) -> None:
    """Messages that gather while the fault is on arrive latest first, none is lost, and it is on record."""
    _put(bench, "reorder", party=recipient.dip_id, seconds=0.5)
    tag = bench.tag()
    messages = [bench.message(tag=tag) for _ in range(3)]
    with ScriptedWebhook(bench) as webhook:
        bench.client().configure_webhook(recipient, "IF-031", webhook.url)
        for message in messages:
            assert bench.send(message).status == 201
        assert _delivered(bench, tag) == [("Delivered", 201)] * 3
    sent = [message["CommonBlock"]["S1"]["senderUniqueReference"] for message in messages]
    assert webhook.references == sent[::-1]
    assert _applied(bench, tag) == ["reorder"]


def test_a_delivery_can_be_cut_on_either_side(bench: Bench, recipient: Party) -> None:
    """Cut before, the recipient gets no whole call; cut after, it gets the call again."""
    for when, calls in (("before", 1), ("after", 2)):
        _put(bench, "drop", at="delivery", when=when, times=1)
        tag = bench.tag()
        with ScriptedWebhook(bench) as webhook:
            bench.client().configure_webhook(recipient, "IF-031", webhook.url)
            assert bench.send(bench.message(tag=tag)).status == 201
            assert _delivered(bench, tag) == [("Delivered", 201)]
        whole = [body for body in webhook.bodies if body.endswith(b"]")]
        assert len(whole) == calls, when
        assert "ConnectionAbortedError: the connection was cut on request" in bench.log


def test_a_delivery_can_be_slow(bench: Bench, recipient: Party) -> None:
    """Latency at the delivery holds up the recipient's calls."""
    _put(bench, "latency", at="delivery", party=recipient.dip_id, seconds=0.5)
    tag = bench.tag()
    started = time.monotonic()
    assert bench.send(bench.message(tag=tag)).status == 201
    assert time.monotonic() - started < 0.4, "the sender doesn't wait for it"
    assert _delivered(bench, tag) == [("Delivered", 201)]
    assert time.monotonic() - started >= 0.5


def test_a_spoilt_signature_is_refused_by_the_recipient(bench: Bench) -> None:
    """A simulated party tells RCP9999, and the next call is good again."""
    _put(bench, "corrupt-signature", times=1)
    first, second = bench.tag(), bench.tag()
    assert bench.send(bench.message(tag=first)).status == 201
    assert _delivered(bench, first) == [("RejectedByRecipient", 400)]
    [receipt] = bench.settle(first)["receipts"]
    assert receipt["answer_status"] == 400
    assert bench.send(bench.message(tag=second)).status == 201
    assert _delivered(bench, second) == [("Delivered", 201)]


@pytest.mark.parametrize(
    ("options", "final"),
    [
        ({"which": "signing"}, ("RejectedByRecipient", 400)),
        ({"which": "signing", "flaw": "expired"}, ("RejectedByRecipient", 400)),
        ({"which": "tls"}, ("DeliveryFailure", 403)),
    ],
)
def test_a_wrong_certificate_is_refused_by_the_recipient(
    bench: Bench, options: dict[str, Any], final: tuple[str, int]
) -> None:
    """Another party's certificate gets 403 on the connection and RCP9999 under the signature."""
    _put(bench, "wrong-certificate", **options, times=1)
    tag = bench.tag()
    assert bench.send(bench.message(tag=tag)).status == 201
    assert _delivered(bench, tag) == [final]


def test_an_expired_client_certificate_ends_in_the_handshake_and_is_retried(bench: Bench) -> None:
    """The recipient's TLS refuses it, the hub tries again with its own, and nothing is lost."""
    _put(bench, "wrong-certificate", which="tls", flaw="expired", times=1)
    tag = bench.tag()
    assert bench.send(bench.message(tag=tag)).status == 201
    assert _delivered(bench, tag) == [("Delivered", 201)]
    assert _applied(bench, tag) == ["wrong-certificate"]


def test_rotated_certificates_are_new_and_good(bench: Bench, recipient: Party) -> None:
    """After a rotation the signing certificate is another one, and simulated parties accept it."""
    seen = []
    for rotated in (False, True, True):
        if rotated:
            _put(bench, "rotate-certificate")
        with ScriptedWebhook(bench) as webhook:
            bench.client().configure_webhook(recipient, "IF-031", webhook.url)
            tag = bench.tag()
            assert bench.send(bench.message(tag=tag)).status == 201
            assert _delivered(bench, tag) == [("Delivered", 201)]
        seen.append(webhook.headers[0]["x-dip-signature-certificate"])
    assert len(set(seen)) == 3
    tag = bench.tag()
    sender = bench.party("REGS")
    message = bench.message("IF-002", "GainMPANInfo", sender, (bench.party("SUP"),), tag=tag)
    assert bench.send(message, party=sender).status == 201
    assert _delivered(bench, tag) == [("Delivered", 201)]


def test_an_outage_refuses_requests_and_keeps_the_backlog(bench: Bench) -> None:
    """In an outage nothing gets in and nothing goes out; when it is over the backlog is delivered."""
    held = bench.tag()
    _put(bench, "outage", at="delivery")
    for _ in range(3):
        assert bench.send(bench.message(tag=held)).status == 201
    assert bench.settle(held, timeout=0.5)["settled"] is False
    _put(bench, "outage")
    refused = bench.message(tag=held)
    assert bench.send(refused).status == 503
    bench.admin.clear_faults()
    assert bench.send(refused).status == 201
    assert _delivered(bench, held) == [("Delivered", 201)] * 4
    assert "outage" in _applied(bench, held)


def test_a_fault_of_a_tag_leaves_other_messages_alone(bench: Bench) -> None:
    """Faults put for one S1.subText meet no message with another, at any point."""
    mine, other = bench.tag() + "-mine", bench.tag() + "-other"
    bench.admin.set_faults([{"fault": "outage"}, {"fault": "corrupt-signature"}], tag=mine)
    assert bench.send(bench.message(tag=other)).status == 201
    assert _delivered(bench, other) == [("Delivered", 201)]
    assert bench.send(bench.message(tag=mine)).status == 503
    bench.admin.clear_faults(tag=mine)
    assert bench.send(bench.message(tag=mine)).status == 201


def test_before_the_opening_and_in_a_planned_outage_messages_are_refused(bench: Bench) -> None:
    """By the simulated clock the hub answers 503 before it opens and while it is out of service."""
    now = bench.admin.now()
    hour = timedelta(hours=1)
    bench.admin.set_service({"opens": (now + hour).isoformat()})
    answer = bench.send(bench.message())
    assert (answer.status, b"opens at" in answer.body) == (503, True)
    bench.admin.set_service({"outages": [{"from": (now - hour).isoformat(), "to": (now + hour).isoformat()}]})
    assert bench.send(bench.message()).status == 503
    assert bench.admin.call("GET", "/service")["closed"]
    bench.admin.set_service(
        {"outages": [{"from": (now + hour).isoformat(), "to": (now + 2 * hour).isoformat()}]}
    )
    assert bench.send(bench.message()).status == 201


def test_a_planned_outage_ends_with_the_clock_and_the_backlog_goes_out(bench: Bench) -> None:
    """Deliveries that meet the outage wait until the simulated clock has passed its end."""
    _put(bench, "outage", at="delivery")
    tag = bench.tag()
    assert bench.send(bench.message(tag=tag)).status == 201
    now = bench.admin.now()
    three_days = timedelta(hours=72)
    bench.admin.set_service({"outages": [{"from": now.isoformat(), "to": (now + three_days).isoformat()}]})
    bench.admin.clear_faults()
    assert bench.settle(tag, timeout=0.3)["settled"] is False
    try:
        bench.admin.advance(72 * 3600 + 1)
        wait_for(lambda: bench.settle(tag, timeout=1)["settled"])
        assert [entry for entry in _delivered(bench, tag) if entry[0] != "RejectedByRecipient"]
    finally:
        bench.admin.set_clock(now)


def test_wrong_faults_are_refused_by_the_admin_api(bench: Bench) -> None:
    """An unknown fault is 400 with the name that was meant; a list that is none is 400."""
    with pytest.raises(HarnessError, match="latency"):
        bench.admin.set_faults([{"fault": "latencyy"}])
    for content in ({"faults": {}}, {"faults": [], "tag": 1}, {}):
        with pytest.raises(HarnessError, match="answered 400"):
            bench.admin.call("PUT", "/faults", content)


def test_a_file_switches_faults_on_from_the_start(tmp_path: Path, network_folder: Path) -> None:
    """With --faults the hub starts with the file's faults, and a wrong file ends it with a sentence."""
    path = tmp_path / "faults.yaml"
    path.write_text('faults:\n  - {fault: status, at: ingress, status: 500, party: "2300000001"}\n')
    target = EmbeddedTarget(["2.1.0"], network_folder, worker="faulty", options=("--faults", str(path)))
    bench = Bench(target)
    assert bench.admin.call("GET", "/faults")["faults"][0]["fault"] == "status"
    assert bench.send(bench.message()).status == 500
    bench.close()
    path.write_text("faults:\n  - {fault: statuss}\n")
    with pytest.raises(HarnessError, match="'statuss' is no fault"):
        EmbeddedTarget(["2.1.0"], network_folder, worker="faulty", options=("--faults", str(path)))


def test_metrics_are_told_in_the_format_of_prometheus(bench: Bench) -> None:
    """GET /metrics counts what was accepted, refused and delivered, without key or identity."""
    tag = bench.tag()
    assert bench.send(bench.message(tag=tag)).status == 201
    bench.settle(tag)
    message = bench.message()
    assert bench.send(message, message).status == 400
    response = httpx.get(f"{bench.admin.url}/metrics", trust_env=False)
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = dict(
        line.rsplit(" ", 1) for line in response.text.splitlines() if line and not line.startswith("#")
    )
    assert int(samples['dip_messages_accepted_total{release="2.1.0",interface="IF-031"}']) >= 1
    assert int(samples['dip_messages_refused_total{release="2.1.0",code="MSG1006"}']) >= 1
    assert int(samples['dip_http_answers_total{release="2.1.0",status="400"}']) >= 1
    delivered = 'dip_deliveries_total{release="2.1.0",interface="IF-031",status="Delivered"}'
    assert int(samples[delivered]) >= 1
    count = int(samples['dip_webhook_call_seconds_count{release="2.1.0"}'])
    assert int(samples['dip_webhook_call_seconds_bucket{release="2.1.0",le="+Inf"}']) == count >= 1
    assert bench.party("SUP").dip_id not in response.text
    assert tag not in response.text


def test_a_fault_of_a_tag_meets_the_status_messages_about_it(bench: Bench) -> None:
    """A status message holds no tag; it carries that of the message which it is about, at every point."""
    mine, other = bench.tag() + "-mine", bench.tag() + "-other"
    sender = bench.party("SUP").dip_id
    faults: list[dict[str, Any]] = [
        {"fault": "status", "at": "webhook", "channel": "status", "party": sender, "status": 403, "times": 1},
        {"fault": "duplicate", "channel": "status"},
    ]
    bench.admin.set_faults(faults, tag=mine)
    for tag in (other, mine):
        assert bench.send(bench.message(tag=tag)).status == 201
        assert bench.settle(tag)["settled"]
    assert len(bench.settle(other)["status_receipts"]) == 1
    assert len(bench.settle(mine)["status_receipts"]) == 1, "of two calls one met the fault"
    assert _applied(bench, mine) == ["duplicate", "status"]
    assert _applied(bench, other) == []
    [recorded] = [one for one in bench.admin.applied_faults(tag=mine) if one["fault"] == "duplicate"]
    assert (len(recorded["references"]), len(recorded["transactions"])) == (1, 1)


def test_a_fault_of_one_tag_meets_nobody_elses_message(bench: Bench) -> None:
    """Messages of two tags that gather for one recipient go in calls of their own while one has a fault."""
    recipient = bench.party("REGS").dip_id
    own, other = bench.tag(), bench.tag()
    _put(bench, "batch", party=recipient, seconds=0.4)
    fault = {"fault": "status", "at": "webhook", "party": recipient, "status": 404, "times": 1}
    bench.admin.set_faults([fault], tag=own)
    for tag in (other, own):
        assert bench.send(bench.message(tag=tag)).status == 201
    assert _delivered(bench, other) == [("Delivered", 201)]
    assert _delivered(bench, own) == [("DeliveryFailure", 404)]
