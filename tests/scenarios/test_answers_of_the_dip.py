"""What the DIP itself answers to a request that is addressed to it."""

from __future__ import annotations

from typing import Any

import pytest

from harness.evidence.verdicts import Verdict
from tests.scenarios.conftest import Stage

EXCHANGE = "CIT-EXC/IF-015/ConsumptionReplay/ADS"


def _as_it_is(report: dict[str, Any]) -> None:
    assert report["receipts"], "the hub answered nothing"


def _unanswered(report: dict[str, Any]) -> None:
    report["receipts"].clear()


def _to_another(report: dict[str, Any]) -> None:
    report["receipts"][0].update(party="2500000002", role="LDSO")


@pytest.mark.parametrize(("change", "passes"), [(_as_it_is, True), (_unanswered, True), (_to_another, False)])
def test_what_the_dip_answers_is_no_stray_unless_it_is_for_another(
    stage: Stage, change: Any, passes: bool
) -> None:
    """An exchange with the DIP's replay service neither waits for its answer nor objects to it."""
    outcome, _ = stage.play(EXCHANGE, change=change)
    assert (outcome.verdict is Verdict.PASS) is passes, outcome
    assert passes or "Nobody else" in outcome.reason
