"""Parts of scenarios that lie in files of their own, one part a file: procedures and setups.

A file ``<kind>s/<name>.yaml`` of the catalogue says ``<kind>: <name>`` and may declare ``parameters`` (name
to ``default``, ``one_of`` and ``meaning``, all optional), which whoever uses the part fills.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.data import folder
from harness.errors import ConfigurationError, nearest
from harness.scenarios.texts import RESERVED
from harness.scenarios.yaml_text import load_text_yaml

_PARAMETER_KEYS = ("default", "one_of", "meaning")


def folder_of(kind: str) -> str:
    """Return the name of a catalogue's folder for a kind of part."""
    return f"{kind}s"


def file_of(kind: str, name: Any, where: Path) -> Path:
    """Return the file of a part in the catalogue that ``where`` lies in, else in the packaged one.

    Raises ConfigurationError with the nearest name.
    """
    own = (parent / folder_of(kind) for parent in where.resolve().parents)
    place = next((each for each in own if each.is_dir()), folder("test_catalogue") / folder_of(kind))
    path = place / f"{name}.yaml"
    if path.name != f"{name}.yaml" or not path.is_file():
        names = [path.stem for path in place.glob("*.yaml")]
        raise ConfigurationError(f"'{name}' is no {kind}", where=str(where), mend=nearest(str(name), names))
    return path


def contents(path: Path, kind: str, keys: Sequence[str]) -> Mapping[str, Any]:
    """Return what a part's file holds; raises ConfigurationError naming file and place."""
    data = load_text_yaml(path)
    if not isinstance(data, dict):
        raise ConfigurationError("is no mapping", where=str(path))
    for key in data:
        if key not in keys:
            raise ConfigurationError(f"'{key}' is not known here", where=str(path), mend=nearest(key, keys))
    if data.get(kind) != path.stem:
        raise ConfigurationError(
            "is not named as its file", where=str(path), mend=f"Write {kind}: {path.stem}."
        )
    return data


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
