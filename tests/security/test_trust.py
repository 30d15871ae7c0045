"""Trust: chains, uses, anchors, and revocation lists that change while they are in use."""

from __future__ import annotations

import base64
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from harness.errors import ConfigurationError
from harness.security.authority import Authority
from harness.security.certificates import (
    UnreadableCertificateError,
    first_certificate,
    header_of,
    load_der,
    parse_header,
)
from harness.security.keys import load_private_key
from harness.security.profiles import Subject, authority_certificate, generate_key, party_certificate
from harness.security.signing import Signer
from harness.security.trust import Trust
from harness.security.vault import write_certificates
from harness.security.verifying import verify


def _load(path: Path) -> x509.Certificate:
    return first_certificate(path)[0]


def test_revocation_is_seen_at_once(tmp_path: Path) -> None:
    """A certificate that was trusted a moment ago is refused as soon as the list names it."""
    authority = Authority.create(tmp_path)
    issued = authority.issue("a", "tls-client")
    other = _load(authority.issue("b", "tls-client").cert)
    certificate = _load(issued.cert)
    trust = Trust.load(authority.ca_bundle, [authority.crl])
    assert trust.standing(certificate, "tls-client").trusted
    authority.revoke(issued)
    assert trust.standing(certificate, "tls-client").fault == "revoked"
    assert trust.standing(other, "tls-client").trusted


def test_a_damaged_list_does_not_undo_the_last_one(tmp_path: Path) -> None:
    """While the list's file is damaged or gone, what it said before stands; then the new one counts."""
    authority = Authority.create(tmp_path)
    revoked, other = authority.issue("a", "tls-client", flaw="revoked"), authority.issue("b", "tls-client")
    trust = Trust.load(authority.ca_bundle, [authority.crl])
    authority.crl.write_text("damaged")
    assert trust.standing(_load(revoked.cert)).fault == "revoked"
    authority.crl.unlink()
    assert trust.standing(_load(revoked.cert)).fault == "revoked"
    assert trust.standing(_load(other.cert)).trusted
    authority.revoke(other)
    assert trust.standing(_load(other.cert)).fault == "revoked"


def test_a_certificate_damaged_inside_is_refused(authority: Authority) -> None:
    """A certificate whose issuer can't be decoded is untrusted and, in a header, unreadable."""
    pem = authority.issue("damaged", "tls-client").cert.read_bytes()
    der = bytearray(base64.b64decode(b"".join(pem.splitlines()[1:-1])))
    at = der.index(b"DIP harness test authority")
    der[at - 2] = 0x0A
    certificate = x509.load_der_x509_certificate(bytes(der))
    assert Trust.load(authority.ca_bundle).standing(certificate, "tls-client").fault == "untrusted"
    with pytest.raises(UnreadableCertificateError):
        parse_header(header_of(certificate.public_bytes(Encoding.PEM)))


def test_a_certificate_of_no_known_version_is_unreadable(authority: Authority) -> None:
    """A certificate whose version number is none is unreadable in a header, in PEM and in DER."""
    pem = authority.issue("version", "signing").cert.read_bytes()
    der = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
    changed = der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x22", 1)
    assert changed != der
    text = b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(changed) + b"-----END CERTIFICATE-----\n"
    with pytest.raises(UnreadableCertificateError):
        parse_header(base64.b64encode(text).decode())
    with pytest.raises(UnreadableCertificateError):
        load_der(changed)


def test_use_is_judged_apart(authority: Authority) -> None:
    """The same certificate is judged for each use on its own, whatever was asked before."""
    client = _load(authority.issue("uses", "tls-client").cert)
    trust = Trust.load(authority.ca_bundle)
    found = [
        trust.standing(client, usage).fault for usage in ("tls-server", "tls-client", None, "tls-server")
    ]
    assert found == ["wrong-usage", "", "", "wrong-usage"]


def test_each_of_root_and_bundle_is_enough(authority: Authority) -> None:
    """The bundle trusts a party's certificate; the root alone can't reach it; the issuing CA alone can."""
    certificate = _load(authority.issue("anchored", "tls-client").cert)
    home = authority.ca_bundle.parent
    assert Trust.load(authority.ca_bundle).standing(certificate).trusted
    assert Trust.load(home / "issuing.pem").standing(certificate).trusted
    assert Trust.load(home / "root.pem").standing(certificate).fault == "untrusted"


