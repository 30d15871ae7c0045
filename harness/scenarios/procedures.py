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

from harness.errors import ConfigurationError
from harness.scenarios.parameters import filled
from harness.scenarios.parts import arguments, contents, file_of, parameters_of

KIND = "procedure"
_KEYS = ("procedure", "title", "parameters", "steps")

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
        procedure = read(file_of(KIND, name, where))
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
    return name, values


@lru_cache(maxsize=256)
def read(path: Path) -> Procedure:
    """Read one procedure file; raises ConfigurationError naming file and place."""
    data = contents(path, KIND, _KEYS)
    if not isinstance(data.get("steps"), list) or not data["steps"]:
        raise ConfigurationError("has no steps", where=str(path))
    return Procedure(path.stem, data.get("title", ""), parameters_of(data, path), tuple(data["steps"]), path)
