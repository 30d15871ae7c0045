"""A test authority for the whole module run, and a sender that can make every mistake."""

from __future__ import annotations

import base64
import hashlib
import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding

from harness.cli import main
from harness.security.authority import Authority, Issued
from harness.security.certificates import header_of
from harness.security.keys import load_private_key
from harness.security.signing import Signer
from harness.security.trust import Trust


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return an authority on disk."""
    return Authority.create(tmp_path_factory.mktemp("pki"), name="Test")


@pytest.fixture(scope="session")
def issued(authority: Authority) -> Issued:
    """Return a sound signing certificate."""
    return authority.issue("sender", "signing", organisation="Supplier A", dip_ids=["2300000001"])


@pytest.fixture(scope="session")
def signer(issued: Issued) -> Signer:
    """Return a signer with that certificate."""
    return Signer.load(issued.cert, issued.key)


@pytest.fixture(scope="session")
def trust(authority: Authority) -> Trust:
    """Return trust in the authority, with its revocation list."""
    return Trust.load([authority.ca_bundle], [authority.crl])


def base64_of(data: bytes) -> str:
    """Return standard base64 text."""
    return base64.b64encode(data).decode()


def hash_of(body: bytes) -> str:
    """Return the right content hash, worked out here on its own."""
    return base64_of(hashlib.sha256(body).digest())


@dataclass(frozen=True)
class Sender:
    """A sender that signs whatever string it is told to, and fills the headers by hand."""

    key: rsa.RSAPrivateKey
    pem: bytes

    def sign(
        self,
        text: str,
        *,
        scheme: AsymmetricPadding | None = None,
        algorithm: hashes.HashAlgorithm | None = None,
    ) -> bytes:
        """Return the signature over a text."""
        return self.key.sign(text.encode(), scheme or padding.PKCS1v15(), algorithm or hashes.SHA256())

    def headers(self, text: str, date: str, content_hash: str) -> dict[str, str]:
        """Return the four headers with a signature over ``text``."""
        return {
            "X-DIP-Signature": base64_of(self.sign(text)),
            "X-DIP-Signature-Date": date,
            "X-DIP-Content-Hash": content_hash,
            "X-DIP-Signature-Certificate": header_of(self.pem),
        }


@pytest.fixture(scope="session")
def sender(issued: Issued) -> Sender:
    """Return a sender with the sound certificate's key."""
    key = load_private_key(issued.key)
    assert isinstance(key, rsa.RSAPrivateKey)
    return Sender(key, issued.cert.read_bytes())


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that puts settings in force for one test."""
    written = 0

    def use(text: str) -> None:
        nonlocal written
        written += 1
        path = tmp_path / f"settings-{written}.yaml"
        path.write_text(text)
        monkeypatch.setenv("DIP_SETTINGS", str(path))

    return use


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    stdout: bytes
    stderr: bytes


class Dip:
    """Runs the ``dip`` command's own entry point in this process, with real streams of bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch

    def __call__(self, *arguments: object, stdin: bytes = b"") -> Done:
        """Run the command; an ending without ``sys.exit`` is code 0."""
        out, err = io.BytesIO(), io.BytesIO()
        with self._patch.context() as patch:
            patch.setattr(sys, "argv", ["dip", *map(str, arguments)])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
            patch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="utf-8", write_through=True))
            patch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding="utf-8", write_through=True))
            try:
                main()
                code = 0
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
            return Done(code, out.getvalue(), err.getvalue())


@pytest.fixture
def dip(monkeypatch: pytest.MonkeyPatch) -> Dip:
    """Return the command as a function."""
    return Dip(monkeypatch)
