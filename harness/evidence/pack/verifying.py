"""Verifying a pack: every hash, nothing added or missing, seal and signature, and that the results follow.

Findings name what differs. Bytes that can't be opened as a pack at all are a ConfigurationError.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives import hashes

from harness.errors import ConfigurationError
from harness.evidence.log import FILE
from harness.evidence.pack import manifest
from harness.evidence.pack.container import DamagedEntryError, Limits, PackReader
from harness.evidence.pack.facts import Derive, Facts, differences, parse_lines
from harness.evidence.pack.manifest import MalformedError, Manifest, Seal
from harness.evidence.pack.sealing import RESULTS, stored_digest
from harness.security.signing import DATE
from harness.security.trust import Trust
from harness.security.verifying import verify as verify_signature

_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as it was sealed."""

    code: str
    path: str
    what: str
    expected: str = ""
    actual: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the finding as programs read it."""
        return {
            "code": self.code,
            "path": self.path,
            "what": self.what,
            "expected": self.expected,
            "actual": self.actual,
        }


@dataclass(slots=True)
class Verified:
    """What came of verifying a pack; ``intact`` when there is no difference."""

    seal: Seal | None = None
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    entries: int = 0
    size: int = 0
    signer: str = ""
    """The subject of the signing certificate, "" where nobody signed."""
    signed_at: str = ""
    """The date that the signer gave; nobody else vouches for it."""

    @property
    def intact(self) -> bool:
        """Say whether nothing differs."""
        return not self.differences

    def add(self, code: str, path: str, what: str, expected: Any = "", actual: Any = "") -> None:
        """Note a difference."""
        difference = Difference(code, path, what, _short(expected), _short(actual))
        if difference not in self.differences:
            self.differences.append(difference)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of ``dip evidence verify --json``."""
        return {
            "intact": self.intact,
            "kind": self.seal.kind if self.seal else None,
            "run": dict(self.seal.run) if self.seal else None,
            "root": self.seal.root if self.seal else None,
            "original_root": (self.seal.original_root or None) if self.seal else None,
            "entries": self.entries,
            "bytes": self.size,
            "signer": self.signer or None,
            "signed_at": self.signed_at or None,
            "differences": [each.as_dict() for each in self.differences],
            "notes": self.notes,
        }


def verify(
    path: Path,
    *,
    derive: Derive,
    trust: Trust | None = None,
    accept_expired: bool = False,
    limits: Limits | None = None,
) -> Verified:
    """Verify the pack in ``path``.

    ``trust`` None leaves the certificate unjudged. ``accept_expired`` takes a certificate that has run out
    since, where the seal's own date lies within its time. Raises ConfigurationError for what is no pack.
    """
    found = Verified()
    with PackReader(path, limits) as pack:
        if manifest.SEAL not in pack.sizes and manifest.MANIFEST not in pack.sizes:
            raise ConfigurationError(
                "is a zip file and no evidence pack: it has neither seal nor manifest", where=str(path)
            )
        for name in pack.twice:
            found.add("twice", name, "stands in the file twice")
        for name in pack.sizes:
            if "\\" in name or ".." in name.split("/") or name.startswith("/") or name[1:2] == ":":
                found.add("path", name, "would leave the folder that the pack is unpacked into")
        listed = _manifest(pack, found)
        if listed is not None:
            _entries(pack, listed, found)
        found.seal = _seal(pack, listed, found)
        if found.seal is not None:
            _signature(pack, found.seal, found, trust, accept_expired)
            _original(pack, found.seal, listed, found, trust, accept_expired)
        elif trust is not None:
            found.add("unsigned", manifest.SEAL, "there is no seal whose signature could be checked")
        if listed is not None:
            _follows(pack, listed, found.seal, found, derive)
        if fault := pack.container_fault():
            found.add("container", path.name, fault)
    return found


def _own(pack: PackReader, name: str, found: Verified) -> bytes | None:
    try:
        return pack.read(name)
    except DamagedEntryError as error:
        found.add("missing" if name not in pack.sizes else "damaged", name, str(error))
        return None


def _manifest(pack: PackReader, found: Verified) -> Manifest | None:
    data = _own(pack, manifest.MANIFEST, found)
    if data is None:
        return None
    try:
        listed = manifest.decode_manifest(data)
    except MalformedError as error:
        found.add("manifest", manifest.MANIFEST, str(error))
        return None
    if listed.encode() != data:
        found.add("manifest", manifest.MANIFEST, "is not written as the harness writes a manifest")
    return listed


