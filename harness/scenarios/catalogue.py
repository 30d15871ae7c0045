"""Reading scenario files: YAML whose scalars are text, typed and checked by the shipped JSON Schema."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
from jsonschema import Draft202012Validator

from harness.errors import ConfigurationError, nearest
from harness.scenarios.model import STEPS, Fault, Given, Matrix, OneCase, Scenario, Step
from harness.scenarios.parameters import MERGED, filled, unmerged
from harness.scenarios.procedures import expand
from harness.scenarios.setups import with_setup
from harness.scenarios.texts import RESERVED
from harness.scenarios.themes import theme_of, themes_of
from harness.scenarios.yaml_text import load_text_yaml

_SCHEMA = Path(__file__).with_name("scenario.schema.json")
_VARIANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,39}")
_NUMBERS: Mapping[str, type[int] | type[float]] = {"integer": int, "number": float}
_TRUTH = {"true": True, "yes": True, "false": False, "no": False}
_FIELDS: Mapping[str, Mapping[str, str]] = {
    "tell": {"with": "content"},
    "legacy": {"from": "sender", "to": "recipient"},
}
"""Names in files that are not those of the values."""


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files."""
    return cast("dict[str, Any]", json.loads(_SCHEMA.read_text(encoding="utf-8")))


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


@cache
def _quick() -> jsonschema_rs.Draft202012Validator:
    """Return what decides; what explains takes a hundred times as long."""
    return jsonschema_rs.Draft202012Validator(schema())


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
    """Read one scenario file, of one with variants the first; raises ConfigurationError."""
    return read_variants(path)[0]


def read_variants(path: Path) -> tuple[Scenario, ...]:
    """Read one scenario file: one scenario per variant; raises ConfigurationError naming file and place."""
    data = load_text_yaml(path)
    if not isinstance(data, dict):
        raise ConfigurationError("is no mapping", where=str(path))
    variants = data.pop("variants", None)
    if variants is None:
        return (_read(data, path, ""),)
    _check_variants(variants, path)
    return tuple(_read(filled(data, values or {}), path, name) for name, values in variants.items())


def _check_variants(variants: Any, path: Path) -> None:
    if not isinstance(variants, dict) or not variants:
        raise ConfigurationError("variants is no mapping of name to parameters", where=str(path))
    for name, values in variants.items():
        if not _VARIANT.fullmatch(name):
            raise ConfigurationError(
                f"variant '{name}' is no plain name", where=str(path), mend="Use letters, digits and hyphens."
            )
        reserved = sorted(set(values or {}) & set(RESERVED))
        if reserved:
            raise ConfigurationError(
                f"a parameter can't be called '{reserved[0]}'", where=f"{path}, variant {name}"
            )


def _read(data: Mapping[str, Any], path: Path, variant: str) -> Scenario:
    where = f"{path}, variant {variant}" if variant else str(path)
    steps = expand(data.get("steps"), path)
    last = expand(data.get("finally"), path)
    origins = [origin for _, origin in steps]
    data = {**data, "steps": [step for step, _ in steps]} if "steps" in data else data
    data = {**data, "finally": [step for step, _ in last]} if "finally" in data else data
    data = {**data, "given": with_setup(data["given"], path)} if "given" in data else data
    if (left := unmerged(data)) is not None:
        raise ConfigurationError(
            f"at {'/'.join(left)}: '{MERGED}' stands for no mapping of a parameter",
            where=where,
            mend=f'Write "{MERGED}": "{{NAME}}", the name of a parameter that is a mapping.',
        )
    typed = _typed(data, schema())
    problems = [] if _quick().is_valid(typed) else list(_validator().iter_errors(typed))
    if problems:
        problem = min(problems, key=lambda problem: list(map(str, problem.path)))
        more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
        place = _place(list(problem.absolute_path), origins)
        raise ConfigurationError(f"at {place}: {_explain(problem)}{more}", where=where)
    return _scenario(typed, path, variant=variant, origins=tuple(origins))


def _place(path: list[Any], origins: Sequence[str]) -> str:
    """Say where in the file something is wrong, or in which step of which procedure."""
    if len(path) > 1 and path[0] == "steps" and origins[path[1]]:
        return "/".join(map(str, [f"procedure {origins[path[1]]}", *path[2:]]))
    return "/".join(map(str, path)) or "top level"


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
    if rule.get("type") == "boolean" and value in _TRUTH:
        return _TRUTH[value]
    kind = _NUMBERS.get(str(rule.get("type")))
    if kind is not None:
        try:
            return kind(value)
        except ValueError:
            return value
    return value


def _scenario(data: Mapping[str, Any], path: Path, *, variant: str, origins: tuple[str, ...]) -> Scenario:
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
        origins=origins,
        variant=variant,
        theme=theme_of(themes_of(path), data["stage"], data["area"]),
        digest=_digest(data),
        cycles=tuple(data.get("cycles", ())),
        tags=tuple(data.get("tags", ())),
    )


def _digest(data: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what decides a scenario's verdict, whatever file each part of it stands in."""
    doing = {key: data[key] for key in ("polarity", "given", "steps", "finally") if key in data}
    return hashlib.sha256(json.dumps(doing, sort_keys=True).encode()).hexdigest()


def _step(data: Mapping[str, Any]) -> Step:
    ((name, fields),) = data.items()
    if name == "fault":
        return Fault({key: value for key, value in fields.items() if key != "of"}, fields.get("of", ""))
    renamed = _FIELDS.get(name, {})
    return STEPS[name](**_tuples({renamed.get(key, key): value for key, value in fields.items()}))


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
