"""deliveryStatus: the journal of a message, for its sender and, of their own delivery, its recipients."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from harness.spec.release import load
from harness.transport.client import Answer
from harness.transport.network import Party
from tests.simulators.dip.conftest import Bench
from tests.simulators.dip.history import call, quick, shaped
from tests.simulators.dip.webhook_stub import ScriptedWebhook

RELEASE = "2.2.1"


@pytest.fixture(scope="module")
def bench(network_folder: Path, store_kind: str) -> Iterator[Bench]:
    """Return a hub that waits little between two attempts."""
    with quick(network_folder, f"hub_journal-{store_kind}") as bench:
        yield bench


@pytest.fixture
def recipient(bench: Bench) -> Iterator[Party]:
    """Return the registration service, whose webhook for IF-031 is put back afterwards."""
    party = bench.party("REGS")
    usual = bench.admin.call("GET", f"/webhooks/{RELEASE}/{party.dip_id}/IF-031")["url"]
    yield party
    assert bench.client(RELEASE).configure_webhook(party, "IF-031", usual).status == 201


def _send(bench: Bench) -> tuple[str, str]:
    """Send a message; returns tag and reference."""
    tag = bench.tag()
    message = bench.message(tag=tag, release=RELEASE)
    assert bench.send(message, release=RELEASE).status == 201
    return tag, message["CommonBlock"]["S1"]["senderUniqueReference"]


def _ask(
    bench: Bench, party: Party, reference: str, *, caller: Party | None = None, channel: str = "IF-031"
) -> Answer:
    path = f"/dip-channel/{channel}/deliveryStatus/{party.dip_id}/{reference}"
    return call(bench, caller or party, "GET", path, release=RELEASE)


def _journal(bench: Bench, party: Party, reference: str) -> dict[str, Any]:
    answer = _ask(bench, party, reference)
    assert answer.status == 200
    record: dict[str, Any] = shaped(bench, answer, "DIPJournalRecord", release=RELEASE)
    return record


def _told_all(bench: Bench, sender: Party) -> None:
    """Wait until a sender has every status message of what it sent before: they come in their order."""
    _, reference = _send(bench)
    end = time.monotonic() + 20
    while not any(stage == "StatusMessage" for stage, _ in _steps(_journal(bench, sender, reference))):
        assert time.monotonic() < end
        time.sleep(0.02)


def _steps(record: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["DIPStage"], entry["Status"]) for entry in record["JournalEntries"]]


def test_the_sender_reads_what_became_of_its_message(bench: Bench) -> None:
    """The journal goes from Inbound over Addressing and Outbound to StatusMessage, each entry numbered."""
    tag, reference = _send(bench)
    bench.settle(tag)
    sender, recipient = bench.party("SUP"), bench.party("REGS")
    record = _journal(bench, sender, reference)
    assert _steps(record) == [
        ("Inbound", "GoodToGo"),
        ("Addressing", "SentToTopic"),
        ("Outbound", "Delivered"),
        ("StatusMessage", "Delivered"),
    ]
    inbound, addressing, outbound, status = record["JournalEntries"]
    assert [entry["rn"] for entry in record["JournalEntries"]] == [1, 2, 3, 4]
    assert addressing["RecipientMap"] == {
        "Primary": [{"role": "REGS", "dipId": recipient.dip_id}],
        "Secondary": [],
        "Always": [],
    }
    assert (inbound["StatusCode"], outbound["StatusCode"]) == (201, 201)
    assert (outbound["Recipient"], status["Recipient"]) == (recipient.dip_id, sender.dip_id)
    assert outbound["Message"].startswith("RCP0000")
    delays = [entry["MessageDelayInMilliSeconds"] for entry in record["JournalEntries"]]
    assert delays == sorted(delays)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}", outbound["TimeGenerated"])
    assert {entry["EventCode"] for entry in record["JournalEntries"]} == {"[MSApp]"}


def test_a_recipient_reads_of_its_own_delivery_only(bench: Bench, recipient: Party) -> None:
    """A recipient sees its delivery and no status message; a bystander sees nothing, 204."""
    tag, reference = _send(bench)
    bench.settle(tag)
    record = _journal(bench, recipient, reference)
    assert _steps(record) == [
        ("Inbound", "GoodToGo"),
        ("Addressing", "SentToTopic"),
        ("Outbound", "Delivered"),
    ]
    assert _ask(bench, bench.party("REGS", 1), reference).status == 204
    assert _ask(bench, bench.party("SUP", 1), reference).status == 204
    assert _ask(bench, bench.party("SUP"), reference, channel="IF-032").status == 204


def test_one_recipient_reads_nothing_of_another(bench: Bench) -> None:
    """Of a message to several, each recipient reads its own line, and only itself in the map."""
    tag = bench.tag()
    one, other = bench.party("SUP"), bench.party("LDSO")
    regs = bench.party("REGS")
    message = bench.message("IF-036", "MSAppActive", regs, (one, other), tag=tag, release=RELEASE)
    answer = bench.send(message, party=regs, release=RELEASE)
    assert answer.status == 201, answer.body
    bench.settle(tag)
    reference = message["CommonBlock"]["S1"]["senderUniqueReference"]
    path = f"/dip-channel/IF-036/deliveryStatus/{one.dip_id}/{reference}"
    record = orjson.loads(call(bench, one, "GET", path, release=RELEASE).body)
    named = {entry["Recipient"] for entry in record["JournalEntries"] if entry["DIPStage"] == "Outbound"}
    assert named == {one.dip_id}
    assert other.dip_id not in orjson.dumps(record).decode()


def test_nobody_asks_in_the_name_of_another(bench: Bench, recipient: Party) -> None:
    """Asking for another party's journal is 403, though the message exists."""
    tag, reference = _send(bench)
    bench.settle(tag)
    assert _ask(bench, bench.party("SUP"), reference, caller=bench.party("SUP", 1)).status == 403
    assert _ask(bench, recipient, reference, caller=bench.party("SUP")).status == 403


