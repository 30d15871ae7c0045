"""A second opinion on payloads: `jsonschema` over the published notation, apart from the harness's code."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema import Draft4Validator

from harness.data import folder
from tests.spec.source_notation import definitions

Json = Any


class Oracle:
    """Says whether a payload is valid in one release; picks the message named after the event first."""

    def __init__(self, release: str) -> None:
        """Read the release in the published notation."""
        found = list(definitions(folder("swagger") / release))
        self._types = {name: value for kind, name, value in found if kind == "type"}
        self._blocks = {name: value for kind, name, value in found if kind == "block"}
        self._messages = {name: value for kind, name, value in found if kind == "message"}
        self._api = {name: value for kind, name, value in found if kind == "api"}
        self._validators: dict[str, Draft4Validator] = {}
        self._schemas: dict[str, Json] = {}

    def is_valid(self, payload: Json) -> bool:
        """Return whether the payload conforms to the message that its header names."""
        try:
            header = payload["CommonBlock"]["S0"]
            interface, event = header["interfaceID"], header["eventCode"]
        except (KeyError, TypeError):
            return False
        name = self.message_name(interface, event)
        if name is None:
            return False
        if name not in self._validators:
            self._validators[name] = Draft4Validator(self._reference(name))
        return bool(self._validators[name].is_valid(payload))

    def message_name(self, interface: Json, event: Json) -> str | None:
        """Return the message for a header's interface and (bracketed) event."""
        carriers = [
            name
            for name, message in self._messages.items()
            if "CommonBlock" in message["parts"]
            and interface in _header(message, "interfaceID")
            and event in _header(message, "eventCode")
        ]
        named = [name for name in carriers if f"[{name.partition(str(interface) + '-')[2]}]" == event]
        return next(iter(named or carriers), None)

    def _reference(self, name: str) -> Json:
        if name not in self._schemas:
            if name in self._types:
                self._schemas[name] = self._schema(self._types[name])
            elif name in self._blocks:
                self._schemas[name] = self._object(self._blocks[name])
            elif name in self._messages:
                self._schemas[name] = self._message(self._messages[name])
            else:
                self._schemas[name] = self._schema(self._api[name])
        return self._schemas[name]

    def _message(self, message: Json) -> Json:
        properties = {
            part: self._schema(inner["schema"]) if "schema" in inner else self._object(inner)
            for part, inner in message["parts"].items()
        }
        return self._closed({"properties": properties, "required": message["required"]}, message)

    def _object(self, block: Json) -> Json:
        properties, required = {}, []
        for name, field in block["fields"].items():
            if isinstance(field, str):
                properties[name], needed = self._reference(field[:-1]), field[-1] == "!"
            elif "header" in field:
                properties[name], needed = self._object(field["header"]), field["required"]
            else:
                properties[name], needed = self._schema(field["schema"]), field["required"]
            if needed:
                required.append(name)
        return self._closed({"properties": properties, "required": required}, block)

    @staticmethod
    def _closed(schema: Json, source: Json) -> Json:
        if not schema["required"]:  # draft 4 wants one name at least
            del schema["required"]
        if source["closed"]:
            schema["additionalProperties"] = False
        if source["typed"]:
            schema["type"] = "object"
        return schema

    def _schema(self, source: Json) -> Json:
        if "$ref" in source:
            return self._reference(source["$ref"])
        schema = {key: value for key, value in source.items() if key not in ("nullable", "example", "format")}
        if "properties" in schema:
            schema["properties"] = {name: self._schema(inner) for name, inner in schema["properties"].items()}
        if "items" in schema:
            schema["items"] = self._schema(schema["items"])
        if "pattern" in schema:
            schema["pattern"] = schema["pattern"].replace(r"\d", "[0-9]").removesuffix("$") + r"\Z"
        if source.get("nullable"):
            schema = {"anyOf": [{"type": "null"}, schema]}
        return schema


def _header(message: Json, field: str) -> list[str]:
    header = message["parts"]["CommonBlock"]["fields"]["S0"]["header"]
    return header["fields"][field]["schema"]["enum"]  # type: ignore[no-any-return]


@cache
def oracle(release: str) -> Oracle:
    """Return the oracle of a release."""
    return Oracle(release)
