"""The HTTP/1.1 connection: uvicorn's, with the peer's certificate in the scope and with bounds on every wait.

One class is made per server from uvicorn's httptools protocol, or from its h11 protocol where httptools is
not installed (Windows). Every refusal is an HTTP answer, and the connection is read out for a moment after
it, so that a client that is still sending gets to read it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from harness.transport.limits import Limits

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send
    from uvicorn.config import Config
    from uvicorn.server import ServerState

LINGER_SECONDS = 2.0
"""How long a refused client may go on sending before the connection is cut."""
QUIET_SECONDS = 0.1
"""How long it must have sent nothing to be let go sooner."""

_CONTINUE = b"HTTP/1.1 100"
IDLE, HEAD, BODY = "idle", "head", "body"


class _Bounded:
    """Mixed in before a uvicorn protocol; `_phase` says what part of a request the connection waits for."""

    limits: Limits
    cycle: Any
    flow: Any
    transport: asyncio.Transport
    app: Any
    loop: asyncio.AbstractEventLoop
    connections: set[Any]

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        super().__init__(config, server_state, app_state)  # type: ignore[call-arg]
        self._deadline: asyncio.TimerHandle | None = None
        self._waits_for: tuple[str, int] = (IDLE, 0)
        self._head_bytes = 0
        self._refused = False
        self._answered = False

    def _phase(self) -> str:
        raise AssertionError("each protocol says what it waits for")  # pragma: no cover

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)  # type: ignore[misc]
        tls = transport.get_extra_info("ssl_object")
        details = {}
        if tls is not None:
            details = {"client_cert": tls.getpeercert(binary_form=True), "tls_version": tls.version()}
        crowded = len(self.connections) > self.limits.connections
        self.app = _Front(self.app, details, self.limits, transport.abort, crowded=crowded)
        self._wait(IDLE, self.limits.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)  # type: ignore[misc]

    def data_received(self, data: bytes) -> None:
        if self._refused:
            self._let_go()
            return
        if self._phase() == HEAD:
            self._head_bytes += len(data)
        super().data_received(data)  # type: ignore[misc]
        if self._refused or self.transport.is_closing():
            return
        phase = self._phase()
        if phase == HEAD:
            if self._head_bytes > self.limits.header_bytes:
                self._refuse(self.limits.header_status, "The headers are too long.")
                return
            self._wait(HEAD, self.limits.header_seconds)
            return
        self._head_bytes = 0
        if phase == BODY:
            self._wait(BODY, self.limits.body_seconds)
        elif self.cycle is None or self.cycle.response_complete:
            self._wait(IDLE, self.limits.header_seconds)
        else:
            self._stop_waiting()

    def _wait(self, phase: str, seconds: float) -> None:
        waits_for = (phase, id(self.cycle))
        if self._deadline is not None and waits_for == self._waits_for:
            return
        self._stop_waiting()
        self._waits_for = waits_for
        self._deadline = self.loop.call_later(seconds, self._late, phase, seconds)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self, phase: str, seconds: float) -> None:
        self._deadline = None
        if self.flow.read_paused:  # the application is slow, not the client
            self._wait(phase, seconds)
        elif phase == IDLE:
            self.transport.close()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"The {phase} of the request took too long.")

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP; uvicorn calls it."""
        if self._head_bytes > self.limits.header_bytes:
            self._refuse(self.limits.header_status, "The headers are too long.")
        else:
            self._refuse(HTTPStatus.BAD_REQUEST, msg)

    def _refuse(self, status: int, text: str) -> None:
        self._stop_waiting()
        self._refused = True
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body:
                # The request before this one is whole and gets its answer; then the connection ends.
                cycle.keep_alive = False
                return
            started = cycle.response_started
            cycle.disconnected = True
            cycle.message_event.set()
            if started:
                self.transport.close()
                return
        body = text.encode()
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: text/plain; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.loop.call_later(LINGER_SECONDS, self.transport.close)
        self._answered = True
        self._let_go()

    def _let_go(self) -> None:
        """Close once the client is silent, when it has its answer."""
        if self._answered:
            self._stop_waiting()
            self._deadline = self.loop.call_later(QUIET_SECONDS, self.transport.close)

    def _unsupported_upgrade_warning(self) -> None:
        """Take a request to switch protocols for an ordinary one, silently."""


def bounded_protocol(bounds: Limits) -> type[asyncio.Protocol]:
    """Return the protocol class of a server with these limits."""
    try:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    except ImportError:
        return _bounded_h11(bounds)

    class BoundedHttpTools(_Bounded, HttpToolsProtocol):  # type: ignore[misc]
        limits = bounds
        _part = IDLE

        def _phase(self) -> str:
            return self._part

        def on_message_begin(self) -> None:
            self._part = HEAD
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._part = BODY
            before = self.cycle
            super().on_headers_complete()
            if self.cycle is not before and self.cycle.scope["method"] != "HEAD":  # its answer has no body
                self.cycle.transport = _Joined(self.transport)

        def on_message_complete(self) -> None:
            self._part = IDLE
            super().on_message_complete()

    return BoundedHttpTools


def _bounded_h11(bounds: Limits) -> type[asyncio.Protocol]:
    import h11
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class BoundedH11(_Bounded, H11Protocol):  # type: ignore[misc]
        limits = bounds

        def _phase(self) -> str:
            if self.conn.their_state is h11.SEND_BODY:
                return BODY
            begun = self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]
            return HEAD if begun else IDLE

        def send_400_response(self, msg: str) -> None:
            in_body = self.cycle is not None and self.cycle.more_body and not self.cycle.response_complete
            if not in_body:
                self._head_bytes = max(self._head_bytes, len(self.conn.trailing_data[0]))
            super().send_400_response(msg)

    return BoundedH11


class _Joined:
    """What an answer is written through: its head goes out with the first part of its body, in one record."""

    __slots__ = ("_begun", "_held", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""
        self._begun = False

    def write(self, data: bytes) -> None:
        if self._begun:
            self._transport.write(self._held + data if self._held else data)
            self._held = b""
        elif data.startswith(_CONTINUE):
            self._transport.write(data)
        else:
            self._held, self._begun = data, True

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def close(self) -> None:
        if self._held:
            self.write(b"")
        self._transport.close()


class _Front:
    """Stands before the application on one connection: completes the scope, or answers in its place."""

    def __init__(
        self, app: ASGIApp, tls: dict[str, Any], limits: Limits, abort: Callable[[], None], *, crowded: bool
    ) -> None:
        self._app = app
        self._tls = tls
        self._limits = limits
        self._connection = {"abort": abort}
        self._crowded = crowded

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        extensions = scope.setdefault("extensions", {})
        extensions["connection"] = self._connection
        if self._tls:
            extensions["tls"] = self._tls
        if self._crowded:
            return _answer(scope, receive, send, HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections.")
        if _head_size(scope) > self._limits.header_bytes:
            return _answer(scope, receive, send, self._limits.header_status, "The headers are too long.")
        return self._app(scope, receive, send)


def _head_size(scope: Scope) -> int:
    size = len(scope["raw_path"]) + len(scope["query_string"])
    for name, value in scope["headers"]:
        size += len(name) + len(value) + 4
    return size


async def _answer(scope: Scope, receive: Receive, send: Send, status: int, text: str) -> None:
    """Answer and end the connection; a body that is already on its way is read first."""
    if not any(name == b"expect" for name, _ in scope["headers"]):
        while (await receive()).get("more_body"):
            pass
    body = text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
