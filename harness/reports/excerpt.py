"""Stored bytes for a person's eyes: pretty-printed and shortened, never the place to take the bytes from."""

from __future__ import annotations

from typing import Any

import orjson

ITEMS = 4
"""Elements of a list that are shown."""
CHARACTERS = 240
"""Characters of a text that are shown."""
LINES = 160
"""Lines of a message that are shown."""


def excerpt(data: bytes) -> str:
    """Return a message as indented JSON, long lists and texts cut with a note of what is left out.

    Bytes that are no JSON are shown as text, those that are no UTF-8 in hex.
    """
    if not data:
        return "(empty body)"
    try:
        shown = orjson.dumps(_shorten(orjson.loads(data)), option=orjson.OPT_INDENT_2).decode()
    except ValueError:
        try:
            shown = data[: CHARACTERS * 8].decode("utf-8")
        except UnicodeDecodeError:
            shown = f"(no UTF-8) {data[:256].hex(' ', 2)}"
        if len(data) > CHARACTERS * 8:
            shown += f"\n… {len(data):,} bytes in all"
        return shown
    lines = shown.splitlines()
    if len(lines) > LINES:
        lines = [*lines[:LINES], f"… {len(lines) - LINES:,} more lines"]
    return "\n".join(lines)


def _shorten(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shorten(inner) for key, inner in value.items()}
    if isinstance(value, list):
        shown = [_shorten(inner) for inner in value[:ITEMS]]
        return [*shown, f"… {len(value) - ITEMS:,} more of {len(value):,}"] if len(value) > ITEMS else shown
    if isinstance(value, str) and len(value) > CHARACTERS:
        return f"{value[:CHARACTERS]}… ({len(value):,} characters)"
    return value
