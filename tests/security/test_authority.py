"""The test authority on disk: whole, idempotent, private, shared, and read by OpenSSL."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from harness.errors import ConfigurationError, EnvironmentFault
from harness.security.authority import Authority, Wish, identity_of
from harness.security.certificates import first_certificate
from harness.security.keys import load_private_key
from harness.security.profiles import FLAWS, PROFILES, Profile
from harness.security.trust import Trust

OPENSSL = shutil.which("openssl")


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_create_is_idempotent(tmp_path: Path) -> None:
    """Making an authority where one is changes no byte; another name is refused."""
    first = Authority.create(tmp_path / "pki", name="A")
    before = _files(tmp_path)
    again = Authority.create(tmp_path / "pki", name="A")
    assert _files(tmp_path) == before
    assert again.ca_bundle.read_bytes() == first.ca_bundle.read_bytes()
    with pytest.raises(ConfigurationError, match="holds the authority 'A', not 'B'"):
        Authority.create(tmp_path / "pki", name="B")


def test_create_leaves_what_is_there(tmp_path: Path) -> None:
    """An authority moves into a folder that holds other files."""
    (tmp_path / "network.toml").write_text("x")
    Authority.create(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["authority", "network.toml"]


def test_open_needs_an_authority(tmp_path: Path) -> None:
    """A folder without an authority, or with a damaged record, is an error that says what to do."""
    with pytest.raises(ConfigurationError, match="dip pki init"):
        Authority.open(tmp_path)
    Authority.create(tmp_path)
    (tmp_path / "authority" / "authority.json").write_text("{")
    with pytest.raises(ConfigurationError, match="can't be read"):
        Authority.open(tmp_path)


def test_two_processes_make_one_authority(tmp_path: Path) -> None:
    """Processes that start at once all end up with the same authority, and no draft stays behind."""
    code = (
        "import sys; from harness.security.authority import Authority; Authority.create(sys.argv[1]).issuing"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "pki")]) for _ in range(4)]
    assert [process.wait(60) for process in started] == [0, 0, 0, 0]
    authority = Authority.open(tmp_path / "pki")
    certificate, key = authority.issuing
    assert certificate.public_key() == key.public_key()
    assert [path.name for path in (tmp_path / "pki").iterdir()] == ["authority"]


def test_a_disk_that_refuses_is_a_fault_of_the_environment(tmp_path: Path) -> None:
    """An authority can't be made below a file."""
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFault, match="can't be written"):
        Authority.create(tmp_path / "file" / "pki")


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_keys_are_private(authority: Authority) -> None:
    """Every private key, of authorities and parties, is readable by its owner alone."""
    authority.issue("modes", "tls-client", flaw="foreign")
    keys = list(authority.folder.rglob("*.key"))
    assert len(keys) >= 5
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}
    assert all(b"PRIVATE" not in path.read_bytes() for path in authority.folder.rglob("*.pem"))


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles(authority: Authority, profile: Profile) -> None:
    """Each profile has its key kind, its uses, the party in its subject, and a server its loopback names."""
    issued = authority.issue(
        "Profiled Party",
        profile,
        organisation="Supplier A",
        dip_ids=["2300000001", "2300000002"],
        hosts=["hub.test"],
    )
    certificate = first_certificate(issued.cert)[0]
    key = load_private_key(issued.key)
    assert key.public_key() == certificate.public_key()
    assert isinstance(key, rsa.RSAPrivateKey if profile == "signing" else ec.EllipticCurvePrivateKey)
    assert identity_of(certificate).organisation == "Supplier A"
    assert identity_of(certificate).dip_ids == ("2300000001", "2300000002") == issued.dip_ids
    extensions = {type(e.value): e.value for e in certificate.extensions}
    usage = extensions[x509.KeyUsage]
    assert isinstance(usage, x509.KeyUsage)
    assert (usage.digital_signature, usage.key_cert_sign) == (True, False)
    purposes = list(extensions.get(x509.ExtendedKeyUsage, []))  # type: ignore[call-overload]
    wanted = {
        "tls-client": [ExtendedKeyUsageOID.CLIENT_AUTH],
        "tls-server": [ExtendedKeyUsageOID.SERVER_AUTH],
    }
    assert purposes == wanted.get(profile, [])
    names = extensions.get(x509.SubjectAlternativeName)
    assert (names is not None) == (profile == "tls-server")
    if isinstance(names, x509.SubjectAlternativeName):
        assert names.get_values_for_type(x509.DNSName) == ["localhost", "hub.test"]
        assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


