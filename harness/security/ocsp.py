"""An OCSP responder for the test authority: a pure answer, and an ASGI callable that serves it.

The issuing CA signs the answers itself. A certificate that the authority did not issue gets the unsuccessful
response ``unauthorized``, a request that can't be read ``malformedRequest`` (RFC 6960, RFC 5019).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from harness.security.authority import Authority

_MAX_REQUEST = 10_000
_FRESH = timedelta(minutes=1)
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def answer(authority: Authority, request: bytes) -> bytes:
    """Answer an OCSP request (DER) with a response (DER): good, revoked, or why there is none."""
    try:
        asked = ocsp.load_der_ocsp_request(request)
        serial, algorithm = asked.serial_number, asked.hash_algorithm
        nonces = [extension.value for extension in asked.extensions]
    except (ValueError, TypeError, NotImplementedError, UnsupportedAlgorithm, x509.DuplicateExtension):
        return _unsuccessful(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
    issuer, key = authority.issuing
    certificate = authority.certificate(f"{serial:x}")
    if certificate is None or not _is_issuer(asked, issuer, algorithm):
        return _unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED)
    now = datetime.now(UTC)
    revoked = authority.revoked().get(f"{serial:x}")
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=certificate,
        issuer=issuer,
        algorithm=algorithm,
        cert_status=ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
        this_update=now,
        next_update=now + _FRESH,
        revocation_time=revoked,
        revocation_reason=None,
    )
    for nonce in nonces:
        if isinstance(nonce, x509.OCSPNonce):
            builder = builder.add_extension(nonce, critical=False)
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def responder(authority: Authority) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Return an ASGI application: ``POST`` of a request, or ``GET`` of one in base64 as the path."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request: bytes | None = None
        if scope["method"] == "POST":
            request = await _body(receive)
        elif scope["method"] == "GET":
            request = _from_path(str(scope["path"]))
        if request is None:
            await _respond(send, 405 if scope["method"] not in ("GET", "POST") else 400, "text/plain", b"")
            return
        await _respond(send, 200, "application/ocsp-response", answer(authority, request))

    return app


def _is_issuer(asked: ocsp.OCSPRequest, issuer: x509.Certificate, algorithm: hashes.HashAlgorithm) -> bool:
    name, key = hashes.Hash(algorithm), hashes.Hash(algorithm)
    name.update(issuer.subject.public_bytes())
    key.update(issuer.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
    return (name.finalize(), key.finalize()) == (asked.issuer_name_hash, asked.issuer_key_hash)


def _unsuccessful(status: ocsp.OCSPResponseStatus) -> bytes:
    return ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)


def _from_path(path: str) -> bytes | None:
    text = unquote(path).lstrip("/")
    try:
        return base64.b64decode(text, validate=True) or None
    except (binascii.Error, ValueError):
        return None


async def _body(receive: Receive) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body.extend(message.get("body", b""))
        if len(body) > _MAX_REQUEST:
            return None
        if not message.get("more_body"):
            return bytes(body)


async def _respond(send: Send, status: int, kind: str, body: bytes) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
