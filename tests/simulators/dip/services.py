"""PostgreSQL and NATS for tests: where they are, a schema and a stream of one's own, a cable to cut."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import nats
import psycopg
import pytest

POSTGRES = os.environ.get("DIP_TEST_POSTGRES", "postgresql://root@127.0.0.1/test")
NATS = os.environ.get("DIP_TEST_NATS", "nats://127.0.0.1:4222")

_SETTLING_SECONDS = 0.2
"""How long a server gets to do what it was told before the connection ends."""


@dataclass(frozen=True, slots=True)
class Services:
    """URLs of a store and a broker that nobody else uses, and the prefix of their names."""

    store: str
    broker: str
    prefix: str

    @property
    def options(self) -> list[str]:
        """Return the options of `dip sim up`."""
        return ["--store", self.store, "--broker", self.broker]

    def remove_stream(self, release: str) -> None:
        """Remove a release's stream with all that is in it."""
        asyncio.run(_drop(f"{self.prefix}_{release.replace('.', '_')}"))

    def rows(self, release: str, sql: str, *parameters: object) -> list[tuple[object, ...]]:
        """Run a statement in a release's schema."""
        schema = f"{self.prefix}_{release.replace('.', '_')}"
        with psycopg.connect(POSTGRES, options=f"-c search_path={schema}") as connection:
            cursor = connection.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []


def missing() -> str | None:
    """Return which service is absent, None when both are there."""
    try:
        psycopg.connect(POSTGRES, connect_timeout=2).close()
    except psycopg.Error as error:
        return f"PostgreSQL at {POSTGRES}: {error}"
    parts = urlsplit(NATS)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 4222), 2).close()
    except OSError as error:
        return f"NATS at {NATS}: {error}"
    return None


def need() -> None:
    """Skip by name where a service is absent; with DIP_REQUIRE_SERVICES=1 fail."""
    absent = missing()
    if absent is None:
        return
    if os.environ.get("DIP_REQUIRE_SERVICES") == "1":
        pytest.fail(f"DIP_REQUIRE_SERVICES=1 and there is no {absent}")
    pytest.skip(f"there is no {absent}")


@contextlib.contextmanager
def services() -> Iterator[Services]:
    """Give a schema and a stream of one's own; both are removed afterwards."""
    need()
    prefix = f"t{os.getpid()}_{secrets.token_hex(3)}"
    try:
        yield Services(f"{POSTGRES}?schema={prefix}", NATS, prefix)
    finally:
        with psycopg.connect(POSTGRES, autocommit=True) as connection:
            names = connection.execute(
                "SELECT nspname FROM pg_namespace WHERE starts_with(nspname, %s)", (prefix,)
            ).fetchall()
            for (name,) in names:
                connection.execute(f'DROP SCHEMA "{name}" CASCADE')
        asyncio.run(_drop(prefix))


async def _drop(prefix: str) -> None:
    client = await nats.connect(NATS)
    js = client.jetstream()
    for info in await js.streams_info():
        if str(info.config.name).startswith(prefix):
            await js.delete_stream(str(info.config.name))
    await client.close()


class Cable:
    """A TCP connection's way that can be cut: what goes through a port of its own to a server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._to = parts.hostname or "", parts.port or 4222
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"{parts.scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: set[socket.socket] = set()
        self._silent: set[socket.socket] = set()
        """Servers whose answers go nowhere."""
        self._is_cut = False
        self.cut_after: bytes | None = None
        """Once this has gone to the server, the connection ends before any answer."""
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection and refuse new ones."""
        self._is_cut = True
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut = False

    def close(self) -> None:
        """Cut it for good."""
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                near.close()
                continue
            try:
                far = socket.create_connection(self._to, 2)
            except OSError:
                near.close()
                continue
            self._open |= {near, far}
            for one, other, inwards in ((near, far, True), (far, near, False)):
                threading.Thread(target=self._carry, args=(one, other, inwards), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket, inwards: bool) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                last = inwards and self.cut_after is not None and self.cut_after in data
                if last:
                    self.cut_after = None
                    other.sendall(data)
                    self._silent.add(other)
                    time.sleep(_SETTLING_SECONDS)
                    break
                if one not in self._silent:
                    other.sendall(data)
        for each in (one, other):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
            self._open.discard(each)
