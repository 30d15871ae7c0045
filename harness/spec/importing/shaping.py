"""Gathered schemas in the form of our release files (pure).

Which file a definition belongs to follows from what it is: a message has a header (``S0``) that fixes
interface, events and schema versions; a union offers messages; what a message holds is a block, or a part of
a report where its name begins with ``REP``; what only operations use is a shape of the API; scalars are
types.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.errors import SpecError
from harness.spec.importing.gathering import Schema, named

Parts = dict[str, dict[str, Any]]

PARTS = ("CommonBlock", "CustomBlock")
_TYPE_KEYS = (
    *("type", "format", "nullable", "minLength", "minimum", "maxLength", "maximum"),
    *("enum", "pattern", "multipleOf", "example"),
)
_HEADER = ("interfaceID", "eventCode", "schemaVersion")


def shape(schemas: Mapping[str, Schema]) -> Parts:
    """Sort the schemas into the release's files; raises SpecError for one that our form can't hold."""
    parts: Parts = {name: {} for name in ("types", "blocks", "messages", "unions", "reports", "api")}
    messages = {name for name, schema in schemas.items() if _is_message(schema)}
    held = set(_reached(schemas, messages))
    for name in sorted(schemas):
        schema = schemas[name]
        if name in messages:
            parts["messages"][name] = _message(name, schema)
        elif "oneOf" in schema and all(each.get("$ref") in messages for each in schema["oneOf"]):
            typed = {"typed": True} if schema.get("type") == "object" else {}
            parts["unions"][name] = {"messages": [each["$ref"] for each in schema["oneOf"]], **typed}
        elif "properties" in schema:
            room = ("reports" if name.startswith("REP") else "blocks") if name in held else "api"
            parts[room][name] = _object(name, schema)
        elif schema.get("type") == "array":
            parts["api"][name] = _field(schema, required=True)
        else:
            parts["types"][name] = _type(name, schema)
    return parts


def _is_message(schema: Schema) -> bool:
    header = _header(schema)
    return header is not None and all(key in header.get("properties", {}) for key in _HEADER)


def _header(schema: Schema) -> Schema | None:
    common: Schema = schema.get("properties", {}).get("CommonBlock", {})
    header: Schema | None = common.get("properties", {}).get("S0")
    return header


def _reached(schemas: Mapping[str, Schema], names: set[str]) -> Iterator[str]:
    seen, waiting = set(names), sorted(names)
    while waiting:
        for name in named(schemas[waiting.pop()]):
            if name in schemas and name not in seen:
                seen.add(name)
                waiting.append(name)
                yield name


def _type(name: str, schema: Schema) -> Any:
    if "$ref" in schema:
        return schema["$ref"]
    strange = [key for key in schema if key not in _TYPE_KEYS]
    if strange or "type" not in schema:
        raise SpecError(
            f"has the keyword '{strange[0]}', which a scalar has no use for" if strange else "says no type",
            where=name,
        )
    found = {key: schema[key] for key in _TYPE_KEYS if key in schema}
    return {key: value for key, value in found.items() if (key, value) != ("nullable", False)}


def _message(name: str, schema: Schema) -> dict[str, Any]:
    header = _header(schema) or {}
    fixed = {key: header["properties"][key].get("enum") for key in _HEADER}
    if any(not values for values in fixed.values()) or len(fixed["interfaceID"]) != 1:
        raise SpecError("its header does not fix one interface, its events and schema versions", where=name)
    parts = {part: schema["properties"][part] for part in PARTS if part in schema["properties"]}
    extra = sorted(set(schema["properties"]) - set(PARTS))
    if extra:
        raise SpecError(f"has the part '{extra[0]}' beside {' and '.join(PARTS)}", where=name)
    if sorted(schema.get("required", ())) != sorted(parts) or schema.get("additionalProperties") is not False:
        raise SpecError("is not closed, or does not require each of its parts", where=name)
    objects = {"S0": header, **parts}
    opened = [part for part, each in objects.items() if not _closed(each)]
    untyped = [part for part, each in objects.items() if each.get("type") != "object"]
    common = {
        **parts["CommonBlock"],
        "properties": {
            key: value for key, value in parts["CommonBlock"]["properties"].items() if key != "S0"
        },
    }
    bodies = {**parts, "CommonBlock": common}
    return {
        "interface": fixed["interfaceID"][0],
        "events": [str(event).strip("[]") for event in fixed["eventCode"]],
        "schemaVersions": [str(version) for version in fixed["schemaVersion"]],
        **({"open": opened} if opened else {}),
        **({"untyped": untyped} if untyped else {}),
        **{part: _fields(f"{name}.{part}", body) for part, body in bodies.items()},
    }


def _object(name: str, schema: Schema) -> dict[str, Any]:
    return {
        **({} if _closed(schema) else {"open": True}),
        **({} if schema.get("type") == "object" else {"untyped": True}),
        "fields": _fields(name, schema),
    }


def _closed(schema: Schema) -> bool:
    return schema.get("additionalProperties") is False


def _fields(name: str, schema: Schema) -> dict[str, Any]:
    properties, required = schema["properties"], schema.get("required") or ()
    unknown = sorted(set(required) - set(properties) - {"S0"})
    if unknown:
        raise SpecError(f"requires '{unknown[0]}', which it does not define", where=name)
    return {key: _field(properties[key], required=key in required) for key in sorted(properties)}


def _field(schema: Schema, *, required: bool) -> Any:
    mark = "" if required else "?"
    if "$ref" in schema:
        return schema["$ref"] + mark
    items = schema.get("items")
    if items and set(items) == {"$ref"} and set(schema) <= {"type", "items", "minItems", "maxItems"}:
        least, most = schema.get("minItems"), schema.get("maxItems")
        bounds = "" if least is None and most is None else f"{_number(least)}..{_number(most)}"
        return f"{items['$ref']}[{bounds}]{mark}"
    inline = {key: _inline(key, schema[key]) for key in sorted(schema)}
    return inline if required else {**inline, "optional": True}


def _number(bound: int | None) -> str:
    return "" if bound is None else str(bound)


def _inline(key: str, value: Any) -> Any:
    """Write a keyword of a field without a named type; ``oneOf`` lists bare names."""
    if key == "oneOf":
        return [each["$ref"] if set(each) == {"$ref"} else each for each in value]
    return value
