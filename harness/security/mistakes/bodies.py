"""What senders hash in place of the very bytes that they send."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator

from harness.security.mistakes.alternative import Alternative, Received
from harness.security.policy import Policy

_MAX_REWRITTEN = 2_000_000


def digests(received: Received, policy: Policy) -> Iterator[Alternative[bytes]]:
    """Yield the digest of the body received and of what a sender may have hashed instead."""
    body = received.body
    yield Alternative(hashlib.sha256(body or policy.empty_body.encode()).digest())
    for text, name, hint in _bodies(body):
        yield Alternative(hashlib.sha256(text).digest(), name, hint)
    yield Alternative(
        hashlib.sha512(body).digest(), "hash-algorithm", "The content hash is SHA-512; it must be SHA-256."
    )
    yield Alternative(
        hashlib.sha1(body, usedforsecurity=False).digest(),
        "hash-algorithm",
        "The content hash is SHA-1; it must be SHA-256.",
    )
    claimed = digest_in(received.given.get("x-dip-content-hash", ""))
    if claimed:
        yield Alternative(
            claimed,
            "other-body",
            "The signature is sound, but for another body: the bytes changed after they were hashed. "
            "Hash the very bytes that are sent, after every substitution; let nothing rewrite them later.",
        )


def digest_in(header: str) -> bytes | None:
    """Return the 32 bytes that a content hash header stands for, in base64 or hexadecimal, or None."""
    try:
        if re.fullmatch(r"[0-9A-Fa-f]{64}", header):
            return bytes.fromhex(header)
        digest = base64.b64decode(header, validate=True)
    except (binascii.Error, ValueError):
        return None
    return digest if len(digest) == 32 else None


def _bodies(body: bytes) -> Iterator[tuple[bytes, str, str]]:
    if not body:
        for text in (b"", b"{}", b'""', b"null", b"[]"):
            hashed = text.decode() or "nothing"
            hint = (
                f"The sender hashed {hashed} for a request without a body; signing.empty_body says otherwise."
            )
            yield text, "empty-body", hint
        return
    yield b"", "empty-body", "The sender hashed an empty body, but a body was sent."
    unix = body.replace(b"\r\n", b"\n")
    line_ends = (
        "The body was hashed with other line ends (CRLF or LF) than it was sent with; hash the bytes sent."
    )
    yield unix, "line-ends", line_ends
    yield unix.replace(b"\n", b"\r\n"), "line-ends", line_ends
    tail = "The body was hashed with or without a line end at its end, unlike the bytes sent."
    stripped = body.rstrip(b"\r\n")
    for text in (stripped, stripped + b"\n", stripped + b"\r\n", body.strip()):
        yield text, "trailing-line-end", tail
    mark = b"\xef\xbb\xbf"
    bom = "The body was hashed with or without a byte order mark, unlike the bytes sent."
    yield (body.removeprefix(mark) if body.startswith(mark) else mark + body), "byte-order-mark", bom
    yield from _rewritten(body)


def _rewritten(body: bytes) -> Iterator[tuple[bytes, str, str]]:
    """Yield the body as common JSON writers write it: bounded, since a body may be large."""
    if len(body) > _MAX_REWRITTEN:
        return
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return
    hint = (
        "The body was serialised again between hashing and sending (other spaces, escapes or order of keys). "
        "Serialise it once, hash those bytes and send those bytes."
    )
    for ascii_only in (False, True):
        for order in (False, True):
            for indent, separators in ((None, (",", ":")), (None, (", ", ": ")), (2, None), (4, None)):
                text = json.dumps(
                    data, ensure_ascii=ascii_only, sort_keys=order, indent=indent, separators=separators
                )
                yield text.encode("utf-8", "surrogatepass"), "re-serialised-body", hint
                if indent:
                    crlf = text.replace("\n", "\r\n").encode("utf-8", "surrogatepass")
                    yield crlf, "re-serialised-body", hint
