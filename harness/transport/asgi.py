"""What every endpoint needs of a request: the URL that was signed, and the body within a limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Receive, Scope


class BodyTooLargeError(Exception):
    """The body is longer than the limit."""


class ClientGoneError(Exception):
    """The client went away, or was too slow, before the whole body came; nobody reads an answer."""


async def read_body(scope: Scope, receive: Receive, limit: int) -> bytes:
    """Return the body; raises BodyTooLargeError as soon as it is known to be, and ClientGoneError."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value[:20]) > limit:
            raise BodyTooLargeError
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise BodyTooLargeError
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def headers_of(scope: Scope) -> dict[str, str]:
    """Return the headers by lower-case name; a name that comes twice has its values joined by a comma."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def full_url(scope: Scope, headers: Mapping[str, str]) -> str:
    """Return the URL as the client wrote and signed it: scheme, Host header, raw path and query."""
    host = headers.get("host", "")
    if not host:
        server = scope.get("server") or ("", None)
        host = f"{server[0]}:{server[1]}" if server[1] else str(server[0])
    query = scope.get("query_string", b"").decode("latin-1")
    path = scope.get("raw_path", b"").decode("latin-1")
    return f"{scope['scheme']}://{host}{path}" + (f"?{query}" if query else "")


def client_certificate(scope: Scope) -> bytes | None:
    """Return the client's TLS certificate (DER), or None."""
    tls = scope.get("extensions", {}).get("tls", {})
    certificate: bytes | None = tls.get("client_cert")
    return certificate