def test_an_unknown_message_is_204_and_a_malformed_one_400(bench: Bench) -> None:
    """A reference that nobody used is 204; one that breaks the release's pattern is 400."""
    sender = bench.party("SUP")
    assert _ask(bench, sender, f"S-IF-031-{sender.dip_id}-SUP-20260101-feed").status == 204
    answer = _ask(bench, sender, "nonsense")
    assert answer.status == 400
    shaped(bench, answer, "StandardResponse", release=RELEASE)


def test_the_case_of_a_reference_counts(bench: Bench) -> None:
    """Paths are matched without regard to case, the reference in them is a value and is not."""
    tag, reference = _send(bench)
    bench.settle(tag)
    sender = bench.party("SUP")
    path = f"/DIP-CHANNEL/if-031/DELIVERYSTATUS/{sender.dip_id}/"
    assert call(bench, sender, "GET", path + reference, release=RELEASE).status == 200
    changed = reference[:-8] + reference[-8:].upper()
    if changed != reference:
        assert call(bench, sender, "GET", path + changed, release=RELEASE).status == 204


@pytest.mark.parametrize(
    ("script", "steps"),
    [
        ([400], ["RejectedByRecipient"]),
        ([403], ["DeliveryFailure"]),
        ([202], ["UnknownDeliveryStatus"]),
        ([503, 201], ["Retrying", "Delivered"]),
        ([503] * 5, ["Retrying"] * 4 + ["RetriesExhausted"]),
    ],
)
def test_each_outbound_status_is_reached(
    bench: Bench, recipient: Party, script: list[int], steps: list[str]
) -> None:
    """Each answer of a webhook leaves its published status in the journal, one line per attempt."""
    with ScriptedWebhook(bench, script) as webhook:
        bench.client(RELEASE).configure_webhook(recipient, "IF-031", webhook.url)
        tag, reference = _send(bench)
        bench.settle(tag)
    record = _journal(bench, bench.party("SUP"), reference)
    assert [status for stage, status in _steps(record) if stage == "Outbound"] == steps


