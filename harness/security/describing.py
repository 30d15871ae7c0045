"""A certificate in words: what `dip pki show` prints of it."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from harness.security.certificates import UnreadableCertificateError, identity_of, parse, parse_header

_PURPOSES = {
    ExtendedKeyUsageOID.CLIENT_AUTH: "TLS client",
    ExtendedKeyUsageOID.SERVER_AUTH: "TLS server",
}
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)


def describe(certificate: x509.Certificate) -> dict[str, object]:
    """Return subject, issuer, serial number, validity, key, uses, names and fingerprint, JSON-ready."""
    parsed = parse(certificate)
    identity = identity_of(certificate)
    usages: list[str] = []
    names: list[str] = []
    authority = False
    for value in _extensions(certificate):
        if isinstance(value, x509.KeyUsage):
            usages += [usage.replace("_", " ") for usage in _USAGES if getattr(value, usage)]
        elif isinstance(value, x509.ExtendedKeyUsage):
            usages += [_PURPOSES.get(purpose, purpose.dotted_string) for purpose in value]
        elif isinstance(value, x509.SubjectAlternativeName):
            names += [str(name.value) for name in value]
        elif isinstance(value, x509.BasicConstraints):
            authority = value.ca
    return {
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "organisation": identity.organisation,
        "dip_ids": list(identity.dip_ids),
        "serial": f"{certificate.serial_number:x}",
        "begins": certificate.not_valid_before_utc.isoformat(),
        "expires": certificate.not_valid_after_utc.isoformat(),
        "key": _key(parsed.public_key),
        "authority": authority,
        "usages": usages,
        "names": names,
        "sha256": certificate.fingerprint(hashes.SHA256()).hex(),
    }


def signed_by(header: str) -> str:
    """Return subject, issuer, serial number and end of the certificate that a signature header carries.

    Says so where there is none, or none that can be read.
    """
    if not header:
        return "no certificate in the headers"
    try:
        found = parse_header(header).certificate
    except UnreadableCertificateError as error:
        return f"the certificate header {error}"
    return (
        f"{found.subject.rfc4514_string()}, issued by {found.issuer.rfc4514_string()}, "
        f"serial {found.serial_number:x}, valid until {found.not_valid_after_utc:%Y-%m-%d}"
    )


def _extensions(certificate: x509.Certificate) -> list[x509.ExtensionType]:
    try:
        return [extension.value for extension in certificate.extensions]
    except (ValueError, x509.DuplicateExtension):
        return []


def _key(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | None) -> str:
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA-{key.key_size}"
    return f"EC {key.curve.name}" if key is not None else "neither RSA nor EC"
