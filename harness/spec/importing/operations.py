"""The operations of a published API in the form of our release files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.errors import SpecError
from harness.spec.importing.documents import Documents, Place
from harness.spec.importing.gathering import references

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
_VALIDATE = re.compile(r"/validate/(?P<interface>[A-Z0-9-]+)/(?P<event>[A-Za-z0-9-]+)", re.IGNORECASE)
NOTE = "x-dip-note"


def read_operations(documents: Documents) -> dict[str, Any]:
    """Return the content of ``operations.json``; raises SpecError for one that our form can't hold."""
    main = documents.document(documents.main)
    components = main.get("components") or {}
    operations: list[dict[str, Any]] = []
    validate: list[list[str]] = []
    for path, methods in main["paths"].items():
        checked = _VALIDATE.fullmatch(str(path))
        for method, raw in _methods(methods):
            where = f"{documents.main}: {method.upper()} {path}"
            if checked:
                validate.append([checked["interface"], checked["event"], _validated(raw, documents, where)])
            else:
                own = [*(methods.get("parameters") or ()), *(raw.get("parameters") or ())]
                operations.append(_operation(method, str(path), raw, own, documents, where))
    return {
        "security": {
            name: {key: scheme[key] for key in ("type", "in", "name") if key in scheme}
            for name, scheme in (components.get("securitySchemes") or {}).items()
        },
        "parameters": {
            name: _parameter(raw, documents, f"{documents.main}: parameter {name}")
            for name, raw in (components.get("parameters") or {}).items()
        },
        "operations": operations,
        "validate": validate,
    }


def _methods(item: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, raw in (item or {}).items():
        if key in _METHODS:
            yield key, raw


def _operation(
    method: str, path: str, raw: Mapping[str, Any], parameters: list[Any], documents: Documents, where: str
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "method": method.upper(),
        "path": path,
        "operation": raw.get("operationId"),
        "parameters": [_parameter_name(each, documents, where) for each in parameters],
        "body": _body(raw, documents, where),
        "responses": _responses(raw, documents, where),
    }
    for event, callback in (raw.get("callbacks") or {}).items():
        for url, item in callback.items():
            for _, answer in _methods(item):
                found["callback"] = {
                    "event": event,
                    "url": url,
                    "parameters": [
                        _parameter_name(each, documents, where) for each in answer.get("parameters") or ()
                    ],
                    "body": _body(answer, documents, where),
                    "responses": _responses(answer, documents, where),
                }
    return found


def _parameter_name(raw: Any, documents: Documents, where: str) -> str:
    if not isinstance(raw, dict) or "$ref" not in raw:
        raise SpecError("has a parameter that is no component", where=where, mend="Move it to components.")
    return documents.place(str(raw["$ref"]), inside=documents.main).name


def _parameter(raw: Mapping[str, Any], documents: Documents, where: str) -> dict[str, Any]:
    if not {"in", "name", "schema"} <= set(raw):
        raise SpecError("lacks 'in', 'name' or 'schema'", where=where)
    schema = raw["schema"] or {}
    named = "$ref" in schema
    kind = documents.place(str(schema["$ref"]), inside=documents.main).name if named else schema.get("type")
    return {
        "in": raw["in"],
        "name": raw["name"],
        "type": kind,
        "required": bool(raw.get("required")),
        **({"note": raw[NOTE]} if NOTE in raw else {}),
    }


def _body(raw: Mapping[str, Any], documents: Documents, where: str) -> str | None:
    return _content(raw.get("requestBody") or {}, documents, where)


def _validated(raw: Mapping[str, Any], documents: Documents, where: str) -> str:
    """Return the one message that a validation path judges, however its body wraps it."""
    found = {documents.place(text, inside=documents.main).name for text in references(raw.get("requestBody"))}
    if len(found) != 1:
        raise SpecError(f"has a body with {len(found)} messages to validate; one is needed", where=where)
    return found.pop()


def _responses(raw: Mapping[str, Any], documents: Documents, where: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, answer in (raw.get("responses") or {}).items():
        body = _content(answer or {}, documents, f"{where}, status {status}")
        headers = list((answer or {}).get("headers") or ())
        found[str(status)] = [body, headers] if headers else body
    return found


def _content(holder: Mapping[str, Any], documents: Documents, where: str) -> str | None:
    """Return the name of the one schema of a body; None where none is declared."""
    content = holder.get("content") or {}
    names = set()
    for media in content.values():
        schema = (media or {}).get("schema")
        if not schema:
            continue
        if "$ref" not in schema:
            raise SpecError("has a body without a named schema", where=where, mend="Give it a component.")
        names.add(documents.place(str(schema["$ref"]), inside=documents.main))
    if len(names) > 1:
        raise SpecError(f"has {len(names)} different bodies", where=where)
    return _name(next(iter(names), None))


def _name(place: Place | None) -> str | None:
    return place.name if place else None
