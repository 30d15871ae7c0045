"""A redacted copy of a pack: pseudonyms for what names people, bound entry by entry to the original.

The copy carries the commitments, seal and signature of the original, so that anybody can verify that the
original was sealed and signed as it says, and who holds both can show that one came from the other. Entries
whose bytes needed no replacement are opened: anybody can verify that they are the original's own.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from harness.errors import ConfigurationError, EnvironmentFault, HarnessError
from harness.evidence.events import MessageSent, PublicationReceived
from harness.evidence.log import FILE
from harness.evidence.pack import manifest
from harness.evidence.pack.assembling import Assembly
from harness.evidence.pack.container import DamagedEntryError, Limits, PackReader, PackWriter
from harness.evidence.pack.facts import Derive, Facts, parse_lines
from harness.evidence.pack.manifest import Manifest, Seal
from harness.evidence.pack.personal import RULES
from harness.evidence.pack.pseudonyms import Pseudonyms
from harness.evidence.pack.replacing import WITHHELD, Replacer, plain_escapes
from harness.evidence.pack.sealing import stored_digest
from harness.evidence.pack.verifying import Verified, verify
from harness.security.signing import CONTENT_HASH, SIGNATURE, Signer

NOTICE = "redaction.json"
UNVERIFIABLE = (
    "The signatures of messages whose bytes were replaced can't be verified on this copy, and are left out. "
    "What the harness made of them stands in the events. The original still verifies: its seal is here."
)
_HASH_LIKE = 16
_BLOCK = 1 << 20
_WORKBOOK_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class Copied:
    """One entry of the redacted copy and the entry that it was made from."""

    source: str
    path: str
    data: bytes
    changed: bool
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Redacted:
    """What came of redacting a pack."""

    seal: Seal
    counts: dict[str, int]
    changed: int
    unchanged: int
    withheld: tuple[str, ...]
    salt_id: str


class Redaction:
    """The redaction of one pack under one salt: the same both times that it is made."""

    def __init__(self, pack: PackReader, listed: Manifest, pseudonyms: Pseudonyms) -> None:
        self._pack = pack
        self._pseudonyms = pseudonyms
        self._values = Replacer(pseudonyms)
        self._stored = sorted(path for path in listed.entries if stored_digest(path))
        self._others = sorted(set(listed.entries) - set(self._stored))
        self._moved: dict[str, str] = {}
        self._learn()

    def copies(self) -> Iterator[Copied]:
        """Yield every entry as it stands in the copy, in the order of the new paths."""
        paths = {self._moved.get(path, path): path for path in (*self._others, *self._stored)}
        for path in sorted(paths):
            source = paths[path]
            before = self._pack.read(source)
            data, withheld = self._redacted(source, before)
            yield Copied(source, path, data, data != before, withheld)

    def _learn(self) -> None:
        """Read every text for its values, then learn what each stored message is to be called."""
        for path in (*self._stored, *self._others):
            for text in self._texts(path):
                self._values.collect(text)
        # What a stored message says of another's hash can't be the new hash, which may depend on it in turn.
        marks = {digest: self._pseudonyms.mark(digest, 32) for digest in map(stored_digest, self._stored)}
        self._within_messages = self._values.with_digests(marks, {})
        for path in self._stored:
            before = self._pack.read(path)
            data, _ = self._stored_bytes(path, before)
            if data != before:
                digest = hashlib.sha256(data).hexdigest()
                self._moved[path] = f"evidence/{digest[:2]}/{digest}"
        digests = {stored_digest(old): stored_digest(new) for old, new in self._moved.items()}
        self._elsewhere = self._values.with_digests(digests, self._signatures(digests))

    def _signatures(self, moved: Mapping[str, str]) -> dict[str, str]:
        """Return what stood in the signature headers of messages whose bytes are replaced.

        A signature, or a hash of other bytes than those sent, would let a guess at the original be tried.
        """
        wanted = {SIGNATURE.lower(), CONTENT_HASH.lower()}
        return {
            value: WITHHELD
            for event in parse_lines(self._pack.lines(FILE), FILE)
            if isinstance(event, MessageSent | PublicationReceived) and event.body in moved
            for name, value in event.headers.items()
            if name.lower() in wanted and len(value) >= _HASH_LIKE
        }

    @property
    def counts(self) -> dict[str, int]:
        """How many different values of each category are replaced."""
        return self._values.counts()

    def _texts(self, path: str) -> Iterator[str]:
        data = self._pack.read(path)
        try:
            if path.endswith(".xlsx"):
                yield from (text for _, text in _parts(data) if text is not None)
            else:
                text = data.decode("utf-8")
                yield from _blocks(path, plain_escapes(text) if stored_digest(path) else text)
        except (UnicodeDecodeError, ConfigurationError):
            # It is withheld as a whole.
            return

    def _redacted(self, path: str, data: bytes) -> tuple[bytes, bool]:
        if stored_digest(path):
            return self._stored_bytes(path, data)
        if path.endswith(".xlsx"):
            return self._workbook(path, data)
        try:
            blocks = _blocks(path, data.decode("utf-8"))
            return b"".join(self._elsewhere.replace(text).encode("utf-8") for text in blocks), False
        except UnicodeDecodeError:
            return self._note(path, data), True

    def _stored_bytes(self, path: str, data: bytes) -> tuple[bytes, bool]:
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            return self._note(path, data), True
        plain = plain_escapes(text)
        replaced = self._within_messages.replace(plain)
        return (data if replaced == plain else replaced.encode("utf-8", "surrogatepass")), False

    def _workbook(self, path: str, data: bytes) -> tuple[bytes, bool]:
        out = io.BytesIO()
        try:
            parts = list(_parts(data))
        except ConfigurationError:
            return self._note(path, data), True
        changed = False
        with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
            for name, text in parts:
                replaced = self._elsewhere.replace(text) if text is not None else None
                changed = changed or replaced != text
                content = old.read(name) if replaced is None else replaced.encode("utf-8")
                new.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        return (out.getvalue() if changed else data), False

    def _note(self, path: str, data: bytes) -> bytes:
        mark = self._pseudonyms.mark(path)
        return f"(withheld: {len(data)} bytes that are not UTF-8 text, {mark})".encode()


def redact(
    source: Path,
    out: Path,
    salt: Callable[[], Pseudonyms],
    *,
    derive: Derive,
    signer: Signer | None = None,
    limits: Limits | None = None,
    at: datetime | None = None,
) -> Redacted:
    """Write a redacted copy of the pack ``source`` to ``out``, verified before it appears.

    ``salt`` is asked for once the original has been found fit. Raises ConfigurationError where it is not
    intact, is a redacted copy itself or has an entry too large to be redacted.
    """
    _refuse_unfit(source, verify(source, derive=derive, limits=limits))
    draft = out.with_name(f"{out.name}.draft")
    try:
        with PackReader(source, limits) as pack:
            redacted = _write(pack, draft, salt(), derive, signer, at)
        checked = verify(draft, derive=derive, limits=limits)
        if not checked.intact:
            first = checked.differences[0]
            raise HarnessError(f"the redacted copy does not verify: {first.path}: {first.what}")
        draft.replace(out)
    except DamagedEntryError as error:
        raise ConfigurationError(f"has an entry that {error}", where=str(source)) from error
    except OSError as error:
        raise EnvironmentFault(f"can't be written: {error}", where=str(out)) from error
    finally:
        draft.unlink(missing_ok=True)
    return redacted


def _write(
    pack: PackReader,
    draft: Path,
    pseudonyms: Pseudonyms,
    derive: Derive,
    signer: Signer | None,
    at: datetime | None,
) -> Redacted:
    listed = manifest.decode_manifest(pack.read(manifest.MANIFEST))
    original = manifest.decode_seal(pack.read(manifest.SEAL))
    redaction = Redaction(pack, listed, pseudonyms)
    facts = Facts()
    changed, withheld, total = 0, [], 0
    with PackWriter(draft) as writer:
        assembly = Assembly(writer)
        for copy in redaction.copies():
            assembly.add(copy.path, copy.data)
            opened_by = "" if copy.changed else manifest.opening(listed.blind, copy.source)
            assembly.bind(copy.path, listed.entries[copy.source].commitment, opened_by)
            changed += copy.changed
            total += 1
            if copy.withheld:
                withheld.append(copy.path)
            if copy.path == FILE:
                derive(facts.watch(parse_lines(copy.data.split(b"\n")[:-1], FILE)))
        counts = redaction.counts
        notice = _notice(original, counts, changed, total - changed, withheld, pseudonyms.salt_id)
        assembly.add(NOTICE, notice)
        own = {manifest.ORIGINAL_SEAL: pack.read(manifest.SEAL)}
        if manifest.SIGNATURE in pack.sizes:
            own[manifest.ORIGINAL_SIGNATURE] = pack.read(manifest.SIGNATURE)
        seal = assembly.finish(
            manifest.REDACTED,
            facts.run(),
            signer=signer,
            original=own,
            original_root=original.root,
            at=at,
        )
    return Redacted(seal, counts, changed, total - changed, tuple(withheld), pseudonyms.salt_id)


def _notice(
    original: Seal, counts: dict[str, int], changed: int, unchanged: int, withheld: list[str], salt_id: str
) -> bytes:
    return manifest.canonical(
        {
            "format": manifest.FORMAT,
            "original_root": original.root,
            "salt_id": salt_id,
            "different_values": counts,
            "entries_changed": changed,
            "entries_as_in_the_original": unchanged,
            "withheld": withheld,
            "signatures": UNVERIFIABLE,
            "replaced": [
                {
                    "category": rule.category,
                    "data_items": list(rule.items()),
                    "reason": rule.reason,
                    "basis": rule.basis,
                }
                for rule in RULES
            ],
        }
    )


def compare(
    redacted: Path, original: Path, *, pseudonyms: Pseudonyms | None, found: Verified, derive: Derive
) -> None:
    """Add to ``found`` whatever shows that ``redacted`` was not made from ``original``.

    Without the salt: the root, and that every entry is bound to one of the original's. With it the redaction
    is made again, and every byte compared.
    """
    _refuse_unfit(original, verify(original, derive=derive))
    with PackReader(redacted) as copy, PackReader(original) as pack:
        listed = manifest.decode_manifest(pack.read(manifest.MANIFEST))
        try:
            copied = manifest.decode_manifest(copy.read(manifest.MANIFEST))
        except (DamagedEntryError, manifest.MalformedError):
            return
        root = manifest.decode_seal(pack.read(manifest.SEAL)).root
        if found.seal is None or found.seal.original_root != root:
            claimed = found.seal.original_root if found.seal else ""
            found.add("original", redacted.name, f"was not made from {original.name}", claimed, root)
            return
        theirs = {entry.commitment for entry in listed.entries.values()}
        ours = {entry.original: path for path, entry in copied.entries.items() if entry.original}
        for commitment in sorted(set(ours) ^ theirs):
            found.add("original", ours.get(commitment, "(an entry of the original)"), "has no counterpart")
        if pseudonyms is None:
            found.notes.append("Every entry is bound to one of the original's; give --salt to compare bytes.")
            return
        for each in Redaction(pack, listed, pseudonyms).copies():
            entry = copied.entries.get(each.path)
            if entry is None or entry.sha256 != hashlib.sha256(each.data).hexdigest():
                found.add("original", each.path, "is not what redacting the original with this salt gives")
        found.notes.append("Redacting the original with this salt gives this copy, byte for byte.")


def _refuse_unfit(path: Path, checked: Verified) -> None:
    if not checked.intact:
        first = checked.differences[0]
        raise ConfigurationError(
            f"is not intact: {first.path}: {first.what}",
            where=str(path),
            mend="'dip evidence verify' lists all that differs.",
        )
    if checked.seal is None or checked.seal.kind != manifest.SEALED:
        raise ConfigurationError("is a redacted copy", where=str(path), mend="Give the original.")


def _blocks(path: str, text: str) -> Iterator[str]:
    """Yield a file of lines in pieces of some whole lines, any other file in one."""
    start = 0
    while path.endswith(".ndjson") and (end := text.find("\n", start + _BLOCK)) >= 0:
        yield text[start : end + 1]
        start = end + 1
    yield text[start:]


def _parts(data: bytes) -> Iterator[tuple[str, str | None]]:
    """Yield a workbook's parts with their text, None for what is no XML."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            if sum(info.file_size for info in book.infolist()) > _WORKBOOK_BYTES:
                raise ConfigurationError(f"a workbook unpacks to over {_WORKBOOK_BYTES:,} bytes")
            for name in book.namelist():
                xml = name.endswith((".xml", ".rels"))
                yield name, book.read(name).decode("utf-8") if xml else None
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, RuntimeError, OSError) as error:
        raise ConfigurationError(f"a workbook can't be read: {error}") from error
