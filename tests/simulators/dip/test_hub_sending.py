"""Messages that the hub takes: the answer, what is published, and to whom."""

from __future__ import annotations

import base64
from typing import Any

import jsonschema
import orjson
import pytest

from harness.spec.examine import examine
from harness.spec.release import load
from tests.simulators.dip.conftest import RELEASES, Bench


def _published(result: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the payloads that each party got."""
    found: dict[str, list[dict[str, Any]]] = {}
    for receipt in result["receipts"]:
        body = orjson.loads(base64.b64decode(receipt["body_base64"]))
        found.setdefault(receipt["party"], []).extend(item["payload"] for item in body)
    return found


def _recipients(result: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return tier and status by DIP id for the one message of a result."""
    (message,) = result["messages"]
    return {entry["dip_id"]: (entry["tier"], entry["status"]) for entry in message["recipients"]}


@pytest.mark.provokes("MSG0000")
@pytest.mark.parametrize("release", RELEASES)
def test_an_accepted_message_is_answered_as_published(bench: Bench, release: str) -> None:
    """The answer is 201, fits the release's StandardResponse with its ten keys, and names MSG0000."""
    answer = bench.send(bench.message(release=release), release=release)
    assert answer.status == 201
    body = orjson.loads(answer.body)
    jsonschema.Draft4Validator(_plain(load(release).api_schema("StandardResponse"))).validate(body)
    (entry,) = body["messageArray"]
    assert len(entry) == 10
    assert entry["message"] == "MSG0000 - Success"
    assert entry["recipientID"] == bench.party("SUP").dip_id
    assert entry["senderID"] == bench.party("DIP").dip_id
    assert entry["transactionID"].startswith(f"T-IF-031-{bench.party('SUP').dip_id}-SUP-")
    assert len(entry["transactionID"]) <= 65


def _plain(schema: Any) -> Any:
    """Turn ``nullable`` into a type list, for a validator that knows JSON Schema only."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _plain(value) for key, value in schema.items() if key not in ("nullable", "example")}
    if schema.get("nullable") is True and isinstance(plain.get("type"), str):
        plain["type"] = [plain["type"], "null"]
    return plain


def test_a_publication_is_the_message_with_the_hubs_blocks(bench: Bench) -> None:
    """The primary recipient, and nobody else, gets the message with D0 and A0 filled, valid as egress."""
    tag = bench.tag()
    message = bench.message(tag=tag)
    answer = orjson.loads(bench.send(message).body)["messageArray"][0]
    result = bench.settle(tag)
    assert result["settled"] is True
    published = _published(result)
    assert list(published) == [bench.party("REGS").dip_id]
    (payload,) = published[bench.party("REGS").dip_id]
    common = payload["CommonBlock"]
    assert common["D0"]["transactionID"] == answer["transactionID"]
    assert common["D0"]["initialCorrelationID"] == answer["correlationID"]
    assert common["D0"]["publicationID"] == "PUB-031"
    assert common["D0"]["replayIndicator"] is False
    assert common["A0"]["primaryRecipients"] == [bench.party("REGS").dip_id]
    assert payload["CustomBlock"] == message["CustomBlock"]
    assert common["S1"] == message["CommonBlock"]["S1"]
    examination = examine(load(bench.release), payload, channel="IF-031", direction="egress")
    assert [finding.message for finding in examination.findings] == []
    assert result["receipts"][0]["answer_status"] == 201
    assert _recipients(result) == {bench.party("REGS").dip_id: ("primary", "Delivered")}


def test_a_batch_is_accepted_whole_and_in_order(bench: Bench) -> None:
    """Three messages in a request get three entries and reach the recipient in the order of the request."""
    tag = bench.tag()
    messages = [bench.message(tag=tag) for _ in range(3)]
    references = [message["CommonBlock"]["S1"]["senderUniqueReference"] for message in messages]
    answer = bench.send(*messages)
    assert answer.status == 201
    entries = orjson.loads(answer.body)["messageArray"]
    assert [entry["senderUniqueReference"] for entry in entries] == references
    got = _published(bench.settle(tag))[bench.party("REGS").dip_id]
    assert [payload["CommonBlock"]["S1"]["senderUniqueReference"] for payload in got] == references


def test_paths_and_field_names_are_matched_without_case_and_published_exactly(bench: Bench) -> None:
    """A message with field names in capitals to a path in lower case is published in the release's case."""
    tag = bench.tag()
    message = bench.message(tag=tag)
    common = message["CommonBlock"]
    common["s1"] = {name.upper(): value for name, value in common.pop("S1").items()}
    assert bench.send(message, channel="if-031").status == 201
    (payload,) = _published(bench.settle(tag))[bench.party("REGS").dip_id]
    assert payload["CommonBlock"]["S1"]["subText"] == tag


def test_secondary_recipients_are_looked_up_by_mpan_and_role(bench: Bench) -> None:
    """Who the address store names for the MPAN gets the message; who is named for another MPAN does not."""
    tag = bench.tag()
    sender, supplier, distributor = bench.party("SDS"), bench.party("SUP", 1), bench.party("LDSO")
    message = bench.message("IF-041", "ReadingRemote", sender, (), tag=tag, unique=777)
    mpan = message["CommonBlock"]["M0"]["MPANCore"]
    bench.admin.set_addresses(
        bench.release,
        [
            {"mpan": mpan, "role": "SUP", "dip_id": supplier.dip_id},
            {"mpan": mpan, "role": "LDSO", "dip_id": distributor.dip_id},
            {"mpan": mpan, "role": "SDS", "dip_id": sender.dip_id},
            {"mpan": mpan, "role": "ADS", "dip_id": bench.party("ADS").dip_id, "to": "2020-01-01"},
            {"mpan": "1000000000000", "role": "SUP", "dip_id": bench.party("SUP").dip_id},
        ],
    )
    answer = bench.send(message, party=sender)
    assert answer.status == 201, answer.body
    result = bench.settle(tag)
    assert _recipients(result) == {
        supplier.dip_id: ("secondary", "Delivered"),
        distributor.dip_id: ("secondary", "Delivered"),
    }
    assert set(_published(result)) == {supplier.dip_id, distributor.dip_id}


def test_always_recipients_follow_from_the_interface(bench: Bench) -> None:
    """An ISD publication goes to every party of the network but the hub, the provider and the sender."""
    tag = bench.tag()
    sender = bench.party("ISD")
    assert bench.send(bench.message("IF-047", "ISD", sender, (), tag=tag), party=sender).status == 201
    expected = {p.dip_id for p in bench.network.parties if p.role not in ("DIP", "DCP")} - {sender.dip_id}
    assert set(_published(bench.settle(tag))) == expected


def test_the_hubs_own_party_may_send(bench: Bench) -> None:
    """IF-016, which the hub sends, is taken from the hub's own party and reaches its primary recipient."""
    tag = bench.tag()
    hub, recipient = bench.party("DIP"), bench.party("ADS")
    message = bench.message("IF-016", "ActivePower", hub, (recipient,), tag=tag)
    answer = bench.send(message, party=hub)
    assert answer.status == 201, answer.body
    assert set(_published(bench.settle(tag))) == {recipient.dip_id}


def test_a_nominated_connection_provider_may_send(bench: Bench) -> None:
    """The provider that a supplier nominated sends for it under its own key and certificates, named in S1."""
    provider, supplier = bench.party("DCP"), bench.party("SUP", 1)
    place = {"/CommonBlock/S1/DIPConnectionProviderID": provider.dip_id}
    message = bench.message(sender=supplier, overrides=place)
    answer = bench.send(message, party=provider)
    assert answer.status == 201, answer.body
    entry = orjson.loads(answer.body)["messageArray"][0]
    assert (entry["recipientID"], entry["DIPConnectionProviderID"]) == (supplier.dip_id, provider.dip_id)
    again = bench.message(sender=supplier, overrides=place)
    assert bench.send(again, party=provider, api_key=supplier.api_key()).status == 201


def test_releases_are_separate(bench: Bench) -> None:
    """A reference that was used in one release is free in the other, and each has its own messages."""
    tag = bench.tag()
    message = bench.message(tag=tag)
    assert bench.send(message, release="2.1.0").status == 201
    assert bench.send(message, release="2.2.1").status == 201
    assert bench.send(message, release="2.1.0").status == 400
    result = bench.settle(tag)
    assert [entry["release"] for entry in result["messages"]] == ["2.1.0", "2.2.1"]
    assert {receipt["release"] for receipt in result["receipts"]} == {"2.1.0", "2.2.1"}


def test_a_large_message_is_taken(bench: Bench) -> None:
    """A legal consumption message of 200 days, some 740 kB, is accepted and delivered."""
    from harness.messages.build import build_largest_consumption
    from harness.messages.context import Context
    from harness.messages.identifiers import mpan

    tag = bench.tag()
    sender, distributor = bench.party("ADS"), bench.party("LDSO")
    assert distributor.distributor_id is not None
    context = Context(
        seed=1,
        now=bench.admin.now(),
        environment="SIT",
        sender_dip_id=sender.dip_id,
        sender_role="ADS",
        connection_provider=None,
        sub_text=tag,
        mpan=mpan(distributor.distributor_id, 5),
        distributor_dip_id=distributor.dip_id,
        primary_recipients=(),
        parties={},
    )
    payload = build_largest_consumption(load(bench.release), context)
    answer = bench.send(payload, party=sender)
    assert answer.status == 201, answer.body[:500]
    result = bench.settle(tag)
    assert result["settled"]
    assert all(entry["status"] == "Delivered" for entry in result["messages"][0]["recipients"])


def test_a_payload_can_be_judged_without_sending_it(bench: Bench) -> None:
    """The debugging path answers OK for a valid payload of its event and says what is wrong with another."""
    payload = bench.message()
    supplier = bench.party("SUP")
    client = bench.client()
    good = client.request(supplier, "POST", "/validate/IF-031/MSApp", orjson.dumps(payload), sign=False)
    assert (good.status, good.body) == (201, b"OK")
    other = client.request(supplier, "POST", "/validate/IF-031/DSApp", orjson.dumps(payload), sign=False)
    assert other.status == 400
    assert b"MSApp" in other.body
    del payload["CommonBlock"]["S1"]["senderRoleID"]
    bad = client.request(supplier, "POST", "/validate/IF-031/MSApp", orjson.dumps(payload), sign=False)
    assert bad.status == 400
    assert b"/CommonBlock/S1/senderRoleID" in bad.body
    unknown = client.request(supplier, "POST", "/validate/IF-031/Nothing", orjson.dumps(payload), sign=False)
    assert unknown.status == 404
