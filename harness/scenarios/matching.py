"""What a scenario says of a value: equal, beginning with, one of several, absent, and so on (pure).

In a file a condition is a text (``A``; ``SP000*``: begins with) or one of the words below with its value.
Values are compared as texts; true, false and null are written so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.errors import ConfigurationError, nearest

Condition = Any
"""A text, or a mapping of one word to its value."""


def shown(value: Any) -> str:
    """Write a value as conditions and reports do."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def holds(value: Any, wanted: Condition) -> bool:
    """Say whether a value (None where nothing is there) meets a condition; raises ConfigurationError."""
    if not isinstance(wanted, Mapping):
        return _fits(value, shown(wanted))
    return all(_test(word)(value, argument) for word, argument in wanted.items())


def in_words(wanted: Condition) -> str:
    """Say what a condition expects."""
    if not isinstance(wanted, Mapping):
        return shown(wanted)
    return " and ".join(
        word.replace("_", " ")
        if argument in ("true", "yes", "")
        else f"{word.replace('_', ' ')} {_listed(argument)}"
        for word, argument in wanted.items()
    )


def _listed(argument: Any) -> str:
    return ", ".join(map(shown, argument)) if isinstance(argument, list | tuple) else shown(argument)


def _fits(value: Any, wanted: str) -> bool:
    text = shown(value)
    return text.startswith(wanted[:-1]) if wanted.endswith("*") else text == wanted


def _one_of(value: Any, wanted: Any) -> bool:
    return any(_fits(value, shown(each)) for each in wanted)


def _list(value: Any, wanted: Any) -> bool:
    return isinstance(value, list) and sorted(map(shown, value)) == sorted(map(shown, wanted))


def _includes(value: Any, wanted: Any) -> bool:
    listed = wanted if isinstance(wanted, list | tuple) else [wanted]
    return isinstance(value, list) and all(any(_fits(v, shown(w)) for v in value) for w in listed)


def _count(value: Any, wanted: Any) -> bool:
    return isinstance(value, list) and len(value) == int(wanted)


def _nothing(value: Any) -> bool:
    return value is None or value == []


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "absent": lambda value, wanted: _nothing(value) is _yes(wanted),
    "present": lambda value, wanted: _nothing(value) is not _yes(wanted),
    "one_of": _one_of,
    "not": lambda value, wanted: not _fits(value, shown(wanted)),
    "list": _list,
    "includes": _includes,
    "count": _count,
    "at_least": lambda value, wanted: value is not None and float(value) >= float(wanted),
    "at_most": lambda value, wanted: value is not None and float(value) <= float(wanted),
}
WORDS = tuple(_TESTS)


def _yes(text: Any) -> bool:
    return shown(text) in ("true", "yes", "")


def _test(word: str) -> Callable[[Any, Any], bool]:
    if word not in _TESTS:
        raise ConfigurationError(f"'{word}' is no condition", mend=nearest(word, _TESTS))
    return _TESTS[word]
