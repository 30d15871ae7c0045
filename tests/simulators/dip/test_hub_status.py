"""Status messages: L2, L3 and L4 reach the sender's status webhook, and nobody else's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from harness.spec.codes import codes as published_codes
from harness.spec.codes import text as code_text
from harness.transport.network import Party
from tests.simulators.dip.conftest import Bench
from tests.simulators.dip.history import call, codes, quick, shaped, told
from tests.simulators.dip.webhook_stub import ScriptedWebhook, wait_for


@pytest.fixture(scope="module")
def bench(network_folder: Path, store_kind: str) -> Iterator[Bench]:
    """Return a hub that waits little between two attempts."""
    with quick(network_folder, f"hub_status-{store_kind}") as bench:
        yield bench


@pytest.fixture
def recipient(bench: Bench) -> Iterator[Party]:
    """Return the registration service, whose webhook for IF-031 is put back afterwards."""
    party = bench.party("REGS")
    usual = bench.admin.call("GET", f"/webhooks/{bench.release}/{party.dip_id}/IF-031")["url"]
    yield party
    assert bench.client().configure_webhook(party, "IF-031", usual).status == 201


@pytest.fixture
def sender(bench: Bench) -> Iterator[Party]:
    """Return the supplier, whose status webhook is put back afterwards."""
    party = bench.party("SUP")
    usual = bench.admin.call("GET", f"/webhooks/{bench.release}/{party.dip_id}/status")["url"]
    yield party
    path = f"/statusmessage/config/{party.dip_id}"
    assert call(bench, party, "POST", path, {"callbackURL": usual}).status == 201


def _sent(bench: Bench, tag: str) -> dict[str, Any]:
    answer = bench.send(bench.message(tag=tag))
    assert answer.status == 201
    entry: dict[str, Any] = orjson.loads(answer.body)["messageArray"][0]
    return entry


def _entry(bench: Bench, about: dict[str, Any], **changes: object) -> dict[str, Any]:
    return {
        "transactionID": about["transactionID"],
        "senderUniqueReference": None,
        "correlationID": None,
        "sentTimestamp": "2026-01-02T03:04:05+00:00",
        "senderID": bench.party("REGS").dip_id,
        "recipientID": None,
        "DIPConnectionProviderID": None,
        "message": "RCP1062 - Publication unexpected",
        "help": "the meter is gone",
        "serviceTicketURL": None,
        **changes,
    }


@pytest.mark.parametrize("release", ["2.1.0", "2.2.1"])
def test_what_a_recipient_answers_reaches_the_sender(bench: Bench, release: str) -> None:
    """L3: the recipient's entry comes to the sender's status webhook, about the right transaction."""
    tag = bench.tag()
    sent = bench.send(bench.message(tag=tag, release=release), release=release)
    result = bench.settle(tag)
    assert result["settled"]
    [receipt] = result["status_receipts"]
    [entry] = told(result)
    assert (receipt["party"], receipt["answer_status"]) == (bench.party("SUP").dip_id, 201)
    assert entry["transactionID"] == orjson.loads(sent.body)["messageArray"][0]["transactionID"]
    assert entry["senderID"] == bench.party("REGS").dip_id
    assert entry["recipientID"] == bench.party("SUP").dip_id
    assert entry["message"].startswith("RCP0000")


def test_a_refusal_of_a_recipient_reaches_the_sender(bench: Bench, recipient: Party) -> None:
    """L3: what a 400 says goes on to the sender, code and all."""
    tag = bench.tag()
    with ScriptedWebhook(bench, [400]) as webhook:
        bench.client().configure_webhook(recipient, "IF-031", webhook.url)
        sent = _sent(bench, tag)
        result = bench.settle(tag)
    [entry] = told(result)
    assert codes([entry]) == ["RCP1001"]
    assert (entry["transactionID"], entry["senderID"]) == (sent["transactionID"], recipient.dip_id)
    assert entry["senderUniqueReference"] == sent["senderUniqueReference"]


def test_each_message_of_a_207_is_told_of_alone(bench: Bench, recipient: Party) -> None:
    """L3: of a call that is half refused, each sender's message gets its own word."""
    tag = bench.tag()
    with ScriptedWebhook(bench, [207]) as webhook:
        bench.client().remove_webhook(recipient, "IF-031")
        sent = [_sent(bench, tag) for _ in range(2)]
        bench.settle(tag)
        bench.client().configure_webhook(recipient, "IF-031", webhook.url)
        entries = told(bench.settle(tag))
    assert [(entry["transactionID"], entry["message"][:7]) for entry in entries] == [
        (sent[0]["transactionID"], "RCP0000"),
        (sent[1]["transactionID"], "RCP1001"),
    ]


