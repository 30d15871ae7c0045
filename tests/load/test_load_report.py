"""The report and the comparison of loads, from their figures alone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigurationError
from load import chart, figures
from load.comparing import compare, differences
from load.measures import MEASURES
from load.recovering import Recovery, recoveries
from load.report import page


def _load(**measures: float) -> dict[str, Any]:
    return {
        "format": 1, "run": "abc123", "profile": "NFT-X", "title": "A <title>", "sha256": "s",
        "release": "2.1.0", "scale": 1.0, "seconds": 10.0, "time_factor": 1.0,
        "rehearsal": True, "verdict": "fail",
        "volume": {"basis": "assumed", "source": "a test"}, "order": "none",
        "reason": "lost is 3 publications, at most 0.",
        "limits": [
            {"measure": "lost", "title": "t", "bound": 0, "upper": True, "value": 3, "passed": False,
             "decides": True, "relaxed": "", "basis": "assumed", "source": "a test"},
        ],
        "generator": {"healthy": True, "reasons": [], "late_share": 0.0, "late_p99_ms": 1.0,
                      "late_max_ms": 2.0, "busy": 0.1, "signed": 10, "signing_us": 300.0, "held_up": 0,
                      "others": 0.35, "crowded": True},
        "measures": {name: measures.get(name) for name in MEASURES}, "flows": [], "statuses": {"201": 10},
        "first_refusal": "", "disturbed": [[2.0, 4.0]], "slot_seconds": 1.0,
        "course": [{"due": 1, "accepted": 1, "delivered": 1, "waiting": 2, "answer_p50": 1.0,
                    "answer_p99": 2.0, "delivery_p99": 5.0, "resident": None}] * 5,
        "answers": [[0.0, 0.001], [1.0, 0.002]], "deliveries": [[0.0, 0.002], [1.0, 0.02]],
    }  # fmt: skip


def test_the_report_is_one_file_that_shows_verdict_limits_and_course() -> None:
    """Nothing is fetched, texts are escaped, the missed limit is named, and the disturbance is shaded."""
    text = page(_load(offered_per_s=10.0, lost=3.0))
    assert not re.search(r"(src|href)=[\"'](?!#)", text)
    assert "A &lt;title&gt;" in text
    assert "lost is 3 publications" in text
    assert 'class="v v-fail">missed' in text
    assert text.count('class="shade"') == 4
    assert "rehearsal" in text
    assert "took 35 % of this machine" in text


def test_the_recovery_from_a_disturbance_is_told() -> None:
    """What waited when it ended and at most, how fast it was worked off, and what held meanwhile."""
    course = [
        {**slot, "delivered": delivered, "waiting": waiting}
        for slot, delivered, waiting in zip(
            _load()["course"], (1, 1, 0, 0, 6, 6), (0, 0, 5, 9, 6, 0), strict=False
        )
    ]
    content = {
        **_load(lost=0, repeated=1, out_of_order=0, recovery_seconds=2.0),
        "course": [*course, {**course[0], "delivered": 6, "waiting": 0}],
        "order": "per-mpan",
    }
    assert recoveries(content) == (Recovery(2.0, 2.0, 9, 9, 6.0),)
    text = page({**content, "time_factor": 1800.0, "measures": {**content["measures"], "offered_per_s": 1}})
    assert "0 publications lost, 1 publications repeated, 0 publications out of order (per-mpan)" in text
    assert "2 s after it (1:00:00 of the profile's own time)" in re.sub("&#39;", "'", text)


def test_a_comparison_says_what_became_better_or_worse() -> None:
    """More loss and slower answers are worse, more throughput is better, 2 % is the same."""
    before = _load(lost=0, answer_p99_ms=100, accepted_per_s=50, delivery_p99_ms=100)
    after = _load(lost=2, answer_p99_ms=150, accepted_per_s=80, delivery_p99_ms=102)
    rows = {row.measure: row.verdict for row in compare(before, after)}
    assert rows == {
        "lost": "worse",
        "answer_p99_ms": "worse",
        "accepted_per_s": "better",
        "delivery_p99_ms": "same",
    }
    assert "Compared with run" in page(
        {**after, "measures": {**after["measures"], "offered_per_s": 1}}, before
    )
    assert differences(before, {**after, "scale": 0.5}) == ("the scale (1.0 and 0.5)",)


def test_what_is_no_result_is_refused(tmp_path: Path) -> None:
    """A folder without load.json, and a file that is another one, are said in words."""
    with pytest.raises(ConfigurationError, match="can't be read as a load's result"):
        figures.read(tmp_path)
    (tmp_path / "load.json").write_text('{"format": 2}')
    with pytest.raises(ConfigurationError, match="is no result of a load"):
        figures.read(tmp_path)


@pytest.mark.parametrize(
    "draw",
    [lambda: chart.lines("t", "ms", []), lambda: chart.lines("t", "ms", [chart.Line("a", "a", [(0, None)])])],
)
def test_a_chart_of_nothing_is_left_out(draw: Callable[[], str]) -> None:
    """Without points there is no empty frame."""
    assert draw() == ""
