"""What stands in a pack beside the run's own files, and how its root hash comes about.

======================  =======================================================================
``seal.json``           the run in a few fields and the root: these bytes are what is signed
``signature.json``      the four signature headers over ``seal.json``; absent where nobody signed
``manifest.json``       every entry's path, size, SHA-256 and commitment, and the blind
``SHA256SUMS``          the same hashes for ``sha256sum -c``
``original/``           in a redacted pack: the seal, and signature, of the pack that it was made from
======================  =======================================================================

A commitment is ``HMAC(opening, path NUL size NUL sha256)`` with ``opening = HMAC(blind, path)``, and the root
is a SHA-256 over the run's fields and the sorted commitments. It is made so, and not from plain hashes,
because of redacted copies: the SHA-256 of a message whose only unknown is an MPAN is found by trying all
MPANs. The redacted copy carries the originals' commitments, so that root and signature of the original can
be verified from it, and nobody without the blind can try a guess. Who holds the original can open any entry.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

FORMAT = 1
SEAL = "seal.json"
SIGNATURE = "signature.json"
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS"
ORIGINAL = "original/"
ORIGINAL_SEAL = ORIGINAL + SEAL
ORIGINAL_SIGNATURE = ORIGINAL + SIGNATURE
OWN = frozenset({SEAL, SIGNATURE, MANIFEST, SUMS, ORIGINAL_SEAL, ORIGINAL_SIGNATURE})
SEALED = "sealed"
REDACTED = "redacted"
METHOD = "SEAL"
"""Stands where a request's method stands, so that no seal's signature can pass for a request's."""
_DOMAIN = b"dip-harness evidence pack 1\n"
_DIGEST = 64


class MalformedError(ValueError):
    """A seal or manifest that isn't one; ``str()`` says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the run as it stands in the pack."""

    path: str
    size: int
    sha256: str
    commitment: str
    original: str = ""
    """In a redacted pack, the commitment of the entry that it was made from."""
    opening: str = ""
    """In a redacted pack, what opens ``original`` where the bytes are the original's own."""

    def as_dict(self) -> dict[str, Any]:
        """Return the entry as it stands in the manifest."""
        told: dict[str, Any] = {
            "path": self.path,
            "size": self.size,
            "sha256": self.sha256,
            "commitment": self.commitment,
        }
        if self.original:
            told["original"] = {"commitment": self.original}
            if self.opening:
                told["original"]["opening"] = self.opening
        return told


@dataclass(frozen=True, slots=True)
class Manifest:
    """Every entry by path, and the blind that opens their commitments."""

    entries: Mapping[str, Entry]
    blind: str

    def encode(self) -> bytes:
        """Return the bytes of ``manifest.json``."""
        entries = [self.entries[path].as_dict() for path in sorted(self.entries)]
        return canonical({"format": FORMAT, "blind": self.blind, "entries": entries})


@dataclass(frozen=True, slots=True)
class Seal:
    """What is signed: the run in a few fields, how many entries and bytes, and their root."""

    kind: str
    run: Mapping[str, Any]
    entries: int
    size: int
    root: str
    signer: str
    """SHA-256 of the signing certificate, "" for a seal of integrity only."""
    original_root: str = ""

    def encode(self) -> bytes:
        """Return the bytes of ``seal.json``."""
        told: dict[str, Any] = {
            "format": FORMAT,
            "kind": self.kind,
            "says": ORIGIN if self.signer else INTEGRITY,
            "run": dict(self.run),
            "entries": self.entries,
            "bytes": self.size,
            "root": self.root,
            "signer": self.signer,
        }
        if self.original_root:
            told["original_root"] = self.original_root
        return canonical(told)


INTEGRITY = "Integrity only. Nobody signed, so this says nothing of who sealed the run."
ORIGIN = "Integrity, and origin as far as the signing certificate is trusted."


def canonical(value: object) -> bytes:
    """Return JSON with sorted keys, two spaces' indent, no other than ASCII characters and a last newline."""
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=True) + "\n").encode("ascii")


