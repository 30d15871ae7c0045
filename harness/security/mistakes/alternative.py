"""One mistake in a string-to-sign, and what it is tried against."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came: ``date`` and ``given`` (names in lower case) from its headers.

    ``hashed`` is the right content hash of ``body``, ``expected`` the right string-to-sign.
    """

    method: str
    url: str
    body: bytes
    date: str
    hashed: str
    given: Mapping[str, str]
    expected: str


@dataclass(frozen=True, slots=True)
class Alternative(Generic[T]):
    """A value that a sender may have used; ``name`` is empty for the right one."""

    value: T
    name: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """How the four parts become text, and the text becomes what SHA-256 is taken of."""

    text: Callable[[str, str, str, str], str]
    data: Callable[[bytes], bytes] = bytes


def distinct(found: Iterable[Alternative[T]]) -> list[Alternative[T]]:
    """Keep the first alternative of each value, in order: the more telling mistake is listed first."""
    seen: dict[T, Alternative[T]] = {}
    for alternative in found:
        seen.setdefault(alternative.value, alternative)
    return list(seen.values())
