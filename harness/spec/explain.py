"""Turn a validator's errors into findings: where, which data item, which rule, and what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import orjson

from harness.data import folder
from harness.spec.findings import Finding, finding, shown
from harness.spec.items import item_name, item_of, items
from harness.spec.release import Release, Schema, load, names

Path = tuple[str | int, ...]

# Of several rules that one value breaks, the most telling is reported.
_TELLING = ("type", "enum", "maxLength", "minLength", "pattern", "minimum", "maximum", "multipleOf")
_CODES = {
    "enum": "enum",
    "maxLength": "too-long",
    "minLength": "too-short",
    "pattern": "pattern",
    "minimum": "out-of-range",
    "maximum": "out-of-range",
    "multipleOf": "precision",
    "minItems": "too-few",
    "maxItems": "too-many",
}
_HEADER_CODES = {"interfaceID": "interface", "eventCode": "event", "schemaVersion": "schema-version"}


class _Validator(Protocol):
    def iter_errors(self, instance: Any) -> Iterator[Any]: ...


@dataclass(frozen=True, slots=True)
class _Fault:
    """One broken rule: where, and which keyword of the place's schema."""

    path: Path
    keyword: str


@dataclass(frozen=True, slots=True)
class Rename:
    """A field that was called otherwise in another release or in published examples."""

    now: str
    before: str
    where: str


def explain(
    release: Release,
    message: str,
    payload: Any,
    validator: _Validator,
    locate: Callable[[Path], str],
    prefix: str,
) -> list[Finding]:
    """Explain every error of a payload, at most one finding per place."""
    schema = release.schema(message)
    faults = _faults(validator.iter_errors(payload))
    unknown = {fault.path for fault in faults if fault.keyword == "additionalProperties"}
    findings = []
    for fault in faults:
        place = _Place.at(schema, payload, fault.path)
        if fault.keyword == "required" and _sent_under_old_name(place, unknown):
            continue
        findings.append(_finding(release, message, place, fault.keyword, prefix + locate(fault.path)))
    return findings


def _faults(errors: Iterator[Any]) -> list[_Fault]:
    by_place: dict[Path, _Fault] = {}
    for error in errors:
        keyword, path = str(error.schema_path[-1]), tuple(error.instance_path)
        if keyword == "required":
            places: Sequence[Path] = [(*path, error.kind.property)]
        elif keyword == "additionalProperties":
            places = [(*path, name) for name in error.kind.unexpected]
        else:
            places = [path]
        for place in places:
            known = by_place.get(place)
            if known is None or _rank(keyword) < _rank(known.keyword):
                by_place[place] = _Fault(place, keyword)
    return list(by_place.values())


def _rank(keyword: str) -> int:
    return _TELLING.index(keyword) if keyword in _TELLING else len(_TELLING)


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in a payload: its name, schema and value, and the object around it."""

    path: Path
    schema: Schema
    value: Any
    parent: Schema
    siblings: Any
    block: str

    @classmethod
    def at(cls, schema: Schema, payload: Any, path: Path) -> _Place:
        parent: Schema = {}
        node, value, siblings, block = schema, payload, None, ""
        for part in path:
            siblings = value
            if isinstance(part, int):
                node = node.get("items", {})
                value = value[part]
            else:
                parent, block = node, node.get("x-block", block)
                node = node.get("properties", {}).get(part, {})
                value = value.get(part) if isinstance(value, dict) else None
        return cls(path, node, value, parent, siblings, block)

    @property
    def name(self) -> str:
        """Return the field's name; an array's item goes by the array's."""
        return next((part for part in reversed(self.path) if isinstance(part, str)), "payload")

    @property
    def item(self) -> str:
        """Return the data item id, or ""."""
        found = item_of(self.block, self.name)
        named = re.match(r"DI-\d{3}", self.schema.get("x-item", ""))
        return found or (named[0] if named else "")


