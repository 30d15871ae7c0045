"""A release as one OpenAPI 3.0 document that `harness.spec.importing` reads back to the same release (pure).

It has what the release defines, and none of the publisher's prose. What OpenAPI has no word for stands under
``x-dip-`` keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from harness.spec.importing.gathering import KEPT, named, references
from harness.spec.importing.operations import NOTE
from harness.spec.notation import Field, parse_field
from harness.spec.release import Release, Schema

_JSON = "application/json"
_SCHEMAS = "#/components/schemas/"
_CALLBACK_METHOD = "post"


def export(release: Release) -> dict[str, Any]:
    """Return the release's OpenAPI document."""
    schemas = dict(sorted(_schemas(release)))
    paths = _paths(release)
    unused = sorted(set(schemas) - _used(schemas, paths, release))
    return {
        "openapi": "3.0.3",
        "info": {"title": "DIP API, written by dip release export", "version": release.name},
        **({KEPT: unused} if unused else {}),
        "security": [{name: []} for name in release.raw_operations["security"]],
        "paths": paths,
        "components": {
            "securitySchemes": {name: dict(raw) for name, raw in release.raw_operations["security"].items()},
            "parameters": {
                name: _parameter(raw) for name, raw in release.raw_operations["parameters"].items()
            },
            "schemas": {name: _written(schema) for name, schema in schemas.items()},
        },
    }


def _schemas(release: Release) -> Iterator[tuple[str, Schema]]:
    """Yield every definition; references are bare names still."""
    for name, keywords in release.types.items():
        yield name, {"$ref": keywords} if isinstance(keywords, str) else dict(keywords)
    for room in (release.blocks, release.reports, release.api):
        for name, raw in room.items():
            yield name, _field(parse_field(name, raw)) if isinstance(raw, str) else _object(name, raw)
    for name, union in release.unions.items():
        typed = {"type": "object"} if union.get("typed") else {}
        yield name, {**typed, "oneOf": [{"$ref": message} for message in union["messages"]]}
    for name, message in release.raw_messages.items():
        yield name, _message(name, message)


def _object(name: str, raw: Mapping[str, Any]) -> Schema:
    return _body(name, raw["fields"], is_open=raw.get("open", False), untyped=raw.get("untyped", False))


def _body(name: str, fields: Mapping[str, Any], *, is_open: bool, untyped: bool) -> Schema:
    parsed = [parse_field(key, notation, where=name) for key, notation in fields.items()]
    required = [field.name for field in parsed if field.required]
    return {
        **({} if untyped else {"type": "object"}),
        **({} if is_open else {"additionalProperties": False}),
        **({"required": required} if required else {}),
        "properties": {field.name: _field(field) for field in parsed},
    }


def _field(field: Field) -> Schema:
    if field.inline:
        inline = dict(field.inline)
        if "oneOf" in inline:
            inline["oneOf"] = [{"$ref": name} for name in inline["oneOf"]]
        return inline
    if not field.is_array:
        return {"$ref": field.refers_to}
    bounds = {"minItems": field.least, "maxItems": field.most}
    return {
        "type": "array",
        "items": {"$ref": field.refers_to},
        **{key: value for key, value in bounds.items() if value is not None},
    }


def _message(name: str, raw: Mapping[str, Any]) -> Schema:
    is_open, untyped = raw.get("open", ()), raw.get("untyped", ())
    header = {
        "interfaceID": {"type": "string", "enum": [raw["interface"]]},
        "eventCode": {"type": "string", "enum": [f"[{event}]" for event in raw["events"]]},
        "schemaVersion": {"type": "string", "enum": list(raw["schemaVersions"])},
    }
    s0 = _body("S0", header, is_open="S0" in is_open, untyped="S0" in untyped)
    parts = [part for part in ("CommonBlock", "CustomBlock") if part in raw]
    bodies = {
        part: _body(f"{name}.{part}", raw[part], is_open=part in is_open, untyped=part in untyped)
        for part in parts
    }
    common = bodies["CommonBlock"]
    common["properties"] = {"S0": s0, **common["properties"]}
    common["required"] = ["S0", *common.get("required", [])]
    return {"type": "object", "additionalProperties": False, "required": parts, "properties": bodies}


def _paths(release: Release) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for raw in release.raw_operations["operations"]:
        operation: dict[str, Any] = {**({"operationId": raw["operation"]} if raw["operation"] else {})}
        operation |= _exchange(raw)
        if "callback" in raw:
            callback = raw["callback"]
            operation["callbacks"] = {
                callback["event"]: {callback["url"]: {_CALLBACK_METHOD: _exchange(callback)}}
            }
        paths.setdefault(raw["path"], {})[raw["method"].lower()] = operation
    for interface, event, message in release.validate_paths:
        item = {"type": "object", "properties": {"payload": _reference(message)}}
        body = {"type": "array", "minItems": 1, "items": item}
        paths[f"/validate/{interface}/{event}"] = {
            "post": {
                "operationId": f"validate-{interface}-{event}",
                "requestBody": {"required": True, "content": {_JSON: {"schema": body}}},
                "responses": {status: {"description": _phrase(status)} for status in ("201", "400", "500")},
            }
        }
    return paths


def _exchange(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters, body and responses of an operation or a callback."""
    parameters = [{"$ref": f"#/components/parameters/{name}"} for name in raw["parameters"]]
    body = {"required": True, "content": _content(raw["body"])} if raw["body"] else None
    return {
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": body} if body else {}),
        "responses": {status: _response(status, answer) for status, answer in raw["responses"].items()},
    }


def _response(status: str, answer: Any) -> dict[str, Any]:
    shape, headers = answer if isinstance(answer, list) else (answer, ())
    return {
        "description": _phrase(status),
        **({"headers": {name: {"schema": {"type": "string"}} for name in headers}} if headers else {}),
        **({"content": _content(shape)} if shape else {}),
    }


def _parameter(raw: Mapping[str, Any]) -> dict[str, Any]:
    plain = raw["type"] in {"string", "integer", "number", "boolean"}
    return {
        "in": raw["in"],
        "name": raw["name"],
        "required": raw["required"],
        "schema": {"type": raw["type"]} if plain else _reference(raw["type"]),
        **({NOTE: raw["note"]} if "note" in raw else {}),
    }


def _content(shape: str) -> dict[str, Any]:
    return {_JSON: {"schema": _reference(shape)}}


def _reference(name: str) -> dict[str, str]:
    return {"$ref": f"{_SCHEMAS}{name}"}


def _phrase(status: str) -> str:
    return HTTPStatus(int(status)).phrase if status.isdigit() else status


def _written(schema: Any) -> Any:
    """Turn bare names into references within the document."""
    if isinstance(schema, list):
        return [_written(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _reference(schema["$ref"])
    return {key: value if key in {"example", "enum"} else _written(value) for key, value in schema.items()}


def _used(schemas: Mapping[str, Schema], paths: Mapping[str, Any], release: Release) -> set[str]:
    types = (raw["type"] for raw in release.raw_operations["parameters"].values())
    named_there = (each for each in references(paths) if each.startswith(_SCHEMAS))
    waiting = [*(each.removeprefix(_SCHEMAS) for each in named_there), *types]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in schemas and name not in seen:
            seen.add(name)
            waiting.extend(named(schemas[name]))
    return seen
