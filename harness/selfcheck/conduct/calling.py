"""One webhook call as the test DIP makes it: signed, over mutual TLS, in the usual manner or an odd one.

A `Reply` is always returned, never raised: a refused handshake, silence and a 500 are all answers that a
check may ask about.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from harness.clock import Clock, SystemClock, header_time
from harness.security.signing import Signer
from harness.transport.parties import CertificateSet
from harness.transport.tls import client_context

CUT_BODY, CUT_ANSWER = "body", "answer"
_PIECES = 10
_NEWLINE = b"\r\n"
_CONTINUE = 100
_INTERIM_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Identity:
    """What the test DIP shows: a signer, and a TLS context with its client certificate."""

    signer: Signer
    context: ssl.SSLContext

    @classmethod
    def load(cls, ca: Path | None, signing: CertificateSet, tls: CertificateSet | None) -> Identity:
        """Read the certificate sets; ``ca`` vouches for the webhook's server. Raises ConfigurationError."""
        command = signing.sign_command or None
        signer = Signer.load(signing.cert, None if command else signing.key, command)
        return cls(signer, client_context(ca, tls))


@dataclass(frozen=True, slots=True)
class Manner:
    """How a call differs from the usual one."""

    headers: Mapping[str, str | None] = field(default_factory=dict)
    """Set after signing; None takes a header away."""
    lower_names: bool = False
    """Header names go out in lower case, as through a gateway that speaks HTTP/2."""
    chunk_bytes: int = 0
    """More than 0: ``Transfer-Encoding: chunked`` in chunks of this many bytes."""
    over_seconds: float = 0.0
    """The body takes this long, in ten pieces."""
    expect: bool = False
    """``Expect: 100-continue``, and the body waits for the interim answer up to ``expect_seconds``."""
    expect_seconds: float = 2.0
    cut: str = ""
    """``body``: the connection ends in the middle of the body; ``answer``: before the answer is read."""
    signed_body: bytes | None = None
    """These bytes are signed in place of those that are sent."""
    date: str | None = None
    """Signature date, where it isn't the moment of the call."""


USUAL = Manner()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a call."""

    status: int | None
    """None when no HTTP answer came; `error` then says why."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    seconds: float = 0.0
    """From the last byte of the request to the last of the answer."""
    error: str = ""
    interim: bool | None = None
    """Whether 100 Continue came; None where it wasn't asked for."""
    handshake: bool = True
    """Whether TLS was agreed on, as far as the client can tell."""


class Caller:
    """Makes the calls of the test DIP. Safe to share between threads."""

    def __init__(self, identity: Identity, *, timeout: float, clock: Clock | None = None) -> None:
        self.identity = identity
        self._timeout = timeout
        self._clock = clock or SystemClock()

    def call(
        self, url: str, body: bytes, manner: Manner = USUAL, *, identity: Identity | None = None
    ) -> Reply:
        """Post a body on a new connection; ``identity`` is another one than the caller's own."""
        who = identity or self.identity
        try:
            line = _Line.open(urlsplit(url), who.context, self._timeout)
        except (OSError, ValueError) as error:
            return Reply(None, error=_told(error), handshake=not isinstance(error, ssl.SSLError))
        with line:
            return line.post(url, body, self._headers(who, url, body, manner), manner)

    def calls(self, url: str, bodies: Sequence[bytes]) -> list[Reply]:
        """Post bodies one after the other on one connection, which is opened again where it was closed."""
        replies: list[Reply] = []
        line: _Line | None = None
        for body in bodies:
            headers = self._headers(self.identity, url, body, USUAL)
            try:
                line = line or _Line.open(urlsplit(url), self.identity.context, self._timeout)
            except (OSError, ValueError) as error:
                replies.append(Reply(None, error=_told(error)))
                continue
            reply = line.post(url, body, headers, USUAL)
            replies.append(reply)
            if reply.status is None or reply.headers.get("connection", "").lower() == "close":
                line.close()
                line = None
        if line is not None:
            line.close()
        return replies

    def at_once(self, url: str, bodies: Sequence[bytes], *, lines: int) -> list[Reply]:
        """Post bodies over ``lines`` connections at the same time; replies in the order of the bodies."""
        with ThreadPoolExecutor(max_workers=lines) as pool:
            return list(pool.map(lambda body: self.call(url, body), bodies))

    def _headers(self, who: Identity, url: str, body: bytes, manner: Manner) -> dict[str, str]:
        date = manner.date or header_time(self._clock.now())
        signed = body if manner.signed_body is None else manner.signed_body
        headers: dict[str, str | None] = {
            "Content-Type": "application/json",
            "User-Agent": "dip-harness-selfcheck",
            **who.signer.sign("POST", url, signed, date=date),
            **manner.headers,
        }
        kept = {name: value for name, value in headers.items() if value is not None}
        return {name.lower(): value for name, value in kept.items()} if manner.lower_names else kept


