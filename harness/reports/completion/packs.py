"""Sealed packs as a completion report names them: verified, and held to the run's folder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from harness.errors import ConfigurationError
from harness.evidence.log import FILE
from harness.evidence.pack import manifest
from harness.evidence.pack.container import PackReader
from harness.evidence.pack.facts import Derive
from harness.evidence.pack.verifying import verify
from harness.reports.completion.model import PackLine
from harness.security.trust import Trust

_BLOCK = 1 << 20


def read_pack(
    path: Path, folders: Mapping[str, Path], *, derive: Derive, trust: Trust | None = None
) -> PackLine:
    """Verify a pack and compare it with the run's folder; raises ConfigurationError for what is no pack.

    ``folders`` are those of the runs by name. A pack of another run is an error: it proves nothing here.
    """
    found = verify(path, derive=derive, trust=trust)
    run = str(found.seal.run.get("run", "")) if found.seal else ""
    if run and run not in folders:
        raise ConfigurationError(
            f"is the pack of run {run}, which is none of the runs given",
            where=str(path),
            mend="Leave it out.",
        )
    differences = [f"{each.path}: {each.what}" for each in found.differences]
    if found.seal and found.seal.kind == manifest.SEALED:
        differences += _against_folder(path, folders[run])
    seal = found.seal
    return PackLine(
        name=path.name,
        run=run,
        kind=seal.kind if seal else "not sealed",
        evidence=str(seal.run.get("evidence_class", "")) if seal else "",
        root=seal.root if seal else "",
        entries=found.entries,
        size=found.size,
        signer=found.signer,
        signed_at=found.signed_at,
        differences=tuple(differences),
    )


def _against_folder(path: Path, folder: Path) -> list[str]:
    """Say where the events that the report is made of are not those that were sealed."""
    with PackReader(path) as pack:
        try:
            listed = manifest.decode_manifest(pack.read(manifest.MANIFEST)).entries
        except (manifest.MalformedError, KeyError):
            return []
    sealed = listed[FILE].sha256 if FILE in listed else "none"
    digest = hashlib.sha256()
    with (folder / FILE).open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    if digest.hexdigest() == sealed:
        return []
    return [f"{FILE} of {folder} is not what was sealed: SHA-256 {digest.hexdigest()}, sealed {sealed}"]
