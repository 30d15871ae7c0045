"""The hub's own OpenAPI document of a release: its operations, with every status they answer.

Statuses come from the release's operations where they are published; those that only this hub answers are
marked ``x-basis: assumed``, as is the one-line text that comes with a bare status.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from harness.settings import current
from harness.spec.release import Operation, Release
from simulators.dip.replay import TOKEN

ASSUMED = (400, 403, 404, 405, 408, 413, 503)
"""Statuses that any path of the hub may answer, whether the release declares them or not."""
ANSWERED = frozenset({200, 201, 202, 204, 206, 401, 429, *ASSUMED})
"""Every status that the hub answers of itself; a fault on request can make it answer others."""
_ARRAYS = ("DIPMessageArray", "DIPMessageEgressArray")
"""Shapes that this document writes itself: the release's name hundreds of messages one by one."""
_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "MessageChannel": {},
    "MessageRecipientId": {},
    "MessageId": {},
    "RequeueId": {},
    "ContinuationToken": {"type": "string"},
}
"""Parameters other than the signature's; the schema is used where the release says only that it is text."""
_SIGNATURE_HEADERS = (
    "X-DIP-Signature",
    "X-DIP-Signature-Date",
    "X-DIP-Content-Hash",
    "X-DIP-Signature-Certificate",
)
_TEXT = {"text/plain": {"schema": {"type": "string"}}}


def document(release: Release, url: str) -> dict[str, Any]:
    """Build the document for a release that is mounted at ``url``."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in release.operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(release, operation)
    for interface, event, message in release.validate_paths:
        paths[f"/validate/{interface}/{event}"] = {"post": _validation(message)}
    paths["/openapi.json"] = {
        "get": {
            "summary": "This document",
            "x-basis": "assumed",
            "responses": _responses({200: _content("application/json", {"type": "object"})}, ()),
        }
    }
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Simulated DIP",
            "version": release.name,
            "description": (
                "What this simulated DIP offers of the release. Paths are matched without regard to case. "
                "Every connection needs a client certificate. Other paths answer 404, other methods 405."
            ),
        },
        "servers": [{"url": url}],
        "security": [{"ApiKeyAuth": []}],
        "paths": paths,
        "x-any-other-path": {str(status): HTTPStatus(status).phrase for status in ASSUMED},
        "components": {
            "securitySchemes": {"ApiKeyAuth": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
            "schemas": _schemas(release),
        },
    }


def _schemas(release: Release) -> dict[str, Any]:
    messages = {pair.message for pair in release.pairs} | {entry[2] for entry in release.validate_paths}
    schemas: dict[str, Any] = {name: release.schema(name) for name in sorted(messages)}
    for operation in release.operations:
        for shape in (operation.body, *operation.statuses.values()):
            if shape is not None and shape not in _ARRAYS:
                schemas[shape] = release.api_schema(shape)
    payload = {"anyOf": [_reference(name) for name in sorted({pair.message for pair in release.pairs})]}
    item = {"type": "object", "required": ["payload"], "properties": {"payload": payload}}
    for name in _ARRAYS:
        schemas[name] = {"type": "array", "minItems": 1, "items": item}
    return schemas


def _operation(release: Release, operation: Operation) -> dict[str, Any]:
    published = {
        int(status): _content("application/json", _reference(shape)) if shape else {}
        for status, shape in operation.statuses.items()
    }
    parameters = [_parameter(release, name) for name in _PARAMETERS if name in operation.parameters]
    parameters += [_header(name) for name in _SIGNATURE_HEADERS]
    described: dict[str, Any] = {
        "parameters": parameters,
        "responses": _responses(published, (*_own(operation), 401, *ASSUMED)),
    }
    if 206 in published:
        described["responses"]["206"]["headers"] = {TOKEN: {"required": True, "schema": {"type": "string"}}}
    if operation.operation:
        described["operationId"] = operation.operation
    if operation.body:
        described["requestBody"] = {
            "required": True,
            **_content("application/json", _reference(operation.body)),
        }
    return described


def _own(operation: Operation) -> tuple[int, ...]:
    """Return the status of this hub's own: what a replay that finds nothing answers."""
    return (current().integer("replay.empty_status"),) if "/replay/" in operation.path else ()


def _parameter(release: Release, name: str) -> dict[str, Any]:
    raw = release.raw_operations["parameters"][name]
    schema = _PARAMETERS[name] if raw["type"] == "string" else release.api_schema(raw["type"])
    if name == "MessageChannel":
        schema = {"type": "string", "enum": list(release.interfaces)}
    return {"in": raw["in"], "name": raw["name"], "required": raw["required"], "schema": schema}


def _validation(message: str) -> dict[str, Any]:
    text: dict[str, Any] = {"content": _TEXT}
    return {
        "summary": f"Judge one {message}; debugging only, unsigned",
        "security": [],
        "requestBody": {"required": True, **_content("application/json", _reference(message))},
        "responses": _responses({201: text, 400: text}, ASSUMED),
    }


def _responses(published: Mapping[int, dict[str, Any]], assumed: Iterable[int]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status in sorted({*published, *assumed}):
        responses[str(status)] = {"description": HTTPStatus(status).phrase}
        if status in published:
            responses[str(status)] |= published[status]
        else:
            text: dict[str, Any] = {} if status == HTTPStatus.NO_CONTENT else {"content": _TEXT}
            responses[str(status)] |= {**text, "x-basis": "assumed"}
    return responses


def _header(name: str) -> dict[str, Any]:
    return {"in": "header", "name": name, "required": True, "schema": {"type": "string"}}


def _content(media_type: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": {media_type: {"schema": schema}}}


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
