"""Setups: what many scenarios start from, given once and put under ``given`` when a file is read.

A file ``setups/<name>.yaml`` of the catalogue holds ``setup``, ``title``, ``parameters`` (as procedures have
them) and ``given``. What the scenario gives itself goes over it, mapping by mapping; a list replaces a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError
from harness.scenarios.parameters import filled
from harness.scenarios.parts import arguments, contents, file_of, parameters_of

KIND = "setup"
_KEYS = ("setup", "title", "parameters", "given")


@dataclass(frozen=True, slots=True)
class Setup:
    """One setup file."""

    name: str
    parameters: Mapping[str, Mapping[str, Any]]
    given: Mapping[str, Any]


def with_setup(given: Any, where: Path) -> Any:
    """Return what is given with its ``setup`` put in; raises ConfigurationError for a wrong use."""
    if not isinstance(given, dict) or "setup" not in given:
        return given
    own = dict(given)
    named = own.pop("setup")
    if isinstance(named, str):
        named = {"name": named}
    if not isinstance(named, dict) or not set(named) <= {"name", "with"} or "name" not in named:
        raise ConfigurationError(
            "given/setup names no setup", where=str(where), mend="setup: {name: NAME, with: {...}}"
        )
    setup = _read(file_of(KIND, named["name"], where))
    values = arguments(f"setup '{setup.name}'", setup.parameters, named.get("with") or {}, where)
    return over(filled(dict(setup.given), values), own)


def over(below: Any, above: Any) -> Any:
    """Return ``above`` laid over ``below``: mappings key by key, all else replaced."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    laid = {key: over(below[key], above[key]) for key in below if key in above}
    return {**below, **above, **laid}


@lru_cache(maxsize=64)
def _read(path: Path) -> Setup:
    data = contents(path, KIND, _KEYS)
    if not isinstance(data.get("given"), dict):
        raise ConfigurationError("gives nothing", where=str(path), mend="Write given: {parties: ..., ...}.")
    return Setup(path.stem, parameters_of(data, path), data["given"])
