"""Signing a DIP request: the string-to-sign and the four ``X-DIP-*`` headers.

``METHOD;lower-cased full URL;date;base64 SHA-256 of the body``, signed with RSA PKCS#1 v1.5 and SHA-256.
Two independent public clients agree on it; the Code of Connection's own text is not public. Nothing here
does I/O but a sign command, where the key lives in a vault.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from harness.errors import ConfigurationError
from harness.security.certificates import (
    PublicKey,
    UnreadableCertificateError,
    first_certificate,
    header_of,
    load_pem,
    parse,
)
from harness.security.keys import PrivateKey, SignFunction, load_private_key, sign_through, sign_with
from harness.security.policy import current_policy

SIGNATURE = "X-DIP-Signature"
DATE = "X-DIP-Signature-Date"
CONTENT_HASH = "X-DIP-Content-Hash"
CERTIFICATE = "X-DIP-Signature-Certificate"
HEADERS = (SIGNATURE, DATE, CONTENT_HASH, CERTIFICATE)


def content_hash(body: bytes, *, empty_body: str | None = None) -> str:
    """Return the base64 SHA-256 of the body's bytes; for no body, of the setting ``signing.empty_body``."""
    if not body:
        body = (current_policy().empty_body if empty_body is None else empty_body).encode()
    return base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")


def string_to_sign(method: str, url: str, date: str, content_hash: str) -> str:
    """Join the parts: method in capitals, full URL with its query in lower case, date and hash as sent."""
    return f"{method.upper()};{url.lower()};{date};{content_hash}"


class Signer:
    """Signs requests for one certificate. Safe to share between threads.

    ``key`` is a private key or a function from bytes to signature. The constructor takes any key, so that a
    negative test can sign with another party's; `Signer.load` refuses a key that is not the certificate's.
    """

    __slots__ = ("_header", "_sign", "certificate")

    def __init__(self, key: PrivateKey | SignFunction, certificate_pem: bytes) -> None:
        self.certificate = load_pem(certificate_pem)
        self._header = header_of(certificate_pem)
        self._sign = key if callable(key) else sign_with(key)

    @classmethod
    def load(
        cls,
        cert_path: Path | str,
        key_path: Path | str | None = None,
        sign_command: Sequence[str] | None = None,
    ) -> Signer:
        """Read certificate and key, or certificate and sign command; raises ConfigurationError.

        Refused: a key of another certificate, and an EC key unless ``signing.ecdsa_accepted`` is set.
        """
        cert_path = Path(cert_path)
        certificate, pem = first_certificate(cert_path)
        public_key = parse(certificate).public_key
        _refuse_key_type(public_key, cert_path)
        assert public_key is not None
        if (key_path is None) == (not sign_command):
            raise ConfigurationError(
                "needs either a private key file or a sign command",
                where=str(cert_path),
                mend="Give one of them.",
            )
        if key_path is None:
            return cls(sign_through(sign_command or (), public_key), pem)
        key = load_private_key(Path(key_path))
        if key.public_key() != public_key:
            raise ConfigurationError(
                f"this private key does not belong to the certificate {cert_path}",
                where=str(key_path),
                mend="Give the key that the certificate was requested with.",
            )
        return cls(key, pem)

    def sign(self, method: str, url: str, body: bytes, *, date: str) -> dict[str, str]:
        """Return the four headers for a request with exactly these body bytes.

        ``date`` goes in as it stands; `harness.clock.header_time` writes the usual form.
        """
        hashed = content_hash(body)
        text = string_to_sign(method, url, date, hashed)
        signature = self._sign(text.encode("utf-8", "surrogatepass"))
        return {
            SIGNATURE: base64.b64encode(signature).decode("ascii"),
            DATE: date,
            CONTENT_HASH: hashed,
            CERTIFICATE: self._header,
        }


def _refuse_key_type(public_key: PublicKey | None, path: Path) -> None:
    if public_key is None:
        raise ConfigurationError("the certificate's key is neither RSA nor EC", where=str(path))
    if isinstance(public_key, ec.EllipticCurvePublicKey) and not current_policy().ecdsa_accepted:
        raise ConfigurationError(
            "the certificate has an EC key, and signatures are RSA",
            where=str(path),
            mend="Use an RSA-2048 signing certificate, or set signing.ecdsa_accepted in the settings.",
        )


__all__ = [
    "CERTIFICATE",
    "CONTENT_HASH",
    "DATE",
    "HEADERS",
    "SIGNATURE",
    "Signer",
    "UnreadableCertificateError",
    "content_hash",
    "string_to_sign",
]
