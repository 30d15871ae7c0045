"""What an imported API lacks to be a release: everything at once, so that it is mended in one go (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.errors import ConfigurationError
from harness.spec.importing.gathering import Gathered, Schema, named

MOST_FIELDS = 100_000
"""Fields of one definition with all that it refers to written out; published ones have a few hundred."""
_SHAPES = ("DIPMessage", "DIPMessageArray", "StandardResponse", "WebhookConfig")
_SEND = ("POST", "/dip-channel/{id}")
_LISTED = 20


def refuse_incomplete(gathered: Gathered, parts: Mapping[str, Any]) -> None:
    """Raise ConfigurationError with the list of what is missing."""
    missing = [*gathered.said(), *_absent(parts)]
    if missing:
        listed = "\n  ".join(missing[:_LISTED])
        rest = f"\n  and {len(missing) - _LISTED} more" if len(missing) > _LISTED else ""
        raise ConfigurationError(f"The API is incomplete. Missing:\n  {listed}{rest}")


def refuse_enormous(schemas: Mapping[str, Schema]) -> None:
    """Raise ConfigurationError for a definition that grows too large where its references are written out.

    Definitions must not contain themselves.
    """
    sizes: dict[str, int] = {}
    for start in schemas:
        waiting = [start]
        while waiting:
            name = waiting[-1]
            inner = [each for each in named(schemas[name]) if each in schemas]
            open_ones = [each for each in inner if each not in sizes]
            if open_ones:
                waiting.extend(open_ones)
                continue
            sizes[name] = 1 + len(schemas[name].get("properties", ())) + sum(sizes[each] for each in inner)
            waiting.pop()
            if sizes[name] > MOST_FIELDS:
                raise ConfigurationError(f"{name} has over {MOST_FIELDS} fields with all that it refers to")


def _absent(parts: Mapping[str, Any]) -> Iterator[str]:
    if not parts["messages"]:
        yield "messages: no definition has a CommonBlock whose S0 names interface, events and schema version"
    operations = {(each["method"], each["path"]) for each in parts["operations"]["operations"]}
    if _SEND not in operations:
        yield f"the operation {' '.join(_SEND)}"
    for shape in _SHAPES:
        if shape not in parts["api"]:
            yield f"the shape {shape}, which the operations need"
    if not parts["operations"]["security"]:
        yield "a security scheme for the API key"
    if "StandardResponse" in parts["api"] and isinstance(parts["api"]["StandardResponse"], str):
        yield "the fields of StandardResponse"
    parameters = parts["operations"]["parameters"]
    for operation in parts["operations"]["operations"]:
        for name in dict.fromkeys(operation["parameters"]):
            if name not in parameters:
                yield f"the parameter {name}, used by {operation['method']} {operation['path']}"
    for interface, event, message in parts["operations"]["validate"]:
        if message not in parts["messages"]:
            yield f"the message {message}, used by /validate/{interface}/{event}"