class _Line:
    """One connection to a webhook."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, address: SplitResult, context: ssl.SSLContext, timeout: float) -> _Line:
        host = address.hostname or ""
        connection: http.client.HTTPConnection
        if address.scheme == "https":
            connection = http.client.HTTPSConnection(host, address.port, timeout=timeout, context=context)
        else:
            connection = http.client.HTTPConnection(host, address.port, timeout=timeout)
        connection.connect()
        return cls(connection)

    def __enter__(self) -> _Line:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def post(self, url: str, body: bytes, headers: Mapping[str, str], manner: Manner) -> Reply:
        connection, parts = self._connection, urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        interim: bool | None = None
        started = time.perf_counter()
        try:
            connection.putrequest("POST", target, skip_host=True, skip_accept_encoding=True)
            connection.putheader("host" if manner.lower_names else "Host", parts.netloc)
            for name, value in headers.items():
                connection.putheader(name, value)
            if manner.expect:
                connection.putheader("Expect", "100-continue")
            if manner.chunk_bytes:
                connection.putheader("Transfer-Encoding", "chunked")
            else:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders()
            if manner.expect:
                early = self._interim(manner.expect_seconds)
                if early is not None and early != _CONTINUE:
                    return Reply(early, error="a final answer before the body", interim=False)
                interim = early == _CONTINUE
            for piece in _pieces(body, manner):
                connection.send(piece)
            if manner.cut:
                return Reply(None, error="cut on purpose")
            started = time.perf_counter()
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Reply(None, seconds=time.perf_counter() - started, error=_told(error), interim=interim)
        told = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, told, answer, time.perf_counter() - started, interim=interim)

    def _interim(self, seconds: float) -> int | None:
        """Return the status of the answer that comes before the body; None where none comes in time."""
        stream = self._connection.sock
        stream.settimeout(seconds)
        head = b""
        try:
            while not head.endswith(_NEWLINE + _NEWLINE) and len(head) < _INTERIM_BYTES:
                byte = stream.recv(1)
                if not byte:
                    break
                head += byte
        except TimeoutError:
            return None
        finally:
            stream.settimeout(self._connection.timeout)
        words = head.split(None, 2)
        return int(words[1]) if len(words) > 1 and words[1].isdigit() else None


def _pieces(body: bytes, manner: Manner) -> Iterator[bytes]:
    if manner.cut == CUT_BODY:
        yield body[: len(body) // 2]
        return
    size = manner.chunk_bytes or (-(-len(body) // _PIECES) if manner.over_seconds else len(body)) or 1
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    for number, part in enumerate(parts):
        if number and manner.over_seconds:
            time.sleep(manner.over_seconds / len(parts))
        yield b"%x\r\n%b\r\n" % (len(part), part) if manner.chunk_bytes else part
    if manner.chunk_bytes:
        yield b"0\r\n\r\n"


def _told(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {(error.reason or str(error)).lower().replace('_', ' ')}"
    if isinstance(error, socket.gaierror):
        return f"the name does not resolve: {error.strerror}"
    return f"{type(error).__name__}: {error}"[:300] if str(error) else type(error).__name__
