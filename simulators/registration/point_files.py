"""A file of metering points that many registers start from and none changes.

Two forms. JSON as `dip data generate` writes it, or a plain list of points: read whole, and for that of a
service's own. JSON Lines (``.jsonl``), a point on each line, sorted by MPAN, ``mpan`` first: looked up where
it lies, so that a million points cost neither start-up nor memory.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson

from harness.errors import ConfigurationError
from harness.transport.network import Network
from simulators.registration import loading
from simulators.registration.point import MeteringPoint
from simulators.registration.register import PointSource

_KEY = b'{"mpan":"'
_DIGITS = 13


class SortedPoints:
    """Points on lines that are sorted by MPAN; a look-up reads some twenty lines of a million."""

    def __init__(self, path: Path, network: Network) -> None:
        """Raises ConfigurationError for a file that can't be read or is empty."""
        self._path, self._network = path, network
        try:
            with path.open("rb") as file:
                self._lines = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"can't be read as points: {error}", where=str(path)) from error
        self._key(0)

    def find(self, mpan: str) -> MeteringPoint | None:
        """Return a point, or None; raises ConfigurationError for a line that is none."""
        wanted, low, high = mpan.encode(), 0, len(self._lines)
        while low < high:
            middle = self._lines.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = self._end(middle)
            found = self._key(middle)
            if found == wanted:
                entry = orjson.loads(self._lines[middle:end])
                return loading.point(entry, self._network, where=f"{self._path}: {mpan}")
            if found < wanted:
                low = end + 1
            else:
                high = middle
        return None

    def _end(self, start: int) -> int:
        end = self._lines.find(b"\n", start)
        return len(self._lines) if end < 0 else end

    def _key(self, start: int) -> bytes:
        first = start + len(_KEY)
        if self._lines[start:first] != _KEY:
            raise ConfigurationError(
                f"the line at byte {start} does not begin with an MPAN",
                where=str(self._path),
                mend=f"Write each line as {_KEY.decode()}...",
            )
        return self._lines[first : first + _DIGITS]


class ListedPoints:
    """Points of one service, by MPAN, as the file has them."""

    def __init__(self, path: Path, dip_id: str, network: Network) -> None:
        """Raises ConfigurationError for a file that is no list of points."""
        self._path, self._network = path, network
        try:
            content = _content(path, path.stat().st_mtime_ns)
        except (OSError, orjson.JSONDecodeError) as error:
            raise ConfigurationError(f"can't be read as points: {error}", where=str(path)) from error
        self._entries = {str(entry.get("mpan")): entry for entry in _entries(content, dip_id, path)}

    def find(self, mpan: str) -> MeteringPoint | None:
        """Return a point, or None; raises ConfigurationError for an entry that is none."""
        entry = self._entries.get(mpan)
        return loading.point(entry, self._network, where=f"{self._path}: {mpan}") if entry else None


def _entries(content: Any, dip_id: str, path: Path) -> list[Mapping[str, Any]]:
    listed = content.get("points") if isinstance(content, dict) else content
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ConfigurationError("is no list of points", where=str(path))
    return [each.get("point", each) for each in listed if each.get("register", dip_id) == dip_id]


def opened(path: str, dip_id: str, network: Network) -> PointSource:
    """Return the points of a file; raises ConfigurationError for one that can't be read."""
    file = Path(path)
    if file.suffix == ".jsonl":
        return SortedPoints(file, network)
    return ListedPoints(file, dip_id, network)


@lru_cache(maxsize=4)
def _content(path: Path, _changed: int) -> Any:
    """Return what a file holds; it is read again when it has changed."""
    return orjson.loads(path.read_bytes())
