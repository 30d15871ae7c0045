"""One change between two releases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Change:
    """One change; ``message``, ``block`` and ``field`` are "" where it concerns none or several."""

    kind: str
    interfaces: tuple[str, ...]
    message: str
    block: str
    field: str
    before: str
    after: str
    summary: str

    def as_dict(self) -> dict[str, Any]:
        """Return the change as plain JSON; ``interface`` joins several ids with commas."""
        return {
            "kind": self.kind,
            "interface": ", ".join(self.interfaces),
            "interfaces": list(self.interfaces),
            "message": self.message,
            "block": self.block,
            "field": self.field,
            "before": self.before,
            "after": self.after,
            "summary": self.summary,
        }


def tell(
    kind: str,
    interfaces: tuple[str, ...],
    *,
    message: str = "",
    block: str = "",
    field: str = "",
    before: str = "",
    after: str = "",
    summary: str,
) -> Change:
    """Make a change from what is known of it."""
    return Change(kind, interfaces, message, block, field, before, after, summary)


def placed(
    change: Change, *, interfaces: tuple[str, ...] = (), message: str = "", block: str = "", field: str = ""
) -> Change:
    """Say where a change of an object's fields was found."""
    return Change(
        change.kind,
        interfaces or change.interfaces,
        message or change.message,
        block or change.block,
        field or change.field,
        change.before,
        change.after,
        change.summary,
    )


def ordered(before: Iterable[str], after: Iterable[str]) -> tuple[str, ...]:
    """Return the names of both sides, each once, in order."""
    return tuple(sorted({*before, *after}))
