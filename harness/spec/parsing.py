"""From bytes to JSON values: strict, bounded, and no key is lost unseen."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from harness.errors import ConfigurationError

_KEY = re.compile(rb'"\s*:')
_WRITABLE_DEPTH = 200
"""orjson writes at most 254 containers deep."""
_NEST = bytes.maketrans(b"[]", b"{}")
_NO_BRACKET = bytes(code for code in range(256) if code not in b"[]{}")


class MalformedJsonError(ConfigurationError):
    """Bytes that are no JSON, or JSON that is nested deeper than allowed."""


class RepeatedKeys(dict[str, Any]):
    """An object whose text gave a key more than once; the last value counts, `repeated` names the keys.

    So is an object that holds one, at any depth: a plain dict has no repeated key below it either.
    """

    repeated: tuple[str, ...] = ()


def parse_json(data: bytes, *, depth: int = 64, where: str = "") -> Any:
    """Parse strict JSON (RFC 8259, UTF-8, no NaN) nested at most ``depth`` containers deep.

    An object that repeats a key comes back as `RepeatedKeys`; `harness.spec.examine` makes a finding of it.
    Raises MalformedJsonError, whose ``what`` says at which line and column.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        mend = "Save the file as UTF-8 without a byte order mark." if data[:3] == b"\xef\xbb\xbf" else ""
        raise MalformedJsonError(f"is not JSON: {error}", where=where, mend=mend) from error
    # Written anew, an object has each key once: where that gives the same bytes, none was repeated.
    if _is_shallow(data, min(depth, _WRITABLE_DEPTH)) and orjson.dumps(value) == data:
        return value
    keys = _count_keys(value, depth, where)
    # A colon follows each key, and text can only add matches: equal counts mean that no key was repeated.
    if keys != len(_KEY.findall(data)):
        value = json.loads(data, object_pairs_hook=_keep_repeats)
    return value


def _is_shallow(data: bytes, depth: int) -> bool:
    """Say whether JSON nests at most ``depth`` containers; False also where brackets in a text hide it."""
    if data.count(b"{") + data.count(b"[") <= depth:
        return True
    brackets = data.translate(_NEST, _NO_BRACKET)
    for _ in range(depth):
        brackets = brackets.replace(b"{}", b"")
        if not brackets:
            return True
    return False


def _count_keys(value: Any, room: int, where: str) -> int:
    if isinstance(value, dict):
        count, inner = len(value), list(value.values())
    elif isinstance(value, list):
        count, inner = 0, value
    else:
        return 0
    if room == 0:
        raise MalformedJsonError(
            "is nested deeper than the limit", where=where, mend="See limits.json_depth."
        )
    for item in inner:
        if isinstance(item, dict | list):
            count += _count_keys(item, room - 1, where)
    return count


def _keep_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    plain = dict(pairs)
    if len(plain) == len(pairs) and not any(_holds_repeats(value) for value in plain.values()):
        return plain
    names = [name for name, _ in pairs]
    marked = RepeatedKeys(plain)
    marked.repeated = tuple(dict.fromkeys(name for name in names if names.count(name) > 1))
    return marked


def _holds_repeats(value: Any) -> bool:
    if isinstance(value, list):
        return any(_holds_repeats(item) for item in value)
    return isinstance(value, RepeatedKeys)