@pytest.mark.parametrize(("script", "says"), [([403], "DeliveryFailure"), ([503] * 5, "RetriesExhausted")])
def test_a_delivery_that_fails_is_told_by_the_hub(
    bench: Bench, recipient: Party, script: list[int], says: str
) -> None:
    """L2: a delivery that ends without a word from the recipient is MSG1000, naming recipient and status."""
    tag = bench.tag()
    with ScriptedWebhook(bench, script) as webhook:
        bench.client().configure_webhook(recipient, "IF-031", webhook.url)
        _sent(bench, tag)
        result = bench.settle(tag)
    [entry] = told(result)
    assert codes([entry]) == ["MSG1000"]
    assert entry["senderID"] == bench.party("DIP").dip_id
    assert recipient.dip_id in entry["help"]
    assert says in entry["help"]


@pytest.mark.provokes("MSG1038")
def test_a_secondary_recipient_that_nobody_is_is_told_by_the_hub(bench: Bench) -> None:
    """L2: a supplier that can't be found for the MPAN is MSG1038 from the hub; once it is known, nothing."""
    sender, hub, supplier = bench.party("MDS"), bench.party("DIP"), bench.party("SUP", 1)
    found: list[list[str]] = []
    for known in (False, True):
        tag = bench.tag()
        to = (bench.party("SDS"),)
        message = bench.message("IF-014", "ActivePowerRejected", sender, to, tag=tag, unique=777)
        if known:
            mpan = message["CommonBlock"]["M0"]["MPANCore"]
            address = {"mpan": mpan, "role": "SUP", "dip_id": supplier.dip_id}
            bench.admin.set_addresses(bench.release, [address])
        assert bench.send(message, party=sender).status == 201
        result = bench.settle(tag)
        assert {receipt["party"] for receipt in result["status_receipts"]} == {sender.dip_id}
        found.append(codes(entry for entry in told(result) if entry["senderID"] == hub.dip_id))
    assert found == [["MSG1038"], []]


def test_a_status_webhook_is_tried_again_with_the_same_bytes(bench: Bench, sender: Party) -> None:
    """A status message is retried like a publication, signed anew, and the settling waits for it."""
    tag = bench.tag()
    with ScriptedWebhook(bench, [503, 500], statuses=True) as webhook:
        path = f"/statusmessage/config/{sender.dip_id}"
        assert call(bench, sender, "POST", path, {"callbackURL": webhook.url}).status == 201
        sent = _sent(bench, tag)
        assert bench.settle(tag)["settled"]
    assert len(webhook.bodies) == 3
    assert len(set(webhook.bodies)) == 1
    [entry] = orjson.loads(webhook.bodies[0])
    assert entry["transactionID"] == sent["transactionID"]


def test_without_a_status_webhook_they_wait(bench: Bench, sender: Party) -> None:
    """A removed status webhook pauses status messages; a new one gets them, each once."""
    tag, path = bench.tag(), f"/statusmessage/config/{sender.dip_id}"
    assert call(bench, sender, "DELETE", path).status == 204
    _sent(bench, tag)
    result = bench.settle(tag)
    assert result["settled"]
    assert told(result) == []
    with ScriptedWebhook(bench, statuses=True) as webhook:
        assert call(bench, sender, "POST", path, {"callbackURL": webhook.url}).status == 201
        wait_for(lambda: webhook.bodies)
        bench.settle(tag)
    assert len(webhook.bodies) == 1


