"""The exact bytes of every request, answer and publication, kept by their SHA-256."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from harness.errors import ConfigurationError, EnvironmentFault


class EvidenceStore:
    """A folder of bytes by hash: ``<first two hex digits>/<sha256>``. Equal bytes are stored once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: set[str] = set()

    def put(self, data: bytes) -> str:
        """Store ``data`` and return its SHA-256 in hex; raises EnvironmentFault when the disk refuses it."""
        digest = hashlib.sha256(data).hexdigest()
        if digest in self._known:
            return digest
        path = self._path(digest)
        try:
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                part = path.with_name(f"{digest}.{os.getpid()}.part")
                part.write_bytes(data)
                part.replace(path)
        except OSError as error:
            raise EnvironmentFault(f"evidence can't be written: {error}", where=str(path)) from error
        self._known.add(digest)
        return digest

    def get(self, digest: str) -> bytes:
        """Return stored bytes; raises ConfigurationError when they are missing or don't match."""
        path = self._path(digest)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ConfigurationError(f"evidence can't be read: {error}", where=str(path)) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise ConfigurationError("the bytes no longer match their hash", where=str(path))
        return data

    def _path(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest
