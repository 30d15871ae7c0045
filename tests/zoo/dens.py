"""The server that most animals live in: HTTP/1.1 by hand over TLS, a thread per connection.

By hand, so that an animal may do what no server library lets it: cut connections, frame answers wrongly,
speak an old TLS. Sound animals that live in other servers are in `sound.py`.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tests.zoo.minds import Answer, Mind, Request

_SECONDS = 10.0
_HEADER_BYTES = 65_536


class Gone(Exception):
    """The client went away, or the animal cuts it off."""


@dataclass
class Shown:
    """What the server shows and whom it asks for a certificate."""

    cert: Path
    key: Path
    ca: Path
    client: ssl.VerifyMode = ssl.CERT_REQUIRED
    oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2
    newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3


@dataclass
class Den:
    """Serves a mind on a free port of loopback until it is closed."""

    mind: Mind
    shown: Shown
    scheme: str = "https"
    _open: set[socket.socket] = field(default_factory=set)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._closing = False
        self._context = self.followed(self.context())
        self._start(self._accept)

    @property
    def url(self) -> str:
        """The base URL."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def context(self) -> ssl.SSLContext:
        """Return the TLS context."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version, context.maximum_version = self.shown.oldest, self.shown.newest
        context.load_cert_chain(self.shown.cert, self.shown.key)
        context.verify_mode = self.shown.client
        if self.shown.client != ssl.CERT_NONE:
            context.load_verify_locations(self.shown.ca)
        context.num_tickets = 0
        return context

    def followed(self, context: ssl.SSLContext) -> ssl.SSLContext:
        """Let a context show the newest certificate in each handshake."""
        self._newest = context

        def newest(line: Any, *_: object) -> None:
            line.context = self._newest

        context.sni_callback = newest
        return context

    def show(self, cert: Path, key: Path) -> None:
        """Show another certificate to whoever connects from now on, in one step: handshakes are going on."""
        self.shown.cert, self.shown.key = cert, key
        self._newest = Den.context(self)

    def stop(self) -> None:
        """Take the receiver down: nobody listens, and what is open is cut."""
        self.close()

    def start(self) -> None:
        """Bring it back on the same port."""
        self._closing, self._open = False, set()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._start(self._accept)

    def rotate(self, cert: str, key: str) -> None:
        """Take a new certificate for the webhook."""
        self.show(Path(cert), Path(key))

    def close(self) -> None:
        """Stop, and cut what is open."""
        self._closing = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in list(self._open):
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(_SECONDS)

    def __enter__(self) -> Den:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            line.settimeout(_SECONDS)
            self._start(self._serve, line)

    def _serve(self, line: socket.socket) -> None:
        self._open.add(line)
        try:
            stream = self.secured(line)
            self._open.add(stream)
            self._open.discard(line)
            line = stream
            client = stream.getpeercert(True) if isinstance(stream, ssl.SSLSocket) else None
            reader = Reader(stream)
            while True:
                request = self.request(reader, stream, client)
                answer = self.answer(request, stream)
                self.send(stream, answer)
                if request.headers.get("connection", "").lower() == "close":
                    return
        except (Gone, OSError, ValueError):
            pass
        finally:
            self._open.discard(line)
            with contextlib.suppress(OSError, ValueError):
                if isinstance(line, ssl.SSLSocket):
                    line.settimeout(0.2)
                    line.unwrap()
            line.close()

    def secured(self, line: socket.socket) -> socket.socket:
        """Do the handshake."""
        return self._context.wrap_socket(line, server_side=True)

    def request(self, reader: Reader, stream: socket.socket, client: bytes | None) -> Request:
        """Read one request."""
        method, target, headers = reader.head()
        if headers.get("expect", "").lower() == "100-continue":
            self.go_on(stream)
        body = self.body(reader, headers)
        return Request(method, self.called(target, headers), headers, body, client)

    def called(self, target: str, headers: dict[str, str]) -> str:
        """Return the URL that the client called."""
        return f"{self.scheme}://{headers.get('host', '')}{target}"

    def go_on(self, stream: socket.socket) -> None:
        """Say that the body may come."""
        stream.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def body(self, reader: Reader, headers: dict[str, str]) -> bytes:
        """Read the body."""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(reader.chunks())
        return reader.exactly(int(headers.get("content-length", "0")))

    def answer(self, request: Request, stream: socket.socket) -> Answer:  # noqa: ARG002 - others cut it
        """Answer a request."""
        return self.mind.answer(request)

    def send(self, stream: socket.socket, answer: Answer) -> None:
        """Send an answer."""
        stream.sendall(self.framed(answer))

    def framed(self, answer: Answer) -> bytes:
        """Return the bytes of an answer."""
        phrase = HTTPStatus(answer.status).phrase
        lines = [f"HTTP/1.1 {answer.status} {phrase}", f"Content-Length: {len(answer.body)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + answer.body


class Reader:
    """Reads HTTP from a socket."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream, self._left = stream, b""

    def head(self) -> tuple[str, str, dict[str, str]]:
        """Return method, target and headers by lower-case name."""
        while b"\r\n\r\n" not in self._left:
            if len(self._left) > _HEADER_BYTES:
                raise Gone
            self._more()
        raw, _, self._left = self._left.partition(b"\r\n\r\n")
        first, *lines = raw.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        pairs = (line.partition(":") for line in lines)
        self.names = [line.partition(":")[0] for line in lines]
        return method, target, {name.strip().lower(): value.strip() for name, _, value in pairs}

    def exactly(self, count: int) -> bytes:
        """Return so many bytes."""
        while len(self._left) < count:
            self._more()
        found, self._left = self._left[:count], self._left[count:]
        return found

    def chunks(self) -> Iterator[bytes]:
        """Give the chunks of a body."""
        while True:
            while b"\r\n" not in self._left:
                self._more()
            size, _, self._left = self._left.partition(b"\r\n")
            count = int(size, 16)
            found = self.exactly(count + 2)[:-2]
            if not count:
                return
            yield found

    def some(self) -> bytes:
        """Return what is there now, at least a byte."""
        if not self._left:
            self._more()
        found, self._left = self._left, b""
        return found

    def _more(self) -> None:
        part = self._stream.recv(65_536)
        if not part:
            raise Gone
        self._left += part
