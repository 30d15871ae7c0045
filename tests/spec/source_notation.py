"""Rebuild, from our own files, the notation in which the published definitions were taken down.

That notation: types as JSON Schema keywords; blocks with ``"Type!"`` (required) and ``"Type?"`` fields;
messages with their parts and an explicit header; unions, API shapes and operations as published. Written
apart from `harness.spec.release` on purpose: it reads the files itself.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_ARRAY = re.compile(r"([\w-]+)\[(?:(\d*)\.\.(\d*))?\]")


def definitions(folder: Path) -> Iterator[tuple[str, str, Any]]:
    """Yield kind, name and source notation of everything that a release defines."""
    files = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    for name, keywords in files["types"].items():
        yield "type", name, {"$ref": keywords} if isinstance(keywords, str) else keywords
    for name, block in files["blocks"].items():
        yield (
            "block",
            name,
            _block(block["fields"], closed=not block.get("open"), typed=not block.get("untyped")),
        )
    for name, message in files["messages"].items():
        yield "message", name, _message(message)
    for name, report in files["reports"].items():
        if name.endswith("-CustomBlock"):
            yield "message", name, _report(report)
        else:
            yield "api", name, _shape(report)
    for name, union in files["unions"].items():
        yield "union", name, _union(union)
    for name, shape in files["api"].items():
        yield "api", name, _shape(shape)
    operations = files["operations"]
    for operation in operations["operations"]:
        yield "operation", f"{operation['method']} {operation['path']}", operation
    for name, parameter in operations["parameters"].items():
        yield "parameter", name, parameter
    for name, scheme in operations["security"].items():
        yield "security", name, scheme
    for entry in operations["validate"]:
        yield "validate", f"{entry[0]}/{entry[1]}", entry


def digest(definition: Any) -> str:
    """Return the SHA-256 of the canonical JSON: keys sorted, no spaces, ``required`` as a sorted set."""
    text = json.dumps(_canonical(definition), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: sorted(value) if key == "required" and isinstance(value, list) else _canonical(value)
            for key, value in node.items()
        }
    return [_canonical(item) for item in node] if isinstance(node, list) else node


def _block(fields: Mapping[str, Any], *, closed: bool, typed: bool) -> dict[str, Any]:
    return {
        "fields": {name: _field(notation) for name, notation in fields.items()},
        "closed": closed,
        "typed": typed,
    }


def _field(notation: str | Mapping[str, Any]) -> Any:
    schema, required = _schema(notation)
    if set(schema) == {"$ref"}:
        return schema["$ref"] + ("!" if required else "?")
    return {"schema": schema, "required": required}


def _schema(notation: str | Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    if not isinstance(notation, str):
        keywords = {key: value for key, value in notation.items() if key != "optional"}
        if "oneOf" in keywords:
            keywords["oneOf"] = [{"$ref": name} for name in keywords["oneOf"]]
        return keywords, not notation.get("optional", False)
    required, plain = not notation.endswith("?"), notation.removesuffix("?")
    array = _ARRAY.fullmatch(plain)
    if array is None:
        return {"$ref": plain}, required
    schema: dict[str, Any] = {"type": "array", "items": {"$ref": array[1]}}
    if array[2]:
        schema["minItems"] = int(array[2])
    if array[3]:
        schema["maxItems"] = int(array[3])
    return schema, required


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    is_open, untyped = message.get("open", []), message.get("untyped", [])
    versions = message["schemaVersions"]
    header = {
        "eventCode": {"enum": [f"[{event}]" for event in message["events"]], "type": "string"},
        "interfaceID": {"enum": [message["interface"]], "type": "string"},
        "schemaVersion": {"enum": versions, "example": versions[0], "type": "string"},
    }
    s0 = {
        "fields": {name: {"required": True, "schema": schema} for name, schema in header.items()},
        "closed": "S0" not in is_open,
        "typed": "S0" not in untyped,
    }
    names = [part for part in ("CommonBlock", "CustomBlock") if part in message]
    parts = {
        part: _block(message[part], closed=part not in is_open, typed=part not in untyped) for part in names
    }
    parts["CommonBlock"]["fields"]["S0"] = {"header": s0, "required": True}
    return {"parts": parts, "required": names, "closed": True, "typed": True}


def _report(report: Mapping[str, Any]) -> dict[str, Any]:
    parts = {name: {"schema": _schema(notation)[0]} for name, notation in report["fields"].items()}
    required = [name for name, notation in report["fields"].items() if _schema(notation)[1]]
    return {"parts": parts, "required": required, "closed": not report.get("open"), "typed": True}


def _union(union: Mapping[str, Any]) -> dict[str, Any]:
    typed = {"type": "object"} if union.get("typed") else {}
    return {"oneOf": [{"$ref": name} for name in union["messages"]], **typed}


def _shape(shape: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(shape, str):
        return _schema(shape)[0]
    read = {name: _schema(notation) for name, notation in shape["fields"].items()}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: inner for name, (inner, _) in read.items()},
    }
    if not shape.get("open"):
        schema["additionalProperties"] = False
    required = [name for name, (_, needed) in read.items() if needed]
    if required:
        schema["required"] = required
    return schema