def opening(blind: str, path: str) -> str:
    """Return what opens the commitment of one entry and of no other."""
    return hmac.new(bytes.fromhex(blind), path.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()


def commit(opened_by: str, path: str, size: int, sha256: str) -> str:
    """Return the commitment to an entry."""
    told = b"\0".join((path.encode("utf-8", "surrogateescape"), str(size).encode(), sha256.encode()))
    return hmac.new(bytes.fromhex(opened_by), told, hashlib.sha256).hexdigest()


def entry(blind: str, path: str, size: int, sha256: str) -> Entry:
    """Return the manifest's entry for a file."""
    return Entry(path, size, sha256, commit(opening(blind, path), path, size, sha256))


def root(run: Mapping[str, Any], commitments: Iterable[str]) -> str:
    """Return the root hash over the run's fields and the commitments, in whatever order they come."""
    digest = hashlib.sha256(_DOMAIN + hashlib.sha256(canonical(dict(run))).digest())
    for commitment in sorted(commitments):
        digest.update(bytes.fromhex(commitment))
    return digest.hexdigest()


def seal_url(root_hash: str) -> str:
    """Return what stands where a request's URL stands when a seal is signed."""
    return f"urn:dip-harness:evidence-pack:{root_hash}"


def sums(entries: Mapping[str, Entry], own: Mapping[str, bytes]) -> bytes:
    """Return the bytes of ``SHA256SUMS``; ``own`` are the pack's own files that it names too."""
    hashes = {path: each.sha256 for path, each in entries.items()}
    hashes |= {path: hashlib.sha256(data).hexdigest() for path, data in own.items()}
    return "".join(f"{hashes[path]}  {path}\n" for path in sorted(hashes)).encode("utf-8", "surrogateescape")


def decode_manifest(data: bytes) -> Manifest:
    """Read ``manifest.json``; raises MalformedError."""
    raw = _object(data)
    blind = _hex(raw.get("blind"), "blind")
    listed = raw.get("entries")
    if not isinstance(listed, list):
        raise MalformedError("has no list of entries")
    entries: dict[str, Entry] = {}
    for number, each in enumerate(listed, start=1):
        if not isinstance(each, dict) or not isinstance(each.get("path"), str):
            raise MalformedError(f"entry {number} has no path")
        path = each["path"]
        if path in entries:
            raise MalformedError(f"names {path!r} twice")
        size = each.get("size")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise MalformedError(f"entry {path!r} has no size")
        original = each.get("original") or {}
        if not isinstance(original, dict):
            raise MalformedError(f"entry {path!r} has an original that is none")
        entries[path] = Entry(
            path,
            size,
            _hex(each.get("sha256"), f"sha256 of {path!r}"),
            _hex(each.get("commitment"), f"commitment of {path!r}"),
            _hex(original["commitment"], f"original of {path!r}") if original.get("commitment") else "",
            _hex(original["opening"], f"opening of {path!r}") if original.get("opening") else "",
        )
    return Manifest(entries, blind)


def decode_seal(data: bytes) -> Seal:
    """Read ``seal.json``; raises MalformedError."""
    raw = _object(data)
    run = raw.get("run")
    if not isinstance(run, dict):
        raise MalformedError("does not say which run it seals")
    counts = [raw.get("entries"), raw.get("bytes")]
    if not all(isinstance(count, int) and not isinstance(count, bool) for count in counts):
        raise MalformedError("does not say how many entries and bytes it seals")
    if raw.get("kind") not in (SEALED, REDACTED):
        raise MalformedError(f"is of kind {raw.get('kind')!r}")
    found = Seal(
        kind=raw["kind"],
        run=run,
        entries=raw["entries"],
        size=raw["bytes"],
        root=_hex(raw.get("root"), "root"),
        signer=_hex(raw["signer"], "signer") if raw.get("signer") else "",
        original_root=_hex(raw["original_root"], "original_root") if raw.get("original_root") else "",
    )
    if found.encode() != data:
        raise MalformedError("is not written as the harness writes a seal")
    return found


def _object(data: bytes) -> dict[str, Any]:
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"is not JSON: {error}") from error
    if not isinstance(raw, dict):
        raise MalformedError("is no JSON object")
    if raw.get("format") != FORMAT:
        raise MalformedError(f"has format {raw.get('format')!r}; this harness reads {FORMAT}")
    return raw


def _hex(value: object, what: str) -> str:
    if isinstance(value, str) and len(value) == _DIGEST and not set(value) - set("0123456789abcdef"):
        return value
    raise MalformedError(f"{what} is no SHA-256 in hex")
