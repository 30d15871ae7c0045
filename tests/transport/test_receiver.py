"""The webhook receiver over real mutual TLS: what it hands on, and what it answers by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from harness.security.trust import Trust
from harness.transport.client import DipClient
from harness.transport.network import Network, Party
from harness.transport.receiver import Call, Reply, WebhookReceiver
from harness.transport.server import ServerThread
from tests.transport.conftest import Pki

BODY = b'[ {"payload":{}} ]\n'


class Webhook:
    """A receiver that keeps its calls and answers 201."""

    def __init__(self, pki: Pki) -> None:
        self.calls: list[Call] = []
        self.app = WebhookReceiver(self.answer, trust=Trust.load([pki.ca]), body_limit=1000)

    async def answer(self, call: Call) -> Reply:
        """Keep the call."""
        self.calls.append(call)
        return 201, b'{"message":"RCP0000"}'


@pytest.fixture
def webhook(pki: Pki) -> Webhook:
    """A fresh receiver."""
    return Webhook(pki)


@pytest.fixture
def dip(webhook: Webhook, pki: Pki, network: Network) -> Iterator[DipClient]:
    """A client that calls the receiver as the DIP would."""
    with (
        ServerThread(webhook.app, tls=pki.server) as server,
        DipClient(server.url, network, pki.ca) as client,
    ):
        yield client


def test_a_call_is_handed_on_exactly(dip: DipClient, webhook: Webhook, supplier: Party) -> None:
    """Recipient, channel, bytes, headers, certificate and a valid verification reach the callback."""
    answer = dip.request(supplier, "POST", "/2300000001/IF-036?x=1", BODY)
    assert (answer.status, answer.codes) == (201, ("RCP0000",))
    [call] = webhook.calls
    assert (call.recipient, call.channel, call.body) == ("2300000001", "IF-036", BODY)
    assert call.url == answer.request.url
    assert call.verification.valid, call.verification.reason
    assert call.headers["x-dip-signature"] == answer.request.headers["x-dip-signature"]
    assert call.client_certificate
    assert call.received_at.utcoffset() is not None


def test_a_bad_signature_is_handed_on_as_such(dip: DipClient, webhook: Webhook, supplier: Party) -> None:
    """The callback decides what to answer to a call that doesn't verify."""
    dip.request(supplier, "POST", "/2300000001", BODY, headers={"X-DIP-Content-Hash": "AAAA"})
    [call] = webhook.calls
    assert not call.verification.valid
    assert call.channel == ""


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/", BODY, 404),
        ("GET", "/2300000001", b"", 405),
        ("POST", "/2300000001", b"x" * 1001, 413),
    ],
)
def test_what_is_no_call_is_answered_by_itself(
    dip: DipClient, webhook: Webhook, supplier: Party, method: str, path: str, body: bytes, status: int
) -> None:
    """No recipient, another method and too large a body don't reach the callback."""
    assert dip.request(supplier, method, path, body).status == status
    assert not webhook.calls
    assert dip.request(supplier, "POST", "/2300000001", b"x" * 1000).status == 201


def test_a_plain_function_may_answer(pki: Pki, network: Network, supplier: Party) -> None:
    """The callback need not be a coroutine."""
    receiver = WebhookReceiver(lambda call: (400, call.recipient.encode()), trust=None)
    with (
        ServerThread(receiver, tls=replace(pki.server)) as server,
        DipClient(server.url, network, pki.ca) as client,
    ):
        answer = client.request(supplier, "POST", "/2300000009", BODY)
    assert (answer.status, answer.body) == (400, b"2300000009")
