"""Revocation is asked for where a certificate says, of a real responder and a real list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID

from harness.security.authority import Authority
from harness.security.ocsp import responder
from harness.selfcheck.revocation import GOOD, REVOKED, SILENT, asked, places
from harness.transport.server import ServerThread


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return an authority of one's own, with a list."""
    made = Authority.create(tmp_path / "pki", name="Test DIP")
    made.issue("first", "tls-client", flaw="revoked")
    return made


@pytest.fixture
def url(authority: Authority) -> Iterator[str]:
    """Serve OCSP at /ocsp and the list at /crl."""
    answer = responder(authority)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == "/crl":
            data = authority.crl.read_bytes()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": data})
        else:
            await answer(scope, receive, send)

    with ServerThread(app) as server:
        yield server.url


def _certificate(authority: Authority, url: str) -> x509.Certificate:
    """Issue a certificate that names both places, and put it on the authority's record."""
    issuer, key = authority.issuing
    now = datetime.now(UTC)
    ocsp = x509.AccessDescription(
        AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(f"{url}/ocsp")
    )
    listed = x509.DistributionPoint([x509.UniformResourceIdentifier(f"{url}/crl")], None, None, None)
    made = (
        x509.CertificateBuilder()
        .subject_name(issuer.subject)
        .issuer_name(issuer.subject)
        .public_key(ec.generate_private_key(ec.SECP256R1()).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.AuthorityInformationAccess([ocsp]), critical=False)
        .add_extension(x509.CRLDistributionPoints([listed]), critical=False)
        .sign(key, hashes.SHA256())
    )
    serial, pem = f"{made.serial_number:x}", made.public_bytes(Encoding.PEM).decode()
    record = {"pem": pem, "flaw": "", "cert": "x", "key": "x", "name": "x", "profile": "signing"}
    record |= {"serial": serial, "dip_ids": []}
    path = authority.folder / "authority" / "issued" / f"{made.serial_number:x}.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    return made


def test_both_places_say_good_and_then_revoked(authority: Authority, url: str) -> None:
    """A certificate is good by OCSP and by list until it is revoked."""
    certificate, (issuer, _) = _certificate(authority, url), authority.issuing
    assert {kind for kind, _ in places(certificate)} == {"OCSP", "CRL"}
    assert [each.state for each in asked(certificate, issuer, 5)] == [GOOD, GOOD]
    authority.revoke(f"{certificate.serial_number:x}")
    assert [each.state for each in asked(certificate, issuer, 5)] == [REVOKED, REVOKED]


def test_a_place_that_does_not_answer_is_silent(authority: Authority) -> None:
    """Neither a closed port nor an answer that is none counts as good."""
    certificate, (issuer, _) = _certificate(authority, "http://127.0.0.1:9"), authority.issuing
    assert [each.state for each in asked(certificate, issuer, 2)] == [SILENT, SILENT]
    assert [each.kind for each in asked(certificate, None, 2)] == ["CRL"]
