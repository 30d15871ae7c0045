"""An answer costs one TLS record, and one that is given up still leaves what was written of it."""

from __future__ import annotations

import socket
import ssl
from contextlib import closing
from typing import Any

from harness.transport.network import Network
from harness.transport.server import ServerThread
from harness.transport.tls import client_context
from tests.transport.conftest import QUICK, Pki

REQUEST = b"POST / HTTP/1.1\r\nHost: dip\r\nContent-Length: 0\r\n\r\n"


async def _answer(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"do", "more_body": True})
    await send({"type": "http.response.body", "body": b"ne"})


async def _break_off(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"4")]})
    raise RuntimeError("broken off")


def _connect(port: int, pki: Pki, network: Network) -> ssl.SSLSocket:
    context = client_context(pki.ca, network.certificate("good-tls-client"))
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    return context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_head_and_body_come_in_one_record(pki: Pki, network: Network) -> None:
    """One read of one record holds the head and the first of the body, the second request's too."""
    with (
        ServerThread(_answer, limits=QUICK, tls=pki.server) as server,
        closing(_connect(server.port, pki, network)) as connection,
    ):
        for _ in range(2):
            connection.sendall(REQUEST)
            first = connection.recv(65536)
            assert first.startswith(b"HTTP/1.1 201")
            assert first.endswith(b"\r\n\r\ndo")
            assert connection.recv(65536) == b"ne"


def test_a_head_without_its_body_is_written_before_the_end(pki: Pki, network: Network) -> None:
    """An application that fails after the head: the client reads the head, then the connection ends."""
    with (
        ServerThread(_break_off, limits=QUICK, tls=pki.server) as server,
        closing(_connect(server.port, pki, network)) as connection,
    ):
        connection.sendall(REQUEST)
        assert connection.recv(65536).startswith(b"HTTP/1.1 201")
        assert connection.recv(65536) == b""
