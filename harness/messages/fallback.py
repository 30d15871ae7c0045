"""Values for fields that no table knows, as an imported release may bring them: valid, without meaning."""

from __future__ import annotations

import re
from typing import Any

from harness.clock import message_time
from harness.messages.values.table import Make, fixed

_DECIMAL = re.compile(r"\^(?:-\?)?\\d\{1,\d+\}\\\.\\d\{(?P<places>\d+)\}\$")
_OBFUSCATED = "x"


def by_type(schema: dict[str, Any]) -> Make:
    """Return a maker for a scalar: null where it may be, else an enum value, a figure or a text that fits."""
    if schema.get("nullable"):
        return fixed(None)
    if "enum" in schema:
        values = [value for value in schema["enum"] if value is not None and value != _OBFUSCATED]
        return lambda story: story.rng.choice(values)
    kind = schema.get("type")
    if kind == "boolean":
        return lambda story: story.rng.random() < 0.5
    if kind in {"integer", "number"}:
        low = int(schema.get("minimum", 0))
        high = min(int(schema.get("maximum", low + 1000)), low + 1000)
        return lambda story: story.rng.randint(low, high)
    if kind == "array":
        return fixed([])
    return _text(schema)


def _text(schema: dict[str, Any]) -> Make:
    decimal = _DECIMAL.fullmatch(schema.get("pattern", ""))
    if decimal:
        places = int(decimal["places"])
        return lambda story: f"{story.rng.uniform(1, 90):.{places}f}"
    least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 20))
    if least == most == 25:
        return lambda story: message_time(story.context.now)
    if "example" in schema and isinstance(schema["example"], str):
        example = schema["example"]
        return fixed(example)
    length = max(least, min(most, 8))
    return lambda story: "".join(story.rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(length))
