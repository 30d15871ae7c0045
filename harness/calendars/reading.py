"""Reading calendar files: those that the harness ships, and a user's own in their place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, cast

from harness.data import folder
from harness.errors import ConfigurationError
from harness.settings import read

FILES = ("working-days", "settlement", "migration", "opening")
_SCHEMA = Path(__file__).with_name("calendars.schema.json")


def read_file(name: str, own: Path | None) -> tuple[str, Mapping[str, Any]]:
    """Return where the file ``name`` lies and what it holds, dates as dates.

    ``own`` is the user's folder: a file of the same name there stands for the shipped one. Raises
    ConfigurationError naming file and place.
    """
    path = folder("test_catalogue") / "calendars" / f"{name}.yaml"
    if own is not None and (own / path.name).is_file():
        path = own / path.name
    data = read(path)
    problem = next(_validator(name).iter_errors(_as_text(data)), None)
    if problem is not None:
        place = ".".join(map(str, problem.absolute_path)) or "top level"
        raise ConfigurationError(f"at {place}: {problem.message}", where=str(path))
    return str(path), cast("Mapping[str, Any]", _with_dates(data, str(path)))


@cache
def _validator(name: str) -> Any:
    # Imported here: the registration services read calendars, and their process is to start fast.
    from jsonschema import Draft202012Validator

    schema = json.loads(_SCHEMA.read_text(encoding="utf-8"))
    return Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"})


def _as_text(value: Any) -> Any:
    """Return what a JSON Schema can look at: YAML reads an unquoted date as a date."""
    if isinstance(value, dict):
        return {str(key): _as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_text(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def _with_dates(value: Any, where: str) -> Any:
    """Return the value with every text in the form of a date as a date."""
    if isinstance(value, dict):
        return {str(key): _with_dates(inner, where) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_dates(inner, where) for inner in value]
    if isinstance(value, str) and len(value) == 10 and value[4:5] == value[7:8] == "-":
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise ConfigurationError(f"'{value}' is no date", where=where) from error
    return value
