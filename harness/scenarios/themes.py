"""Themes of the test stages: which process areas each is made of. Data that a programme replaces."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.data import folder
from harness.errors import ConfigurationError, nearest
from harness.scenarios.yaml_text import load_text_yaml

FILE = "themes.yaml"
_KEYS = ("theme", "stage", "number", "basis", "title", "areas")
_BASES = ("published", "third-party", "assumed")


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme of one stage."""

    id: str
    """Our own"""
    stage: str
    number: str
    """As it is numbered outside."""
    basis: str
    """Of its title: published, third-party or assumed."""
    title: str
    areas: tuple[str, ...]


def themes_of(path: Path) -> tuple[Theme, ...]:
    """Return the themes of the catalogue that a file or folder lies in, else the packaged ones."""
    for parent in (path.resolve(), *path.resolve().parents):
        if (parent / FILE).is_file():
            return read(parent / FILE)
    return read(folder("test_catalogue") / FILE)


def theme_of(themes: tuple[Theme, ...], stage: str, area: str) -> str:
    """Return the id of the theme that a process area belongs to; empty where none lists it."""
    return next((theme.id for theme in themes if theme.stage == stage and area in theme.areas), "")


@cache
def read(path: Path) -> tuple[Theme, ...]:
    """Read a file of themes; raises ConfigurationError naming the theme."""
    data = load_text_yaml(path)
    entries = data.get("themes") if isinstance(data, dict) else None
    if not isinstance(entries, list):
        raise ConfigurationError("holds no list 'themes'", where=str(path))
    found: list[Theme] = []
    for number, entry in enumerate(entries, start=1):
        where = f"{path}: theme {number}"
        if not isinstance(entry, dict) or not isinstance(entry.get("areas", []), list):
            raise ConfigurationError("is no mapping with a list of areas", where=where)
        for key in entry:
            if key not in _KEYS:
                raise ConfigurationError(f"'{key}' is not known", where=where, mend=nearest(key, _KEYS))
        for key in ("theme", "stage", "title"):
            if not entry.get(key):
                raise ConfigurationError(f"has no '{key}'", where=where)
        if entry.get("basis", "assumed") not in _BASES:
            raise ConfigurationError(f"basis is '{entry['basis']}'", where=where, mend=", ".join(_BASES))
        theme = Theme(
            entry["theme"],
            entry["stage"],
            entry.get("number", ""),
            entry.get("basis", "assumed"),
            entry["title"],
            tuple(entry.get("areas", ())),
        )
        taken = [area for other in found if other.stage == theme.stage for area in other.areas]
        twice = sorted(set(taken) & set(theme.areas)) or (
            [theme.id] if theme.id in [t.id for t in found] else []
        )
        if twice:
            raise ConfigurationError(f"'{twice[0]}' is there twice", where=where)
        found.append(theme)
    return tuple(found)