def test_a_party_can_not_issue(authority: Authority) -> None:
    """A certificate signed with a party's key is not trusted, even where the party itself is an anchor."""
    issued = authority.issue("ambitious", "tls-client")
    issuer, key = _load(issued.cert), generate_key("p256")
    child = party_certificate(
        Subject("child"), "tls-client", key, issuer=issuer, issuer_key=load_private_key(issued.key)
    )
    trust = Trust([*_bundle(authority), issuer])
    assert trust.standing(issuer).trusted
    assert trust.standing(child).fault == "untrusted"


def _bundle(authority: Authority) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(authority.ca_bundle.read_bytes())


def test_an_anchor_that_is_no_authority_can_not_issue() -> None:
    """A self-signed anchor without key usage is trusted itself, but vouches for others only as a CA."""
    for authority, fault in ((True, ""), (False, "untrusted")):
        key = generate_key("p256")
        name = Subject("Own").x509_name()
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        builder = builder.add_extension(x509.BasicConstraints(authority, None), critical=True)
        anchor = builder.sign(key, hashes.SHA256())
        child = party_certificate(
            Subject("child"), "tls-client", generate_key("p256"), issuer=anchor, issuer_key=key
        )
        trust = Trust([anchor])
        assert trust.standing(anchor).trusted
        assert trust.standing(child).fault == fault


def test_same_names_with_other_keys_are_foreign(authority: Authority) -> None:
    """A CA that carries the trusted one's names is told apart by its key."""
    issuing, _ = authority.issuing
    key = generate_key("p256")
    subject = Subject("Test Issuing CA", "DIP harness test authority")
    twin = authority_certificate(subject, key, issuer=None, issuer_key=key, depth=0)
    assert twin.subject == issuing.subject
    child = party_certificate(
        Subject("child"), "signing", generate_key("rsa2048"), issuer=twin, issuer_key=key
    )
    assert Trust.load(authority.ca_bundle).standing(child, "signing").fault == "untrusted"
    assert Trust([twin]).standing(child, "signing").trusted


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_self_signed_certificate_is_its_own_anchor(tmp_path: Path) -> None:
    """A self-signed certificate made by OpenSSL is trusted where it is given as the CA, and only there."""
    for name in ("own", "other"):
        command = f"openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout {name}.key -out {name}.pem"
        subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    signer = Signer.load(tmp_path / "own.pem", tmp_path / "own.key")
    headers = signer.sign("POST", "https://dip.example/", b"x", date="2026-03-29T01:02:03.004Z")
    own, other = (Trust.load(tmp_path / f"{name}.pem") for name in ("own", "other"))
    assert verify("POST", "https://dip.example/", b"x", headers, trust=own).valid
    assert verify("POST", "https://dip.example/", b"x", headers, trust=other).fault == "untrusted"


def test_unusable_files_are_named(authority: Authority, tmp_path: Path) -> None:
    """A CA file without certificates, no list, or another authority's list is refused by name."""
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing here")
    stranger = Authority.create(tmp_path / "stranger")
    for ca, crl in (
        (empty, []),
        (tmp_path / "absent.pem", []),
        (authority.ca_bundle, [empty]),
        (authority.ca_bundle, [tmp_path / "absent.pem"]),
        (authority.ca_bundle, [stranger.crl]),
    ):
        with pytest.raises(ConfigurationError, match=r"empty\.pem|absent\.pem|crl\.pem"):
            Trust.load(ca, crl)


def test_expired_authority_trusts_nothing(authority: Authority, tmp_path: Path) -> None:
    """A sound certificate below an expired self-signed anchor is refused as expired."""
    broken = authority.issue("anchor", "tls-client", flaw="expired")
    write_certificates(tmp_path / "ca.pem", _load(broken.cert))
    assert Trust.load(tmp_path / "ca.pem").standing(_load(broken.cert)).fault == "expired"


def test_kept_judgements_are_bounded(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Judging more certificates than are kept stays right and keeps no more than the bound."""
    monkeypatch.setattr("harness.security.trust._KEPT", 3)
    trust = Trust.load(authority.ca_bundle)
    certificates = [_load(authority.issue(f"kept-{number}", "tls-client").cert) for number in range(6)]
    for certificate in [*certificates, *certificates]:
        assert trust.standing(certificate, "tls-client").trusted
    assert len(trust._kept) == 3
