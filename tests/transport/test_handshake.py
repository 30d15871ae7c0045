"""Mutual TLS on loopback: who gets in, and what a client that doesn't is told."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from harness.security.authority import Authority
from harness.transport import client as client_module
from harness.transport import server as server_module
from harness.transport import tls as tls_module
from harness.transport.client import NO_CERTIFICATE, DipClient
from harness.transport.network import Network, Party
from harness.transport.server import ServerThread
from harness.transport.tls import client_context, server_context
from tests.transport.conftest import Pki, tell

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]
REFUSED = [
    (NO_CERTIFICATE, ("handshake failure", "certificate required")),
    ("foreign-tls-client", ("unknown ca",)),
    ("expired-tls-client", ("certificate expired",)),
]
LARGE = b"x" * 2_000_000


@pytest.fixture(params=VERSIONS, ids=["tls1.2", "tls1.3"])
def version(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> ssl.TLSVersion:
    """Hold every client to one TLS version."""
    wanted: ssl.TLSVersion = request.param

    def held(*args: object) -> ssl.SSLContext:
        context = client_context(*args)  # type: ignore[arg-type]
        context.minimum_version = context.maximum_version = wanted
        return context

    monkeypatch.setattr(client_module, "client_context", held)
    return wanted


@pytest.fixture
def dip(
    version: ssl.TLSVersion,  # noqa: ARG001 - holds the client to one version
    secure: ServerThread,
    network: Network,
    pki: Pki,
) -> Iterator[DipClient]:
    """A client of the telling server."""
    with DipClient(secure.url, network, pki.ca) as client:
        yield client


@pytest.mark.parametrize("body", [b"[]", LARGE], ids=["small", "large"])
def test_a_good_certificate_gets_in_and_is_seen(
    dip: DipClient, supplier: Party, network: Network, version: ssl.TLSVersion, body: bytes
) -> None:
    """The application finds the very certificate that the client showed, in DER."""
    answer = dip.send(supplier, "IF-031", body)
    assert answer.status == 201, answer.error
    seen = orjson.loads(answer.body)
    cert = x509.load_pem_x509_certificate(network.certificate("good-tls-client").cert.read_bytes())
    assert bytes.fromhex(seen["client_cert"]) == cert.public_bytes(Encoding.DER)
    assert seen["length"] == len(body)
    assert seen["tls_version"] == version.name.replace("_", ".")


@pytest.mark.parametrize("body", [b"[]", LARGE], ids=["small", "large"])
@pytest.mark.parametrize(("identity", "reasons"), REFUSED)
def test_a_bad_certificate_is_refused_with_the_reason(
    dip: DipClient, supplier: Party, identity: str, reasons: tuple[str, ...], body: bytes
) -> None:
    """A missing, foreign or expired client certificate ends in the handshake, and the alert says why."""
    answer = dip.send(supplier, "IF-031", body, tls=identity)
    assert answer.status is None
    assert answer.refused_in_handshake
    assert any(reason in answer.error for reason in reasons), answer.error


@pytest.mark.usefixtures("version")
@pytest.mark.parametrize("identity", [identity for identity, _ in REFUSED])
def test_a_refusal_without_an_alert_is_a_refusal(
    pki: Pki,
    network: Network,
    supplier: Party,
    identity: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server that just closes on a bad certificate, as asyncio's own does, counts as refusing it."""
    monkeypatch.setattr(tls_module, "_AlertingObject", ssl.SSLObject)
    with (
        ServerThread(tell, tls=pki.server) as server,
        DipClient(server.url, network, pki.ca) as client,
    ):
        answer = client.send(supplier, "IF-031", b"[]", tls=identity)
        assert answer.status is None
        assert answer.refused_in_handshake, answer.error
        assert client.send(supplier, "IF-031", b"[]").status == 201


