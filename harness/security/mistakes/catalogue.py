"""The usual mistakes in a string-to-sign, as dimensions to search.

A string-to-sign has seven things to get wrong: the method, the URL's shape and case, the date, the bytes that
are hashed, how the hash is written, and how the parts are joined and handed to the key. Every dimension lists
the right value first and then one alternative per mistake, with the hint that mends it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from harness.security.mistakes.alternative import Alternative, Form, Received, distinct
from harness.security.mistakes.bodies import digests
from harness.security.mistakes.dates import dates
from harness.security.mistakes.forms import FORMS, WRITINGS
from harness.security.mistakes.urls import CASES, shapes
from harness.security.policy import Policy


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Every dimension, the right value first in each."""

    methods: Sequence[Alternative[str]]
    shapes: Sequence[Alternative[str]]
    cases: Sequence[Alternative[Callable[[str], str]]]
    dates: Sequence[Alternative[str]]
    digests: Sequence[Alternative[bytes]]
    writings: Sequence[Alternative[Callable[[bytes], str]]]
    forms: Sequence[Alternative[Form]]


def alternatives(received: Received, policy: Policy) -> Alternatives:
    """List the usual mistakes for one request."""
    return Alternatives(
        methods=distinct(_methods(received.method)),
        shapes=distinct(shapes(received.url)),
        cases=CASES,
        dates=distinct(dates(received.date, received.given.get("date", ""))),
        digests=distinct(digests(received, policy)),
        writings=WRITINGS,
        forms=FORMS,
    )


def _methods(method: str) -> Iterator[Alternative[str]]:
    right = method.upper()
    yield Alternative(right)
    hint = "The method was signed in lower case; it goes into the string-to-sign in capitals."
    yield Alternative(method.lower(), "method-case", hint)
    yield Alternative(method, "method-case", hint)
    for other in ("POST", "GET", "PUT", "DELETE", "PATCH", ""):
        named = f"the method {other}" if other else "no method"
        yield Alternative(
            other,
            "wrong-method",
            f"The sender signed {named}, but the request was sent as {right}: sign what is sent.",
        )
