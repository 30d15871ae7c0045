"""Which REG code answers what: rules in rows, the first that is broken decides.

The codes' meanings are published; when each applies is mostly a third party's hint or assumed, so each row
says so. Every row of every process is listed in `RULES`, for the documentation and the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from harness.spec.codes import code as published
from harness.spec.codes import text

Q = TypeVar("Q")


@dataclass(frozen=True, slots=True)
class Rule(Generic[Q]):
    """A request about which ``broken`` says yes gets ``code``."""

    code: str
    broken: Callable[[Q], bool]
    basis: str
    """published, third-party or assumed: where the condition comes from."""
    reason: str


RULES: dict[str, tuple[Rule[Any], ...]] = {}
"""By process, in the order in which they are held against a request."""
CONSEQUENCES: dict[str, tuple[str, str]] = {}
"""Codes that answer no request but say what became of one later: the basis and the reason."""
_OFF: ContextVar[Mapping[str, list[str]]] = ContextVar(
    "rules that are switched off",
    default={},  # noqa: B039 - never changed in place
)
UNREACHABLE: dict[str, str] = {}
"""Official codes that no process gives, each with the reason."""


def rules(process: str, *rows: Rule[Q]) -> tuple[Rule[Q], ...]:
    """Register the rules of a process; raises ConfigurationError for a code that is not published."""
    if process in RULES:
        raise ValueError(f"{process} has its rules twice")
    for row in rows:
        published(row.code)
    RULES[process] = rows
    return rows


def consequence(code: str, basis: str, reason: str) -> None:
    """Register a code that is given without a rule; raises ConfigurationError where it is not published."""
    published(code)
    CONSEQUENCES[code] = (basis, reason)


def refusal(rows: Sequence[Rule[Q]], question: Q) -> str | None:
    """Return the code of the first rule that is broken, or None."""
    off = _OFF.get()
    for row in rows:
        if row.broken(question):
            if row.code not in off:
                return row.code
            off[row.code].append(f"{row.code} not answered")
    return None


@contextmanager
def without(code: str) -> Iterator[list[str]]:
    """Answer nothing with a code as long as the context lasts; yields what went unanswered."""
    passed: list[str] = []
    token = _OFF.set({**_OFF.get(), code: passed})
    try:
        yield passed
    finally:
        _OFF.reset(token)


def stated(code: str) -> str:
    """Return a code with its meaning, as it stands in a message."""
    return text(code)
