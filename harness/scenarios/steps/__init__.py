"""What each kind of step does: one function per kind, registered by the step's type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.scenarios.model import Step
from harness.scenarios.play import Play

Perform = Callable[[Any, Play], None]
PERFORM: dict[type[Step], Perform] = {}


def performs(kind: type[Step]) -> Callable[[Perform], Perform]:
    """Register the function that performs a kind of step; a second one for the same kind fails at import."""

    def register(function: Perform) -> Perform:
        if kind in PERFORM:
            raise ValueError(f"two functions perform {kind.__name__}")
        PERFORM[kind] = function
        return function

    return register