def _entries(pack: PackReader, listed: Manifest, found: Verified) -> None:
    for name in sorted(set(pack.sizes) - set(listed.entries) - manifest.OWN):
        found.add("added", name, "is in the pack and not in the manifest")
    own: dict[str, bytes] = {}
    for name, entry in listed.entries.items():
        digest, size = hashlib.sha256(), 0
        try:
            for chunk in pack.chunks(name):
                digest.update(chunk)
                size += len(chunk)
        except DamagedEntryError as error:
            found.add("missing" if name not in pack.sizes else "damaged", name, str(error))
            continue
        found.entries += 1
        found.size += size
        if digest.hexdigest() != entry.sha256 or size != entry.size:
            found.add(
                "changed",
                name,
                "the bytes are not those that were sealed",
                f"{entry.size} bytes, SHA-256 {entry.sha256}",
                f"{size} bytes, SHA-256 {digest.hexdigest()}",
            )
        opened_by = manifest.opening(listed.blind, name)
        if entry.commitment != manifest.commit(opened_by, name, entry.size, entry.sha256):
            found.add("commitment", name, "the manifest's commitment is not one to its size and hash")
        if (stored := stored_digest(name)) and stored != entry.sha256:
            found.add("misnamed", name, "the path is not the hash of the bytes", stored, entry.sha256)
    for name in manifest.OWN - {manifest.SUMS, manifest.SIGNATURE}:
        if name in pack.sizes and (data := _own(pack, name, found)) is not None:
            own[name] = data
    sums = _own(pack, manifest.SUMS, found)
    if sums is not None and sums != manifest.sums(listed.entries, own):
        found.add("sums", manifest.SUMS, "does not say what the manifest says")


def _seal(pack: PackReader, listed: Manifest | None, found: Verified) -> Seal | None:
    data = _own(pack, manifest.SEAL, found)
    if data is None:
        return None
    try:
        seal = manifest.decode_seal(data)
    except MalformedError as error:
        found.add("seal", manifest.SEAL, str(error))
        return None
    if listed is not None:
        root = manifest.root(seal.run, (entry.commitment for entry in listed.entries.values()))
        if root != seal.root:
            found.add("root", manifest.SEAL, "the root is not that of manifest and run", seal.root, root)
        size = sum(entry.size for entry in listed.entries.values())
        if (len(listed.entries), size) != (seal.entries, seal.size):
            found.add(
                "root",
                manifest.SEAL,
                "seals another number of entries and bytes than the manifest lists",
                f"{seal.entries} entries, {seal.size} bytes",
                f"{len(listed.entries)} entries, {size} bytes",
            )
    return seal


def _signature(
    pack: PackReader, seal: Seal, found: Verified, trust: Trust | None, accept_expired: bool
) -> None:
    if not seal.signer:
        if manifest.SIGNATURE in pack.sizes:
            found.add("added", manifest.SIGNATURE, "is a signature, and the seal says that nobody signed")
        if trust is not None:
            found.add("unsigned", manifest.SEAL, "nobody signed this seal, so no authority stands behind it")
        found.notes.append("Unsigned: the seal is of integrity only, it says nothing of who sealed the run.")
        return
    headers = _headers(pack, manifest.SIGNATURE, found)
    if headers is None:
        return
    _signed(manifest.SEAL, headers, seal, pack.read(manifest.SEAL), found, trust, accept_expired)


def _headers(pack: PackReader, name: str, found: Verified) -> dict[str, str] | None:
    data = _own(pack, name, found)
    if data is None:
        return None
    try:
        headers = json.loads(data)
    except (ValueError, RecursionError):
        headers = None
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        found.add("signature", name, "is no JSON object of signature headers")
        return None
    return headers


def _signed(
    path: str,
    headers: dict[str, str],
    seal: Seal,
    sealed: bytes,
    found: Verified,
    trust: Trust | None,
    accept_expired: bool,
) -> None:
    url = manifest.seal_url(seal.root)
    result = verify_signature(manifest.METHOD, url, sealed, headers, trust=None, explained=False)
    if not result.valid or result.certificate is None:
        found.add("signature", path, result.reason)
        return
    certificate = result.certificate
    signer = certificate.subject.rfc4514_string()
    date = {name.lower(): value for name, value in headers.items()}[DATE.lower()]
    if path == manifest.SEAL:
        found.signer, found.signed_at = signer, date
    if certificate.fingerprint(hashes.SHA256()).hex() != seal.signer:
        found.add("signature", path, f"is signed by {signer}, not with the certificate that the seal names")
    if trust is None:
        found.notes.append(f"The certificate of {signer} was not checked against an authority: give --ca.")
        return
    standing = trust.standing(certificate, "signing")
    if standing.trusted:
        return
    moment = datetime.fromisoformat(date)
    within = moment.tzinfo is not None and (
        certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc
    )
    if standing.fault == "expired" and accept_expired and within:
        found.notes.append(f"{standing.reason}; in force at {date}, which only the signer vouches for.")
    else:
        found.add("certificate", path, standing.reason)


