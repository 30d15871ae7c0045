"""Where a valid message leans on a reading of the specification that another reader need not share (pure).

One such reading is known: ``nullable`` beside an enum that leaves null out. Whether null is then admitted is
a setting (``spec.nullable_enum_admits_null``); a system that refuses it contradicts our reading alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.spec.release import Release, Schema


def doubtful(release: Release, interface: str, event: str, payload: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the places of a payload whose validity is a matter of reading, as JSON Pointers."""
    message = release.message_for(interface, event)
    return tuple(_places(release.schema(message.name), payload, "")) if message else ()


def _places(schema: Schema, value: Any, path: str) -> Iterator[str]:
    if value is None:
        enum = schema.get("enum")
        if schema.get("nullable") and enum is not None and None not in enum:
            yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in schema.get("properties", {}):
                yield from _places(schema["properties"][name], inner, f"{path}/{name}")
    elif isinstance(value, list) and "items" in schema:
        for number, inner in enumerate(value):
            yield from _places(schema["items"], inner, f"{path}/{number}")
