"""Reading certificates: from PEM files, from the certificate header, and what they say of their owner.

The header ``X-DIP-Signature-Certificate`` carries the PEM text once more in base64, with LF line ends
(observed in two independent public clients; the published API gives the header's name only).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from harness.errors import ConfigurationError

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
PEM_BEGIN = b"-----BEGIN CERTIFICATE-----"
MAX_HEADER_CHARACTERS = 32_768
_PEM_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    Warning,
)
_DIP_ID = re.compile(r"[0-9A-Fa-f]{10}")


class UnreadableCertificateError(ValueError):
    """The text is no certificate in the form asked for; ``str()`` says why in one clause."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A certificate with the parts that every check needs, taken out once."""

    certificate: x509.Certificate
    public_key: PublicKey | None
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a certificate names: organisation (O) and DIP ids (each OU of ten hexadecimal characters)."""

    organisation: str
    dip_ids: tuple[str, ...]


def identity_of(certificate: x509.Certificate) -> Identity:
    """Read organisation and DIP ids from the subject.

    The real certificate profile is not public; that O and OU bind a party is assumed.
    """
    names = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    units = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    ids = tuple(str(unit.value) for unit in units if _DIP_ID.fullmatch(str(unit.value)))
    return Identity(str(names[0].value) if names else "", ids)


def header_of(pem: bytes) -> str:
    """Return the certificate header's value: base64 of the first certificate's PEM text, with LF line ends.

    Nothing else of ``pem`` goes into it, whatever the file holds beside. Raises UnreadableCertificateError.
    """
    block = _PEM_BLOCK.search(pem)
    if block is None:
        raise UnreadableCertificateError("holds no certificate in PEM text")
    return base64.b64encode(block.group().replace(b"\r\n", b"\n") + b"\n").decode("ascii")


def parse(certificate: x509.Certificate) -> Parsed:
    """Take the public key and fingerprint out; the key is None where it is neither RSA nor EC.

    Every part that a later check reads is read here once, since a certificate is decoded part by part when it
    is asked: a damaged one raises UnreadableCertificateError here and nothing later.
    """
    try:
        for part in ("subject", "issuer", "extensions", "not_valid_before_utc", "not_valid_after_utc"):
            getattr(certificate, part)
    except _UNREADABLE as error:
        raise UnreadableCertificateError("holds a damaged certificate") from error
    try:
        key = certificate.public_key()
    except _UNREADABLE:
        key = None
    usable = key if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) else None
    return Parsed(certificate, usable, certificate.fingerprint(hashes.SHA256()))


@lru_cache(maxsize=1024)
def parse_header(value: str) -> Parsed:
    """Read the value of the certificate header; raises UnreadableCertificateError.

    The last 1,024 values are kept, so that a sender's certificate is parsed once.
    """
    if len(value) > MAX_HEADER_CHARACTERS:
        raise UnreadableCertificateError(f"is longer than {MAX_HEADER_CHARACTERS} characters")
    try:
        pem = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableCertificateError("is not base64") from error
    if b"PRIVATE KEY-----" in pem:
        raise UnreadableCertificateError("holds a private key, which must never leave its owner")
    if not pem.lstrip().startswith(PEM_BEGIN):
        raise UnreadableCertificateError("is base64 of something other than a certificate's PEM text")
    return parse(load_pem(pem))


def load_pem(pem: bytes) -> x509.Certificate:
    """Read the first certificate of a PEM text; raises UnreadableCertificateError."""
    try:
        return x509.load_pem_x509_certificate(pem)
    except _UNREADABLE as error:
        raise UnreadableCertificateError("holds no readable PEM certificate") from error


def load_der(der: bytes) -> x509.Certificate:
    """Read a certificate in DER; raises UnreadableCertificateError."""
    try:
        return x509.load_der_x509_certificate(der)
    except _UNREADABLE as error:
        raise UnreadableCertificateError("is no readable DER certificate") from error


def read_bytes(path: Path, what: str) -> bytes:
    """Read a file whole; raises ConfigurationError naming it and what was expected there."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"the {what} can't be read: {error.strerror or error}", where=str(path)
        ) from error


def first_certificate(path: Path) -> tuple[x509.Certificate, bytes]:
    """Read a PEM file's first certificate and that certificate's PEM text; raises ConfigurationError."""
    data = read_bytes(path, "certificate")
    block = _PEM_BLOCK.search(data)
    if block is None:
        raise ConfigurationError(
            "holds no certificate in PEM text",
            where=str(path),
            mend="Convert it with: openssl x509 -inform DER -in FILE -out FILE.pem",
        )
    pem = block.group() + b"\n"
    try:
        return parse(load_pem(pem)).certificate, pem
    except UnreadableCertificateError as error:
        raise ConfigurationError("holds a damaged certificate", where=str(path)) from error


def all_certificates(paths: Sequence[Path]) -> tuple[x509.Certificate, ...]:
    """Read every certificate of some PEM files; raises ConfigurationError for a file that holds none."""
    found: list[x509.Certificate] = []
    for path in paths:
        try:
            certificates = x509.load_pem_x509_certificates(read_bytes(path, "CA certificate"))
            found.extend(parse(certificate).certificate for certificate in certificates)
        except _UNREADABLE as error:
            raise ConfigurationError("holds no certificate in PEM text", where=str(path)) from error
    return tuple(found)