def _original(
    pack: PackReader,
    seal: Seal,
    listed: Manifest | None,
    found: Verified,
    trust: Trust | None,
    accept_expired: bool,
) -> None:
    """Verify what a redacted pack says of the pack that it was made from."""
    if seal.kind != manifest.REDACTED:
        for name in sorted({manifest.ORIGINAL_SEAL, manifest.ORIGINAL_SIGNATURE} & set(pack.sizes)):
            found.add("added", name, "belongs in redacted packs only")
        return
    data = _own(pack, manifest.ORIGINAL_SEAL, found)
    if data is None or listed is None:
        return
    try:
        original = manifest.decode_seal(data)
    except MalformedError as error:
        found.add("original", manifest.ORIGINAL_SEAL, str(error))
        return
    commitments = [entry.original for entry in listed.entries.values() if entry.original]
    root = manifest.root(original.run, commitments)
    if not original.root == root == seal.original_root:
        found.add(
            "original",
            manifest.ORIGINAL_SEAL,
            "its root is not that of the commitments that this pack carries",
            original.root,
            root,
        )
    for entry in listed.entries.values():
        if entry.opening and entry.original != manifest.commit(
            entry.opening, entry.path, entry.size, entry.sha256
        ):
            found.add("original", entry.path, "is said to be as in the original, and its bytes are not")
    if manifest.ORIGINAL_SIGNATURE in pack.sizes:
        headers = _headers(pack, manifest.ORIGINAL_SIGNATURE, found)
        if headers is not None:
            _signed(manifest.ORIGINAL_SEAL, headers, original, data, found, trust, accept_expired)
    elif original.signer:
        found.add("missing", manifest.ORIGINAL_SIGNATURE, "the original was signed; its signature is gone")
    found.notes.append(
        "Redacted: signatures of messages whose bytes were replaced can't be verified here, only on the "
        f"original with root {original.root}."
    )


def _follows(pack: PackReader, listed: Manifest, seal: Seal | None, found: Verified, derive: Derive) -> None:
    """Fold the events again: seal and `results.json` must say the same, and what they cite must be there."""
    if FILE not in listed.entries or FILE not in pack.sizes:
        found.add("missing", FILE, "a run without events proves nothing")
        return
    facts = Facts()
    try:
        derived = derive(facts.watch(parse_lines(pack.lines(FILE), FILE)))
        run = facts.run()
    except DamagedEntryError as error:
        found.add("damaged", FILE, str(error))
        return
    except ConfigurationError as error:
        found.add("events", FILE, str(error))
        return
    if seal is not None:
        for pointer, expected, actual in differences(dict(seal.run), run):
            found.add("run", FILE, f"the seal's run{pointer} is not what the events say", expected, actual)
    for digest, line in _absent(facts, listed):
        found.add("absent", FILE, f"line {line} cites bytes that the pack does not hold", digest)
    if RESULTS not in listed.entries:
        found.notes.append("There is no results.json: the run was sealed before its reports were written.")
        return
    try:
        told = orjson.loads(pack.read(RESULTS))
    except DamagedEntryError as error:
        found.add("missing" if RESULTS not in pack.sizes else "damaged", RESULTS, str(error))
        return
    except ValueError as error:
        found.add("results", RESULTS, f"is not JSON: {error}")
        return
    for pointer, expected, actual in differences(orjson.loads(orjson.dumps(derived)), told):
        found.add("results", RESULTS, f"{pointer or '/'} does not follow from the events", expected, actual)


def _absent(facts: Facts, listed: Manifest) -> Iterator[tuple[str, int]]:
    present = {digest for path in listed.entries if (digest := stored_digest(path))}
    return ((digest, line) for digest, line in facts.cited.items() if digest not in present)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
    return text if len(text) <= _SHOWN * 2 else f"{text[:_SHOWN]}… ({len(text):,} characters)"
