"""The load generator's benchmark: its figures come from what was sent, and it says when it says nothing."""

from __future__ import annotations

import json

import pytest

from benchmarks import load


def test_a_small_run_reaches_its_server_and_counts_every_message() -> None:
    """Two low rates: each step is counted as it was due, and every message is signed right."""
    report = load.run(steps=(20, 40), seconds=1.0)
    told = json.loads(json.dumps(report.as_dict()))
    assert [step["rate"] for step in told["steps"]] == [20, 40]
    assert told["figures"]["messages"] >= 60
    assert told["figures"]["openssl_signs_per_s"] > 100
    assert told["figures"]["signed_ahead_per_core_s"] > 0
    assert told["figures"]["late_p50_ms"] <= told["figures"]["late_p99_ms"] <= told["figures"]["late_max_ms"]
    assert not any("not accepted" in reason for reason in told["invalid"])
    assert told["missed"] == [
        f"offered_per_s is {told['figures']['offered_per_s']:,.0f}, at least 4,000 is wanted"
    ]
    assert any("offered on time" in line for line in load.lines(report))


@pytest.mark.parametrize(("late", "share"), [(0.0, 1.0), (0.02, 0.5)])
def test_a_message_counts_as_on_time_when_it_began_at_once(late: float, share: float) -> None:
    """Of two messages one is late by more than 10 ms: half of the step was on time."""
    sent = [
        load.Sent(0, n, 100.0 + n / 2, 100.0 + n / 2 + (late if n else 0.0), 100.9, 0.0, 201) for n in (0, 1)
    ]
    driven = load._Driven((load.Phase(1, 2, 2),), 100.0, tuple(sent), (), 0.0, b"", None)
    (step,) = load._steps(driven)
    assert step.on_time_share == share
    assert step.core is None