def _finding(release: Release, message: str, place: _Place, keyword: str, pointer: str) -> Finding:
    if keyword == "required":
        return _missing(message, place, pointer)
    if keyword == "additionalProperties":
        return _unknown(release, message, place, pointer)
    if keyword == "type":
        return _wrong_type(place, pointer)
    code = _CODES.get(keyword, keyword)
    if place.block == "S0" and keyword == "enum":
        code = _HEADER_CODES.get(place.name, code)
    limit = place.schema.get(keyword)
    return finding(
        code,
        pointer,
        f"{_titled(place)} {_complaint(keyword, limit, place.value)}.",
        rule=f"{keyword} of {_type_name(place)}",
        data_item=place.item,
        hint=_value_hint(release, place, keyword),
        expected=_expected(place, keyword),
        got=shown(place.value),
    )


def _missing(message: str, place: _Place, pointer: str) -> Finding:
    hint = ""
    renamed = next((r for r in _renames(place.block) if r.now == place.name), None)
    if renamed and isinstance(place.siblings, dict) and renamed.before in place.siblings:
        hint = f"The message has '{renamed.before}', the name in {renamed.where}; it is now '{place.name}'."
    elif place.schema.get("nullable"):
        hint = "A value that is not known is sent as null, not left out."
    return finding(
        "missing",
        pointer,
        f"{_titled(place)} is missing from {_around(message, place)}.",
        rule=f"required in {_around(message, place)}",
        data_item=place.item,
        hint=hint,
        expected=_type_name(place),
        got="nothing",
    )


def _unknown(release: Release, message: str, place: _Place, pointer: str) -> Finding:
    around = _around(message, place)
    return finding(
        "unknown-field",
        pointer,
        f"The field '{place.name}' does not belong to {around}.",
        rule=f"{around} admits no other fields",
        data_item=place.item,
        hint=_unknown_hint(release, message, place),
        expected=", ".join(place.parent.get("properties", ())),
        got=place.name,
    )


def _unknown_hint(release: Release, message: str, place: _Place) -> str:
    properties = place.parent.get("properties", {})
    for rename in _renames(place.block):
        if rename.before.casefold() == place.name.casefold() and rename.now in properties:
            return f"That is its name in {rename.where}; in API release {release.name} it is '{rename.now}'."
    for key in properties:
        item = items().get(item_of(place.block, key))
        if item and item.catalogue_key.casefold() == place.name.casefold():
            return f"The interface catalogue calls {item.id} so; in messages it is '{key}'."
    others = _other_releases(release, message, place.block, place.name)
    if others:
        around = _around(message, place)
        return f"API release {', '.join(others)} has this field in {around}; {release.name} does not."
    missing = [key for key in properties if key not in (place.siblings or {})]
    near = difflib.get_close_matches(place.name, missing or list(properties), n=1, cutoff=0.75)
    return f"Did you mean '{near[0]}'?" if near else ""


def _other_releases(release: Release, message: str, block: str, key: str) -> list[str]:
    found = []
    for name in names():
        if name != release.name:
            other = load(name)
            parts = other.raw_messages.get(message, {})
            fields = parts[block] if block in parts else other.blocks.get(block, {}).get("fields", {})
            if key in fields:
                found.append(name)
    return found


def _sent_under_old_name(place: _Place, unknown: set[Path]) -> bool:
    """Tell whether the missing field is there under a former name, which has a finding of its own."""
    before = {rename.before.casefold() for rename in _renames(place.block) if rename.now == place.name}
    return any(path[:-1] == place.path[:-1] and str(path[-1]).casefold() in before for path in unknown)


def _wrong_type(place: _Place, pointer: str) -> Finding:
    kind = place.schema.get("type", "value")
    if place.value is None:
        code, complaint = "null-not-allowed", "may not be null"
        hint = ""
        if place.name not in place.parent.get("required", ()):
            hint = "Leave the field out instead."
    else:
        code, complaint = "wrong-type", f"is {_kind(place.value)}, not {_article(kind)}"
        hint = _type_hint(kind, place.value)
    return finding(
        code,
        pointer,
        f"{_titled(place)} {complaint}.",
        rule=f"type of {_type_name(place)}",
        data_item=place.item,
        hint=hint,
        expected=f"{kind} or null" if place.schema.get("nullable") else kind,
        got=shown(place.value),
    )


