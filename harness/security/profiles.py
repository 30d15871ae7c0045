"""What the test authority's certificates say: subjects, uses, periods, and what is broken in a broken one.

The DIP's own certificate profile is not public, so this one is assumed: subject CN, O and one OU per DIP id;
critical key usage; extended key usage on TLS certificates only; SAN of the loopback host on TLS servers.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from harness.errors import ConfigurationError, nearest
from harness.security.keys import PrivateKey
from harness.settings import current

Profile = Literal["tls-client", "tls-server", "signing"]
Flaw = Literal["expired", "not-yet-valid", "revoked", "wrong-usage", "wrong-party", "foreign"]
KeyKind = Literal["p256", "rsa2048"]
PROFILES: tuple[Profile, ...] = get_args(Profile)
FLAWS: tuple[Flaw, ...] = get_args(Flaw)
KEY_KINDS: tuple[KeyKind, ...] = get_args(KeyKind)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
TEST_AUTHORITY = "DIP harness test authority"
"""The organisation of every CA made here: what it vouches for is simulated, and evidence says so."""

WRONG_ORGANISATION = "Another Party"
WRONG_DIP_ID = "9999999999"
_BACKDATED = timedelta(hours=1)
_EXTENDED = {"tls-client": ExtendedKeyUsageOID.CLIENT_AUTH, "tls-server": ExtendedKeyUsageOID.SERVER_AUTH}
_SWAPPED = {"tls-client": "tls-server", "tls-server": "tls-client"}
_MAX_NAME = 64


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a certificate names: common name, organisation, DIP ids."""

    name: str
    organisation: str = ""
    dip_ids: tuple[str, ...] = ()

    def x509_name(self) -> x509.Name:
        """Return the subject; raises ConfigurationError where a part has no room (64 characters)."""
        parts = [
            *((NameOID.ORGANIZATION_NAME, text) for text in [self.organisation] if text),
            *((NameOID.ORGANIZATIONAL_UNIT_NAME, dip_id) for dip_id in self.dip_ids),
            (NameOID.COMMON_NAME, self.name),
        ]
        for _, text in parts:
            if not 1 <= len(text.encode()) <= _MAX_NAME or not text.isprintable():
                raise ConfigurationError(
                    f"{text[:80]!r} does not fit a certificate's subject",
                    mend=f"Use 1 to {_MAX_NAME} printable characters.",
                )
        return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])


def generate_key(kind: KeyKind) -> PrivateKey:
    """Make a private key: P-256 costs 0.1 ms, RSA-2048 about 60 ms."""
    if kind == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def usual_key(profile: Profile) -> KeyKind:
    """Return a profile's key kind: RSA-2048 for signing, P-256 for TLS."""
    return "rsa2048" if profile == "signing" else "p256"


def checked(value: str, known: Sequence[str], what: str) -> None:
    """Raise ConfigurationError where a profile, flaw or key kind is unknown."""
    if value not in known:
        raise ConfigurationError(f"'{value}' is no {what}", mend=nearest(value, known))


def authority_certificate(
    subject: Subject, key: PrivateKey, *, issuer: x509.Certificate | None, issuer_key: PrivateKey, depth: int
) -> x509.Certificate:
    """Make a CA certificate below ``issuer``, or self-signed; ``depth`` is how many CAs may follow."""
    now = datetime.now(UTC)
    usage = _usage(key_cert_sign=True, crl_sign=True, digital_signature=True)
    builder = (
        _started(subject, key, issuer, issuer_key)
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + timedelta(days=current().integer("pki.authority_days")))
        .add_extension(x509.BasicConstraints(ca=True, path_length=depth), critical=True)
        .add_extension(usage, critical=True)
    )
    return builder.sign(issuer_key, hashes.SHA256())


def party_certificate(
    subject: Subject,
    profile: Profile,
    key: PrivateKey,
    *,
    issuer: x509.Certificate,
    issuer_key: PrivateKey,
    hosts: Sequence[str] = (),
    flaw: Flaw | None = None,
) -> x509.Certificate:
    """Make a party's certificate. ``flaw`` breaks one thing and leaves the rest right.

    ``foreign`` and ``revoked`` are the caller's: another issuer, or an entry in the revocation list.
    """
    if flaw == "wrong-party":
        subject = Subject(subject.name, WRONG_ORGANISATION, (WRONG_DIP_ID,))
    begins, ends = _period(flaw)
    wrong_usage = flaw == "wrong-usage"
    signs = not (profile == "signing" and wrong_usage)
    usage = _usage(
        digital_signature=signs,
        content_commitment=signs and profile == "signing",
        key_encipherment=not signs and isinstance(key, rsa.RSAPrivateKey),
        key_agreement=not signs and not isinstance(key, rsa.RSAPrivateKey),
    )
    builder = (
        _started(subject, key, issuer, issuer_key)
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )
    extended = _EXTENDED.get(_SWAPPED.get(profile, "") if wrong_usage else profile)
    if extended is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([extended]), critical=False)
    if profile == "tls-server":
        names = [_host(host) for host in dict.fromkeys((*LOOPBACK, *hosts))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _period(flaw: Flaw | None) -> tuple[datetime, datetime]:
    now = datetime.now(UTC)
    days = timedelta(days=current().integer("pki.certificate_days"))
    if flaw == "expired":
        return now - days, now - timedelta(days=1)
    if flaw == "not-yet-valid":
        return now + timedelta(days=30), now + timedelta(days=30) + days
    return now - _BACKDATED, now + days


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host.encode("idna").decode("ascii"))
    except (UnicodeError, ValueError) as error:
        raise ConfigurationError(f"{host!r} is no host name or IP address") from error


def _started(
    subject: Subject, key: PrivateKey, issuer: x509.Certificate | None, issuer_key: PrivateKey
) -> x509.CertificateBuilder:
    name = subject.x509_name()
    public_key = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer else name)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )


def _usage(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_encipherment: bool = False,
    key_agreement: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=key_agreement,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )
