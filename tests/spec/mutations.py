"""Seeded damage to a payload: one small change somewhere, valid or not."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

Place = tuple[Any, Any]
"""A container and the key or index in it."""


def mutate(
    payload: dict[str, Any], rng: random.Random, pairs: list[tuple[str, str]]
) -> tuple[dict[str, Any], str]:
    """Return a damaged copy and what was done to it."""
    damaged = copy.deepcopy(payload)
    while True:
        name = rng.choice(list(_DAMAGE))
        places = [place for place in _places(damaged) if _fits(name, place)]
        if name in ("interface", "event", "version"):
            return _header(damaged, name, rng, pairs), name
        if places:
            container, key = rng.choice(places)
            _DAMAGE[name](container, key, rng)
            return damaged, f"{name} at {key}"


def _places(node: Any) -> Iterator[Place]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield node, key
        yield from _places(value)


def _fits(name: str, place: Place) -> bool:
    container, key = place
    value = container[key]
    if name in ("remove", "rename"):
        return isinstance(container, dict)
    if name in ("longer", "shorter", "other case", "foreign digits", "line end", "other letter", "as number"):
        return isinstance(value, str)
    if name in ("add field",):
        return isinstance(value, dict)
    if name in ("empty array", "overfull array", "bare item"):
        return isinstance(value, list)
    if name in ("float", "huge", "negative"):
        return isinstance(value, int) and not isinstance(value, bool)
    return True


def _header(
    payload: dict[str, Any], name: str, rng: random.Random, pairs: list[tuple[str, str]]
) -> dict[str, Any]:
    header = payload["CommonBlock"]["S0"]
    interface, event = rng.choice(pairs)
    if name == "interface":
        header["interfaceID"] = rng.choice([interface, interface.lower(), "IF-999", 31])
    elif name == "event":
        own = [known for same, known in pairs if same == header["interfaceID"]]
        header["eventCode"] = rng.choice([f"[{event}]", event, f"[{rng.choice(own)}]", rng.choice(own), None])
    else:
        header["schemaVersion"] = rng.choice(["001", "008", "009", "011", "012", 11])
    return payload


def _set(change: Callable[[Any, random.Random], Any]) -> Callable[[Any, Any, random.Random], None]:
    def damage(container: Any, key: Any, rng: random.Random) -> None:
        container[key] = change(container[key], rng)

    return damage


def _remove(container: Any, key: Any, _: random.Random) -> None:
    del container[key]


def _rename(container: Any, key: Any, _: random.Random) -> None:
    container[f"{key}X"] = container.pop(key)


_DAMAGE: dict[str, Callable[[Any, Any, random.Random], None]] = {
    "remove": _remove,
    "rename": _rename,
    "null": _set(lambda _, __: None),
    "other type": _set(lambda _, rng: rng.choice([1, 1.5, True, "text", [], {}, [None], {"a": 1}])),
    "as number": _set(lambda value, _: len(value)),
    "longer": _set(lambda value, rng: value + "0" * rng.choice([1, 2, 300])),
    "shorter": _set(lambda value, rng: rng.choice([value[:-1], ""])),
    "other case": _set(lambda value, _: value.swapcase()),
    "other letter": _set(lambda value, rng: value[:-1] + rng.choice("0aZ.-é")),
    "foreign digits": _set(lambda value, _: value.replace("1", "١").replace("2", "٢")),
    "line end": _set(lambda value, rng: rng.choice([value + "\n", value[:-1] + "\n"])),
    "add field": _set(lambda value, _: {**value, "surplus": 1}),
    "empty array": _set(lambda _, __: []),
    "overfull array": _set(lambda value, _: (value or [None]) * 201),
    "bare item": _set(lambda value, _: value[0] if value else {}),
    "float": _set(lambda value, rng: rng.choice([float(value), value + 0.5])),
    "huge": _set(lambda _, rng: rng.choice([10**12, 2**63, 1e300])),
    "negative": _set(lambda value, _: -value - 1),
    "interface": _remove,
    "event": _remove,
    "version": _remove,
}
