"""Revocation lists: made by the issuing CA, readable by OpenSSL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from harness.security.keys import PrivateKey
from harness.settings import current

_BACKDATED = timedelta(hours=1)


def revocation_list(issuer: x509.Certificate, key: PrivateKey, revoked: Mapping[str, datetime]) -> bytes:
    """Make a CRL in PEM from serial number (hexadecimal) -> moment; it is good as long as the authority."""
    now = datetime.now(UTC)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(now - _BACKDATED)
        .next_update(now + timedelta(days=current().integer("pki.authority_days")))
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(x509.CRLNumber(len(revoked) + 1), critical=False)
    )
    for serial, moment in sorted(revoked.items()):
        entry = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(moment)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
