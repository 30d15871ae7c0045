"""What may never be in a pack: private keys, API keys, bearer tokens. Found by form, told by place.

What was found is never quoted.
"""

from __future__ import annotations

import base64
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

OVERLAP = 4096
"""Bytes that two pieces of a file share while it is searched, so that nothing hides on the seam."""
_LABELS = (b"", b"RSA ", b"EC ", b"DSA ", b"ENCRYPTED ", b"OPENSSH ")
_BEGINNINGS = [b"-----BEGIN " + label + b"PRIVATE KEY-----" for label in _LABELS]


def _in_base64(text: bytes) -> Iterator[bytes]:
    """Yield what ``text`` looks like within base64, for each of the three places it can begin at."""
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + text)
        yield encoded[(0, 2, 3)[shift] : len(text) * 4 // 3 - 1]


_QUOTE = rb"""(?:\\*["']|&\#34;|&quot;|&\#39;)?"""
_PATTERNS = {
    "a private key in PEM": b"|".join(re.escape(text) for text in _BEGINNINGS),
    "a private key in base64": b"|".join(
        re.escape(form) for text in _BEGINNINGS for form in _in_base64(text)
    ),
    "a private key in DER": (
        rb"\x30\x82..\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x04\x82"
        rb"|\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
    ),
    "an API key header": (
        rb"(?i:\b(?:x-)?(?:dip-)?api[-_]?key|ocp-apim-subscription-key)" + _QUOTE + rb"\s*[:=]\s*" + _QUOTE +
        rb"[A-Za-z0-9+/_.~=\-]{16,}"
    ),
    "an authorization header": (
        rb"(?i:\b(?:proxy-)?authorization)" + _QUOTE + rb"\s*[:=]\s*" + _QUOTE + rb"(?i:bearer|basic)\s+"
        rb"[A-Za-z0-9+/_.~=\-]{8,}"
    ),
}  # fmt: skip
_TRIGGERS: dict[str, tuple[bytes, ...]] = {
    "a private key in PEM": (b"private key-----",),
    "a private key in base64": tuple(
        sorted({form.lower() for text in _BEGINNINGS for form in _in_base64(text)})
    ),
    "a private key in DER": (b"\x02\x01\x00\x30",),
    "an API key header": (b"api", b"subscription-key"),
    "an authorization header": (b"authorization",),
}
"""What a file holds, in small letters, before its pattern is worth trying."""
_COMPILED = {what: re.compile(pattern, re.DOTALL) for what, pattern in _PATTERNS.items()}


@dataclass(frozen=True, slots=True)
class Secret:
    """Something found: what it is, in which file, at which byte (and line of a text)."""

    path: str
    what: str
    offset: int
    line: int

    def __str__(self) -> str:
        return f"{self.path}, line {self.line}, byte {self.offset}: {self.what}"


def scan(path: str, data: bytes, *, known: re.Pattern[bytes] | None = None) -> Iterator[Secret]:
    """Yield every secret in ``data``; looks into a workbook's parts. ``known`` are keys by their value."""
    if data[:4] == b"PK\x03\x04":
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as inner:
                for part in inner.namelist():
                    yield from scan(f"{path}!{part}", inner.read(part), known=known)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError):
            pass
    small = data.lower()
    for what, pattern in _COMPILED.items():
        if any(trigger in small for trigger in _TRIGGERS[what]):
            for match in pattern.finditer(data):
                yield Secret(path, what, match.start(), data.count(b"\n", 0, match.start()) + 1)
    if known is not None:
        for match in known.finditer(data):
            line = data.count(b"\n", 0, match.start()) + 1
            yield Secret(path, "the API key of a party of the network file", match.start(), line)


def known_keys(values: list[str]) -> re.Pattern[bytes] | None:
    """Return a pattern for API keys by their value; those under eight characters are left out."""
    wanted = sorted({re.escape(value.encode()) for value in values if len(value) >= 8})
    return re.compile(b"|".join(wanted)) if wanted else None
