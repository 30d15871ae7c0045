"""A tiny schema-driven generator: valid payloads of any message, without domain sense."""

from __future__ import annotations

import random
import re
from typing import Any

from harness.spec.release import Pair, Release, Schema

_DIGITS = re.compile(r"\\d\{(\d+)(?:,(\d+))?\}\??")


def sample(release: Release, pair: Pair, rng: random.Random, *, optional: float = 0.7) -> dict[str, Any]:
    """Make a valid payload of a pair; optional fields appear with the given probability."""
    payload = value(release.schema(pair.message), rng, optional)
    payload["CommonBlock"]["S0"]["eventCode"] = f"[{pair.event}]"
    return payload  # type: ignore[no-any-return]


def value(schema: Schema, rng: random.Random, optional: float = 0.7) -> Any:
    """Make a valid value of a dereferenced schema."""
    if "properties" in schema:
        required = schema.get("required", ())
        return {
            name: value(node, rng, optional)
            for name, node in schema["properties"].items()
            if name in required or rng.random() < optional
        }
    if schema.get("nullable") and rng.random() < 0.3:
        return None
    if "enum" in schema:
        return rng.choice(schema["enum"])
    kind = schema.get("type")
    if kind == "array":
        least = schema.get("minItems", 0)
        most = min(schema.get("maxItems", least + 2), least + 2)
        return [value(schema["items"], rng, optional) for _ in range(rng.randint(least, most))]
    if kind == "boolean":
        return rng.random() < 0.5
    if kind in ("integer", "number"):
        return rng.randint(
            int(schema.get("minimum", 0)), int(schema.get("maximum", schema.get("minimum", 0) + 9))
        )
    return _text(schema, rng)


def _text(schema: Schema, rng: random.Random) -> str:
    pattern = schema.get("pattern")
    if pattern is None:
        least = schema.get("minLength", 0)
        length = rng.randint(least, min(schema.get("maxLength", least + 20), least + 20))
        return "".join(rng.choice("abcXYZ 019-é") for _ in range(length))
    if pattern.startswith("^S-"):
        return f"S-IF-031-{rng.randrange(16**10):010x}-SUP-{rng.randrange(10**8):08d}-{rng.randrange(10**6)}"
    if pattern == "^[A-Z]{4}$":
        return "".join(rng.choice("ABCXYZ") for _ in range(4))

    def digits(match: re.Match[str]) -> str:
        length = rng.randint(int(match[1]), int(match[2] or match[1]))
        return "".join(rng.choice("0123456789") for _ in range(length))

    plain = _DIGITS.sub(digits, pattern.strip("^$")).replace(r"\.", ".")
    return plain.replace("-?", rng.choice(("", "-")))
