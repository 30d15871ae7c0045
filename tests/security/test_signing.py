"""Signing: the string-to-sign, the headers, keys and sign commands."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from harness.errors import ConfigurationError, EnvironmentFault
from harness.security.authority import Authority, Issued
from harness.security.keys import load_private_key
from harness.security.signing import HEADERS, Signer, content_hash, string_to_sign

DATE = "2026-03-29T01:02:03.004Z"
URL = "https://DIP.example/DIP-Channel/IF-031?Page=A"
BODY = b'[{"payload": {}}]\n'
OPENSSL = shutil.which("openssl")


def test_string_to_sign_is_method_lowered_url_date_and_hash() -> None:
    """Method in capitals, the whole URL in lower case, the date as it stands, joined with semicolons."""
    text = string_to_sign("post", URL, DATE, "AbC=")
    assert text == f"POST;https://dip.example/dip-channel/if-031?page=a;{DATE};AbC="


def test_content_hash_is_base64_of_the_digest() -> None:
    """The hash of known bytes is the published SHA-256 test vector, in base64."""
    digest = bytes.fromhex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    assert content_hash(b"abc") == base64.b64encode(digest).decode()


def test_no_body_hashes_what_the_setting_says(settings_file: Callable[[str], None]) -> None:
    """No body hashes to nothing as shipped, and to {} where the setting says so."""
    empty = base64.b64encode(
        bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    ).decode()
    assert content_hash(b"") == empty
    settings_file("signing.empty_body: '{}'")
    assert content_hash(b"") == content_hash(b"{}") != empty


@pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed")
def test_openssl_verifies_the_signature(signer: Signer, issued: Issued, tmp_path: Path) -> None:
    """What we sign, OpenSSL's own command verifies with the public key of the certificate header."""
    headers = signer.sign("POST", URL, BODY, date=DATE)
    assert tuple(headers) == HEADERS
    (tmp_path / "cert.pem").write_bytes(base64.b64decode(headers["X-DIP-Signature-Certificate"]))
    (tmp_path / "signature").write_bytes(base64.b64decode(headers["X-DIP-Signature"]))
    (tmp_path / "text").write_text(string_to_sign("POST", URL, DATE, content_hash(BODY)))
    public = _openssl("x509", "-in", str(tmp_path / "cert.pem"), "-pubkey", "-noout")
    (tmp_path / "public.pem").write_bytes(public.stdout)
    done = _openssl(
        "dgst", "-sha256", "-verify", str(tmp_path / "public.pem"), "-signature", str(tmp_path / "signature"),
        str(tmp_path / "text"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "cert.pem").read_bytes() == issued.cert.read_bytes()


def _openssl(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([str(OPENSSL), *arguments], capture_output=True, check=False)


def test_certificate_header_has_lf_line_ends(issued: Issued, tmp_path: Path) -> None:
    """A certificate file with CRLF line ends gives the same header as one with LF."""
    crlf = tmp_path / "crlf.pem"
    crlf.write_bytes(issued.cert.read_bytes().replace(b"\n", b"\r\n"))
    headers = Signer.load(crlf, issued.key).sign("GET", URL, b"", date=DATE)
    sent = base64.b64decode(headers["X-DIP-Signature-Certificate"])
    assert sent == issued.cert.read_bytes()
    assert b"\r" not in sent


def test_a_key_beside_the_certificate_is_never_sent(issued: Issued, tmp_path: Path) -> None:
    """Only the certificate of a file that holds key and certificate goes into the header."""
    both = tmp_path / "both.pem"
    both.write_bytes(issued.key.read_bytes() + issued.cert.read_bytes())
    for signer in (Signer.load(both, both), Signer(load_private_key(both), both.read_bytes())):
        sent = base64.b64decode(signer.sign("GET", URL, b"", date=DATE)["X-DIP-Signature-Certificate"])
        assert sent == issued.cert.read_bytes()


def test_another_certificates_key_is_refused(authority: Authority, issued: Issued) -> None:
    """Certificate and key of two parties are refused by naming the key's file."""
    other = authority.issue("mismatch", "signing")
    with pytest.raises(ConfigurationError, match="does not belong to the certificate") as caught:
        Signer.load(issued.cert, other.key)
    assert caught.value.where == str(other.key)


def test_an_encrypted_key_is_refused_without_quoting_it(issued: Issued, tmp_path: Path) -> None:
    """An encrypted key is refused with what to do instead."""
    key = load_private_key(issued.key)
    locked = tmp_path / "locked.key"
    locked.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    )
    with pytest.raises(ConfigurationError, match=r"encrypted.*--sign-command"):
        Signer.load(issued.cert, locked)


@pytest.mark.parametrize("content", [b"", b"not a key", b"\xff\xfe", b"-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_damaged_key_or_certificate_is_refused(issued: Issued, tmp_path: Path, content: bytes) -> None:
    """Files that hold no key or no certificate are named, and their content is not repeated."""
    broken = tmp_path / "broken.pem"
    broken.write_bytes(content)
    for cert, key in ((broken, issued.key), (issued.cert, broken)):
        with pytest.raises(ConfigurationError) as caught:
            Signer.load(cert, key)
        assert str(broken) in str(caught.value)
        assert "AAAA" not in str(caught.value)


def test_a_missing_file_is_named(issued: Issued, tmp_path: Path) -> None:
    """A key that isn't there is an error of configuration that names the file."""
    with pytest.raises(ConfigurationError, match=r"absent\.key: the private key can't be read"):
        Signer.load(issued.cert, tmp_path / "absent.key")


def test_exactly_one_of_key_and_command(issued: Issued) -> None:
    """Neither or both of key and sign command are refused."""
    for key, command in ((None, None), (issued.key, ["x"])):
        with pytest.raises(ConfigurationError, match="either a private key file or a sign command"):
            Signer.load(issued.cert, key, command)


def test_ec_key_is_refused_unless_the_setting_admits_it(
    authority: Authority, settings_file: Callable[[str], None]
) -> None:
    """An EC signing certificate is refused as shipped and used where the setting admits it."""
    ec = authority.issue("ec-signer", "signing", key="p256")
    with pytest.raises(ConfigurationError, match="EC key"):
        Signer.load(ec.cert, ec.key)
    settings_file("signing.ecdsa_accepted: true")
    assert Signer.load(ec.cert, ec.key).sign("GET", URL, b"", date=DATE)["X-DIP-Signature"]


_SIGN = """
import base64, sys
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key
key = load_pem_private_key(open(sys.argv[1], "rb").read(), None)
signature = key.sign(sys.stdin.buffer.read(), padding.PKCS1v15(), hashes.SHA256())
sys.stdout.buffer.write(base64.b64encode(signature) + b"\\n" if sys.argv[2] == "base64" else signature)
"""


@pytest.mark.parametrize("form", ["raw", "base64"])
def test_sign_command_signs_like_the_key(issued: Issued, signer: Signer, form: str) -> None:
    """A command that answers raw or in base64 gives the very headers that the key gives."""
    command = [sys.executable, "-W", "ignore", "-c", _SIGN, str(issued.key), form]
    through = Signer.load(issued.cert, sign_command=command)
    assert through.sign("POST", URL, BODY, date=DATE) == signer.sign("POST", URL, BODY, date=DATE)


def test_sign_command_with_another_key_is_refused(authority: Authority, issued: Issued) -> None:
    """What a command signs with another key is never sent."""
    other = authority.issue("vault-mismatch", "signing")
    command = [sys.executable, "-W", "ignore", "-c", _SIGN, str(other.key), "raw"]
    with pytest.raises(ConfigurationError, match="does not verify with the certificate"):
        Signer.load(issued.cert, sign_command=command).sign("POST", URL, BODY, date=DATE)


def test_failing_sign_command_is_a_fault_of_the_environment(issued: Issued) -> None:
    """A command that fails says why; one that isn't there is named."""
    failing = [sys.executable, "-c", "import sys; sys.exit('the vault is sealed')"]
    with pytest.raises(EnvironmentFault, match="the vault is sealed"):
        Signer.load(issued.cert, sign_command=failing).sign("POST", URL, BODY, date=DATE)
    with pytest.raises(ConfigurationError, match="no-such-program"):
        Signer.load(issued.cert, sign_command=["no-such-program"]).sign("POST", URL, BODY, date=DATE)


def test_the_constructor_signs_with_any_key(signer: Signer, issued: Issued) -> None:
    """A negative test can sign with a key that isn't the certificate's."""
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    wrong = Signer(stranger, issued.cert.read_bytes()).sign("POST", URL, BODY, date=DATE)
    right = signer.sign("POST", URL, BODY, date=DATE)
    assert wrong["X-DIP-Signature-Certificate"] == right["X-DIP-Signature-Certificate"]
    assert wrong["X-DIP-Signature"] != right["X-DIP-Signature"]
