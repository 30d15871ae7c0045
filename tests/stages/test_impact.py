"""What a difference between releases touches: the cases that `--changed-since` takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from harness.scenarios.catalogue import read_scenario
from harness.scenarios.model import (
    Advance,
    Case,
    ExpectNone,
    InOrder,
    Receive,
    Replay,
    Requeue,
    Send,
    Step,
    Tell,
    Webhook,
)
from harness.spec.change import tell
from harness.spec.release import load
from harness.stages.impact import Reach, changes, pairs_of, reaches, touched
from harness.stages.selection import Selection
from tests.scenarios.process import PROCESS, case_of, process

OWN = ("IF-031", "MSApp")


def with_steps(case: Case, *steps: Step) -> Case:
    """Return the case with other steps."""
    return replace(case, scenario=replace(case.scenario, steps=steps, last_steps=()))


@pytest.mark.parametrize(
    ("step", "pairs"),
    [
        (Send(), set()),
        (Send(interface="IF-036", event="MSAppActive"), {("IF-036", "MSAppActive")}),
        (Send(interface="{interface}", event="Other"), {("IF-031", "Other")}),
        (Receive(by=("addressed",)), set()),
        (Receive(by=("incoming",), interface="IF-033", event="X"), {("IF-033", "X")}),
        (Receive(by=("incoming",), interface="IF-027"), {("IF-027", "")}),
        (ExpectNone(interface="IF-014"), {("IF-014", "")}),
        (
            InOrder(({"interface": "IF-034", "event": "A"}, {"interface": "IF-035", "event": "B"})),
            {("IF-034", "A"), ("IF-035", "B")},
        ),
        (
            Tell("data", "run", content={"interface": "IF-021", "event": "UTCSettlement"}),
            {("IF-021", "UTCSettlement")},
        ),
        (Tell("registration", "switch-confirmed"), set()),
        (Webhook("data", "set", "IF-040"), {("IF-040", "")}),
        (Requeue("data", "IF-041"), {("IF-041", "")}),
        (Replay("data", "IF-041"), {("IF-041", "")}),
        (Advance(days=1), set()),
    ],
)
def test_every_step_that_names_an_interface_counts(
    tmp_path: Path, step: Step, pairs: set[tuple[str, str]]
) -> None:
    """Beside its own pair a case uses what its steps send, await, rule out, order, tell and ask for again."""
    assert pairs_of(with_steps(case_of(PROCESS, tmp_path), step)) == {OWN, *pairs}


def test_what_a_procedure_does_counts(tmp_path: Path) -> None:
    """A case uses the pairs of the procedures that it does, and of its last steps."""
    (tmp_path / "procedures").mkdir()
    (tmp_path / "requirements").mkdir()
    hears = {"receive": {"by": ["incoming"], "interface": "IF-033", "event": "MSAppSPRequest"}}
    (tmp_path / "procedures" / "hear.yaml").write_text(
        yaml.safe_dump({"procedure": "hear", "title": "Somebody hears", "steps": [hears]})
    )
    place = tmp_path / "sit_functional" / "tests"
    place.mkdir(parents=True)
    content = process({"send": {}}, {"do": {"procedure": "hear"}})
    content["finally"] = [{"webhook": {"of": "data", "action": "set", "channel": "IF-040"}}]
    (place / "x.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    case = Case(read_scenario(place / "x.yaml"), "2.1.0", *OWN, "SUP", 1)
    assert pairs_of(case) == {OWN, ("IF-033", "MSAppSPRequest"), ("IF-040", "")}


def test_a_change_reaches_its_events_where_it_names_them() -> None:
    """An event that came, and a message, touch those events; anything else touches whole interfaces."""
    release = load("2.1.0")
    event = Reach(tell("event-added", ("IF-033",), field="New", summary=""), {"IF-033": frozenset({"New"})})
    assert event.touches(("IF-033", "New"))
    assert event.touches(("IF-033", ""))
    assert not event.touches(("IF-033", "Old"))
    assert not event.touches(("IF-034", "New"))
    found = {reach.change.summary: reach for reach in reaches(release, load("2.2.1"))}
    related = next(
        each for text, each in found.items() if "in the header (S0) of IF-020-RelatedCreate" in text
    )
    assert related.events == {"IF-020": set(release.messages["IF-020-RelatedCreate"].events)}
    block = next(each for text, each in found.items() if text.startswith("traditionalFallBackReadFrequency"))
    assert all(block.touches((name, "anything")) for name in block.change.interfaces)
    assert any(not reach.events for reach in found.values())


def test_a_case_is_taken_for_what_its_steps_use_and_says_why(tmp_path: Path) -> None:
    """Between 1.8.3 and 2.0.1 only IF-051 came: a case that hears it is touched, one that doesn't is not."""
    plain = replace(case_of(PROCESS, tmp_path), release="2.0.1")
    hears = with_steps(plain, Receive(by=("data",), interface="IF-051", event="EESRefresh"))
    chosen = Selection(changed_since="1.8.3")
    assert not chosen.takes(touched(plain, "1.8.3"))
    told = touched(hears, "1.8.3")
    assert chosen.takes(told)
    assert told.touched_by[0] == "Interface IF-051 is new, with event EESRefresh."
    assert touched(hears, "") is hears


def test_an_operation_that_changed_touches_the_steps_that_use_it(tmp_path: Path) -> None:
    """2.2.1 answers a requeue otherwise: a case with one says so, a case with a replay has other reasons."""
    case = replace(case_of(PROCESS, tmp_path), release="2.2.1")
    requeue = "POST /dip-channel/{id}/requeue/{recipient-id}: the answer 202 (RequeueId) is new"
    asks = touched(with_steps(case, Requeue("data", "IF-041")), "2.1.0").touched_by
    assert any(reason.startswith(requeue) for reason in asks)
    replays = touched(with_steps(case, Replay("data", "IF-041")), "2.1.0").touched_by
    assert not any(reason.startswith(requeue) for reason in replays)
    assert any("ContinuationToken" in reason for reason in replays)
    assert not any("/statusmessage/" in reason for reason in (*asks, *replays))
    tied = {each["summary"]: each["tied"] for each in changes("2.1.0", ("2.2.1",)) if not each["interfaces"]}
    assert [text.split()[1].split("/")[3] for text, is_tied in tied.items() if is_tied] == [
        "replay",
        "replay",
        "requeue",
    ]


def test_the_run_keeps_all_changes() -> None:
    """Changes of no interface are kept too, release by release."""
    kept = changes("1.8.3", ("2.0.1", "2.1.0"))
    assert {each["release"] for each in kept} == {"2.0.1", "2.1.0"}
    assert "The API shape RequeueStatus is new." in [
        each["summary"] for each in kept if not each["interfaces"]
    ]
    assert changes("", ("2.1.0",)) == []
