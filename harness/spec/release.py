"""One API release: its messages, interface-event pairs, operations and dereferenced schemas.

A release is a folder (`harness.spec.shelf` says where) of seven JSON files: ``types`` (scalars and aliases),
``blocks``, ``messages``, ``unions`` (payload names that offer several messages), ``reports`` (the bodies
that travel compressed), ``api`` (envelopes and status shapes) and ``operations``. `harness.spec.notation`
reads a field.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from harness.errors import ConfigurationError, SpecError, nearest
from harness.spec import shelf
from harness.spec.notation import Field, parse_field

Schema = dict[str, Any]

FILES = ("types", "blocks", "messages", "unions", "reports", "api", "operations")
DEFAULT = "2.1.0"

_HEADER_ITEMS = {"interfaceID": "DI-000", "schemaVersion": "DI-992", "eventCode": "DI-999"}


@dataclass(frozen=True, slots=True)
class Pair:
    """An interface and one of its events (without brackets), and the message that carries them."""

    interface: str
    event: str
    message: str
    report: bool


@dataclass(frozen=True, slots=True)
class Message:
    """One message definition."""

    name: str
    interface: str
    events: tuple[str, ...]
    schema_versions: tuple[str, ...]
    has_custom: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """One HTTP operation: the shape of its body and of each declared status (None: no body declared)."""

    method: str
    path: str
    operation: str
    body: str | None
    statuses: Mapping[str, str | None]
    parameters: tuple[str, ...]
    callback_body: str | None
    callback_statuses: Mapping[str, str | None]


class Release:
    """An API release: `pairs` says what it can carry, `schema` is a message's dereferenced definition."""

    def __init__(self, name: str, source: Path) -> None:
        """Read the release's files; raises SpecError naming the file that is missing or malformed."""
        self.name = name
        self.source = source
        digest = hashlib.sha256()
        parts: dict[str, Any] = {}
        for part in FILES:
            path = source / f"{part}.json"
            try:
                data = path.read_bytes()
                parts[part] = orjson.loads(data)
            except (OSError, orjson.JSONDecodeError) as error:
                raise SpecError(f"can't be read as JSON: {error}", where=str(path)) from error
            digest.update(part.encode() + b"\0" + data)
        self.digest = digest.hexdigest()
        self.types: Mapping[str, Any] = parts["types"]
        self.blocks: Mapping[str, Any] = parts["blocks"]
        self.reports: Mapping[str, Any] = parts["reports"]
        self.unions: Mapping[str, Any] = parts["unions"]
        self.api: Mapping[str, Any] = parts["api"]
        self.raw_messages: Mapping[str, Any] = parts["messages"]
        self.raw_operations: Mapping[str, Any] = parts["operations"]
        self._nodes: dict[str, Schema] = {}

    def __repr__(self) -> str:
        return f"Release({self.name!r})"

    @cached_property
    def messages(self) -> Mapping[str, Message]:
        """Return every message by name."""
        return MappingProxyType(
            {
                name: Message(
                    name,
                    raw["interface"],
                    tuple(raw["events"]),
                    tuple(raw["schemaVersions"]),
                    "CustomBlock" in raw,
                )
                for name, raw in self.raw_messages.items()
            }
        )

    @cached_property
    def _by_pair(self) -> dict[tuple[str, str], Message]:
        found: dict[tuple[str, str], Message] = {}
        for message in self.messages.values():
            for event in message.events:
                named_after_event = message.name == f"{message.interface}-{event}"
                if named_after_event or (message.interface, event) not in found:
                    found[message.interface, event] = message
        return found

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Return every interface-event pair, reports (REP) last."""
        pairs = (
            Pair(interface, event, message.name, interface.startswith("REP-"))
            for (interface, event), message in self._by_pair.items()
        )
        return tuple(sorted(pairs, key=lambda pair: (pair.report, pair.interface, pair.event)))

    @cached_property
    def interfaces(self) -> tuple[str, ...]:
        """Return the interface ids, IF first, then REP."""
        return tuple(dict.fromkeys(pair.interface for pair in self.pairs))

    def events(self, interface: str) -> tuple[str, ...]:
        """Return the events of an interface, without brackets; empty when the release lacks it."""
        return tuple(pair.event for pair in self.pairs if pair.interface == interface)

    def message_for(self, interface: str, event: str) -> Message | None:
        """Return the message of a pair; where several admit the event, the one named after it (IF-020)."""
        return self._by_pair.get((interface, event))

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """Return the published operations in their published order."""
        return tuple(
            Operation(
                raw["method"],
                raw["path"],
                raw["operation"] or "",
                raw["body"],
                _statuses(raw["responses"]),
                tuple(dict.fromkeys(raw["parameters"])),
                raw.get("callback", {}).get("body"),
                _statuses(raw.get("callback", {}).get("responses", {})),
            )
            for raw in self.raw_operations["operations"]
        )

    @cached_property
    def validate_paths(self) -> tuple[tuple[str, str, str], ...]:
        """Return interface, event and message of each ``POST /validate/<interface>/<event>``."""
        return tuple((entry[0], entry[1], entry[2]) for entry in self.raw_operations["validate"])

    def schema(self, message: str) -> Schema:
        """Return a message's payload as a dereferenced OpenAPI 3.0 schema. Shared: don't change it.

        A node that comes from a named type carries ``x-item``, a block's object carries ``x-block``.
        """
        if message not in self.raw_messages and message not in self.unions:
            raise ConfigurationError(
                f"'{message}' is no message of API release {self.name}",
                mend=nearest(message, self.raw_messages),
            )
        return self._node(message)

    def api_schema(self, name: str) -> Schema:
        """Return an envelope or status shape (``StandardResponse``, ``WebhookConfig``...), dereferenced."""
        if name not in self.api and name not in self.types:
            raise ConfigurationError(
                f"'{name}' is no shape of API release {self.name}", mend=nearest(name, self.api)
            )
        return self._node(name)

    def block_schema(self, name: str) -> Schema:
        """Return a block, dereferenced."""
        if name not in self.blocks:
            raise ConfigurationError(
                f"'{name}' is no block of API release {self.name}", mend=nearest(name, self.blocks)
            )
        return self._node(name)

    def report_schema(self, name: str) -> Schema:
        """Return the body of a report, or a part of one, dereferenced (it travels compressed in P03)."""
        if name not in self.reports:
            raise ConfigurationError(
                f"'{name}' is no report body of API release {self.name}", mend=nearest(name, self.reports)
            )
        return self._node(name)

    def _node(self, name: str) -> Schema:
        if name not in self._nodes:
            self._nodes[name] = self._build(name)
        return self._nodes[name]

    def _build(self, name: str) -> Schema:
        if name in self.types:
            keywords = self.types[name]
            target = self.types[keywords] if isinstance(keywords, str) else keywords
            return {**target, "x-item": name}
        if name in self.raw_messages:
            return self._build_message(self.raw_messages[name])
        if name in self.unions:
            typed = {"type": "object"} if self.unions[name].get("typed") else {}
            return {**typed, "oneOf": [self._node(message) for message in self.unions[name]["messages"]]}
        for room in (self.blocks, self.reports, self.api):
            if name in room:
                raw = room[name]
                if isinstance(raw, str):
                    return self._field_schema(parse_field(name, raw, where=name))
                return self._object(
                    name, raw["fields"], is_open=raw.get("open", False), untyped=raw.get("untyped", False)
                )
        raise SpecError(f"refers to '{name}', which it does not define", where=f"API release {self.name}")

    def _build_message(self, raw: Mapping[str, Any]) -> Schema:
        is_open, untyped, versions = raw.get("open", ()), raw.get("untyped", ()), raw["schemaVersions"]
        header = {
            "interfaceID": {"type": "string", "enum": [raw["interface"]]},
            "schemaVersion": {"type": "string", "enum": versions, "example": versions[0]},
            "eventCode": {"type": "string", "enum": [f"[{event}]" for event in raw["events"]]},
        }
        s0 = self._object("S0", header, is_open="S0" in is_open, untyped="S0" in untyped)
        for key, item in _HEADER_ITEMS.items():
            s0["properties"][key]["x-item"] = item
        parts = [part for part in ("CommonBlock", "CustomBlock") if part in raw]
        properties = {
            part: self._object(part, raw[part], is_open=part in is_open, untyped=part in untyped)
            for part in parts
        }
        common = properties["CommonBlock"]
        common["properties"] = {"S0": s0, **common["properties"]}
        common["required"] = ["S0", *common.get("required", [])]
        return {"type": "object", "additionalProperties": False, "required": parts, "properties": properties}

    def _object(self, name: str, fields: Mapping[str, Any], *, is_open: bool, untyped: bool) -> Schema:
        parsed = [parse_field(key, notation, where=name) for key, notation in fields.items()]
        schema: Schema = {} if untyped else {"type": "object"}
        if not is_open:
            schema["additionalProperties"] = False
        required = [field.name for field in parsed if field.required]
        if required:
            schema["required"] = required
        schema["properties"] = {field.name: self._field_schema(field) for field in parsed}
        schema["x-block"] = name
        return schema

    def _field_schema(self, field: Field) -> Schema:
        if field.inline:
            return self._inline(field.inline)
        if not field.is_array:
            return self._node(field.refers_to)
        schema: Schema = {"type": "array", "items": self._node(field.refers_to)}
        if field.least is not None:
            schema["minItems"] = field.least
        if field.most is not None:
            schema["maxItems"] = field.most
        return schema

    def _inline(self, keywords: Mapping[str, Any]) -> Schema:
        """Dereference an inline schema: ``$ref`` objects, and the bare names that ``oneOf`` lists."""
        schema: Schema = {}
        for key, value in keywords.items():
            if key == "$ref":
                return self._node(value)
            if key == "oneOf":
                schema[key] = [self._node(name) for name in value]
            elif key == "items":
                schema[key] = self._inline(value)
            elif key == "properties":
                schema[key] = {name: self._inline(inner) for name, inner in value.items()}
            else:
                schema[key] = value
        return schema


def _statuses(raw: Mapping[str, Any]) -> Mapping[str, str | None]:
    """Read declared statuses; a shape with declared headers is written as ``[shape, [headers]]``."""
    return MappingProxyType(
        {status: body[0] if isinstance(body, list) else body for status, body in raw.items()}
    )


@cache
def names() -> tuple[str, ...]:
    """Return the releases that can be used, shipped and imported, oldest first."""
    return shelf.ordered({*shelf.shipped(), *shelf.imported()})


@cache
def load(name: str) -> Release:
    """Load a release once; raises ConfigurationError with the nearest name for an unknown one.

    Of an imported one the content is held against what was imported; raises SpecError when it is another.
    """
    if name not in names():
        raise ConfigurationError(f"'{name}' is no API release", mend=nearest(name, names()))
    found = Release(name, shelf.place(name))
    if name not in shelf.shipped():
        _refuse_changes(found)
    return found


def _refuse_changes(release: Release) -> None:
    path = release.source / shelf.SOURCE
    try:
        pinned = orjson.loads(path.read_bytes())["content"]
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise SpecError(f"does not say what was imported: {error}", where=str(path)) from error
    if pinned != release.digest:
        raise SpecError(
            f"the files of API release {release.name} were changed after they were imported",
            where=str(release.source),
            mend="Import it again with --replace, under another name if both are needed.",
        )
