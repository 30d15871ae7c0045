"""The DIP client: what it puts on the wire, what it keeps to itself, and what it makes of each end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import orjson
import pytest
import respx
from cryptography.hazmat.primitives import serialization as forms

from harness.clock import FixedClock
from harness.errors import ConfigurationError
from harness.security.signing import HEADERS, Signer
from harness.security.trust import Trust
from harness.security.verifying import verify
from harness.transport.client import DipClient
from harness.transport.network import Network, Party
from harness.transport.server import ServerThread
from tests.transport.conftest import Pki

BASE = "https://dip.test/2.1.0"
MOMENT = datetime(2026, 3, 29, 12, 0, 0, 123456, tzinfo=UTC)
BODY = b'[{"payload": {"CommonBlock": {}, "b":  1}}]\r\n'


@pytest.fixture
def dip(network: Network, pki: Pki) -> Iterator[DipClient]:
    """A client whose clock stands still."""
    with DipClient(BASE + "/", network, pki.ca, clock=FixedClock(MOMENT)) as client:
        yield client


@pytest.fixture
def wire() -> Iterator[respx.Route]:
    """What the client puts on the wire; answered 201 with a code."""
    with respx.mock:
        yield respx.route().respond(
            201, content=b'{"message":"MSG0000 - Accepted","x":"MSG0000","y":"RCP9999"}'
        )


def _sent(wire: respx.Route) -> httpx.Request:
    request: httpx.Request = wire.calls.last.request
    return request


def test_a_send_is_posted_signed_and_keyed(
    dip: DipClient, supplier: Party, wire: respx.Route, pki: Pki
) -> None:
    """The very bytes go to the channel, with the key, and with a signature that verifies."""
    answer = dip.send(supplier, "IF-031", BODY)
    request = _sent(wire)
    assert (request.method, str(request.url)) == ("POST", BASE + "/dip-channel/IF-031")
    assert request.content == BODY
    assert request.headers["x-api-key"] == "the-secret-key"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-dip-signature-date"] == "2026-03-29T12:00:00.123Z"
    verdict = verify(
        "POST", str(request.url), BODY, dict(request.headers), trust=Trust.load([pki.ca]), now=MOMENT
    )
    assert verdict.valid, verdict.reason
    assert answer.status == 201
    assert answer.codes == ("MSG0000", "RCP9999")
    assert not answer.refused_in_handshake
    assert answer.error == ""


def test_the_api_key_is_in_no_answer(dip: DipClient, supplier: Party, wire: respx.Route) -> None:
    """What is kept of a request lacks the key, whether it is the party's own, another or overridden."""
    for answer in (
        dip.send(supplier, "IF-031", BODY),
        dip.send(supplier, "IF-031", BODY, api_key="other-secret"),
        dip.send(supplier, "IF-031", BODY, headers={"x-ApI-kEy": "third-secret"}),
    ):
        assert "secret" not in repr(answer)
        assert answer.request.body == BODY
        assert set(map(str.lower, HEADERS)) <= set(answer.request.headers)
    assert _sent(wire).headers["x-api-key"] == "third-secret"


def test_headers_are_falsified_after_signing(dip: DipClient, supplier: Party, wire: respx.Route) -> None:
    """An override replaces what signing made, and None takes a header away."""
    dip.send(
        supplier,
        "IF-031",
        BODY,
        headers={
            "X-DIP-Content-Hash": "wrong",
            "X-DIP-Signature-Certificate": None,
            "Content-Type": "text/plain",
        },
    )
    headers = _sent(wire).headers
    assert headers["x-dip-content-hash"] == "wrong"
    assert "x-dip-signature-certificate" not in headers
    assert headers["content-type"] == "text/plain"
    assert "x-dip-signature" in headers


def test_a_send_can_go_unsigned_and_without_key(dip: DipClient, supplier: Party, wire: respx.Route) -> None:
    """Both can be left out, each by itself."""
    dip.send(supplier, "IF-031", BODY, sign=False)
    assert not [name for name in _sent(wire).headers if name.startswith("x-dip")]
    assert "x-api-key" in _sent(wire).headers
    dip.send(supplier, "IF-031", BODY, api_key="")
    assert "x-api-key" not in _sent(wire).headers
    assert "x-dip-signature" in _sent(wire).headers


def test_another_signer_can_sign(dip: DipClient, supplier: Party, wire: respx.Route, pki: Pki) -> None:
    """A given signer stands in for the party's."""
    other = pki.authority.find("other", "signing") or pki.authority.issue("other", "signing")
    dip.send(supplier, "IF-031", BODY, signer=Signer.load(other.cert, other.key))
    request = _sent(wire)
    verdict = verify("POST", str(request.url), BODY, dict(request.headers), trust=None, now=MOMENT)
    assert verdict.certificate is not None
    assert "CN=other" in verdict.certificate.subject.rfc4514_string()


def test_webhooks_are_configured_and_removed(
    dip: DipClient, supplier: Party, wire: respx.Route, pki: Pki
) -> None:
    """The party's own DIP id is in the path, the URL in the body, and the body-less DELETE is signed too."""
    dip.configure_webhook(supplier, "IF-036", "https://127.0.0.1:9/x")
    request = _sent(wire)
    assert (request.method, request.url.path) == ("POST", "/2.1.0/dip-channel/IF-036/pubconfig/2300000001")
    assert request.content == b'{"callbackURL":"https://127.0.0.1:9/x"}'
    dip.remove_webhook(supplier, "IF-036")
    request = _sent(wire)
    assert (request.method, request.url.path) == ("DELETE", "/2.1.0/dip-channel/IF-036/pubconfig/2300000001")
    assert request.content == b""
    trust = Trust.load([pki.ca])
    assert verify("DELETE", str(request.url), b"", dict(request.headers), trust=trust, now=MOMENT).valid


