"""A client that costs next to nothing: blocking TLS sockets behind one epoll, one request in flight on each.

It keeps every connection busy for the whole of a phase and reads no more of an answer than status and length.
"""

from __future__ import annotations

import re
import selectors
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from harness.errors import EnvironmentFault

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TIMEOUT_SECONDS = 30.0
_READ_BYTES = 1 << 18
_BUFFER_BYTES = 1 << 20

Requests = Iterator[tuple[bytes, int]]
"""The bytes of a request and how many messages are in it."""


@dataclass(slots=True)
class Drive:
    """What came of driving requests through: counted from the first one sent to the last one answered."""

    seconds: float = 0.0
    messages: int = 0
    """Messages of requests that were answered 201."""
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    refusal: str = ""
    """The first answer other than 201."""

    def add(self, other: Drive) -> None:
        """Count another drive in."""
        self.seconds += other.seconds
        self.messages += other.messages
        self.statuses += other.statuses
        self.latencies += other.latencies
        self.refusal = self.refusal or other.refusal

    def check(self, what: str) -> None:
        """Raise EnvironmentFault unless ``what`` has answered every request with 201."""
        if set(self.statuses) != {201}:
            raise EnvironmentFault(f"{what} answered {dict(self.statuses)}: {self.refusal}")

    @property
    def rate(self) -> float:
        """Messages accepted per second."""
        return self.messages / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Return the time in milliseconds within which a share of the requests was answered."""
        return percentile(self.latencies, share)


def percentile(seconds: Sequence[float], share: float) -> float:
    """Return the milliseconds within which a share of some times lies; 0 of none."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


class Connections:
    """Keep-alive connections to one server."""

    def __init__(self, port: int, context: ssl.SSLContext, count: int) -> None:
        self._sockets = [_connect(port, context) for _ in range(count)]
        self._ready = selectors.DefaultSelector()
        for connection in self._sockets:
            self._ready.register(connection, selectors.EVENT_READ, connection)

    def close(self) -> None:
        """Close every connection."""
        self._ready.close()
        for connection in self._sockets:
            connection.close()

    def ask(self, request: bytes) -> tuple[int, bytes, float]:
        """Make one request on one connection; returns status, whole answer and how many seconds it took."""
        connection = self._sockets[0]
        began = time.perf_counter()
        connection.sendall(request)
        status, answer = _read(connection)
        return status, answer, time.perf_counter() - began

    def drive(
        self, requests: Requests, seconds: float, *, clock: Callable[[], float] = time.perf_counter
    ) -> Drive:
        """Send for some seconds, or until the requests end, and wait for the last answer."""
        done = Drive()
        flying: dict[ssl.SSLSocket, tuple[float, int]] = {}
        began = clock()
        until = began + seconds

        def send(connection: ssl.SSLSocket) -> None:
            request = next(requests, None) if clock() < until else None
            if request is not None:
                flying[connection] = (clock(), request[1])
                connection.sendall(request[0])

        for idle in self._sockets:
            send(idle)
        while flying:
            ready = self._ready.select(_TIMEOUT_SECONDS)
            if not ready:
                raise EnvironmentFault(f"no answer came for {_TIMEOUT_SECONDS:.0f} s")
            for key, _ in ready:
                connection: ssl.SSLSocket = key.data
                if connection not in flying:
                    raise EnvironmentFault("the server closed a connection, or answered unasked")
                status, answer = _read(connection)
                sent, messages = flying.pop(connection)
                done.latencies.append(clock() - sent)
                done.statuses[status] += 1
                if status == 201:
                    done.messages += messages
                else:
                    done.refusal = done.refusal or answer.decode("utf-8", "replace")[:500]
                send(connection)
        done.seconds = clock() - began
        return done


def _connect(port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), _TIMEOUT_SECONDS)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
    return context.wrap_socket(plain, server_hostname="127.0.0.1")


def _read(connection: ssl.SSLSocket) -> tuple[int, bytes]:
    """Read one answer; returns its status and its bytes."""
    data = connection.recv(_READ_BYTES)
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += _more(connection)
    length = _LENGTH.search(data, 0, end)
    whole = end + 4 + (int(length[1]) if length else 0)
    while len(data) < whole:
        data += _more(connection)
    return int(data[9:12]), data


def _more(connection: ssl.SSLSocket) -> bytes:
    data = connection.recv(_READ_BYTES)
    if not data:
        raise EnvironmentFault("the server closed a connection in the middle of an answer")
    return data
