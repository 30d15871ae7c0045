"""The 36 interfaces of Component Integration Testing: the count is published, the list is assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from harness.data import folder
from harness.settings import read


@dataclass(frozen=True, slots=True)
class CitScope:
    """The interfaces in scope, and why the others are not."""

    interfaces: frozenset[str]
    basis: str
    reason: str
    left_out: Mapping[str, str]


@cache
def cit_scope() -> CitScope:
    """Return the scope as shipped."""
    raw = read(folder("swagger") / "cit-scope.yaml")
    return CitScope(
        frozenset(raw["interfaces"]),
        raw["basis"],
        " ".join(raw["reason"].split()),
        MappingProxyType(dict(raw["left_out"])),
    )
