"""Founding a test authority on disk: root and issuing CA, whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from cryptography import x509

from harness.errors import EnvironmentFault
from harness.security.certificates import first_certificate
from harness.security.keys import PrivateKey, load_private_key
from harness.security.profiles import TEST_AUTHORITY, Subject, authority_certificate, generate_key
from harness.security.revocation import revocation_list
from harness.security.vault import write_certificates, write_key
from harness.writing import write_whole

RECORD = "authority.json"


def found(home: Path, name: str) -> None:
    """Make root, issuing CA and an empty revocation list in a folder beside ``home``, then rename it.

    Where another process was faster, its authority stays and this one is dropped. Raises EnvironmentFault
    where the disk refuses.
    """
    root_subject = Subject(f"{name} Root CA", TEST_AUTHORITY)
    issuing_subject = Subject(f"{name} Issuing CA", TEST_AUTHORITY)
    root_key, issuing_key = generate_key("p256"), generate_key("p256")
    root = authority_certificate(root_subject, root_key, issuer=None, issuer_key=root_key, depth=1)
    issuing = authority_certificate(issuing_subject, issuing_key, issuer=root, issuer_key=root_key, depth=0)
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=home.parent, prefix=f".{home.name}."))
    except OSError as error:
        raise _refused(error, home.parent) from error
    try:
        draft.chmod(0o755)
        for part in ("issued", "revoked"):
            (draft / part).mkdir()
        write_key(draft / "root.key", root_key)
        write_key(draft / "issuing.key", issuing_key)
        write_certificates(draft / "root.pem", root)
        write_certificates(draft / "issuing.pem", issuing)
        write_certificates(draft / "ca.pem", issuing, root)
        write_whole(draft / "crl.pem", revocation_list(issuing, issuing_key, {}))
        record = {"format": 1, "name": name, "profile": "assumed"}
        write_whole(draft / RECORD, json.dumps(record, indent=2).encode())
        draft.rename(home)
    except OSError as error:
        if not (home / RECORD).exists():
            raise _refused(error, home) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def issuing_pair(home: Path) -> tuple[x509.Certificate, PrivateKey]:
    """Read the issuing CA's certificate and key."""
    return first_certificate(home / "issuing.pem")[0], load_private_key(home / "issuing.key")


def _refused(error: OSError, path: Path) -> EnvironmentFault:
    return EnvironmentFault(f"can't be written: {error.strerror or error}", where=str(path))
