"""What each interface is called and for, in our own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from harness.data import folder
from harness.settings import read


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface for people to read.

    A dormant one has a published message and no process in operation: it is tried, and counted apart.
    """

    id: str
    name: str
    purpose: str
    dormant: bool


@cache
def interfaces() -> Mapping[str, Interface]:
    """Return every interface by id."""
    return MappingProxyType(
        {
            name: Interface(name, entry["name"], entry["purpose"], entry.get("dormant", False))
            for name, entry in read(folder("swagger") / "interfaces.yaml").items()
        }
    )


@cache
def dormant() -> frozenset[str]:
    """Return the ids of the interfaces that are in no stage's total."""
    return frozenset(name for name, each in interfaces().items() if each.dormant)


def interface_name(interface: str) -> str:
    """Return an interface's name, or "" for one that the file lacks (an imported release may have more)."""
    found = interfaces().get(interface)
    return found.name if found else ""
