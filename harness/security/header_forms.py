"""Headers in a form that nobody asked for: what a sender put there, read all the same, to explain it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote

from harness.security.certificates import (
    Parsed,
    UnreadableCertificateError,
    load_der,
    load_pem,
    parse,
    parse_header,
)

T = TypeVar("T")
_WANTED = "X-DIP-Signature-Certificate carries base64 of the certificate's PEM text"
_OTHER_NAMES = ("x-dip-certificate", "x-dip-signature-cert", "x-dip-signing-certificate")
_MAX_CHARACTERS = 32_768


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """A header read in some form: ``name`` and ``hint`` are empty where the form is the right one."""

    value: T
    name: str = ""
    hint: str = ""


def read_certificate(given: Mapping[str, str]) -> Read[Parsed] | None:
    """Find the signer's certificate in whatever header and form it came; None where there is none.

    ``given`` has its names in lower case.
    """
    right = given.get("x-dip-signature-certificate", "")
    if right:
        return _any_form(right)
    for name in _OTHER_NAMES:
        value = given.get(name, "")
        found = _any_form(value) if value else None
        if found:
            hint = f"The certificate came in the header {name}; its name is X-DIP-Signature-Certificate."
            return Read(found.value, "wrong-header-name", f"{hint} {found.hint}".strip())
    return None


def _any_form(value: str) -> Read[Parsed] | None:
    if len(value) > _MAX_CHARACTERS:
        return None
    try:
        return Read(parse_header(value))
    except UnreadableCertificateError:
        pass
    for text, name, hint in _pem_texts(value):
        try:
            return Read(parse(load_pem(text)), name, hint)
        except UnreadableCertificateError:
            continue
    der = _decoded(value)
    if der is not None:
        try:
            parsed = parse(load_der(der))
        except UnreadableCertificateError:
            return None
        hint = f"The header carries the certificate's DER bytes in base64; {_WANTED}, so base64 twice."
        return Read(parsed, "der-certificate", hint)
    return None


def _pem_texts(value: str) -> Iterator[tuple[bytes, str, str]]:
    hint = f"The header carries the PEM text itself; {_WANTED}."
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    for text, form in (
        (value, hint),
        (unquote(value), f"The header carries percent-encoded PEM text; {_WANTED}."),
    ):
        if begin in text and end in text:
            inner = text.split(begin, 1)[1].split(end, 1)[0].replace("\\n", "").replace("\\r", "")
            yield f"{begin}\n{''.join(inner.split())}\n{end}\n".encode("utf-8", "replace"), "plain-pem", form
    unwrapped = _decoded("".join(value.split()))
    if unwrapped is not None and unwrapped.lstrip().startswith(b"-----BEGIN CERTIFICATE-----"):
        yield unwrapped, "wrapped-certificate", f"The header was wrapped into lines; {_WANTED} in one line."
    url_safe = value.replace("-", "+").replace("_", "/")
    decoded = _decoded(url_safe + "=" * (-len(url_safe) % 4))
    if decoded is not None and decoded.lstrip().startswith(b"-----BEGIN CERTIFICATE-----"):
        yield (
            decoded,
            "certificate-alphabet",
            f"The header is URL-safe or unpadded base64; {_WANTED}, standard and padded.",
        )


def _decoded(value: str) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def read_signatures(value: str) -> Iterator[Read[bytes]]:
    """Yield what the signature header may stand for: base64, then the other usual writings."""
    right = _decoded(value)
    if right is not None:
        yield Read(right)
    unwrapped = _decoded("".join(value.split()))
    if right is None and unwrapped is not None:
        yield Read(
            unwrapped,
            "wrapped-signature",
            "X-DIP-Signature was wrapped into lines; it is one line of base64.",
        )
    if re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", value):
        hint = "The signature is in hexadecimal; X-DIP-Signature is base64 of the signature's bytes."
        yield Read(bytes.fromhex(value), "hex-signature", hint)
    url_safe = value.replace("-", "+").replace("_", "/")
    loose = _decoded(url_safe + "=" * (-len(url_safe) % 4))
    if loose is not None and loose != right:
        yield Read(
            loose,
            "signature-alphabet",
            "The signature is URL-safe or unpadded base64; use standard base64 with '='.",
        )
    twice = _decoded(right.decode("ascii", "replace")) if right else None
    if twice:
        yield Read(twice, "signature-encoded-twice", "The signature was put into base64 twice.")
