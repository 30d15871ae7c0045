"""Perturbed twins: a good process holds in all of them, and each perturbation really happens."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ConfigurationError
from harness.evidence.events import (
    CheckMade,
    Event,
    FaultApplied,
    InstanceStarted,
    PartyTold,
    PublicationReceived,
)
from harness.evidence.verdicts import Outcome, Verdict
from harness.scenarios.expand import twinned
from harness.scenarios.model import Case
from harness.scenarios.twins import TWINS
from harness.stages.options import options
from tests.scenarios.conftest import Stage
from tests.scenarios.process import PROCESS, case_of


def perturbed(stage: Stage, tmp: Path, content: dict[str, Any], name: str) -> tuple[Outcome, list[Event]]:
    """Play the twin of a scenario's case."""
    (case,) = [each for each in twinned(case_of(content, tmp), [name], 1) if each.twin == name]
    return stage.play(case)


def seeded(fault: str, alias: str) -> dict[str, Any]:
    """Return the process with a fault seeded into a simulated party."""
    content = copy.deepcopy(PROCESS)
    behaviour = content["given"]["behaviours"][alias]
    behaviour["seeded"] = [fault]
    return content


@pytest.mark.parametrize("name", TWINS)
def test_a_good_process_holds_under_every_perturbation(stage: Stage, tmp_path: Path, name: str) -> None:
    """Nothing is edited, the same parties get the same messages, and the case says which twin it is."""
    _, calm = stage.play(case_of(PROCESS, tmp_path))
    outcome, events = perturbed(stage, tmp_path, PROCESS, name)
    assert outcome.verdict is Verdict.PASS, outcome.reason
    (started,) = [event for event in events if isinstance(event, InstanceStarted)]
    assert (started.twin, started.case_id[-len(name) - 1 :]) == (name, f"~{name}")
    assert _received(events) == _received(calm)


def _received(events: list[Event]) -> Mapping[tuple[str, str, str], int]:
    return Counter(
        (event.interface, event.event_code, event.party)
        for event in events
        if isinstance(event, PublicationReceived)
    )


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("duplicate", "duplicate"),
        ("reorder", "reorder"),
        ("midnight", "outage"),
        ("recipient-down", "status"),
        ("batch-one", "batch"),
        ("batch-many", "batch"),
    ],
)
def test_the_perturbation_is_on_record(stage: Stage, tmp_path: Path, name: str, fault: str) -> None:
    """A twin that perturbs nothing would prove nothing."""
    content = copy.deepcopy(PROCESS)
    # Two answers to one party within the window, so that there is something to reorder and to gather.
    content["given"]["points"]["second"] = dict(content["given"]["points"]["point"])
    send = content["steps"][0]["send"]
    content["steps"] = [
        {"send": send},
        {"send": {**send, "point": "second"}},
        {"check": {"register": "registration"}},
    ]
    _, events = perturbed(stage, tmp_path, content, name)
    assert {event.fault for event in events if isinstance(event, FaultApplied)} == {fault}


def test_a_recipient_that_was_down_asks_for_what_it_missed(stage: Stage, tmp_path: Path) -> None:
    """The requeue is made by the party that was down, through the hub's own operation."""
    _, events = perturbed(stage, tmp_path, PROCESS, "recipient-down")
    requeues = [event for event in events if isinstance(event, CheckMade) and "requeue" in event.title]
    assert [(event.passed, event.actual) for event in requeues] == [(True, "200")]


def test_a_replay_is_compared_with_what_was_published(stage: Stage, tmp_path: Path) -> None:
    """Every interface that a party received is replayed to it."""
    _, events = perturbed(stage, tmp_path, PROCESS, "replay")
    replays = [event for event in events if isinstance(event, CheckMade) and "replays" in event.title]
    parties = {(event.interface, event.party) for event in events if isinstance(event, PublicationReceived)}
    assert len(replays) == len(parties)
    assert all(event.passed for event in replays)


@pytest.mark.parametrize("name", ["duplicate", "replay", "recipient-down"])
def test_a_fault_that_the_calm_hides_shows_in_its_twins(stage: Stage, tmp_path: Path, name: str) -> None:
    """A metering service that applies a repeated request as a new one passes in the calm."""
    content = seeded("replay-applied", "incoming")
    assert stage.play(case_of(content, tmp_path))[0].verdict is Verdict.PASS
    outcome, _ = perturbed(stage, tmp_path, content, name)
    assert (outcome.verdict is Verdict.PASS) is (name == "recipient-down")


def test_a_twin_has_test_data_of_its_own_and_a_case_id_of_its_own(tmp_path: Path) -> None:
    """Two runs of one scenario in one hub never share a metering point."""
    calm = case_of(PROCESS, tmp_path)
    cases: list[Case] = list(twinned(calm, TWINS, 1))
    assert cases[0] is calm
    assert len({case.seed for case in cases}) == len({case.key for case in cases}) == len(TWINS) + 1
    assert [replace(case, twin="", seed=calm.seed) for case in cases] == [calm] * len(cases)


def test_the_option_takes_names_and_all_and_refuses_the_rest(tmp_path: Path) -> None:
    """Names may stand in one text with commas; stages without processes have no twins."""

    def asked(*names: str, stage: str = "sit-functional") -> tuple[str, ...]:
        return options(stage=stage, twins=names, out=tmp_path / "run").selection.twins

    assert asked() == ()
    assert asked("all") == tuple(TWINS)
    assert asked("replay,duplicate", "replay") == ("replay", "duplicate")
    with pytest.raises(ConfigurationError, match="duplicate"):
        asked("duplicates")
    with pytest.raises(ConfigurationError, match="have no twins"):
        asked("all", stage="cit")


def test_what_is_sent_in_the_midnight_twin_arrives_the_day_after(stage: Stage, tmp_path: Path) -> None:
    """The deliveries are held until the clock midnight is past, and no longer."""
    content = copy.deepcopy(PROCESS)
    told = {"tell": {"party": "incoming", "what": "x", "with": {"now": "{now}"}}}
    content["steps"] = [content["steps"][0], {"check": {"register": "registration"}}, told]
    _, calm = stage.play(case_of(content, tmp_path))
    _, late = perturbed(stage, tmp_path, content, "midnight")
    (before,), (after,) = (
        [event.content["now"][:16] for event in events if isinstance(event, PartyTold)]
        for events in (calm, late)
    )
    assert (before[:10], after) == ("2026-06-02", "2026-06-02T23:01")


def test_a_twin_counts_different_messages_and_not_deliveries(stage: Stage, tmp_path: Path) -> None:
    """One message that arrives twice is not the two that a scenario expects."""
    content = copy.deepcopy(PROCESS)
    answers = {"by": ["sender"], "interface": "IF-032", "event": "MSAppInitialResp", "count": 2}
    content["steps"] = [content["steps"][0], {"receive": answers}]
    assert perturbed(stage, tmp_path, content, "duplicate")[0].verdict is Verdict.FAIL
