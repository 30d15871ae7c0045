"""Requests over a TLS connection that a command opens."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.errors import ConfigurationError
from harness.security.authority import Authority
from harness.selfcheck.piped import ask
from harness.transport.asgi import client_certificate, full_url, headers_of
from harness.transport.receiver import respond
from harness.transport.server import ServerThread, ServerTls

OPENSSL = shutil.which("openssl")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return an authority of the module's own."""
    return Authority.create(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[ServerThread]:
    """Serve which URL was called and by whom, behind mutual TLS."""
    shown = authority.issue("server", "tls-server")

    async def app(scope, _, send) -> None:  # type: ignore[no-untyped-def]
        if scope["type"] == "http":
            await respond(
                send, 201, full_url(scope, headers_of(scope)).encode() + (client_certificate(scope) or b"")
            )

    with ServerThread(app, tls=ServerTls(shown.cert, shown.key, authority.ca_bundle)) as found:
        yield found


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
def test_a_connection_that_openssl_opens_carries_a_request(
    authority: Authority, server: ServerThread
) -> None:
    """The documented command shows its certificate, asks for the whole URL, and brings the answer back."""
    own = authority.issue("openssl", "tls-client", organisation="Supplier X")
    command = [str(OPENSSL), "s_client", "-quiet", "-connect", "{host}:{port}", "-servername", "{host}"]
    command += ["-verify_return_error", "-CAfile", str(authority.ca_bundle)]
    command += ["-cert", str(own.cert), "-key", str(own.key)]

    answer = ask(command, "POST", f"{server.url}/in?part=1", b"[]", seconds=20)

    assert answer.status == 201, answer.error
    assert b"Supplier X" in answer.body
    assert answer.body.startswith(f"{server.url}/in?part=1".encode())


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("raise SystemExit('the token is locked')", "the token is locked"),
        ("print('no HTTP')", "ended without an answer"),
        ("import time; time.sleep(60)", "ended without an answer"),
    ],
    ids=["ends", "babbles", "hangs"],
)
def test_what_a_command_says_is_told(program: str, said: str) -> None:
    """A command that opens no connection in time gives no status, and its own words."""
    answer = ask([sys.executable, "-I", "-S", "-c", program], "GET", "https://127.0.0.1:9/", b"", seconds=1.0)

    assert answer.status is None
    assert said in answer.error


def test_a_command_that_is_none_is_a_wrong_configuration(tmp_path: Path) -> None:
    """The error names the field."""
    with pytest.raises(ConfigurationError) as caught:
        ask([str(tmp_path / "nothing")], "GET", "https://127.0.0.1:9/", b"", seconds=1.0)
    assert caught.value.where == "tls.connect_command"
