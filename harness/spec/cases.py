"""Field names matched without regard to case: the DIP's rule for what it receives.

The published API says that the DIP does not check the case of JSON field names on ingress, that values
keep theirs, and that publications carry the specification's spelling. Two keys that differ only by case are
an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from harness.spec.findings import ERROR, WARNING, Finding, finding, pointer_to
from harness.spec.parsing import RepeatedKeys
from harness.spec.release import Release, Schema

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """What an object's keys are called, and which of them hold objects."""

    names: frozenset[str]
    lowered: Mapping[str, str]
    inner: Mapping[str, Shape]


@dataclass(slots=True)
class Aligned:
    """A payload in the release's spelling, the findings made, and how renamed keys were sent."""

    payload: Any = None
    findings: list[Finding] = field(default_factory=list)
    sent_as: dict[Path, str] = field(default_factory=dict)

    def pointer(self, path: Path) -> str:
        """Return the JSON Pointer of an aligned path in the payload as it was sent."""
        return pointer_to(self.sent_as.get(path[: end + 1], part) for end, part in enumerate(path))


def lookup(value: Any, name: str) -> Any:
    """Return the value of ``name`` in an object, exact key first, then without regard to case; else None."""
    if not isinstance(value, dict):
        return None
    if name in value:
        return value[name]
    lowered = name.casefold()
    return next((inner for key, inner in value.items() if key.casefold() == lowered), None)


@cache
def shape_of(release: Release, message: str) -> Shape:
    """Return the shape of a message's payload."""
    shape = _shape(release.schema(message))
    assert shape is not None
    return shape


def _shape(schema: Schema) -> Shape | None:
    if "items" in schema:
        return _shape(schema["items"])
    properties: Mapping[str, Schema] | None = schema.get("properties")
    if properties is None:
        return None
    inner = {name: shape for name, node in properties.items() if (shape := _shape(node)) is not None}
    return Shape(frozenset(properties), {name.casefold(): name for name in properties}, inner)


def align(payload: Any, shape: Shape, *, exact: bool, pointer: str = "") -> Aligned:
    """Spell a payload's keys as the release does; ``exact`` (egress) makes a wrong case an error."""
    aligned = Aligned()
    aligned.payload = _align(payload, shape, (), aligned, exact, pointer)
    return aligned


def _align(value: Any, shape: Shape, path: Path, aligned: Aligned, exact: bool, pointer: str) -> Any:
    if isinstance(value, list):
        return [_align(item, shape, (*path, at), aligned, exact, pointer) for at, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if isinstance(value, RepeatedKeys):
        for name in value.repeated:
            aligned.findings.append(_repeated(name, name, pointer + aligned.pointer((*path, name))))
        value = dict(value)
    if not value.keys() <= shape.names:
        value = _rename(value, shape, path, aligned, exact, pointer)
    changed: dict[str, Any] | None = None
    for name, inner in shape.inner.items():
        if name in value:
            old = value[name]
            new = _align(old, inner, (*path, name), aligned, exact, pointer)
            if new is not old:
                changed = changed if changed is not None else dict(value)
                changed[name] = new
    return value if changed is None else changed


def _rename(
    value: dict[str, Any], shape: Shape, path: Path, aligned: Aligned, exact: bool, pointer: str
) -> dict[str, Any]:
    renamed: dict[str, Any] = {key: inner for key, inner in value.items() if key in shape.names}
    taken = {key.casefold(): key for key in renamed}
    for key, inner in value.items():
        if key in shape.names:
            continue
        lowered = key.casefold()
        place = pointer + aligned.pointer((*path,)) + pointer_to([key])
        if lowered in taken:
            aligned.findings.append(_repeated(key, taken[lowered], place))
            continue
        taken[lowered] = key
        name = shape.lowered.get(lowered, key)
        renamed[name] = inner
        if name != key:
            aligned.sent_as[*path, name] = key
            aligned.findings.append(_wrong_case(key, name, place, exact))
    return renamed


def _wrong_case(key: str, name: str, place: str, exact: bool) -> Finding:
    return finding(
        "wrong-case",
        place,
        f"The field '{key}' is spelt '{name}'.",
        rule="publications carry the specification's case" if exact else "field names keep their case",
        severity=ERROR if exact else WARNING,
        hint=""
        if exact
        else "The DIP accepts it; a recipient may not, and publications carry the specification's case.",
        expected=name,
        got=key,
    )


def _repeated(key: str, other: str, place: str) -> Finding:
    same = "twice" if key == other else f"beside '{other}', which differs only by case"
    return finding(
        "duplicate-key",
        place,
        f"The field '{key}' is there {same}.",
        rule="a field name occurs once, whatever its case",
        hint="Which of the two values counts is not defined: send one.",
        expected="one field",
        got=f"'{key}' and '{other}'",
    )
