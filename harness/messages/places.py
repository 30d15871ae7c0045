"""The places of a payload beside the definitions they are held to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One value in a payload: where it stands, what it is held to, and what holds it."""

    path: Path
    schema: Mapping[str, Any]
    value: Any
    holder: Any
    required: bool

    @property
    def key(self) -> str | int:
        """Return the key or index in the holder."""
        return self.path[-1]

    @property
    def in_custom_block(self) -> bool:
        """Tell whether the place stands in the custom block, or is it."""
        return self.path[0] == "CustomBlock"

    def replace(self, value: object) -> None:
        """Put another value in the place."""
        self.holder[self.key] = value

    def remove(self) -> None:
        """Take the place out of its holder."""
        del self.holder[self.key]


def places(schema: Mapping[str, Any], payload: Mapping[str, Any]) -> Iterator[Place]:
    """Yield every place of a payload that its definition knows; of a list, its first and last item."""
    yield from _walk(schema, payload, ())


def _walk(schema: Mapping[str, Any], value: Any, path: Path) -> Iterator[Place]:
    if isinstance(value, dict) and "properties" in schema:
        required = schema.get("required", ())
        for key, inner in schema["properties"].items():
            if key in value:
                place = (*path, key)
                yield Place(place, inner, value[key], value, key in required)
                yield from _walk(inner, value[key], place)
    elif isinstance(value, list) and "items" in schema and value:
        for index in sorted({0, len(value) - 1}):
            place = (*path, index)
            yield Place(place, schema["items"], value[index], value, required=False)
            yield from _walk(schema["items"], value[index], place)