@pytest.mark.parametrize("channel", ["IF-031/../../admin", "IF 031?x=1#y", "\u00e9"])
def test_an_odd_channel_stays_in_its_path(
    dip: DipClient, supplier: Party, wire: respx.Route, channel: str
) -> None:
    """A channel is one path segment, whatever it holds, and what is signed is what is sent."""
    dip.send(supplier, channel, BODY)
    request = _sent(wire)
    assert request.url.raw_path.startswith(b"/2.1.0/dip-channel/")
    assert request.url.raw_path.count(b"/") == 3
    assert not request.url.query
    assert verify("POST", str(request.url), BODY, dict(request.headers), trust=None, now=MOMENT).valid


def test_redirects_are_not_followed(dip: DipClient, supplier: Party) -> None:
    """A redirect is an answer; the signed request and the key go nowhere else."""
    with respx.mock:
        route = respx.route().respond(307, headers={"location": "https://elsewhere.test/"})
        assert dip.send(supplier, "IF-031", BODY).status == 307
        assert route.call_count == 1


def test_a_missing_key_stops_before_the_wire(
    dip: DipClient, supplier: Party, wire: respx.Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its API key a party sends nothing, and the variable is named."""
    monkeypatch.delenv("A_KEY")
    with pytest.raises(ConfigurationError, match="A_KEY"):
        dip.send(supplier, "IF-031", BODY)
    assert not wire.called


def test_an_unknown_identity_is_named(dip: DipClient, supplier: Party) -> None:
    """A TLS identity that isn't configured is an error with the nearest name."""
    with pytest.raises(ConfigurationError, match=r"'good-tls'.*Did you mean 'good-tls-client'"):
        dip.send(supplier, "IF-031", BODY, tls="good-tls")


def test_a_refused_connection_is_no_handshake(network: Network, supplier: Party, pki: Pki) -> None:
    """Where nothing listens there is no status and no refusal of the certificate."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with DipClient(f"https://127.0.0.1:{port}", network, pki.ca) as client:
        answer = client.send(supplier, "IF-031", BODY)
    assert answer.status is None
    assert not answer.refused_in_handshake
    assert "refused" in answer.error.lower()


def test_a_silent_server_times_out(network: Network, supplier: Party, pki: Pki) -> None:
    """A server that accepts and says nothing ends in a timeout within the set time."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        DipClient(f"https://127.0.0.1:{listener.getsockname()[1]}", network, pki.ca, timeout=0.2) as client,
    ):
        answer = client.send(supplier, "IF-031", BODY)
    assert answer.status is None
    assert not answer.refused_in_handshake
    assert "timed out" in answer.error
    assert answer.seconds < 2


def test_a_server_without_tls_is_no_refusal(
    plain: ServerThread, network: Network, supplier: Party, pki: Pki
) -> None:
    """Plain HTTP where TLS is expected is an error of its own kind."""
    with DipClient(plain.url.replace("http:", "https:"), network, pki.ca) as client:
        answer = client.send(supplier, "IF-031", BODY)
    assert answer.status is None
    assert not answer.refused_in_handshake
    assert answer.error


def test_a_proxy_in_the_environment_is_not_for_loopback(
    secure: ServerThread, network: Network, supplier: Party, pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The simulators are reached directly, whatever proxy a machine has."""
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with DipClient(secure.url, network, pki.ca) as client:
        assert client.send(supplier, "IF-031", BODY).status == 201


def test_threads_share_a_client(secure: ServerThread, network: Network, supplier: Party, pki: Pki) -> None:
    """Many threads sending at once each get their own answer."""
    statuses: list[int | None] = []
    with DipClient(secure.url, network, pki.ca) as client:

        def work() -> None:
            for _ in range(10):
                statuses.append(client.send(supplier, "IF-031", BODY).status)

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [201] * 60


def test_a_connection_is_kept_per_identity(
    secure: ServerThread, network: Network, supplier: Party, pki: Pki
) -> None:
    """Requests of one identity come over one connection."""
    with DipClient(secure.url, network, pki.ca) as client:
        peers = {orjson.loads(client.send(supplier, "IF-031", BODY).body)["peer"] for _ in range(5)}
    assert len(peers) == 1


def test_a_protected_key_is_a_configuration_error(
    network: Network, supplier: Party, pki: Pki, tmp_path: Path
) -> None:
    """A key with a password is named and nobody is asked for the password."""
    good = network.certificate("good-tls-client")
    assert good.key is not None
    key = forms.load_pem_private_key(good.key.read_bytes(), None)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        key.private_bytes(
            forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.BestAvailableEncryption(b"password")
        )
    )
    sets = tuple(replace(s, key=locked) if s.name == good.name else s for s in network.certificates)
    with (
        DipClient(BASE, replace(network, certificates=sets), pki.ca) as client,
        pytest.raises(ConfigurationError, match=r"locked\.key.*password"),
    ):
        client.send(supplier, "IF-031", BODY)
