"""Sealing a run: its events, reports and every stored byte into one file.

Refused are a run whose stored bytes don't match their hash or miss one that an event cites, whose
`results.json` does not follow from its events, and anything that holds a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson

from harness.errors import ConfigurationError
from harness.evidence.log import FILE, read_events
from harness.evidence.pack import manifest
from harness.evidence.pack.assembling import Assembly
from harness.evidence.pack.container import CHUNK, PackWriter
from harness.evidence.pack.facts import Derive, Facts, differences
from harness.evidence.pack.manifest import Seal
from harness.evidence.pack.secrets import OVERLAP, Secret, scan
from harness.security.signing import Signer

RESULTS = "results.json"
WHOLE = 16 << 20
"""Bytes of a file that is read at once; a larger one, but for a workbook, is read in pieces."""
_SUFFIXES = frozenset({".csv", ".html", ".json", ".md", ".ndjson", ".txt", ".xlsx", ".xml"})
_STORED = re.compile(r"evidence/([0-9a-f]{2})/(\1[0-9a-f]{62})")
_TOLD = 5


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was sealed and what of the folder was left out."""

    seal: Seal
    out: Path
    left_out: tuple[str, ...]
    without_results: bool


def stored_digest(path: str) -> str:
    """Return the digest that the path of a stored message names, "" for any other path."""
    match = _STORED.fullmatch(path)
    return match.group(2) if match else ""


def seal(
    folder: Path,
    out: Path,
    *,
    derive: Derive,
    signer: Signer | None = None,
    known: re.Pattern[bytes] | None = None,
    blind: str = "",
    at: datetime | None = None,
) -> Sealed:
    """Seal the run in ``folder`` into ``out``, which appears whole or not at all.

    ``derive`` folds events into the content of `results.json`; ``known`` finds API keys by their value.
    Raises ConfigurationError with the place of whatever makes the run unfit for sealing.
    """
    facts = Facts()
    run, without_results = _examined(folder, facts, derive)
    files, left_out = _files(folder, out)
    present = {digest for path in files if (digest := stored_digest(path))}
    for digest, line in facts.cited.items():
        if digest not in present:
            raise ConfigurationError(
                f"cites {digest}, which is not among the stored bytes",
                where=f"{folder / FILE}, line {line}",
                mend="Part of the evidence folder is missing; take it from the run's own copy.",
            )
    found: list[Secret] = []
    with PackWriter(out) as writer:
        assembly = Assembly(writer, blind=blind)
        for path in sorted(files):
            _add(assembly, path, files[path], found, known)
        if found:
            raise _refused(found)
        sealed = assembly.finish(manifest.SEALED, run, signer=signer, at=at)
    return Sealed(sealed, out, tuple(sorted(left_out)), without_results)


def _examined(folder: Path, facts: Facts, derive: Derive) -> tuple[dict[str, object], bool]:
    """Read the events once: for their facts, and to compare what follows from them with `results.json`."""
    if not (folder / FILE).is_file():
        raise ConfigurationError(
            f"holds no {FILE}", where=str(folder), mend="Give the folder of a run (runs/<run-id>)."
        )
    derived = derive(facts.watch(read_events(folder / FILE)))
    path = folder / RESULTS
    if not path.exists():
        return facts.run(), True
    try:
        told = orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"can't be read: {error}", where=str(path)) from error
    for pointer, expected, actual in differences(orjson.loads(orjson.dumps(derived)), told, limit=1):
        raise ConfigurationError(
            f"does not follow from {FILE}: {pointer or '/'} is {actual!r}, the events give {expected!r}",
            where=str(path),
            mend="Remove it, or take the run's own copy; a seal would only preserve the contradiction.",
        )
    return facts.run(), False


def _files(folder: Path, out: Path) -> tuple[dict[str, Path], list[str]]:
    files: dict[str, Path] = {}
    left_out: list[str] = []
    for path in sorted(folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            continue
        name = path.relative_to(folder).as_posix()
        plain = path.is_file() and not path.is_symlink()
        report = "/" not in name and path.suffix in _SUFFIXES and name not in manifest.OWN
        if plain and (report or stored_digest(name)) and path.resolve() != out.resolve():
            files[name] = path
        elif path.resolve() != out.resolve():
            left_out.append(name)
    return files, left_out


def _add(
    assembly: Assembly, path: str, file: Path, found: list[Secret], known: re.Pattern[bytes] | None
) -> None:
    try:
        size = file.stat().st_size
        if size <= WHOLE or file.suffix == ".xlsx":
            data = file.read_bytes()
            found += scan(path, data, known=known)
            entry = assembly.add(path, data)
        else:
            entry = assembly.add_chunks(path, _scanned(path, file, found, known), size)
        if entry.sha256 != (stored_digest(path) or entry.sha256):
            raise ConfigurationError("the bytes no longer match their hash", where=str(file))
    except OSError as error:
        raise ConfigurationError(f"can't be read: {error.strerror or error}", where=str(file)) from error


def _scanned(path: str, file: Path, found: list[Secret], known: re.Pattern[bytes] | None) -> Iterator[bytes]:
    """Yield a large file's pieces, searched with an overlap, so that nothing hides where two meet."""
    tail, begun, lines = b"", 0, 0
    with file.open("rb") as handle:
        while chunk := handle.read(CHUNK):
            window = tail + chunk
            for secret in scan(path, window, known=known):
                place = Secret(path, secret.what, begun + secret.offset, lines + secret.line)
                if place not in found:
                    found.append(place)
            yield chunk
            tail = window[-OVERLAP:]
            begun += len(window) - len(tail)
            lines += window.count(b"\n", 0, len(window) - len(tail))


def _refused(found: list[Secret]) -> ConfigurationError:
    places = "; ".join(str(secret) for secret in found[:_TOLD])
    more = f"; and {len(found) - _TOLD} more places" if len(found) > _TOLD else ""
    return ConfigurationError(
        f"a pack may hold no key, and this run does. {places}{more}",
        mend="Revoke that key: the run folder holds it in the clear. Then run again without it.",
    )
