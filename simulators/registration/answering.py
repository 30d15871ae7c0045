"""Answering a request: the first broken rule refuses it, else it takes effect and is told on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from simulators.registration.case import Case, Outcome
from simulators.registration.notices import Blocks, Form, write
from simulators.registration.point import MeteringPoint
from simulators.registration.rule import Rule, refusal

Q = TypeVar("Q")


def repeated(*blocks: str) -> Callable[[Case], Blocks]:
    """Return a writer that repeats blocks of what is answered; one that it lacks is left out."""

    def write_again(case: Case) -> Blocks:
        received = case.publication.payload.get("CustomBlock") or {}
        return {block: received.get(block) for block in blocks}

    return write_again


def answer(
    case: Case,
    rows: Sequence[Rule[Q]],
    question: Q,
    accepted: Form[Any],
    refused: Form[Any],
    changed: Callable[[], tuple[MeteringPoint, ...]],
) -> Outcome:
    """Return a refusal to the sender alone, or the changed points and the outcome to all concerned.

    ``changed`` is called only for a request that breaks no rule; the first point that it returns is the one
    that the outcome is written about. The forms are written from the case.
    """
    code = refusal(rows, question)
    if code:
        return Outcome(sent=(write(refused, case, case.point, case, code=code, answers=True),))
    points = changed()
    return Outcome(points, (write(accepted, case, points[0], case, answers=True),))
