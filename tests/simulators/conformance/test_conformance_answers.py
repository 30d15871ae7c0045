"""Answers to calls that succeed, which generated calls seldom do, held to the document of each release."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest

from harness.clock import message_time
from harness.messages.build import encode
from harness.settings import current
from harness.spec.release import load, names
from harness.transport.client import Answer
from harness.transport.network import Party
from simulators.dip.openapi import ANSWERED
from tests.simulators.conformance.described import Described
from tests.simulators.dip.conftest import Bench

_OPEN = {"datetimeFrom": None, "datetimeTo": None, "eventCode": None, "MPAN": None, "version": None}


@pytest.fixture(scope="module")
def hubs(bench: Bench) -> Iterator[dict[str, Described]]:
    """Return each release as its document describes it."""
    described = {name: Described(bench, name, bench.party("SUP")) for name in names()}
    yield described
    for each in described.values():
        each.close()


class Caller:
    """Makes calls of the operations of a release and holds each answer to the document."""

    def __init__(self, hub: Described) -> None:
        """Remember which operations were called and with which status they answered."""
        self.hub = hub
        self.seen: set[tuple[str, str, int]] = set()

    def __call__(
        self, party: Party, method: str, path: str, body: Any = None, *, reference: str = "", **query: str
    ) -> tuple[Answer, Any]:
        """Return the answer and its JSON."""
        full = path.replace("{id}", "IF-031").replace("{recipient-id}", party.dip_id)
        full = full.replace("{message-id}", reference)
        if query:
            full += "?" + "&".join(f"{name.replace('_', '-')}={value}" for name, value in query.items())
        content = b"" if body is None else orjson.dumps(body)
        answer = self.hub.bench.client(self.hub.release).request(party, method, full, content)
        self.seen.add((method, path, answer.status or 0))
        return answer, self.hub.hold(answer, method, path)

    def offers(self, method: str, path: str) -> bool:
        """Say whether the release has an operation."""
        return any((each.method, each.path) == (method, path) for each in load(self.hub.release).operations)


@pytest.mark.parametrize("release", names())
def test_successful_answers_are_those_of_the_document(
    bench: Bench, hubs: dict[str, Described], release: str
) -> None:
    """Each operation of a release is called until it succeeds; every answer has the shape it declares."""
    call = Caller(hubs[release])
    sender, recipient, tag = bench.party("SUP"), bench.party("REGS"), bench.tag()
    message = bench.message(tag=tag, release=release)
    reference = message["CommonBlock"]["S1"]["senderUniqueReference"]

    channel = "/dip-channel/{id}"
    answer, sent = call(sender, "POST", channel, [{"payload": message}])
    assert answer.status == 201
    assert call(sender, "POST", channel, [{"payload": message}])[0].status == 400
    bench.settle(tag)
    transaction = sent["messageArray"][0]["transactionID"]

    for path in (f"{channel}/pubconfig/{{recipient-id}}", "/statusmessage/config/{recipient-id}"):
        url = {"callbackURL": "https://127.0.0.1:1/x"}
        assert call(recipient, "POST", path, url)[0].status == 201
        assert call(recipient, "POST", path, {"callbackURL": "nowhere"})[0].status == 400
        assert call(recipient, "DELETE", path)[0].status == 204

    said = {**sent["messageArray"][0], "senderID": recipient.dip_id, "recipientID": sender.dip_id}
    said |= {"message": "RCP1000 - Generic Validation Failure"}
    assert call(recipient, "POST", "/statusmessage", [said])[0].status == 201
    assert call(sender, "POST", "/statusmessage", [said])[0].status == 400

    replay = f"{channel}/replay/{{recipient-id}}"
    answer, found = call(recipient, "POST", replay, {**_OPEN, "transactionIDs": [transaction]})
    assert (answer.status, len(found)) == (200, 1)
    assert call(bench.party("MDR"), "POST", replay, _OPEN)[0].status == 204
    requeue = f"{channel}/requeue/{{recipient-id}}"
    answer, requeued = call(recipient, "POST", requeue, {**_OPEN, "transactionIDs": [transaction]})
    assert answer.status in (200, 202)

    progress = f"{channel}/requeueStatus/{{recipient-id}}"
    if call.offers("GET", progress):
        assert call(recipient, "GET", progress, requeue_id=requeued)[0].status == 200
        assert call(recipient, "GET", progress)[0].status == 200
    journal = f"{channel}/deliveryStatus/{{recipient-id}}/{{message-id}}"
    if call.offers("GET", journal):
        assert call(sender, "GET", journal, reference=reference)[0].status == 200
        assert call(recipient, "GET", journal, reference=reference)[0].status == 200
        assert call(bench.party("SUP", 1), "GET", journal, reference=reference)[0].status == 204
    if call.offers("POST", "/statusmessage/replay/{recipient-id}"):
        now = bench.admin.now()
        told = {
            "datetimeFrom": message_time(now - timedelta(hours=1)),
            "datetimeTo": message_time(now + timedelta(hours=1)),
            "transactionID": transaction,
        }
        assert call(sender, "POST", "/statusmessage/replay/{recipient-id}", told)[0].status == 200
        assert call(sender, "POST", "/statusmessage/requeue/{recipient-id}", told)[0].status == 202
        assert call(sender, "GET", "/statusmessage/requeueStatus/{recipient-id}")[0].status == 200

    called = {(method, path) for method, path, status in call.seen if status < 300}
    assert called == {(each.method, each.path) for each in load(release).operations}


@pytest.mark.parametrize("release", names())
def test_a_long_replay_is_one_of_the_documents_answers(
    bench: Bench, hubs: dict[str, Described], release: str
) -> None:
    """More messages than a page holds are 206 with the declared header where there are pages, else 200."""
    call, path = Caller(hubs[release]), "/dip-channel/{id}/replay/{recipient-id}"
    recipient, tag = bench.party("REGS", 1), bench.tag()
    count = current().integer("replay.page_messages") + 1
    first = bench.message(to=(recipient,), tag=tag, release=release)
    reference = first["CommonBlock"]["S1"]["senderUniqueReference"]
    body = encode([first])[1:-1]
    messages = [body.replace(reference.encode(), f"{reference}x{at}".encode()) for at in range(count)]
    answer = bench.send(body=b"[" + b",".join(messages) + b"]", channel="IF-031", release=release)
    assert answer.status == 201
    responses = hubs[release].document["paths"][path]["post"]["responses"]
    answer, found = call(recipient, "POST", path, _OPEN)
    assert answer.status == (206 if "206" in responses else 200)
    if answer.status == 206:
        assert answer.headers.keys() >= {name.lower() for name in responses["206"]["headers"]}
        assert len(found) == count - 1
    else:
        assert len(found) >= count


@pytest.mark.parametrize("release", names())
def test_what_is_declared_and_never_comes_can_be_asked_for(
    bench: Bench, hubs: dict[str, Described], release: str
) -> None:
    """Each declared error that the hub never answers of itself comes by a fault on request."""
    call, party, asked = Caller(hubs[release]), bench.party("SUP"), 0
    try:
        for operation in load(release).operations:
            for status in sorted({int(each) for each in operation.statuses} - ANSWERED - {207}):
                fault = {"fault": "status", "at": "ingress", "status": status, "times": 1}
                bench.admin.set_faults([fault])
                answer, _ = call(party, operation.method, operation.path, reference="S-1")
                assert answer.status == status
                asked += 1
    finally:
        bench.admin.clear_faults()
    assert asked >= 10


@pytest.mark.parametrize("release", names())
def test_validate_says_yes_as_the_document_says(
    bench: Bench, hubs: dict[str, Described], release: str
) -> None:
    """A good payload is 201 on its `/validate` path, and another event's path refuses it with 400."""
    payload = bench.message(release=release)
    call = Caller(hubs[release])
    assert call(bench.party("SUP"), "POST", "/validate/IF-031/MSApp", payload)[0].status == 201
    other = next(path for path in hubs[release].document["paths"] if path.startswith("/validate/IF-032/"))
    assert call(bench.party("SUP"), "POST", other, payload)[0].status == 400
