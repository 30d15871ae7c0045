"""The shape of the value tables: a place in a message, the data item it carries, and how its value is made.

A place is a key (``meterID``), a block and a key (``B074.meterID``, or ``S2.senderRoleID`` for a block that
goes by another name in one message). The most particular place wins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from harness.errors import HarnessError
from harness.messages.story import Story

Make: TypeAlias = Callable[[Story], object]


@dataclass(frozen=True, slots=True)
class Value:
    """How a field gets its value; ``item`` is its data item, "" where the catalogue has no number."""

    item: str
    make: Make


def fixed(value: object) -> Make:
    """Return a maker that gives ``value`` in every message."""

    def make(_: Story) -> object:
        return value

    return make


Table: TypeAlias = Mapping[str, Value]


def merged(*tables: Table) -> dict[str, Value]:
    """Join tables; raises HarnessError for a place that two of them claim."""
    joined: dict[str, Value] = {}
    for table in tables:
        twice = joined.keys() & table.keys()
        if twice:
            raise HarnessError(f"two value tables give {', '.join(sorted(twice))}")
        joined.update(table)
    return joined


def find(table: Table, parent: str, block: str, key: str) -> Value | None:
    """Return the value of ``key`` in the block ``block`` that stands under the key ``parent``."""
    return table.get(f"{parent}.{key}") or table.get(f"{block}.{key}") or table.get(key)
