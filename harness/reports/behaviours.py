"""What a participant can see of the simulated DIP: `harness/behaviours.yaml`, with basis, settings, test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError, nearest
from harness.settings import read, shipped
from harness.spec.routing import BASES

_KEYS = {"says", "basis", "source", "settings", "test"}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One behaviour in a sentence; ``test`` is a path and a name, ``tests/x/test_y.py::test_z``."""

    area: str
    says: str
    basis: str
    source: str
    """Where it is published, or whose reading it is; empty where it is assumed."""
    settings: tuple[str, ...]
    test: str


def load_behaviours(path: Path | None = None) -> tuple[Behaviour, ...]:
    """Read the list, the shipped one by default; raises ConfigurationError naming the behaviour."""
    path = path or Path(__file__).parents[1] / "behaviours.yaml"
    return tuple(
        _behaviour(area, entry, f"{path}, {area} {place}")
        for area, entries in read(path).items()
        for place, entry in enumerate(entries, start=1)
    )


def _behaviour(area: str, entry: Mapping[str, Any], where: str) -> Behaviour:
    for key in entry:
        if key not in _KEYS:
            raise ConfigurationError(f"has the unknown key '{key}'", where=where, mend=nearest(key, _KEYS))
    for key in ("says", "basis", "test"):
        if not isinstance(entry.get(key), str):
            raise ConfigurationError(f"lacks '{key}'", where=where)
    if entry["basis"] not in BASES:
        raise ConfigurationError(f"'{entry['basis']}' is no basis", where=where, mend=", ".join(BASES))
    if (entry["basis"] == "assumed") is ("source" in entry):
        raise ConfigurationError(
            "has a source and is assumed, or has none and isn't",
            where=where,
            mend="Name with 'source' where it is published, or whose reading it is.",
        )
    settings = tuple(entry.get("settings", ()))
    for name in settings:
        if name not in shipped():
            raise ConfigurationError(f"'{name}' is no setting", where=where, mend=nearest(name, shipped()))
    return Behaviour(
        area, entry["says"], entry["basis"], entry.get("source", ""), settings, f"tests/{entry['test']}"
    )
