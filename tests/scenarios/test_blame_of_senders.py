"""A message that its sender made twice, or sent to somebody else, is the sender's fault and not the hub's."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from harness.evidence.verdicts import Verdict
from tests.scenarios.conftest import Stage
from tests.scenarios.process import PROCESS, case_of


@pytest.mark.parametrize("fault", ["answer-twice", "answer-elsewhere", "answer-lost"])
def test_the_sender_is_blamed(stage: Stage, tmp_path: Path, fault: str) -> None:
    """Whoever sent too much, too little or elsewhere has the next move."""
    content = copy.deepcopy(PROCESS)
    content["given"]["behaviours"]["incoming"]["seeded"] = fault
    outcome, _ = stage.play(case_of(content, tmp_path))
    assert outcome.verdict is Verdict.FAIL
    assert outcome.blame is not None
    assert outcome.blame.party == "Metering Company B (MSS)"