def test_unknown_choices_name_the_nearest(authority: Authority) -> None:
    """A wrong profile, flaw or key kind is answered with the nearest one, and nothing is written."""
    before = _files(authority.folder)
    for arguments, meant in (
        ({"profile": "sign"}, "signing"),
        ({"profile": "signing", "flaw": "expried"}, "expired"),
        ({"profile": "signing", "key": "rsa-2048"}, "rsa2048"),
    ):
        with pytest.raises(ConfigurationError, match=f"Did you mean '{meant}'"):
            authority.issue("x", **arguments)  # type: ignore[arg-type]
    for name in ("", "x" * 65, "///", "a\nb"):
        with pytest.raises(ConfigurationError):
            authority.issue(name, "signing")
    with pytest.raises(ConfigurationError, match="no host name"):
        authority.issue("bad-host", "tls-server", hosts=["a..b"])
    assert _files(authority.folder) == before


def test_a_name_never_leaves_the_folder(authority: Authority) -> None:
    """A name with path parts becomes a plain file name in the folder."""
    issued = authority.issue("../../Etc/passwd", "tls-client")
    assert issued.cert.name == "etc-passwd.tls.pem"
    assert issued.cert.parent == authority.folder


def test_issue_replaces_only_when_asked(authority: Authority) -> None:
    """A second certificate of a name is refused, or replaces both files; the first stays known by serial."""
    first = authority.issue("twice", "tls-client")
    with pytest.raises(ConfigurationError, match="is there already"):
        authority.issue("twice", "tls-client")
    assert authority.find("twice", "tls-client") == first
    second = authority.issue("twice", "tls-client", replace=True)
    assert authority.find("twice", "tls-client") == second
    old = authority.certificate(first.serial)
    assert old is not None
    assert old.serial_number == int(first.serial, 16) != int(second.serial, 16)


def test_many_are_issued_at_once(authority: Authority) -> None:
    """Certificates that threads issue at the same time are all there, in the order asked for."""
    names = [f"many-{number}" for number in range(12)]
    issued = authority.issue_all(Wish(name, "tls-client") for name in names)
    assert [each.name for each in issued] == names
    assert {each.serial for each in issued} <= {each.serial for each in authority.issued()}


def test_revocations_at_once_are_all_published(tmp_path: Path) -> None:
    """No revocation is lost from the list when several are made at the same time."""
    authority = Authority.create(tmp_path)
    issued = authority.issue_all(Wish(f"r-{number}", "tls-client") for number in range(8))
    with ThreadPoolExecutor(8) as pool:
        serials = set(pool.map(authority.revoke, issued))
    crl = x509.load_pem_x509_crl(authority.crl.read_bytes())
    assert {f"{entry.serial_number:x}" for entry in crl} == serials == set(authority.revoked())


def test_revoke_takes_file_serial_and_certificate(authority: Authority) -> None:
    """A certificate is revoked by what names it, twice without harm; a stranger's is refused."""
    issued = authority.issue("revoking", "tls-client")
    serial = issued.serial.upper()
    for given in (issued, issued.cert, str(issued.cert), serial, f"00:{serial}"):
        assert authority.revoke(given) == issued.serial
    foreign = authority.issue("revoking", "tls-client", flaw="foreign")
    for stranger in (foreign.cert, "revokin.tls.pem", "1234", "../authority"):
        with pytest.raises(ConfigurationError):
            authority.revoke(stranger)
    with pytest.raises(ConfigurationError, match=r"Did you mean 'revoking\.tls\.pem'"):
        authority.revoke("revokin.tls.pem")


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
@pytest.mark.parametrize("profile", PROFILES)
def test_openssl_agrees_about_every_variant(authority: Authority, profile: Profile) -> None:
    """OpenSSL's strict check accepts the sound one and refuses each broken one that it can judge."""
    purpose = {"tls-client": "sslclient", "tls-server": "sslserver", "signing": "any"}[profile]
    trust = Trust.load([authority.ca_bundle], [authority.crl])
    for flaw in (None, *FLAWS):
        issued = authority.issue("openssl", profile, flaw=flaw)
        command = [
            "verify",
            "-x509_strict",
            "-crl_check",
            "-purpose",
            purpose,
            "-CAfile",
            str(authority.ca_bundle),
        ]
        done = subprocess.run(
            [str(OPENSSL), *command, "-CRLfile", str(authority.crl), str(issued.cert)],
            capture_output=True,
            check=False,
        )
        ours = trust.standing(first_certificate(issued.cert)[0], profile)
        assert ours.trusted == (flaw in (None, "wrong-party")), flaw
        if (profile, flaw) != ("signing", "wrong-usage"):
            assert (done.returncode == 0) == ours.trusted, (flaw, done.stderr)
