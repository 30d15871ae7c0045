"""An immutable mapping that costs the same to change with a hundred entries as with a million."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")
_SHARDS = 1024
_EMPTY: tuple[Mapping[Any, Any], ...] = ({},) * _SHARDS


class Sharded(Mapping[K, V], Generic[K, V]):
    """A mapping in 1,024 parts; a change copies one of them, and the list of them."""

    __slots__ = ("_count", "_shards")

    def __init__(self, entries: Mapping[K, V] | None = None) -> None:
        """Hold ``entries``."""
        shards: list[dict[Any, Any]] = [{} for _ in range(_SHARDS)] if entries else []
        for key, value in (entries or {}).items():
            shards[hash(key) % _SHARDS][key] = value
        self._shards: tuple[Mapping[Any, Any], ...] = tuple(shards) or _EMPTY
        self._count = len(entries or ())

    def put(self, key: K, value: V) -> Sharded[K, V]:
        """Return the mapping with an entry set."""
        number = hash(key) % _SHARDS
        shard = self._shards[number]
        changed: Sharded[K, V] = Sharded.__new__(Sharded)
        changed._shards = (*self._shards[:number], {**shard, key: value}, *self._shards[number + 1 :])
        changed._count = self._count + (key not in shard)
        return changed

    def __getitem__(self, key: K) -> V:
        found: V = self._shards[hash(key) % _SHARDS][key]
        return found

    def __iter__(self) -> Iterator[K]:
        """Yield the keys, in no order that means anything."""
        return (key for shard in self._shards for key in shard)

    def __len__(self) -> int:
        return self._count
