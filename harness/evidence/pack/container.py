"""The pack's file: a zip whose order, times and attributes are fixed, and whose last 64 bytes are a hash.

The archive's comment ends with the SHA-256 of every byte before it, so that a change is found wherever it was
made, in a place that no entry covers too. Reading stays within `Limits`: nothing is unpacked to disk, and
no entry is read further than the size that the archive declares.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from harness.errors import ConfigurationError, EnvironmentFault

CHUNK = 1 << 20
_MARK = b"dip-harness evidence pack 1, SHA-256 of the bytes before this hash: "
_HASH_LENGTH = 64
_TIME = (1980, 1, 1, 0, 0, 0)
_MODE = 0o100644 << 16
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a pack may hold at most; sizes are bytes before compression."""

    entries: int = 1_000_000
    entry_bytes: int = 4 << 30
    total_bytes: int = 32 << 30
    text_bytes: int = 1 << 30
    """Of an entry that is read whole: manifest, seal, a stored message, a workbook."""
    line_bytes: int = 64 << 20
    """Of one event."""


class DamagedEntryError(Exception):
    """An entry's bytes can't be read; ``str()`` says why in one clause."""


class PackWriter:
    """Writes a pack to ``path``, which appears whole or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            self._zip = zipfile.ZipFile(self._part, "w", allowZip64=True)
        except OSError as error:
            raise EnvironmentFault(f"can't be written: {error}", where=str(path)) from error

    def add(self, name: str, data: bytes) -> None:
        """Add an entry that is at hand whole."""
        try:
            self._zip.writestr(_info(name), data, compresslevel=6)
        except OSError as error:
            raise EnvironmentFault(f"can't be written: {error}", where=str(self._path)) from error

    def add_chunks(self, name: str, chunks: Iterator[bytes], size: int) -> None:
        """Add an entry of about ``size`` bytes piece by piece."""
        info = _info(name)
        info.file_size = size
        try:
            with self._zip.open(info, "w") as entry:
                for chunk in chunks:
                    entry.write(chunk)
        except OSError as error:
            raise EnvironmentFault(f"can't be written: {error}", where=str(self._path)) from error

    def __enter__(self) -> PackWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._zip.comment = _MARK + b"0" * _HASH_LENGTH
            self._zip.close()
            if error is None:
                with self._part.open("r+b") as file:
                    digest = _hash_before(file.fileno(), self._part.stat().st_size - _HASH_LENGTH)
                    file.seek(-_HASH_LENGTH, os.SEEK_END)
                    file.write(digest.encode())
                self._part.replace(self._path)
        except OSError as fault:
            raise EnvironmentFault(f"can't be written: {fault}", where=str(self._path)) from fault
        finally:
            self._part.unlink(missing_ok=True)


class PackReader:
    """A pack opened for reading; raises ConfigurationError for what is no zip or breaks the limits."""

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        self.path = path
        self.limits = limits or Limits()
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise ConfigurationError(
                f"can't be read: {error.strerror or error}", where=str(path), mend="Give the file of a pack."
            ) from error
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise ConfigurationError(
                f"is no evidence pack that can be read: {error}",
                where=str(path),
                mend="Take it from the sender again; a copy may have been cut off.",
            ) from error
        self.sizes: dict[str, int] = {}
        self.twice: list[str] = []
        try:
            self._check_limits()
        except ConfigurationError:
            self._zip.close()
            raise

    def _check_limits(self) -> None:
        infos = self._zip.infolist()
        if len(infos) > self.limits.entries:
            raise self._beyond(f"holds {len(infos):,} entries, {self.limits.entries:,} are read")
        total = 0
        for info in infos:
            if info.file_size > self.limits.entry_bytes:
                raise self._beyond(
                    f"entry {info.filename!r} unpacks to {info.file_size:,} bytes, "
                    f"{self.limits.entry_bytes:,} are read"
                )
            total += info.file_size
            if info.filename in self.sizes:
                self.twice.append(info.filename)
            self.sizes[info.filename] = info.file_size
        if total > self.limits.total_bytes:
            raise self._beyond(f"unpacks to {total:,} bytes, {self.limits.total_bytes:,} are read")

    def _beyond(self, what: str) -> ConfigurationError:
        return ConfigurationError(
            what, where=str(self.path), mend="No pack of one run is that large; ask the sender what it is."
        )

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield an entry's bytes; raises DamagedEntryError where they can't be read or don't match."""
        try:
            with self._zip.open(name) as entry:
                while chunk := entry.read(CHUNK):
                    yield chunk
        except KeyError as error:
            raise DamagedEntryError("is not in the pack") from error
        except _DAMAGE as error:
            raise DamagedEntryError(f"can't be unpacked: {error}") from error

    def read(self, name: str) -> bytes:
        """Return an entry whole; raises DamagedEntryError, also where it is too large for that."""
        if self.sizes.get(name, 0) > self.limits.text_bytes:
            raise DamagedEntryError(f"is over {self.limits.text_bytes:,} bytes")
        return b"".join(self.chunks(name))

    def lines(self, name: str) -> Iterator[bytes]:
        """Yield an entry's lines without their newline; a last one that has none is passed over."""
        rest = b""
        for chunk in self.chunks(name):
            *whole, rest = (rest + chunk).split(b"\n")
            if len(rest) > self.limits.line_bytes:
                raise DamagedEntryError(f"has a line over {self.limits.line_bytes:,} bytes")
            yield from whole

    def container_fault(self) -> str:
        """Say what is wrong with the file around its entries, "" where it is byte for byte as written."""
        comment = self._zip.comment
        if not comment.startswith(_MARK) or len(comment) != len(_MARK) + _HASH_LENGTH:
            return "the file does not end with its hash; another program has packed it anew"
        try:
            with self.path.open("rb") as file:
                actual = _hash_before(file.fileno(), self.path.stat().st_size - _HASH_LENGTH)
        except OSError as error:
            return f"the file can't be read: {error}"
        if actual.encode() != comment[-_HASH_LENGTH:]:
            return "the file's bytes are not those that were written"
        return ""

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def __enter__(self) -> PackReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _TIME)
    info.create_system = 3
    info.external_attr = _MODE
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def _hash_before(descriptor: int, length: int) -> str:
    digest = hashlib.sha256()
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        while length > 0 and (chunk := file.read(min(CHUNK, length))):
            digest.update(chunk)
            length -= len(chunk)
    return digest.hexdigest()
