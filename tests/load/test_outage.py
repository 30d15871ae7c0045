"""The rehearsal of a long outage in little: deliveries are held back, then the backlog is worked off."""

from __future__ import annotations

from collections.abc import Callable

from harness.evidence.verdicts import Verdict
from load.figures import Result, as_dict


def test_the_backlog_of_an_outage_is_delivered_once_and_in_order(played: Callable[..., Result]) -> None:
    """While deliveries wait messages are taken in; afterwards all of them arrive, in order, none twice."""
    limits = [
        {"measure": name, "at_most": 0, "basis": "assumed", "source": "a test"}
        for name in ("lost", "astray", "out_of_order", "repeated", "error_rate")
    ]
    limits.append({"measure": "recovery_seconds", "at_most": 60, "basis": "assumed", "source": "a test"})
    found = played(
        limits=limits,
        time_factor=36_000,  # 72 hours in 7.2 s
        shape=[{"seconds": 3600 * hours, "rate": 25} for hours in (10, 72, 10)],
        drain_seconds=30,
        disturbed=[{"at": 36_000, "for": 259_200, "faults": [{"fault": "outage", "at": ["delivery"]}]}],
    )
    told = as_dict(found)
    assert found.judgement.verdict is Verdict.PASS, found.judgement.reason
    (disturbed,) = told["disturbed"]
    width = told["slot_seconds"]
    held = [slot["delivered"] for place, slot in enumerate(told["course"]) if 2.5 < place * width < 7]
    assert disturbed[1] - disturbed[0] >= 7
    assert sum(held) == 0
    assert found.measured.values["delivery_max_ms"] > 5_000
