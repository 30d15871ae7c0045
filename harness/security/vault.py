"""Writing certificates and keys to disk: whole or not at all, keys for the owner alone."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from harness.errors import EnvironmentFault
from harness.security.keys import PrivateKey

PRIVATE = 0o600
PUBLIC = 0o644


def write_whole(path: Path, data: bytes, *, mode: int = PUBLIC) -> None:
    """Write to a temporary file beside ``path`` and rename; EnvironmentFault where the disk refuses."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise EnvironmentFault(f"can't be written: {error.strerror or error}", where=str(path)) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        temporary.chmod(mode)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise EnvironmentFault(f"can't be written: {error.strerror or error}", where=str(path)) from error


def write_key(path: Path, key: PrivateKey) -> None:
    """Write a private key as PKCS#8 PEM, readable by its owner alone (mode 600)."""
    data = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_whole(path, data, mode=PRIVATE)


def write_certificates(path: Path, *certificates: x509.Certificate) -> None:
    """Write certificates as PEM, in the order given."""
    write_whole(path, b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates))