def _type_hint(kind: str, value: object) -> str:
    if kind == "string" and isinstance(value, int | float) and not isinstance(value, bool):
        return f'Write it in quotes: "{shown(value)}".'
    if kind == "boolean" and isinstance(value, str):
        return "Write true or false without quotes."
    if kind in ("integer", "number") and isinstance(value, str):
        return "Write the number without quotes."
    if kind == "array":
        return "Put it in an array, also when there is one."
    return ""


def _complaint(keyword: str, limit: Any, value: Any) -> str:
    length = len(value) if isinstance(value, str | list) else 0
    sentences: Mapping[str, str] = {
        "enum": f"is {shown(value, 40)}, which is none of its values",
        "maxLength": f"is {length} characters long, {limit} at most",
        "minLength": f"is {length} characters long, {limit} at least",
        "pattern": f"is {shown(value, 40)}, which is not in the right form",
        "minimum": f"is {shown(value)}, {limit} at least",
        "maximum": f"is {shown(value)}, {limit} at most",
        "multipleOf": f"is {shown(value)}, finer than {limit}",
        "minItems": f"has {length} entries, {limit} at least",
        "maxItems": f"has {length} entries, {limit} at most",
    }
    return sentences.get(keyword, f"breaks the rule {keyword}")


def _expected(place: _Place, keyword: str) -> str:
    limit = place.schema.get(keyword)
    if keyword == "enum":
        return ", ".join("null" if value is None else str(value) for value in limit or ())
    return f"{keyword} {limit}"


def _value_hint(release: Release, place: _Place, keyword: str) -> str:
    value, schema = place.value, place.schema
    if keyword == "enum" and isinstance(value, str):
        same = [
            known
            for known in schema["enum"]
            if isinstance(known, str) and known.casefold() == value.casefold()
        ]
        if same:
            return f"Values keep their case: '{same[0]}'."
        if place.name == "schemaVersion":
            return (
                f"Messages of API release {release.name} carry this version, whatever the release is called."
            )
        item = items().get(place.item)
        if item and item.codes:
            return "; ".join(f"{code} = {meaning}" for code, meaning in list(item.codes.items())[:12])
        return ""
    if schema.get("minLength") == schema.get("maxLength") == 25:
        return "25 characters with a numeric offset, as in 2026-03-29T00:00:00+00:00; Z is not accepted."
    if keyword == "pattern" and re.search(r"\\\.\\d\{(\d)\}", str(schema.get("pattern"))):
        return f"A decimal is text with a fixed number of places, such as {schema.get('example', '1.000')}."
    if place.name == "senderUniqueReference":
        return "For instance S-IF-031-2300000001-SUP-20260329-0001."
    if keyword in ("maxLength", "minLength", "pattern") and "example" in schema:
        return f"For instance {shown(schema['example'])}."
    return ""


def _titled(place: _Place) -> str:
    named = item_name(place.item)
    place_in_array = f" (entry {place.path[-1]})" if place.path and isinstance(place.path[-1], int) else ""
    return f"{place.name}{place_in_array}" + (f", {place.item} {named}," if named else "")


def _type_name(place: _Place) -> str:
    return str(
        place.schema.get("x-item") or place.schema.get("x-block") or place.schema.get("type", place.name)
    )


def _around(message: str, place: _Place) -> str:
    if place.block in ("CommonBlock", "CustomBlock"):
        return f"the {place.block} of {message}"
    return f"block {place.block} of {message}" if place.block else message


def _kind(value: object) -> str:
    kinds = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "text",
        list: "an array",
        dict: "an object",
    }
    return kinds.get(type(value), "null")


def _article(kind: str) -> str:
    return {"string": "text", "array": "an array", "object": "an object", "integer": "a whole number"}.get(
        kind, f"a {kind}"
    )


@cache
def _all_renames() -> Mapping[str, tuple[Rename, ...]]:
    raw = orjson.loads((folder("swagger") / "renamed-fields.json").read_bytes())
    return {
        block: tuple(Rename(entry["now"], entry["before"], entry["where"]) for entry in entries)
        for block, entries in raw.items()
    }


def _renames(block: str) -> tuple[Rename, ...]:
    return _all_renames().get(block, ())
