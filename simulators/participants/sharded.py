"""An immutable mapping that costs the same to change with a hundred entries as with a million."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
_WIDTH = 128
_Row = tuple[Mapping[Any, Any], ...]
_EMPTY: _Row = ({},) * _WIDTH


class Sharded(Mapping[K, V], Generic[K, V]):
    """A mapping in 128 rows of 128 parts; a change copies one part, its row, and the list of rows."""

    __slots__ = ("_count", "_rows")

    def __init__(self, entries: Mapping[K, V] | None = None) -> None:
        """Hold ``entries``."""
        parts: dict[tuple[int, int], dict[Any, Any]] = {}
        for key, value in (entries or {}).items():
            parts.setdefault(_place(key), {})[key] = value
        rows = {row: [parts.get((row, part), {}) for part in range(_WIDTH)] for row, _ in parts}
        self._rows: tuple[_Row, ...] = tuple(tuple(rows.get(row, _EMPTY)) for row in range(_WIDTH))
        self._count = len(entries or ())

    def put(self, key: K, value: V) -> Sharded[K, V]:
        """Return the mapping with an entry set."""
        number, part = _place(key)
        row = self._rows[number]
        new_row = (*row[:part], {**row[part], key: value}, *row[part + 1 :])
        changed: Sharded[K, V] = Sharded.__new__(Sharded)
        changed._rows = (*self._rows[:number], new_row, *self._rows[number + 1 :])
        changed._count = self._count + (key not in row[part])
        return changed

    def __getitem__(self, key: K) -> V:
        number, part = _place(key)
        found: V = self._rows[number][part][key]
        return found

    def __iter__(self) -> Iterator[K]:
        """Yield the keys, in no order that means anything."""
        return (key for row in self._rows for part in row for key in part)

    def __len__(self) -> int:
        return self._count


def _place(key: object) -> tuple[int, int]:
    number = hash(key)
    return number % _WIDTH, number // _WIDTH % _WIDTH
