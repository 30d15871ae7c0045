"""The quick way through a body that is right in every name and value; all others go through `examine`.

It admits nothing that `examine_body` finds an error in, and is a shortcut only: what it doesn't admit may
still be right, say in another case of its field names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

import orjson

from harness.spec.release import Release
from harness.spec.validators import validators

_ENVELOPE_DEPTH = 2
Fits = Callable[[Any], bool]
_BLOCKS = ("CommonBlock", "CustomBlock")


class Clear(NamedTuple):
    """A payload that is clear of errors."""

    payload: dict[str, Any]
    custom: bytes | None
    """Its ``CustomBlock`` as it stands in the body; None where its blocks are not the usual two in a row."""


def clear_payloads(
    release: Release, data: bytes, channel: str, *, depth: int, messages: int
) -> list[Clear] | None:
    """Return the payloads of a body that is clear of errors; None where anything needs a closer look.

    ``depth`` and ``messages`` are how many containers deep and how many messages a body may have at most.
    """
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if type(body) is not list or not 0 < len(body) <= messages:
        return None
    found: list[Clear] = []
    written: list[bytes] = []
    for entry in body:
        try:
            payload = entry["payload"]
            header = payload["CommonBlock"]["S0"]
            fits = _fits(release, channel, header["interfaceID"], header["eventCode"], depth)
        except (KeyError, TypeError):
            return None
        if fits is None or len(entry) != 1 or not fits(payload):
            return None
        custom = None
        if tuple(payload) == _BLOCKS:
            common, custom = orjson.dumps(payload["CommonBlock"]), orjson.dumps(payload["CustomBlock"])
            written.append(b'{"payload":{"CommonBlock":%b,"CustomBlock":%b}}' % (common, custom))
        else:
            written.append(orjson.dumps(entry))
        found.append(Clear(payload, custom))
    # Written anew, an object has each key once: where that gives the same bytes, none was repeated.
    return found if b"[%b]" % b",".join(written) == data else None


_KEPT: dict[tuple[int, str, str, int], Fits] = {}


def _fits(release: Release, channel: str, interface: str, code: str, depth: int) -> Fits | None:
    """Return what says whether a payload is the message that its header names in every name and value."""
    if interface != channel:
        return None
    key = (id(release), interface, code, depth)
    found = _KEPT.get(key)
    if found is None:
        message = release.message_for(interface, code[1:-1]) if code == f"[{code[1:-1]}]" else None
        if message is None or _depth(release, message.name) + _ENVELOPE_DEPTH > depth:
            return None
        found = _KEPT[key] = validators(release).closed(message.name).is_valid
    return found


@cache
def _depth(release: Release, message: str) -> float:
    """Return how many containers deep a payload that fits a message's closed schema is at most."""
    return _deepest(release.schema(message))


def _deepest(schema: Mapping[str, Any]) -> float:
    if "oneOf" in schema:
        return max(_deepest(each) for each in schema["oneOf"])
    if "properties" in schema:
        return 1 + max((_deepest(each) for each in schema["properties"].values()), default=0)
    if schema.get("type") == "array" and "items" in schema:
        return 1 + _deepest(schema["items"])
    if schema.get("type") in (None, "array", "object"):
        return math.inf
    return 0
