"""How one field is written in a release's files.

``B023`` is a required field of that block or type, ``B023?`` an optional one. ``B901[1..200]`` is an array
with its least and greatest number of items, ``B035[]`` one without limits. An object holds the JSON Schema
keywords of a field that has no named type; ``"optional": true`` in it makes the field optional.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.errors import SpecError

_NOTATION = re.compile(
    r"(?P<ref>[\w-]+)(?P<array>\[(?:(?P<least>\d*)\.\.(?P<most>\d*))?\])?(?P<optional>\?)?"
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field: what it refers to (or its inline keywords), whether it is required, and its array bounds."""

    name: str
    refers_to: str
    required: bool = True
    is_array: bool = False
    least: int | None = None
    most: int | None = None
    inline: Mapping[str, Any] = field(default_factory=dict)


def parse_field(name: str, notation: str | Mapping[str, Any], *, where: str = "") -> Field:
    """Read one field; raises SpecError when the notation is not understood."""
    if not isinstance(notation, str):
        keywords = {key: value for key, value in notation.items() if key != "optional"}
        return Field(name, "", required=not notation.get("optional", False), inline=keywords)
    match = _NOTATION.fullmatch(notation)
    if match is None:
        raise SpecError(
            f"field {name} has the notation {notation!r}",
            where=where,
            mend="Write it as 'B023?' or 'B901[1..]'.",
        )
    return Field(
        name,
        match["ref"],
        required=not match["optional"],
        is_array=match["array"] is not None,
        least=int(match["least"]) if match["least"] else None,
        most=int(match["most"]) if match["most"] else None,
    )
