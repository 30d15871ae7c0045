"""How senders write the hash, join the parts and hand the text to the key."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence

from harness.security.mistakes.alternative import Alternative, Form


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


_HEX = "The content hash was signed in hexadecimal; it must be base64 of the 32 bytes of the digest."
WRITINGS: Sequence[Alternative[Callable[[bytes], str]]] = (
    Alternative(_base64),
    Alternative(lambda digest: digest.hex(), "hex-hash", _HEX),
    Alternative(lambda digest: digest.hex().upper(), "hex-hash", _HEX),
    Alternative(
        lambda digest: _base64(digest.hex().encode()),
        "hex-hash",
        "The content hash is base64 of its hexadecimal text; it must be base64 of the 32 bytes themselves.",
    ),
    Alternative(
        lambda digest: base64.urlsafe_b64encode(digest).decode("ascii"),
        "hash-alphabet",
        "The content hash was signed in URL-safe base64; it must be standard base64.",
    ),
    Alternative(
        lambda digest: _base64(digest).rstrip("="),
        "hash-padding",
        "The content hash was signed without its '=' padding.",
    ),
    Alternative(lambda _digest: "", "missing-hash", "The content hash was left out of the string-to-sign."),
)


def _joined(mark: str, end: str = "") -> Form:
    return Form(lambda method, url, date, hashed: mark.join((method, url, date, hashed)) + end)


def _semicolons(method: str, url: str, date: str, hashed: str) -> str:
    return f"{method};{url};{date};{hashed}"


_SEPARATOR = "The parts were joined in another way: a semicolon between them, no spaces, nothing at the end."
_TWICE = "The digest was hashed again: hand the key's sign function the string-to-sign, not its SHA-256."
FORMS: Sequence[Alternative[Form]] = (
    Alternative(Form(_semicolons)),
    Alternative(
        _joined(";", "\n"),
        "trailing-line-end",
        "A line end was signed after the string-to-sign; nothing may follow.",
    ),
    Alternative(_joined(";", "\r\n"), "trailing-line-end", "A line end was signed after the string-to-sign."),
    *(
        Alternative(_joined(mark, end), "separator", _SEPARATOR)
        for mark, end in ((";", ";"), ("; ", ""), ("\n", ""))
    ),
    *(Alternative(_joined(mark), "separator", _SEPARATOR) for mark in (",", "|", ":", " ", "", "\r\n")),
    Alternative(
        Form(lambda method, url, date, hashed: _semicolons(method, url, date, hashed).lower()),
        "all-lower-case",
        "The whole string-to-sign was lower-cased; only the URL is.",
    ),
    Alternative(Form(_semicolons, lambda data: hashlib.sha256(data).digest()), "hashed-twice", _TWICE),
    Alternative(
        Form(_semicolons, lambda data: hashlib.sha256(data).hexdigest().encode()), "hashed-twice", _TWICE
    ),
    Alternative(
        Form(_semicolons, lambda data: base64.b64encode(hashlib.sha256(data).digest())),
        "hashed-twice",
        _TWICE,
    ),
    Alternative(
        Form(
            _semicolons,
            lambda data: data.decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass"),
        ),
        "utf-16",
        "The string-to-sign was encoded in UTF-16; it is UTF-8.",
    ),
)
