"""Figures that no public source gives: one file, each with unit, default, basis and reason.

`harness/settings.yaml` is the list. A user overrides single values with ``DIP_SETTINGS=FILE.yaml`` (a flat
mapping of name to value); an unknown name or a value of another type is refused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml

from harness.errors import ConfigurationError, nearest

SettingValue = int | float | str | bool | list[Any]

_SHIPPED = Path(__file__).with_name("settings.yaml")


@dataclass(frozen=True, slots=True)
class Setting:
    """One figure: its name, value, unit, basis (``published``, ``third-party``, ``assumed``) and reason."""

    name: str
    value: SettingValue
    unit: str
    basis: str
    reason: str


class Settings(Mapping[str, Setting]):
    """The settings of a process, by name."""

    def __init__(self, settings: Mapping[str, Setting]) -> None:
        self._settings = dict(settings)

    def __getitem__(self, name: str) -> Setting:
        return self._settings[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._settings)

    def __len__(self) -> int:
        return len(self._settings)

    def integer(self, name: str) -> int:
        """Return a whole number."""
        return int(cast("int", self._settings[name].value))

    def number(self, name: str) -> float:
        """Return a number."""
        return float(cast("float", self._settings[name].value))

    def text(self, name: str) -> str:
        """Return a text."""
        return str(self._settings[name].value)

    def flag(self, name: str) -> bool:
        """Return a yes or no."""
        return bool(self._settings[name].value)

    def numbers(self, name: str) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        return tuple(int(v) for v in cast("list[Any]", self._settings[name].value))

    def with_values(self, values: Mapping[str, object], *, where: str) -> Settings:
        """Return a copy with some values replaced; raises ConfigurationError for a wrong name or type."""
        merged = dict(self._settings)
        for name, value in values.items():
            if name not in merged:
                raise ConfigurationError(f"'{name}' is no setting", where=where, mend=nearest(name, merged))
            old = merged[name]
            if not _same_type(old.value, value):
                kind = type(old.value).__name__
                raise ConfigurationError(f"{name} is {value!r}, expected {kind}", where=where)
            merged[name] = Setting(name, cast("SettingValue", value), old.unit, "set by the user", old.reason)
        return Settings(merged)


def _same_type(old: object, new: object) -> bool:
    if isinstance(old, bool) or isinstance(new, bool):
        return isinstance(old, bool) and isinstance(new, bool)
    if isinstance(old, int | float):
        return isinstance(new, int | float)
    return isinstance(new, type(old))


def read(path: Path) -> dict[str, Any]:
    """Read a YAML mapping; raises ConfigurationError naming the file when it can't be read or is none."""
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"can't be read as YAML: {error}", where=str(path)) from error
    if not isinstance(data, dict):
        raise ConfigurationError("is not a mapping of names to values", where=str(path))
    return cast("dict[str, Any]", data)


@cache
def shipped() -> Settings:
    """Return the settings as shipped."""
    return Settings(
        {
            name: Setting(
                name, entry["value"], entry["unit"], entry["basis"], " ".join(entry["reason"].split())
            )
            for name, entry in read(_SHIPPED).items()
        }
    )


def current() -> Settings:
    """Return the shipped settings with the user's file (``DIP_SETTINGS``) on top."""
    override = os.environ.get("DIP_SETTINGS")
    if not override:
        return shipped()
    return shipped().with_values(read(Path(override)), where=override)
