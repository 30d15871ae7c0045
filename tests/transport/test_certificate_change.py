"""A server's certificate changes while clients connect: no handshake fails, and the new one is shown."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections import Counter
from pathlib import Path

import pytest

from harness.errors import ConfigurationError
from harness.security.authority import Issued
from harness.transport.network import Network
from harness.transport.server import Server, serve
from harness.transport.tls import client_context
from tests.transport.conftest import Pki, tell

ROTATIONS, MET = 200, 50
"""Changes, and handshakes that were made meanwhile, at least."""


@pytest.fixture(scope="module")
def shown(pki: Pki) -> tuple[Issued, ...]:
    """Issue two certificates of either kind of key."""
    return tuple(
        pki.authority.issue(f"turn-{kind}-{number}", "tls-server", key=kind)
        for number in range(2)
        for kind in ("p256", "rsa2048")
    )


def _handshake(port: int, context: ssl.SSLContext, name: str | None) -> str:
    """Connect, and return the serial number of what the server showed, in lower case."""
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname=name) as connection,
    ):
        certificate = connection.getpeercert()
    assert certificate is not None
    return certificate["serialNumber"].lower().lstrip("0")


def _contexts(pki: Pki, network: Network) -> list[tuple[ssl.SSLContext, str | None]]:
    """Return clients of both versions of TLS, with and without a name."""
    found: list[tuple[ssl.SSLContext, str | None]] = []
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        for name in ("localhost", None):
            context = client_context(pki.ca, network.certificate("good-tls-client"))
            context.minimum_version = context.maximum_version = version
            context.check_hostname = name is not None
            found.append((context, name))
    return found


class _Clients:
    """Threads that connect again and again until they are told to end."""

    def __init__(self, port: int, kinds: list[tuple[ssl.SSLContext, str | None]]) -> None:
        self.seen: Counter[str] = Counter()
        self.failures: list[BaseException] = []
        self._port, self._ended = port, threading.Event()
        self._threads = [threading.Thread(target=self._run, args=kind, daemon=True) for kind in kinds]
        for thread in self._threads:
            thread.start()

    def _run(self, context: ssl.SSLContext, name: str | None) -> None:
        while not self._ended.is_set():
            try:
                self.seen[_handshake(self._port, context, name)] += 1
            except OSError as error:
                self.failures.append(error)

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(10)


async def _rotate(server: Server, shown: tuple[Issued, ...], clients: _Clients) -> None:
    """Change the certificate from another thread than the server's, so that the two can meet anywhere."""
    rotated = 0
    while rotated < ROTATIONS or clients.seen.total() < MET:
        issued = shown[rotated % len(shown)]
        await asyncio.to_thread(server.show, issued.cert, issued.key)
        rotated += 1


def test_no_handshake_fails_in_200_changes(pki: Pki, network: Network, shown: tuple[Issued, ...]) -> None:
    """Clients with and without a server name, in TLS 1.2 and 1.3, always meet a whole certificate."""

    async def check() -> _Clients:
        async with serve(tell, tls=pki.server) as server:
            clients = _Clients(server.port, _contexts(pki, network)[::3])
            try:
                await _rotate(server, shown, clients)
            finally:
                await asyncio.to_thread(clients.end)
            return clients

    clients = asyncio.run(check())
    assert not clients.failures, clients.failures[:3]
    assert clients.seen.keys() >= {issued.serial.lstrip("0") for issued in shown}


def test_who_connects_after_a_change_meets_the_new_one(
    pki: Pki, network: Network, shown: tuple[Issued, ...]
) -> None:
    """Whatever kind of key the former certificate had, and whether or not the client names the server."""

    async def check() -> None:
        async with serve(tell, tls=pki.server) as server:
            for issued in shown:
                server.show(issued.cert, issued.key)
                for kind in _contexts(pki, network):
                    serial = await asyncio.to_thread(_handshake, server.port, *kind)
                    assert serial == issued.serial.lstrip("0")

    asyncio.run(check())


def test_what_can_not_be_shown_leaves_the_former_certificate(
    pki: Pki, network: Network, shown: tuple[Issued, ...]
) -> None:
    """A key of another certificate is refused with the file's name, and clients connect as before."""

    async def check() -> None:
        async with serve(tell, tls=pki.server) as server:
            server.show(shown[0].cert, shown[0].key)
            with pytest.raises(ConfigurationError, match=Path(shown[1].cert).name):
                server.show(shown[1].cert, shown[0].key)
            for kind in _contexts(pki, network):
                serial = await asyncio.to_thread(_handshake, server.port, *kind)
                assert serial == shown[0].serial.lstrip("0")

    asyncio.run(check())
