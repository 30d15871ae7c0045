"""Hides values from recipients as the rules say, in what is published and in what is replayed. Pure.

A body that has nothing to hide for a role comes back as the same object, so that nothing is parsed for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from harness.spec.obfuscation import HIDDEN, Hiding


class Masks:
    """The rules by role; without any, everything is published as it is."""

    def __init__(self, rows: Iterable[Hiding] = ()) -> None:
        self._by_role: dict[str, list[Hiding]] = {}
        for row in rows:
            for role in row.roles:
                self._by_role.setdefault(role, []).append(row)

    def body(self, body: bytes, role: str) -> bytes:
        """Return ``{"payload": ...}`` as a recipient of that role gets it."""
        rows = self._by_role.get(role)
        if not rows or not any(f'"{item}"'.encode() in body for row in rows for item in row.items):
            return body
        message = orjson.loads(body)
        common = message["payload"]["CommonBlock"]
        interface, event = common["S0"]["interfaceID"], common["S0"]["eventCode"].strip("[]")
        hidden = frozenset(item for row in rows if row.concerns(role, interface, event) for item in row.items)
        changed = _hide(message["payload"], hidden) if hidden else False
        return orjson.dumps(message) if changed else body


NOTHING_HIDDEN = Masks()


def _hide(node: Any, hidden: frozenset[str]) -> bool:
    """Put ``x`` in the place of hidden values that are there; says whether any was."""
    changed = False
    if isinstance(node, dict):
        for name, value in node.items():
            if name in hidden and isinstance(value, str):
                node[name] = HIDDEN
                changed = True
            else:
                changed = _hide(value, hidden) or changed
    elif isinstance(node, list):
        for value in node:
            changed = _hide(value, hidden) or changed
    return changed
