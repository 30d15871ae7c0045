"""Writing certificates and keys to disk: whole or not at all, keys for the owner alone."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from harness.security.keys import PrivateKey
from harness.writing import PRIVATE, write_whole


def write_key(path: Path, key: PrivateKey) -> None:
    """Write a private key as PKCS#8 PEM, readable by its owner alone (mode 600)."""
    data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_whole(path, data, mode=PRIVATE)


def write_certificates(path: Path, *certificates: x509.Certificate) -> None:
    """Write certificates as PEM, in the order given."""
    write_whole(path, b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates))