def test_a_slow_status_webhook_holds_up_no_publication(bench: Bench, sender: Party) -> None:
    """Publications go on while a status webhook doesn't answer, and the settling waits for it."""
    tag, hold = bench.tag(), threading.Event()
    path = f"/statusmessage/config/{sender.dip_id}"
    with ScriptedWebhook(bench, hold=hold, statuses=True) as webhook:
        call(bench, sender, "POST", path, {"callbackURL": webhook.url})
        for _ in range(3):
            _sent(bench, tag)
        result = bench.admin.settle(tag, timeout=1)
        assert not result["settled"]
        statuses = [entry["status"] for message in result["messages"] for entry in message["recipients"]]
        assert statuses == ["Delivered"] * 3
        hold.set()
        assert bench.settle(tag)["settled"]


def test_a_late_word_of_a_recipient_reaches_the_sender(bench: Bench) -> None:
    """L4: what a recipient posts is answered MSG0000 per entry and reaches the sender as it was said."""
    tag = bench.tag()
    sent = _sent(bench, tag)
    bench.settle(tag)
    body = [_entry(bench, sent), _entry(bench, sent, message="RCP1063 - Content differs", help=None)]
    answer = call(bench, bench.party("REGS"), "POST", "/StatusMessage", body)
    assert answer.status == 201
    entries = shaped(bench, answer, "StandardResponse")["messageArray"]
    assert codes(entries) == ["MSG0000", "MSG0000"]
    late = told(bench.settle(tag))[1:]
    assert codes(late) == ["RCP1062", "RCP1063"]
    assert late[0]["help"] == "the meter is gone"
    assert late[0]["sentTimestamp"] == "2026-01-02T03:04:05+00:00"
    assert late[0]["recipientID"] == bench.party("SUP").dip_id
    assert late[0]["senderUniqueReference"] == sent["senderUniqueReference"]


def test_a_message_can_be_named_by_its_reference(bench: Bench) -> None:
    """L4: without a transaction, sender and reference name the message; field names may have any case."""
    tag = bench.tag()
    sent = _sent(bench, tag)
    entry = _entry(
        bench,
        sent,
        transactionID=None,
        senderUniqueReference=sent["senderUniqueReference"],
        recipientID=bench.party("SUP").dip_id,
    )
    body = [{name.upper(): value for name, value in entry.items()}]
    assert call(bench, bench.party("REGS"), "POST", "/statusmessage", body).status == 201
    assert "RCP1062" in codes(told(bench.settle(tag)))


_RECIPIENTS_CODES = sorted(code for code in published_codes() if code.startswith("RCP"))


@pytest.mark.provokes(*_RECIPIENTS_CODES)
def test_any_code_of_a_recipient_reaches_the_sender(bench: Bench) -> None:
    """L4: each published RCP code that a recipient posts is passed on to the sender in its order."""
    tag = bench.tag()
    sent = _sent(bench, tag)
    bench.settle(tag)
    body = [_entry(bench, sent, message=code_text(code)) for code in _RECIPIENTS_CODES]
    assert call(bench, bench.party("REGS"), "POST", "/statusmessage", body).status == 201
    assert codes(told(bench.settle(tag))[1:]) == _RECIPIENTS_CODES


