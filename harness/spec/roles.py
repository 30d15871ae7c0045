"""Market roles, their DIP id prefixes, and the role groups that routing names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from harness.data import folder
from harness.errors import ConfigurationError, nearest
from harness.settings import read


@dataclass(frozen=True, slots=True)
class Role:
    """A market role as messages write it, the first two digits of its DIP ids, and that prefix's basis."""

    code: str
    name: str
    prefix: str
    prefix_basis: str


@cache
def roles() -> Mapping[str, Role]:
    """Return the concrete roles by code, the platform's own role ``DIP`` included."""
    raw = read(folder("swagger") / "roles.yaml")["roles"]
    return MappingProxyType(
        {
            code: Role(code, entry["name"], str(entry["prefix"]), entry["prefix_basis"])
            for code, entry in raw.items()
        }
    )


@cache
def groups() -> Mapping[str, tuple[str, ...]]:
    """Return the role groups: ``MS``, ``DS``, ``Public``."""
    raw = read(folder("swagger") / "roles.yaml")["groups"]
    return MappingProxyType({name: tuple(entry["roles"]) for name, entry in raw.items()})


def expand(name: str, *, where: str = "") -> tuple[str, ...]:
    """Return the concrete roles that a role or group stands for; raises ConfigurationError for neither."""
    if name in roles():
        return (name,)
    if name in groups():
        return groups()[name]
    raise ConfigurationError(
        f"'{name}' is no market role", where=where, mend=nearest(name, [*roles(), *groups()])
    )
