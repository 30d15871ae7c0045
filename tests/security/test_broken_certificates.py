"""Each certificate in a real TLS handshake on loopback: sound ones connect, broken ones don't."""

from __future__ import annotations

import re
import socket
import ssl
import threading
from pathlib import Path

import pytest

from harness.security.authority import Authority, Issued
from harness.security.certificates import first_certificate, identity_of
from harness.security.profiles import Flaw
from harness.security.revocation import revocation_list
from harness.writing import write_whole


def _server_context(authority: Authority, server: Issued, *, crl: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.ca_bundle)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(server.cert, server.key)
    if crl:
        context.load_verify_locations(authority.crl)
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return context


def _client_context(authority: Authority, client: Issued | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.ca_bundle)
    if client:
        context.load_cert_chain(client.cert, client.key)
    return context


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, host: str = "127.0.0.1") -> tuple[str, str]:
    """Connect over loopback; return what each side met, empty for nothing."""
    met = {"server": "", "client": ""}
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            raw, _ = listener.accept()
            with raw:
                raw.settimeout(10)
                try:
                    with server.wrap_socket(raw, server_side=True) as connection:
                        connection.sendall(b"hello")
                except OSError as error:
                    met["server"] = str(error)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with (
                socket.create_connection(listener.getsockname(), timeout=10) as raw,
                client.wrap_socket(raw, server_hostname=host) as connection,
            ):
                met["client"] = "" if connection.recv(5) == b"hello" else "closed"
        except OSError as error:
            met["client"] = str(error)
        thread.join(20)
    return met["server"], met["client"]


@pytest.fixture(scope="module")
def server(authority: Authority) -> Issued:
    """Return a sound server certificate."""
    return authority.issue("tls-peer", "tls-server")


@pytest.fixture(scope="module")
def client(authority: Authority) -> Issued:
    """Return a sound client certificate."""
    return authority.issue("tls-peer", "tls-client", organisation="Supplier A", dip_ids=["2300000001"])


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_sound_certificates_connect(authority: Authority, server: Issued, client: Issued, host: str) -> None:
    """Both sides accept each other by either loopback name, with revocation checked."""
    met = _handshake(_server_context(authority, server, crl=True), _client_context(authority, client), host)
    assert met == ("", "")


def test_a_missing_client_certificate_ends_the_handshake(authority: Authority, server: Issued) -> None:
    """A client without a certificate is refused."""
    met = _handshake(_server_context(authority, server, crl=False), _client_context(authority, None))
    assert "did not return a certificate" in met[0]
    assert met[1]


@pytest.mark.parametrize(
    ("flaw", "said"),
    [
        ("expired", "certificate has expired"),
        ("not-yet-valid", "not yet valid"),
        ("wrong-usage", "(unsupported|unsuitable) certificate purpose"),
        ("foreign", "(unable to get local issuer|signature failure)"),
        ("revoked", "certificate revoked"),
    ],
)
def test_a_broken_client_certificate_ends_the_handshake(
    authority: Authority, server: Issued, flaw: Flaw, said: str
) -> None:
    """Each broken client certificate is refused for the fault that it was made with."""
    broken = authority.issue("tls-broken", "tls-client", flaw=flaw)
    met = _handshake(_server_context(authority, server, crl=True), _client_context(authority, broken))
    assert re.search(said, met[0]), met
    assert met[1]


@pytest.mark.parametrize("flaw", ["expired", "not-yet-valid", "wrong-usage", "foreign"])
def test_a_broken_server_certificate_is_refused_by_the_client(
    authority: Authority, client: Issued, flaw: Flaw
) -> None:
    """Each broken server certificate is refused by a client that trusts the authority."""
    broken = authority.issue("tls-broken", "tls-server", flaw=flaw)
    met = _handshake(_server_context(authority, broken, crl=False), _client_context(authority, client))
    assert "certificate verify failed" in met[1]


@pytest.mark.parametrize("flaw", ["revoked", "wrong-party"])
def test_revoked_and_wrong_party_connect_without_a_list(
    authority: Authority, server: Issued, flaw: Flaw
) -> None:
    """A handshake that checks no list admits both: they are for the application to refuse."""
    admitted = authority.issue("tls-admitted", "tls-client", flaw=flaw, dip_ids=["2300000001"])
    met = _handshake(_server_context(authority, server, crl=False), _client_context(authority, admitted))
    assert met == ("", "")
    if flaw == "wrong-party":
        assert admitted.dip_ids == ("9999999999",)


def test_an_unsigned_list_is_not_believed(
    authority: Authority, server: Issued, client: Issued, tmp_path: Path
) -> None:
    """A list with the right names, signed by another key, makes no handshake pass."""
    twin = Authority.create(tmp_path, name="Test")
    issuer, _ = authority.issuing
    forged = tmp_path / "forged.pem"
    write_whole(forged, revocation_list(issuer, twin.issuing[1], {}))
    context = _server_context(authority, server, crl=False)
    context.load_verify_locations(forged)
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    assert "verify failed" in _handshake(context, _client_context(authority, client))[0]


def test_identity_comes_from_the_certificate(client: Issued) -> None:
    """Organisation and DIP ids are read from the subject; an OU of another form is no DIP id."""
    identity = identity_of(first_certificate(client.cert)[0])
    assert (identity.organisation, identity.dip_ids) == ("Supplier A", ("2300000001",))
