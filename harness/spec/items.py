"""Data items: their names, the key each block gives them, and what their codes mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import orjson

from harness.data import folder


@dataclass(frozen=True, slots=True)
class Item:
    """One data item. ``catalogue_key`` is the interface catalogue's key where no block uses it."""

    id: str
    name: str
    keys: Mapping[str, str]
    catalogue_key: str
    codes: Mapping[str, str]


@cache
def items() -> Mapping[str, Item]:
    """Return every data item by id."""
    raw = orjson.loads((folder("swagger") / "data-items.json").read_bytes())
    return MappingProxyType(
        {
            name: Item(
                name,
                entry["name"],
                MappingProxyType(entry["keys"]),
                entry.get("catalogue_key", ""),
                MappingProxyType(entry.get("codes", {})),
            )
            for name, entry in raw.items()
        }
    )


@cache
def _by_place() -> Mapping[tuple[str, str], str]:
    return {(block, key): item.id for item in items().values() for block, key in item.keys.items()}


def item_of(block: str, key: str) -> str:
    """Return the data item that a block's key carries (``DI-015``), or "" for a wrapper or an unknown key."""
    return _by_place().get((block, key), "")


def item_name(item: str) -> str:
    """Return a data item's name, or "" for an unknown id."""
    found = items().get(item)
    return found.name if found else ""
