"""What a later run takes of an earlier one: `--last-failures`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigurationError
from harness.evidence.events import InstanceFinished, InstanceStarted, RunStarted
from harness.evidence.log import FILE, EventLog
from harness.stages.options import DEFAULT_SEED, RunOptions, options
from tests.scenarios.process import PROCESS, case_of

CASE = "DHF-TEST/IF-031/MSApp/SUP"


def earlier(folder: Path, **verdicts: str) -> Path:
    """Write a run of functional cases; a verdict "" is one without an end, ``a__replay`` a twin of ``a``."""
    with EventLog(folder / FILE) as log:
        log.write(
            RunStarted(
                run="r", stage="sit-functional", releases=["2.0.1", "2.1.0"], seed=7, target="embedded",
                environment="SIT", network=[], harness_version="", catalogue="", options={}, selected=3,
            )
        )  # fmt: skip
        for name, verdict in verdicts.items():
            scenario, _, twin = name.partition("__")
            case = f"{scenario}~{twin}@2.1.0" if twin else f"{scenario}@2.1.0"
            log.write(started(case, twin))
            if verdict:
                log.write(
                    InstanceFinished(
                        case=case, verdict=verdict, status="failed", reason="", blame=None, seconds=0.1
                    )
                )
    return folder


def started(case: str, twin: str = "") -> InstanceStarted:
    """Return the start of a case."""
    return InstanceStarted(
        case=case, case_id=case.split("@")[0], scenario="S", title="", release="2.1.0",
        stage="sit-functional", area="", polarity="positive", interface="", event_code="", role="",
        parties=[], requirements=[],
        external_ids={}, seed=1, instance="", twin=twin,
    )  # fmt: skip


def again(folder: Path, **asked: Any) -> RunOptions:
    """Return the options of a run of what did not pass."""
    return options(
        stage=asked.pop("stage", "sit-functional"), last_failures=folder, out=folder.parent / "again", **asked
    )


def test_what_did_not_pass_is_run_again_as_it_was(tmp_path: Path) -> None:
    """Failed, inconclusive, blocked, erroneous, cut-off cases are taken, with the run's releases and seed."""
    run = earlier(
        tmp_path / "run", a="pass", b="fail", c="inconclusive", d="skipped", e="error", f="omitted", g=""
    )
    chosen = again(run)
    assert chosen.selection.cases == tuple(f"{name}@2.1.0" for name in "bcdeg")
    assert (chosen.releases, chosen.seed) == (("2.0.1", "2.1.0"), 7)
    assert again(run, seed=9, releases=("2.1.0",)).seed == 9
    assert chosen.as_dict()["last_failures"] == str(run)
    assert "cases" not in chosen.as_dict()
    assert options(stage="cit", out=tmp_path / "plain").seed == DEFAULT_SEED


def test_a_case_that_passed_in_the_end_is_not_taken(tmp_path: Path) -> None:
    """The last verdict counts, of a case that waited and was gone on with."""
    run = earlier(tmp_path / "run", a="inconclusive", b="fail")
    with EventLog(run / FILE) as log:
        log.write(
            InstanceFinished(
                case="a@2.1.0", verdict="pass", status="passed", reason="", blame=None, seconds=1
            )
        )
    assert again(run).selection.cases == ("b@2.1.0",)


def test_a_twin_that_failed_is_run_alone(tmp_path: Path) -> None:
    """Of a case that holds in the calm only the twin is named, and the perturbation needn't be asked for."""
    run = earlier(tmp_path / "run", **{CASE: "pass", f"{CASE}__replay": "fail"})
    selection = again(run).selection
    assert selection.twins == ("replay",)
    calm = case_of(PROCESS, tmp_path)
    assert selection.takes(calm)
    assert [selection.names(each) for each in (calm, replace(calm, twin="replay"))] == [False, True]
    assert not selection.takes(replace(calm, release="2.0.1"))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"stage": "cit"}, "holds a run of stage sit-functional. Add --stage sit-functional"),
        ({"releases": ("2.2.1",)}, "the run was on release 2.0.1, 2.1.0, not on 2.2.1"),
    ],
)
def test_a_run_of_something_else_is_refused(tmp_path: Path, asked: dict[str, Any], says: str) -> None:
    """Stage and release have to be the earlier run's."""
    with pytest.raises(ConfigurationError) as caught:
        again(earlier(tmp_path / "run", a="fail"), **asked)
    assert says in str(caught.value)


def test_nothing_to_run_again_is_said(tmp_path: Path) -> None:
    """A run that passed, and a folder without a run, are one sentence each."""
    with pytest.raises(ConfigurationError, match="every case of the run passed"):
        again(earlier(tmp_path / "run", a="pass"))
    with pytest.raises(ConfigurationError, match="can't be read"):
        again(tmp_path)
