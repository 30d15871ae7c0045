"""YAML whose every place knows its line, so that an error can name it."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml
from jsonschema import Draft202012Validator, FormatChecker

from harness.errors import ConfigurationError, nearest

Place = tuple[str | int, ...]
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Sourced:
    """A YAML file: its data, every scalar as text, and the line of each place in it."""

    path: Path
    data: Any
    lines: Mapping[Place, int]

    def fail(self, place: Place, what: str, mend: str = "", *, at: Place | None = None) -> ConfigurationError:
        """Make the error that names file, line and place; ``at`` is where the line is taken, if elsewhere."""
        known = place if at is None else at
        while known and known not in self.lines:
            known = known[:-1]
        said = f"at {'/'.join(map(str, place))}: " if place else ""
        return ConfigurationError(
            f"{said}{what}", where=f"{self.path}, line {self.lines.get(known, 1)}", mend=mend
        )


class _Plain(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """Takes every scalar for a text: what it means, the JSON Schema says."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:  # noqa: ARG002
        """Return one tag for all; the resolver of its own tries patterns on each scalar."""
        return "tag:yaml.org,2002:str"


@contextmanager
def uncollected() -> Iterator[None]:
    """Put the cycle collector off: reading makes many objects and no circles, and it looks at them all."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@uncollected()
def read(path: Path) -> Sourced:
    """Read a YAML file; raises ConfigurationError with file and line for broken YAML or a key given twice."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"can't be read: {error}", where=str(path)) from error
    return of_node(composed(text, path), path)


def composed(text: str, path: Path) -> yaml.Node | None:
    """Return the YAML node of a text, None for an empty one.

    Raises ConfigurationError with ``path`` and line for broken YAML.
    """
    try:
        return yaml.compose(text, Loader=_Plain)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(f"is no YAML: {error.problem}", where=f"{path}, line {line}") from error
    except yaml.YAMLError as error:
        raise ConfigurationError(f"is no YAML: {error}", where=str(path)) from error


def of_node(root: yaml.Node | None, path: Path) -> Sourced:
    """Return what a node holds; raises ConfigurationError with file and line for a key given twice."""
    lines: dict[Place, int] = {}
    return Sourced(path, _value(root, (), lines, path) if root is not None else {}, lines)


def explain(problem: Any) -> str:
    """Say what a JSON Schema has against a value, with the nearest name that is allowed."""
    if problem.validator == "additionalProperties":
        unknown = _unknown(problem)
        return f"'{unknown}' is not known here. {nearest(unknown, problem.schema.get('properties', {}))}"
    if problem.validator == "enum":
        return (
            f"'{problem.instance}' is not allowed. {nearest(str(problem.instance), problem.validator_value)}"
        )
    if problem.validator == "format":
        return f"'{problem.instance}' is no date; write it as 2026-11-22"
    return str(problem.message)


def _unknown(problem: Any) -> str:
    """Return the first name that a schema doesn't know."""
    return str(sorted(set(problem.instance) - set(problem.schema.get("properties", {})))[0])


def read_checked(path: Path, schema: Mapping[str, Any], explained: Callable[[Any], str] = explain) -> Sourced:
    """Read a YAML file and hold it to a schema; raises as `read` and `checked`."""
    return checked(read(path), schema, explained)


def checked(source: Sourced, schema: Mapping[str, Any], explained: Callable[[Any], str] = explain) -> Sourced:
    """Hold a file that was read to a schema, and give its values the schema's types.

    Raises ConfigurationError with file, line and place for the first value that the schema refuses, in the
    words of ``explained``.
    """
    data = typed(source.data, schema, schema.get("$defs", {}))
    held = Sourced(source.path, data, source.lines)
    if jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True).is_valid(data):
        return held
    # What explains takes a hundred times as long as what decides.
    validator = Draft202012Validator(schema, format_checker=FormatChecker(["date"]))
    problems = sorted(validator.iter_errors(data), key=lambda each: list(map(str, each.absolute_path)))
    if problems:
        first = problems[0]
        more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
        place = tuple(first.absolute_path)
        at = (*place, _unknown(first)) if first.validator == "additionalProperties" else place
        raise held.fail(place, f"{explained(first)}{more}", at=at)
    return held


def distinct(source: Sourced, keyed: Mapping[str, str]) -> None:
    """Raise ConfigurationError where two entries of a list have one id; ``keyed`` is list to id field."""
    for name, key in keyed.items():
        seen: set[str] = set()
        for number, entry in enumerate(source.data.get(name, [])):
            if entry[key] in seen:
                raise source.fail((name, number, key), f"'{entry[key]}' stands twice in {name}")
            seen.add(entry[key])


def _value(node: yaml.Node, place: Place, lines: dict[Place, int], path: Path) -> Any:
    line = lines[place] = node.start_mark.line + 1
    if len(place) > _DEEPEST:
        raise ConfigurationError("is nested too deep, or in itself", where=f"{path}, line {line}")
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key, inner in node.value:
            if key.value in found:
                raise ConfigurationError(
                    f"'{key.value}' is given twice", where=f"{path}, line {key.start_mark.line + 1}"
                )
            found[key.value] = _value(inner, (*place, key.value), lines, path)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_value(inner, (*place, number), lines, path) for number, inner in enumerate(node.value)]
    return str(node.value)


def typed(value: Any, rule: Mapping[str, Any], definitions: Mapping[str, Any]) -> Any:
    """Turn text into the whole numbers and truth values that a JSON Schema names; the rest stays text."""
    if "$ref" in rule:
        rule = definitions[rule["$ref"].rsplit("/", 1)[1]]
    if isinstance(value, dict):
        properties, other = rule.get("properties", {}), rule.get("additionalProperties")
        return {
            key: typed(inner, properties.get(key, other if isinstance(other, dict) else {}), definitions)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [typed(inner, rule.get("items", {}), definitions) for inner in value]
    if rule.get("type") == "integer" and isinstance(value, str) and value.lstrip("-").isdecimal():
        return int(value)
    if rule.get("type") == "boolean" and value in {"true", "false"}:
        return value == "true"
    if rule.get("type") in {"array", "object"} and value in {"", "~", "null"}:
        return [] if rule["type"] == "array" else {}
    return value
