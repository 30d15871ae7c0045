"""Why a request got no HTTP answer: refused in the handshake, or something else.

In TLS 1.2 the server judges the client's certificate within the handshake. In TLS 1.3 the client's handshake
is over by then: the alert arrives at its first read, and a server may even close without one, or its reset
may overtake the alert. Such a silent end on a new connection is settled by a second handshake that sends
nothing: a server that accepts the certificate waits for a request, one that refuses it ends the connection.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

PROBE_SECONDS = 1.0
"""How long a server may take to refuse the second handshake."""


class Attempt:
    """How far one request came, as httpx traces it."""

    def __init__(self) -> None:
        self.host = ""
        self.port = 0
        self.fresh = False
        """Whether the request opened its connection."""
        self.encrypted = False
        """Whether a TLS handshake was begun on it."""
        self.answering = False
        """Whether an answer began."""

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Take in one trace event of httpcore."""
        if event == "connection.connect_tcp.started":
            self.host, self.port, self.fresh = info["host"], info["port"], True
        elif event == "connection.start_tls.started":
            self.encrypted = True
        elif event == "http11.receive_response_headers.complete":
            self.answering = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a failed request amounts to."""

    refused_in_handshake: bool
    error: str


def classify(error: httpx.RequestError, attempt: Attempt, context: Callable[[], ssl.SSLContext]) -> Outcome:
    """Say why a request failed; ``context`` makes a client context of the same identity, to try again."""
    tls = _tls_error(error)
    if isinstance(tls, ssl.SSLCertVerificationError):
        return Outcome(False, f"the server's certificate is not trusted: {tls.verify_message}")
    if isinstance(error, httpx.TimeoutException):
        return Outcome(False, f"timed out: {type(error).__name__}")
    if attempt.fresh and not attempt.answering:
        if tls is not None and _is_alert(tls):
            return Outcome(True, _ended(tls))
        if attempt.encrypted and attempt.host == error.request.url.host:
            ended = _second_handshake(attempt.host, attempt.port, context())
            if ended:
                return Outcome(True, ended)
    return Outcome(False, f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)


def _tls_error(error: BaseException) -> ssl.SSLError | None:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def _is_alert(error: ssl.SSLError) -> bool:
    return "alert" in str(error).lower()


def _ended(error: OSError) -> str:
    reason = getattr(error, "reason", None) or str(error)
    return f"the server ended the TLS handshake: {str(reason).lower().replace('_', ' ')}"


def _second_handshake(host: str, port: int, context: ssl.SSLContext) -> str:
    """Open a connection and send no request; return how the server ended it, or ``""`` when it did not."""
    try:
        plain = socket.create_connection((host, port), timeout=PROBE_SECONDS)
    except OSError:
        return ""
    try:
        with plain, context.wrap_socket(plain, server_hostname=host) as stream:
            return "" if stream.recv(1) else "the server ended the TLS handshake without an alert"
    except TimeoutError:
        return ""
    except ssl.SSLError as error:
        return _ended(error) if _is_alert(error) or isinstance(error, ssl.SSLEOFError) else ""
    except OSError as error:
        return _ended(error)
