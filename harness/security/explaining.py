"""Why a signature doesn't verify: what the sender really signed, found by trying the usual mistakes.

A signature can't be inverted, but each mistake gives another string-to-sign, and a signature that verifies
over one of them proves that this is what was signed. An RSA PKCS#1 v1.5 signature also yields the digest that
was signed, so thousands of combinations cost milliseconds; ECDSA and PSS are verified one by one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, product
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from harness.security.certificates import Parsed
from harness.security.header_forms import Read, read_certificate, read_signatures
from harness.security.keys import is_valid
from harness.security.mistakes.alternative import Alternative, Form, Received
from harness.security.mistakes.catalogue import Alternatives, alternatives
from harness.security.mistakes.dates import lost_milliseconds
from harness.security.policy import Policy

_TRIES_BY_DIGEST = 40_000
_TRIES_BY_VERIFYING = 500

Matcher = Callable[[bytes], bool]
Choice = tuple[Alternative[Any], ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a request fails: short names joined with ``+``, hints, and what was signed if that is certain."""

    name: str = ""
    hint: str = ""
    actual: str | None = None
    certificate: x509.Certificate | None = None


@dataclass(frozen=True, slots=True)
class _Scheme:
    """How to test whether a text was signed: the test, the tries it can afford, and what is odd in it."""

    matches: Matcher
    tries: int
    name: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    text: str
    names: tuple[str, ...]
    hints: tuple[str, ...]


def explain(received: Received, parsed: Parsed | None, policy: Policy, depth: int = 2) -> Cause:
    """Find the cause of a failing request: the form of its headers, then up to ``depth`` mistakes at once."""
    read = Read(parsed) if parsed else read_certificate(received.given)
    if read is None:
        return Cause("no-certificate", _no_certificate_hint(received))
    names, hints = [read.name], [read.hint]
    if isinstance(read.value.public_key, ec.EllipticCurvePublicKey) and not policy.ecdsa_accepted:
        names.append("ec-key")
        hints.append(
            "Sign with an RSA-2048 certificate, or set signing.ecdsa_accepted where EC keys are agreed."
        )
    certificate = read.value.certificate
    found = _what_was_signed(received, read.value, policy, depth)
    if isinstance(found, Cause):
        name, hint = _joined([*names, found.name], [*hints, found.hint])
        return Cause(name, hint, None, certificate)
    names += found.names
    hints += found.hints
    if not any(found.names) and received.given.get("x-dip-content-hash", received.hashed) != received.hashed:
        names.append("content-hash-header")
        hints.append(
            "The signature is sound for this very body; only X-DIP-Content-Hash is wrong: it must be base64 "
            "of the SHA-256 digest, exactly as signed."
        )
    name, hint = _joined(names, hints)
    if found.text == received.expected and not name:
        hint = "The signature itself is sound; send the missing headers as they were signed."
    return Cause(name, hint, found.text, certificate)


def _joined(names: Sequence[str], hints: Sequence[str]) -> tuple[str, str]:
    return "+".join(dict.fromkeys(filter(None, names))), " ".join(dict.fromkeys(filter(None, hints)))


def _no_certificate_hint(received: Received) -> str:
    if received.given.get("x-dip-signature-certificate"):
        return "X-DIP-Signature-Certificate carries base64 of a certificate's PEM text; this is none."
    return "Send the signer's certificate in X-DIP-Signature-Certificate, as base64 of its PEM text."


def _what_was_signed(received: Received, parsed: Parsed, policy: Policy, depth: int) -> _Found | Cause:
    """Search; a `Cause` comes back where no usual mistake explains the signature."""
    header = received.given.get("x-dip-signature", "")
    if not header:
        return Cause("no-signature", "Send the base64 of the signature in X-DIP-Signature.")
    key = parsed.public_key
    signatures = list(read_signatures(header))
    if not signatures:
        return Cause(
            "signature-encoding", "X-DIP-Signature is base64 of the signature's bytes; this text is not."
        )
    if key is None:
        return Cause("key-type", "Sign with an RSA-2048 certificate.")
    options = alternatives(received, policy)
    known_digest = False
    for signature in signatures:
        schemes = (
            _rsa_schemes(key, signature.value)
            if isinstance(key, rsa.RSAPublicKey)
            else _ec_schemes(key, signature.value)
        )
        for scheme in schemes:
            known_digest = known_digest or scheme.tries == _TRIES_BY_DIGEST
            found = _search(options, scheme, depth) or _with_milliseconds(received, scheme)
            if found:
                oddities = ((signature.name, signature.hint), (scheme.name, scheme.hint))
                return _Found(
                    found.text,
                    (*(name for name, _ in oddities), *found.names),
                    (*(hint for _, hint in oddities), *found.hints),
                )
    return _unexplained(key, signatures[0].value, known_digest=known_digest)


def _unexplained(
    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey, signature: bytes, *, known_digest: bool
) -> Cause:
    if known_digest:
        return Cause(
            "unknown-string",
            "The certificate's own key made this signature, but over a string that no usual mistake gives. "
            "Print the sender's string-to-sign and compare it with the expected one, character by character.",
        )
    if isinstance(key, rsa.RSAPublicKey):
        size = (key.key_size + 7) // 8
        if len(signature) != size:
            return Cause(
                "wrong-key",
                f"The signature has {len(signature)} bytes and the certificate's key makes {size}: it is cut "
                "short or another key made it. Send the certificate that belongs to the signing key.",
            )
        return Cause(
            "wrong-key",
            "The certificate's key did not make this signature: certificate and private key are not a pair, "
            "or the signature was changed on the way (or it is RSA-PSS over a string that no usual mistake "
            "gives). Send the certificate that belongs to the signing key.",
        )
    return Cause(
        "wrong-key",
        "No usual mistake gives this signature: certificate and private key are not a pair, the signature "
        "was changed on the way, or the string that was signed differs in more than one part.",
    )


