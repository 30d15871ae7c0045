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
    """An interface for people to read."""

    id: str
    name: str
    purpose: str


@cache
def interfaces() -> Mapping[str, Interface]:
    """Return every interface by id."""
    return MappingProxyType(
        {
            name: Interface(name, entry["name"], entry["purpose"])
            for name, entry in read(folder("swagger") / "interfaces.yaml").items()
        }
    )


def interface_name(interface: str) -> str:
    """Return an interface's name, or "" for one that the file lacks (an imported release may have more)."""
    found = interfaces().get(interface)
    return found.name if found else ""
