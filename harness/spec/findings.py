"""What an examination reports: one finding per wrong place, in words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (``error``) or that the DIP forgives (``warning``).

    ``path`` is a JSON Pointer to the place as it was sent; for a missing field, to where it belongs.
    """

    code: str
    path: str
    rule: str
    data_item: str
    severity: str
    message: str
    hint: str
    expected: str
    got: str

    def as_dict(self) -> dict[str, str]:
        """Return the finding as plain JSON."""
        return asdict(self)


def finding(
    code: str,
    path: str,
    message: str,
    *,
    rule: str = "",
    data_item: str = "",
    severity: str = ERROR,
    hint: str = "",
    expected: str = "",
    got: str = "",
) -> Finding:
    """Make a finding from what is known of it."""
    return Finding(code, path, rule, data_item, severity, message, hint, expected, got)


def pointer_to(parts: Iterable[str | int]) -> str:
    """Write a path as a JSON Pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def shown(value: Any, limit: int = 80) -> str:
    """Write a value as JSON, cut after ``limit`` characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= limit else text[: limit - 1] + "…"
