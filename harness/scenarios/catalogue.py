"""Reading scenario files: YAML whose scalars are text, typed and checked by the shipped JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml
from jsonschema import Draft202012Validator

from harness.errors import ConfigurationError, nearest
from harness.scenarios.model import STEPS, Fault, Given, Matrix, OneCase, Scenario, Step

_SCHEMA = Path(__file__).with_name("scenario.schema.json")


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files."""
    return cast("dict[str, Any]", json.loads(_SCHEMA.read_text(encoding="utf-8")))


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def scenario_files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder that hold scenarios: those whose first key is ``scenario``."""
    for path in sorted(folder.rglob("*.yaml")):
        if is_scenario(path):
            yield path


def is_scenario(path: Path) -> bool:
    """Say whether a YAML file holds a scenario, without reading it whole."""
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    return line.startswith("scenario:")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"can't be read: {error}", where=str(path)) from error
    return False


def read_scenario(path: Path) -> Scenario:
    """Read one scenario file; raises ConfigurationError naming file, place and fix."""
    data = load_text_yaml(path)
    typed = _typed(data, schema())
    problems = sorted(_validator().iter_errors(typed), key=lambda problem: list(map(str, problem.path)))
    if problems:
        problem = problems[0]
        place = "/".join(map(str, problem.absolute_path)) or "top level"
        more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
        raise ConfigurationError(f"at {place}: {_explain(problem)}{more}", where=str(path))
    return _scenario(typed, path)


def load_text_yaml(path: Path) -> Any:
    """Read YAML with every scalar as text; raises ConfigurationError."""
    try:
        return yaml.load(
            path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)
        )
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"can't be read as YAML: {error}", where=str(path)) from error


def _explain(problem: Any) -> str:
    """Word the usual schema errors with the nearest known name."""
    if problem.validator == "additionalProperties":
        known = problem.schema.get("properties", {})
        unknown = sorted(set(problem.instance) - set(known))
        if unknown:
            return f"'{unknown[0]}' is not known here. {nearest(unknown[0], known)}"
    if problem.validator == "enum":
        known = map(str, problem.validator_value)
        return f"'{problem.instance}' is not allowed. {nearest(str(problem.instance), known)}"
    return str(problem.message)


def _typed(value: Any, rule: Mapping[str, Any]) -> Any:
    """Turn text into the types that the schema names."""
    if "$ref" in rule:
        return _typed(value, schema()["$defs"][rule["$ref"].rsplit("/", 1)[1]])
    if isinstance(value, dict):
        properties = rule.get("properties", {})
        other = rule.get("additionalProperties")
        return {
            key: _typed(inner, properties.get(key, other if isinstance(other, dict) else {}))
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_typed(inner, rule.get("items", {})) for inner in value]
    if value == "" and rule.get("type") == "object":
        return {}
    if rule.get("type") == "integer":
        try:
            return int(value)
        except ValueError:
            return value
    return value


def _scenario(data: Mapping[str, Any], path: Path) -> Scenario:
    matrix, case, given = data.get("matrix"), data.get("case"), data.get("given", {})
    if (matrix is None) == (case is None):
        raise ConfigurationError(
            "names both or neither of 'matrix' and 'case'", where=str(path), mend="Give exactly one of them."
        )
    return Scenario(
        id=data["scenario"],
        title=data["title"],
        stage=data["stage"],
        area=data["area"],
        polarity=data["polarity"],
        why=data.get("why", ""),
        requirements=tuple(data["requirements"]),
        external_ids=dict(data.get("external_ids", {})),
        releases=tuple(data.get("releases", ())),
        segments=tuple(data.get("segments", ())),
        matrix=Matrix(**_tuples(matrix)) if matrix is not None else None,
        case=OneCase(**case) if case is not None else None,
        given=Given(**_tuples(given)),
        steps=tuple(_step(step) for step in data["steps"]),
        last_steps=tuple(_step(step) for step in data.get("finally", [])),
        file=path,
    )


def _step(data: Mapping[str, Any]) -> Step:
    ((name, fields),) = data.items()
    if name == "fault":
        return Fault({key: value for key, value in fields.items() if key != "of"}, fields.get("of", ""))
    return STEPS[name](**_tuples(fields))


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