@pytest.mark.usefixtures("version")
def test_a_server_that_drops_an_accepted_request_did_not_refuse_it(
    pki: Pki, network: Network, supplier: Party
) -> None:
    """A crash after the handshake is an error and no refusal of the certificate."""
    listener = socket.create_server(("127.0.0.1", 0))
    context = server_context(pki.server)

    def crash() -> None:
        try:
            while True:
                plain, _ = listener.accept()
                with context.wrap_socket(plain, server_side=True) as stream:
                    stream.settimeout(5)
                    stream.recv(1)
        except OSError:
            return

    thread = threading.Thread(target=crash)
    thread.start()
    try:
        with DipClient(f"https://127.0.0.1:{listener.getsockname()[1]}", network, pki.ca) as client:
            answer = client.send(supplier, "IF-031", b"[]")
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
    assert answer.status is None
    assert not answer.refused_in_handshake
    assert answer.error


@pytest.mark.usefixtures("version")
def test_the_reason_is_told_without_uvloop_too(
    pki: Pki, network: Network, supplier: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asyncio's own event loop, the one on Windows, delivers the alert as well."""
    monkeypatch.setattr(server_module, "_loop_factory", lambda: None)
    with (
        ServerThread(tell, tls=pki.server) as server,
        DipClient(server.url, network, pki.ca) as client,
    ):
        for identity, reasons in REFUSED:
            answer = client.send(supplier, "IF-031", LARGE, tls=identity)
            assert any(reason in answer.error for reason in reasons), answer.error
        assert client.send(supplier, "IF-031", LARGE).status == 201


def test_a_server_of_another_authority_is_not_trusted(
    dip: DipClient, supplier: Party, network: Network, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """That the client refuses the server is no refusal by the server, and says so."""
    other = Authority.create(tmp_path_factory.mktemp("other"), name="Other")
    with DipClient(dip.base_url, network, other.ca_bundle) as client:
        answer = client.send(supplier, "IF-031", b"[]")
    assert answer.status is None
    assert not answer.refused_in_handshake
    assert "not trusted" in answer.error


def test_a_certificate_is_optional_where_the_server_says_so(
    pki: Pki, network: Network, supplier: Party
) -> None:
    """With require_client off a client without certificate gets in, and one with a foreign one doesn't."""
    lenient = replace(pki.server, require_client=False)
    with (
        ServerThread(tell, tls=lenient) as server,
        DipClient(server.url, network, pki.ca) as client,
    ):
        answer = client.send(supplier, "IF-031", b"[]", tls=NO_CERTIFICATE)
        assert answer.status == 201
        assert orjson.loads(answer.body)["client_cert"] == ""
        assert client.send(supplier, "IF-031", b"[]", tls="foreign-tls-client").refused_in_handshake


def test_old_tls_is_refused(secure: ServerThread, pki: Pki, network: Network) -> None:
    """TLS 1.1 finds no server."""
    context = client_context(pki.ca, network.certificate("good-tls-client"))
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with (
        socket.create_connection(("127.0.0.1", secure.port), timeout=5) as plain,
        pytest.raises(ssl.SSLError, match="alert protocol version"),
    ):
        context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_no_session_is_resumed(secure: ServerThread, pki: Pki, network: Network) -> None:
    """TLS 1.3 hands out no ticket: every connection proves its certificate anew."""
    context = client_context(pki.ca, network.certificate("good-tls-client"))
    with (
        socket.create_connection(("127.0.0.1", secure.port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as stream,
    ):
        stream.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert stream.recv(4096).startswith(b"HTTP/1.1 201")
        assert stream.session is None or not stream.session.has_ticket


def test_plain_http_on_the_tls_port_hurts_nobody(
    secure: ServerThread, supplier: Party, dip: DipClient
) -> None:
    """Bytes that are no TLS end their own connection only."""
    with socket.create_connection(("127.0.0.1", secure.port), timeout=5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        while plain.recv(4096):
            pass
    assert dip.send(supplier, "IF-031", b"[]").status == 201