def test_a_pause_is_in_the_journal(bench: Bench, recipient: Party) -> None:
    """Without a webhook the journal says Paused, for a publication and for its status message."""
    sender = bench.party("SUP")
    usual = bench.admin.call("GET", f"/webhooks/{RELEASE}/{sender.dip_id}/status")["url"]
    config = f"/statusmessage/config/{sender.dip_id}"
    try:
        call(bench, sender, "DELETE", config, release=RELEASE)
        tag, reference = _send(bench)
        bench.settle(tag)
        assert ("StatusMessage", "Paused") in _steps(_journal(bench, sender, reference))
    finally:
        call(bench, sender, "POST", config, {"callbackURL": usual}, release=RELEASE)
    bench.client(RELEASE).remove_webhook(recipient, "IF-031")
    tag, reference = _send(bench)
    bench.settle(tag)
    assert ("Outbound", "Paused") in _steps(_journal(bench, sender, reference))


@pytest.mark.parametrize(
    ("script", "steps"),
    [
        ([403], ["DeliveryFailure"]),
        ([400], ["DeliveryFailure"]),
        ([202], ["UnknownDeliveryStatus"]),
        ([503, 201], ["Retrying", "Delivered"]),
        ([503] * 5, ["Retrying"] * 4 + ["DeliveryFailure"]),
    ],
)
def test_each_status_of_a_status_message_is_reached(
    bench: Bench, script: list[int], steps: list[str]
) -> None:
    """Each answer of a status webhook leaves a status that the stage has, and causes no status message."""
    sender = bench.party("SUP")
    usual = bench.admin.call("GET", f"/webhooks/{RELEASE}/{sender.dip_id}/status")["url"]
    config = f"/statusmessage/config/{sender.dip_id}"
    _told_all(bench, sender)
    with ScriptedWebhook(bench, script, statuses=True) as webhook:
        call(bench, sender, "POST", config, {"callbackURL": webhook.url}, release=RELEASE)
        tag, reference = _send(bench)
        bench.settle(tag)
        call(bench, sender, "POST", config, {"callbackURL": usual}, release=RELEASE)
    record = _journal(bench, sender, reference)
    assert [status for stage, status in _steps(record) if stage == "StatusMessage"] == steps
    assert len(webhook.bodies) == len(steps)


def test_every_status_of_the_journal_is_one_of_the_published(bench: Bench) -> None:
    """The store holds no stage or status that the published journal lacks."""
    shape = load(RELEASE).api_schema("JournalEntry")["properties"]
    rows = Bench(bench.target, RELEASE).stored("SELECT DISTINCT stage, status FROM journal")
    assert rows
    assert {stage for stage, _ in rows} <= set(shape["DIPStage"]["enum"])
    assert {status for _, status in rows} <= set(shape["Status"]["enum"])


def test_a_message_for_nobody_is_failed_in_the_journal(bench: Bench) -> None:
    """Where the sender names nobody and the interface has nobody besides, Addressing says Failed."""
    tag = bench.tag()
    message = bench.message(tag=tag, to=(), release=RELEASE)
    assert bench.send(message, release=RELEASE).status == 201
    bench.settle(tag)
    reference = message["CommonBlock"]["S1"]["senderUniqueReference"]
    assert ("Addressing", "Failed") in _steps(_journal(bench, bench.party("SUP"), reference))


def test_what_can_not_be_learnt_is_an_exception_in_the_journal(bench: Bench) -> None:
    """A date that no calendar has tells the address store nothing, and MPANUpdateQueue says why."""
    tag, sender = bench.tag(), bench.party("REGS")
    incoming = {
        "incomingDataServiceDIPID": bench.party("SDS").dip_id,
        "incomingDataServiceEffectiveFromDate": "2026-02-31T00:00:00+01:00",
    }
    message = bench.message(
        "IF-036", "DSAppActive", sender, (bench.party("SUP"),), tag=tag, release=RELEASE,
        overrides={f"B015.{name}": value for name, value in incoming.items()},
    )  # fmt: skip
    answer = bench.send(message, party=sender, release=RELEASE)
    assert answer.status == 201, answer.body
    bench.settle(tag)
    reference = message["CommonBlock"]["S1"]["senderUniqueReference"]
    path = f"/dip-channel/IF-036/deliveryStatus/{sender.dip_id}/{reference}"
    record = orjson.loads(call(bench, sender, "GET", path, release=RELEASE).body)
    [entry] = [one for one in record["JournalEntries"] if one["DIPStage"] == "MPANUpdateQueue"]
    assert (entry["Status"], entry["Reason"] is not None) == ("Exception", True)
