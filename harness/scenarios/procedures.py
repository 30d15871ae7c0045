"""Procedures: named lists of steps with parameters, put in the place of a step ``do`` when a file is read.

A file ``procedures/<name>.yaml`` of the catalogue holds ``procedure``, ``title``, ``parameters`` (name to
``default``, ``one_of`` and ``meaning``, all optional) and ``steps``. Procedures may do other procedures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from harness.data import folder
from harness.errors import ConfigurationError, nearest
from harness.scenarios.parameters import filled
from harness.scenarios.texts import RESERVED
from harness.scenarios.yaml_text import load_text_yaml

FOLDER = "procedures"
_KEYS = ("procedure", "title", "parameters", "steps")
_PARAMETER_KEYS = ("default", "one_of", "meaning")

Steps = list[tuple[Any, str]]
"""Steps as a file has them, each with its origin in words."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """One procedure file."""

    name: str
    title: str
    parameters: Mapping[str, Mapping[str, Any]]
    steps: tuple[Any, ...]
    file: Path


def procedures_of(path: Path) -> Path:
    """Return the folder of procedures of the catalogue that a file lies in, else the packaged one."""
    for parent in path.resolve().parents:
        if (parent / FOLDER).is_dir():
            return parent / FOLDER
    return folder("test_catalogue") / FOLDER


def expand(steps: Any, where: Path, *, doing: tuple[str, ...] = ()) -> Steps:
    """Return the steps with every ``do`` replaced; raises ConfigurationError for a cycle or a wrong use."""
    found: Steps = []
    for number, step in enumerate(steps if isinstance(steps, list) else [], start=1):
        if not isinstance(step, dict) or set(step) != {"do"}:
            origin = f"{' > '.join(doing)}, step {number}" if doing else ""
            found.append((step, origin))
            continue
        name, values = _call(step["do"], where)
        if name in doing:
            raise ConfigurationError(
                f"procedures call each other in a circle: {' > '.join((*doing, name))}", where=str(where)
            )
        procedure = read(procedures_of(where) / f"{name}.yaml")
        given = arguments(f"procedure '{name}'", procedure.parameters, values, where)
        inner = filled(list(procedure.steps), given)
        found += expand(inner, procedure.file, doing=(*doing, name))
    return found


def _call(content: Any, where: Path) -> tuple[str, Mapping[str, Any]]:
    if isinstance(content, str):
        content = {"procedure": content}
    if not isinstance(content, dict) or not isinstance(content.get("procedure"), str):
        raise ConfigurationError(
            "a step 'do' names no procedure", where=str(where), mend="do: {procedure: NAME, with: {...}}"
        )
    for key in content:
        if key not in ("procedure", "with"):
            raise ConfigurationError(
                f"'{key}' is not known in a step 'do'", where=str(where), mend="Known: procedure, with."
            )
    name, values = content["procedure"], content.get("with") or {}
    if not isinstance(values, dict):
        raise ConfigurationError(f"'with' of procedure '{name}' is no mapping", where=str(where))
    names = [path.stem for path in procedures_of(where).glob("*.yaml")]
    if name not in names:
        raise ConfigurationError(f"'{name}' is no procedure", where=str(where), mend=nearest(name, names))
    return name, values


def arguments(
    what: str, parameters: Mapping[str, Mapping[str, Any]], values: Mapping[str, Any], where: Path
) -> dict[str, Any]:
    """Return a value for each parameter; raises ConfigurationError for an unknown, missing or barred one."""
    for name in values:
        if name not in parameters:
            raise ConfigurationError(
                f"'{name}' is no parameter of {what}", where=str(where), mend=nearest(name, parameters)
            )
    chosen: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if name not in values and "default" not in parameter:
            raise ConfigurationError(f"{what} needs '{name}'", where=str(where), mend="Give it under 'with'.")
        value = values.get(name, parameter.get("default"))
        allowed = parameter.get("one_of")
        if allowed and value not in allowed:
            raise ConfigurationError(
                f"'{name}' of {what} is '{value}'", where=str(where), mend=f"Allowed: {', '.join(allowed)}."
            )
        chosen[name] = value
    return chosen


@lru_cache(maxsize=256)
def read(path: Path) -> Procedure:
    """Read one procedure file; raises ConfigurationError naming file and place."""
    data = load_text_yaml(path)
    if not isinstance(data, dict):
        raise ConfigurationError("is no mapping", where=str(path))
    for key in data:
        if key not in _KEYS:
            raise ConfigurationError(f"'{key}' is not known here", where=str(path), mend=nearest(key, _KEYS))
    if data.get("procedure") != path.stem:
        raise ConfigurationError(
            "is not named as its file", where=str(path), mend=f"Write procedure: {path.stem}."
        )
    if not isinstance(data.get("steps"), list) or not data["steps"]:
        raise ConfigurationError("has no steps", where=str(path))
    return Procedure(path.stem, data.get("title", ""), parameters_of(data, path), tuple(data["steps"]), path)


def parameters_of(data: Mapping[str, Any], path: Path) -> dict[str, Mapping[str, Any]]:
    """Return the parameters that a file declares; raises ConfigurationError naming file and place."""
    parameters = {name: given or {} for name, given in (data.get("parameters") or {}).items()}
    for name, parameter in parameters.items():
        if name in RESERVED:
            raise ConfigurationError(f"a parameter can't be called '{name}'", where=str(path))
        for key in parameter:
            if key not in _PARAMETER_KEYS:
                raise ConfigurationError(
                    f"'{key}' of parameter '{name}' is not known",
                    where=str(path),
                    mend=nearest(key, _PARAMETER_KEYS),
                )
    return parameters
