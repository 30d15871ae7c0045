"""Putting a pack together: entries go in one after the other, then manifest, hashes, seal and signature."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import hashes

from harness.clock import header_time
from harness.evidence.pack import manifest
from harness.evidence.pack.container import PackWriter
from harness.evidence.pack.manifest import Entry, Manifest, Seal
from harness.security.signing import Signer


class Assembly:
    """A pack while it is written. ``blind`` is drawn at random; a test may give it."""

    def __init__(self, writer: PackWriter, *, blind: str = "") -> None:
        self._writer = writer
        self.blind = blind or secrets.token_hex(32)
        self._entries: dict[str, Entry] = {}

    def add(self, path: str, data: bytes) -> Entry:
        """Add a file of the run that is at hand whole."""
        self._writer.add(path, data)
        return self._listed(path, len(data), hashlib.sha256(data).hexdigest())

    def add_chunks(self, path: str, chunks: Iterator[bytes], size: int) -> Entry:
        """Add a file of the run piece by piece; ``size`` is what it is expected to come to."""
        digest, length = hashlib.sha256(), 0

        def counted() -> Iterator[bytes]:
            nonlocal length
            for chunk in chunks:
                digest.update(chunk)
                length += len(chunk)
                yield chunk

        self._writer.add_chunks(path, counted(), size)
        return self._listed(path, length, digest.hexdigest())

    def _listed(self, path: str, size: int, sha256: str) -> Entry:
        self._entries[path] = manifest.entry(self.blind, path, size, sha256)
        return self._entries[path]

    def bind(self, path: str, commitment: str, opened_by: str = "") -> None:
        """Say which entry of the original an entry was made from."""
        self._entries[path] = replace(self._entries[path], original=commitment, opening=opened_by)

    def finish(
        self,
        kind: str,
        run: Mapping[str, Any],
        *,
        signer: Signer | None,
        original: Mapping[str, bytes] | None = None,
        original_root: str = "",
        at: datetime | None = None,
    ) -> Seal:
        """Write the pack's own files; ``original`` are those of the pack that this one was made from."""
        sealed = Seal(
            kind=kind,
            run=run,
            entries=len(self._entries),
            size=sum(each.size for each in self._entries.values()),
            root=manifest.root(run, (each.commitment for each in self._entries.values())),
            signer=signer.certificate.fingerprint(hashes.SHA256()).hex() if signer else "",
            original_root=original_root,
        )
        own = {
            **(original or {}),
            manifest.MANIFEST: Manifest(self._entries, self.blind).encode(),
            manifest.SEAL: sealed.encode(),
        }
        own[manifest.SUMS] = manifest.sums(self._entries, own)
        if signer is not None:
            date = header_time(at or datetime.now(UTC))
            headers = signer.sign(
                manifest.METHOD, manifest.seal_url(sealed.root), own[manifest.SEAL], date=date
            )
            own[manifest.SIGNATURE] = (json.dumps(headers, indent=1) + "\n").encode()
        for path in sorted(own):
            self._writer.add(path, own[path])
        return sealed
