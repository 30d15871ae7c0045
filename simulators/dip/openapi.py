"""The hub's own OpenAPI document of a release: the operations that are built, every status they answer.

Statuses come from the release's operations where they are published; those that only this hub answers are
marked ``x-basis: assumed``, as is the one-line text that comes with a bare status.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from harness.spec.release import Operation, Release

ASSUMED = (400, 403, 404, 405, 408, 413, 429, 503)
"""Statuses that any path of the hub may answer, whether the release declares them or not."""
BUILT = (
    ("POST", "/dip-channel/{id}"),
    ("POST", "/dip-channel/{id}/pubconfig/{recipient-id}"),
    ("DELETE", "/dip-channel/{id}/pubconfig/{recipient-id}"),
)
"""The published operations that this hub offers; the others of a release answer 404."""
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
        if (operation.method, operation.path) in BUILT:
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
    schemas["StandardResponse"] = release.api_schema("StandardResponse")
    schemas["WebhookConfig"] = release.api_schema("WebhookConfig")
    payload = {"anyOf": [_reference(name) for name in sorted({pair.message for pair in release.pairs})]}
    item = {"type": "object", "required": ["payload"], "properties": {"payload": payload}}
    schemas["DIPMessageArray"] = {"type": "array", "minItems": 1, "items": item}
    return schemas


def _operation(release: Release, operation: Operation) -> dict[str, Any]:
    published = {
        int(status): _content("application/json", _reference(shape)) if shape else {}
        for status, shape in operation.statuses.items()
    }
    parameters: list[dict[str, Any]] = [
        {
            "in": "path",
            "name": "id",
            "required": True,
            "schema": {"type": "string", "enum": list(release.interfaces)},
        }
    ]
    if "{recipient-id}" in operation.path:
        schema = {"type": "string", "minLength": 10, "maxLength": 10}
        parameters.append({"in": "path", "name": "recipient-id", "required": True, "schema": schema})
    parameters += [_header(name) for name in _SIGNATURE_HEADERS]
    described: dict[str, Any] = {
        "parameters": parameters,
        "responses": _responses(published, (401, *ASSUMED)),
    }
    if operation.operation:
        described["operationId"] = operation.operation
    if operation.body:
        described["requestBody"] = {
            "required": True,
            **_content("application/json", _reference(operation.body)),
        }
    return described


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
            responses[str(status)] |= {"content": _TEXT, "x-basis": "assumed"}
    return responses


def _header(name: str) -> dict[str, Any]:
    return {"in": "header", "name": name, "required": True, "schema": {"type": "string"}}


def _content(media_type: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": {media_type: {"schema": schema}}}


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