def _rsa_schemes(key: rsa.RSAPublicKey, signature: bytes) -> Iterator[_Scheme]:
    try:
        inner = key.recover_data_from_signature(signature, padding.PKCS1v15(), None)
    except (InvalidSignature, ValueError, UnsupportedAlgorithm):
        inner = None
    if inner is not None:
        yield from _recovered(inner)
        return
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.AUTO)

    def matches(data: bytes) -> bool:
        try:
            key.verify(signature, data, pss, hashes.SHA256())
        except (InvalidSignature, ValueError, UnsupportedAlgorithm):
            return False
        return True

    yield _Scheme(
        matches,
        _TRIES_BY_VERIFYING,
        "pss-padding",
        "The signature uses RSA-PSS padding; it must be RSA PKCS#1 v1.5 with SHA-256.",
    )


_DIGEST_INFO = {
    "3031300d060960864801650304020105000420": "sha256",
    "3041300d060960864801650304020205000430": "sha384",
    "3051300d060960864801650304020305000440": "sha512",
    "3021300906052b0e03021a05000414": "sha1",
}


def _recovered(inner: bytes) -> Iterator[_Scheme]:
    """Yield the one scheme that fits the recovered contents of a PKCS#1 v1.5 signature."""
    for prefix, algorithm in _DIGEST_INFO.items():
        if inner.startswith(bytes.fromhex(prefix)):
            yield _digest_scheme(algorithm, inner[len(prefix) // 2 :])
            return
    yield _Scheme(
        lambda data: (
            inner in (hashlib.sha256(data).digest(), hashlib.sha256(data).hexdigest().encode(), data)
        ),
        _TRIES_BY_DIGEST,
        "no-digest-info",
        "The bare digest was encrypted with the key; sign with PKCS#1 v1.5, which names the hash inside.",
    )


def _digest_scheme(algorithm: str, digest: bytes) -> _Scheme:
    if algorithm == "sha256":
        return _Scheme(lambda data: hashlib.sha256(data).digest() == digest, _TRIES_BY_DIGEST)
    return _Scheme(
        lambda data: hashlib.new(algorithm, data, usedforsecurity=False).digest() == digest,
        _TRIES_BY_DIGEST,
        "signature-algorithm",
        f"The string-to-sign was signed with {algorithm.replace('sha', 'SHA-')}; it must be SHA-256.",
    )


def _ec_schemes(key: ec.EllipticCurvePublicKey, signature: bytes) -> Iterator[_Scheme]:
    yield _Scheme(lambda data: is_valid(key, signature, data), _TRIES_BY_VERIFYING)
    if len(signature) == 2 * ((key.key_size + 7) // 8):
        half = len(signature) // 2
        der = utils.encode_dss_signature(
            int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
        )
        yield _Scheme(
            lambda data: is_valid(key, der, data),
            _TRIES_BY_VERIFYING,
            "ecdsa-raw-form",
            "The ECDSA signature is the bare pair of numbers (IEEE P1363); it must be in DER.",
        )


def _search(options: Alternatives, scheme: _Scheme, depth: int) -> _Found | None:
    """Try the right string, then every mistake alone, then several at once, up to the scheme's limit."""
    for choice in islice(_choices(options, depth), scheme.tries):
        text, data = _written(choice)
        if scheme.matches(data):
            return _Found(text, tuple(a.name for a in choice), tuple(a.hint for a in choice))
    return None


def _choices(options: Alternatives, depth: int) -> Iterator[Choice]:
    dimensions: list[Sequence[Alternative[Any]]] = [
        options.methods,
        options.shapes,
        options.cases,
        options.dates,
        options.digests,
        options.writings,
        options.forms,
    ]
    right = [dimension[0] for dimension in dimensions]
    for count in range(depth + 1):
        for places in combinations(range(len(dimensions)), count):
            for wrong in product(*(dimensions[place][1:] for place in places)):
                choice = right.copy()
                for place, alternative in zip(places, wrong, strict=True):
                    choice[place] = alternative
                yield tuple(choice)


def _written(choice: Choice) -> tuple[str, bytes]:
    method, shape, case, date, digest, writing, form = (alternative.value for alternative in choice)
    written: Form = form
    text = written.text(method, case(shape), date, writing(digest))
    return text, written.data(text.encode("utf-8", "surrogatepass"))


def _with_milliseconds(received: Received, scheme: _Scheme) -> _Found | None:
    """Try the milliseconds that a sender signed and then cut off in the header."""
    if scheme.tries != _TRIES_BY_DIGEST:
        return None
    right = received.expected.split(received.date) if received.date else []
    if len(right) != 2:
        return None
    for date in lost_milliseconds(received.date):
        text = date.join(right)
        if scheme.matches(text.encode("utf-8", "surrogatepass")):
            return _Found(
                text,
                ("date-precision",),
                (
                    "The date was signed with milliseconds that the header lacks; the text signed and the "
                    "X-DIP-Signature-Date sent must be the same, character by character.",
                ),
            )
    return None
