"""Setting single places of a payload by JSON Pointer or by a dotted path that starts at a block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from harness.errors import ConfigurationError, nearest

COMMON_BLOCKS = frozenset({"S0", "S1", "S2", "A0", "D0", "M0", "M1", "R0", "R1", "P0"})
_PARTS = frozenset({"CommonBlock", "CustomBlock"})


class _Omit:
    """The type of `OMIT`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "OMIT"


OMIT: Final = _Omit()
"""As the value of an override: remove the place."""


def segments(path: str) -> tuple[str, ...]:
    """Split a path into its keys, from the payload's root down; raises ConfigurationError for a bad one."""
    if path.startswith("/"):
        return tuple(part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/"))
    parts = tuple(path.split("."))
    if not all(parts):
        raise ConfigurationError(
            f"'{path}' is no path into a message", mend="Write it as B070.appointmentScenario."
        )
    if parts[0] in _PARTS:
        return parts
    return ("CommonBlock" if parts[0] in COMMON_BLOCKS else "CustomBlock", *parts)


def pointer(parts: tuple[str | int, ...]) -> str:
    """Write keys as a JSON Pointer."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def keys_named(overrides: Mapping[str, object]) -> frozenset[str]:
    """Return every key on the way to an override's place, so that optional parts among them are included."""
    return frozenset(key for path in overrides for key in segments(path))


def apply(payload: dict[str, Any], overrides: Mapping[str, object]) -> None:
    """Set each place in the payload; raises ConfigurationError where the path leads nowhere."""
    for path, value in overrides.items():
        *way, last = segments(path)
        place: Any = payload
        for key in way:
            place = _step(place, key, path)
        _set(place, last, value, path)


def _step(place: Any, key: str, path: str) -> Any:
    if isinstance(place, list) and key.isdigit() and int(key) < len(place):
        return place[int(key)]
    if isinstance(place, dict) and key in place:
        return place[key]
    known = place if isinstance(place, dict) else ()
    raise ConfigurationError(
        f"the message has no '{key}'", where=f"override {path}", mend=nearest(key, known)
    )


def _set(place: Any, key: str, value: object, path: str) -> None:
    if isinstance(place, list):
        _step(place, key, path)
        if value is OMIT:
            del place[int(key)]
        else:
            place[int(key)] = value
    elif isinstance(place, dict):
        if value is OMIT:
            place.pop(key, None)
        else:
            place[key] = value
    else:
        raise ConfigurationError(f"'{key}' stands under a plain value", where=f"override {path}")
