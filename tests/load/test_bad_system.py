"""A system that is slow, loses or throttles is noticed, and the right threshold is named.

``DIP_LOAD_REPEATS`` plays each so many times; `.ci/nightly` asks for 20.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from harness.evidence.verdicts import Verdict
from load.figures import Result

REPEATS = range(int(os.environ.get("DIP_LOAD_REPEATS", "1")))
LIMITS = [
    {"measure": "answer_p50_ms", "at_most": 5_000, "basis": "assumed", "source": "a test"},
    {"measure": "accepted_share", "at_least": 1.0, "basis": "assumed", "source": "a test"},
    {"measure": "lost", "at_most": 0, "basis": "assumed", "source": "a test"},
]
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "latency": ("answer_p50_ms", {"fault": "latency", "at": "ingress", "seconds": 7}, {}),
    "loss": (
        "lost",
        {"fault": "drop", "at": "delivery", "when": "before", "channel": "IF-033", "times": 3},
        {"delivery.attempts": 1},
    ),
    "throttle": ("accepted_share", {"fault": "status", "at": "ingress", "status": 429, "times": 20}, {}),
}


@pytest.mark.parametrize("_repeat", REPEATS)
@pytest.mark.parametrize("name", CASES)
def test_the_verdict_is_fail_and_names_the_threshold(
    name: str, _repeat: int, played: Callable[..., Result]
) -> None:
    """One fault in the simulated hub makes the one limit fail that it touches, and no other."""
    measure, fault, settings = CASES[name]
    shape = [{"seconds": 2, "rate": 20}]
    found = played(faults=[fault], limits=LIMITS, settings=settings, shape=shape)
    missed = [check.limit.measure for check in found.judgement.checks if not check.passed]
    assert missed == [measure]
    assert found.judgement.verdict is Verdict.FAIL
    assert found.judgement.reason.startswith(f"{measure} is ")