@pytest.mark.provokes(*_RECIPIENTS_CODES[1:])
def test_a_party_that_is_to_refuse_says_any_code(bench: Bench) -> None:
    """L3: each RCP code that a scenario wants a simulated party to refuse with reaches the sender."""
    for code in _RECIPIENTS_CODES[1:]:
        tag = bench.tag()
        refusing = {"name": "registration", "refuses": {"*": code}}
        bench.admin.set_behaviours(tag, {bench.party("REGS").dip_id: refusing})
        _sent(bench, tag)
        assert codes(told(bench.settle(tag))) == [code]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"senderID": "2300000002"}, "MSG1009"),
        ({"senderID": "none-there"}, "MSG1009"),
        ({"transactionID": "T-IF-031-unknown"}, "MSG1030"),
        ({"transactionID": None}, "MSG1030"),
        ({"recipientID": "2300000002"}, "MSG1031"),
        ({"senderUniqueReference": "S-IF-031-2300000001-SUP-20260101-ffffffffff"}, "MSG1030"),
        ({"message": None}, "MSG1001"),
        ({"message": ""}, "MSG1001"),
        ({"sentTimestamp": None}, "MSG1001"),
        ({"help": 7}, "MSG1001"),
    ],
)
def test_a_wrong_status_message_refuses_all_of_its_request(
    bench: Bench, changes: dict[str, object], code: str
) -> None:
    """L4: one wrong entry is a 400 with its code, and no entry of the request reaches anybody."""
    tag = bench.tag()
    sent = _sent(bench, tag)
    bench.settle(tag)
    body = [_entry(bench, sent), _entry(bench, sent, **changes)]
    answer = call(bench, bench.party("REGS"), "POST", "/statusmessage", body)
    assert answer.status == 400
    assert code in codes(shaped(bench, answer, "StandardResponse")["messageArray"])
    assert codes(told(bench.settle(tag))) == ["RCP0000"]


def test_nobody_reports_on_what_it_was_not_sent(bench: Bench) -> None:
    """L4: a bystander that names a foreign transaction is refused, in its own name or another's."""
    tag = bench.tag()
    sent, bystander = _sent(bench, tag), bench.party("REGS", 1)
    bench.settle(tag)
    own = [_entry(bench, sent, senderID=bystander.dip_id)]
    answer = call(bench, bystander, "POST", "/statusmessage", own)
    assert (answer.status, answer.codes) == (400, ("MSG1030",))
    answer = call(bench, bystander, "POST", "/statusmessage", [_entry(bench, sent)])
    assert (answer.status, answer.codes) == (400, ("MSG1009",))
    assert codes(told(bench.settle(tag))) == ["RCP0000"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"[1]", b"[{}]", b"nonsense", b'[{"a":1,"A":2}]'])
def test_a_body_without_the_shape_is_400(bench: Bench, body: bytes) -> None:
    """L4: anything but an array of entries is MSG1001 with a StandardResponse."""
    answer = bench.client().request(bench.party("REGS"), "POST", "/statusmessage", body)
    assert answer.status == 400
    assert set(codes(shaped(bench, answer, "StandardResponse")["messageArray"])) == {"MSG1001"}


def test_a_status_message_needs_the_callers_key_and_signature(bench: Bench) -> None:
    """A status message without a signature, or without an API key, is 401."""
    sent = _sent(bench, bench.tag())
    body = orjson.dumps([_entry(bench, sent)])
    party = bench.party("REGS")
    for options in ({"sign": False}, {"api_key": ""}):
        assert bench.client().request(party, "POST", "/statusmessage", body, **options).status == 401  # type: ignore[arg-type]


def test_nobody_sets_the_status_webhook_of_another(bench: Bench, sender: Party) -> None:
    """Another party gets 403 and an unknown DIP id 404; a URL that can't be used is 400."""
    path, other = f"/statusmessage/config/{sender.dip_id}", bench.party("SUP", 1)
    body = {"callbackURL": "https://127.0.0.1:1/x"}
    assert call(bench, other, "POST", path, body).status == 403
    assert call(bench, other, "DELETE", path).status == 403
    assert call(bench, other, "POST", "/statusmessage/config/9999999999", body).status == 404
    assert call(bench, sender, "POST", path, {"callbackURL": "http://127.0.0.1:1/x"}).status == 400


def test_status_messages_survive_in_the_store(bench: Bench, sender: Party) -> None:
    """What waits for a status webhook is on the disk, with level, origin and text."""
    tag, path = bench.tag(), f"/statusmessage/config/{sender.dip_id}"
    call(bench, sender, "DELETE", path)
    sent = _sent(bench, tag)
    bench.settle(tag)
    rows = bench.stored(
        "SELECT status_message.recipient, origin, level, text, status FROM status_message"
        " JOIN message ON message.id = status_message.message WHERE transaction_id = ?",
        sent["transactionID"],
    )
    assert rows == [(sender.dip_id, bench.party("REGS").dip_id, "L3", "RCP0000 - Message Success", "Paused")]
