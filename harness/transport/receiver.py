"""The webhook side of a participant: takes the DIP's calls, verifies them, and asks what to answer.

Paths are ``/{dip id}``, ``/{dip id}/{channel}`` and ``/{dip id}/status``. The receiver judges only HTTP:
a call whose signature does not verify is handed on like any other, with the verification, since the answer
(code RCP9999) is the recipient's business.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

from harness.clock import Clock, SystemClock
from harness.security.trust import Trust
from harness.security.verifying import Verification, verify
from harness.settings import current
from harness.transport.asgi import (
    BodyTooLargeError,
    ClientGoneError,
    client_certificate,
    full_url,
    headers_of,
    read_body,
)

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Call:
    """One webhook call, exactly as it came."""

    recipient: str
    """DIP id from the path."""
    channel: str
    """The path after the DIP id: a channel (``IF-036``), ``status``, or empty."""
    url: str
    body: bytes
    headers: Mapping[str, str]
    """Names in lower case."""
    received_at: datetime
    verification: Verification
    client_certificate: bytes | None
    """DER."""


Reply = tuple[int, bytes]
"""HTTP status and JSON body."""


class WebhookReceiver:
    """ASGI application: hands every call to ``answer``, which returns status and body, or an awaitable.

    ``trust`` None leaves the signing certificate's issuer unjudged.
    """

    def __init__(
        self,
        answer: Callable[[Call], Reply | Awaitable[Reply]],
        *,
        trust: Trust | None,
        clock: Clock | None = None,
        body_limit: int | None = None,
    ) -> None:
        self._answer = answer
        self._trust = trust
        self._clock = clock or SystemClock()
        self._limit = body_limit or current().integer("limits.body_bytes")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        recipient, _, channel = unquote(scope["path"]).strip("/").partition("/")
        if not recipient:
            await respond(send, HTTPStatus.NOT_FOUND)
            return
        if scope["method"] != "POST":
            await respond(send, HTTPStatus.METHOD_NOT_ALLOWED, allow="POST")
            return
        try:
            body = await read_body(scope, receive, self._limit)
        except BodyTooLargeError:
            await respond(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        except ClientGoneError:
            return
        headers = headers_of(scope)
        url = full_url(scope, headers)
        now = self._clock.now()
        verification = verify("POST", url, body, headers, trust=self._trust, now=now)
        call = Call(recipient, channel, url, body, headers, now, verification, client_certificate(scope))
        reply = self._answer(call)
        status, answer = await reply if inspect.isawaitable(reply) else reply
        await respond(send, status, answer)


async def respond(send: Send, status: int, body: bytes = b"", *, allow: str = "") -> None:
    """Send a whole answer; a body is JSON."""
    headers = [(b"content-length", str(len(body)).encode())]
    if body:
        headers.append((b"content-type", b"application/json"))
    if allow:
        headers.append((b"allow", allow.encode()))
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
