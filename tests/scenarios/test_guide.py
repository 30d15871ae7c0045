"""The guide to the language: its example works, and it names every step, twin and condition that there is."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from harness.data import folder
from harness.evidence.verdicts import Verdict
from harness.scenarios.catalogue import schema
from harness.scenarios.matching import WORDS
from harness.scenarios.twins import TWINS
from tests.scenarios.conftest import Stage
from tests.scenarios.process import case_of

GUIDE = (folder("test_catalogue").parent / "docs" / "scenarios.md").read_text(encoding="utf-8")


def test_the_example_of_the_guide_passes(stage: Stage, tmp_path: Path) -> None:
    """What a reader copies from the guide runs."""
    text = re.search(r"```yaml\n(scenario:.*?)```", GUIDE, re.DOTALL)
    assert text is not None
    outcome, _ = stage.play(case_of(yaml.load(text[1], Loader=yaml.BaseLoader), tmp_path))
    assert outcome.verdict is Verdict.PASS, outcome.reason


def test_the_guide_names_everything_that_a_file_can_say() -> None:
    """A step, condition, perturbation or kind of given that is added comes into the guide."""
    rules = schema()
    known = [
        *rules["$defs"]["step"]["properties"],
        "do",
        *WORDS,
        *TWINS,
        *rules["properties"]["given"]["properties"],
    ]
    known.remove("metering_point")  # the older form of points, kept for the stage cit
    assert [name for name in known if f"`{name}" not in GUIDE and f"{name}:" not in GUIDE] == []
