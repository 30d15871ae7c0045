"""Processes over messages, days, parties and metering points, against real simulators."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from harness.evidence.events import (
    CheckMade,
    Event,
    FaultApplied,
    InstanceFinished,
    LegacyExchange,
    MessageSent,
    PartyTold,
    StepStarted,
)
from harness.evidence.store import EvidenceStore
from harness.evidence.verdicts import BlameClass, Outcome, Verdict
from tests.scenarios.conftest import Stage
from tests.scenarios.process import ACTIVE, ASKED, PROCESS, SEND, case_of, process

Played = tuple[Outcome, list[Event]]
STRANGER = {"register": "registration", "supplier": "sender", "known_to": []}


def play(stage: Stage, tmp: Path, content: dict[str, Any], **how: Any) -> Played:
    """Play the first case of a scenario."""
    return stage.play(case_of(content, tmp), **how)


def failed(events: list[Event]) -> list[str]:
    """Return the titles of the conditions that did not hold."""
    return [event.title for event in events if isinstance(event, CheckMade) and not event.passed]


def test_a_process_over_two_weeks_passes_and_shows_its_steps(stage: Stage, tmp_path: Path) -> None:
    """Parties act, days pass, and every step stands in the events in the order of the file."""
    outcome, events = play(stage, tmp_path, PROCESS)
    assert (outcome.verdict, failed(events)) == (Verdict.PASS, [])
    steps = [event.step for event in events if isinstance(event, StepStarted)]
    assert steps == [next(iter(step)) for step in PROCESS["steps"]]


def test_the_same_seed_gives_the_same_events_but_for_ids_and_times(stage: Stage, tmp_path: Path) -> None:
    """Whatever order parties happen to answer in, two plays of a case can be compared line by line."""
    first, second = (_plain(play(stage, tmp_path, PROCESS)[1]) for _ in range(2))
    assert first == second
    assert len(first) > 40


def _plain(events: list[Event]) -> list[str]:
    """Write events without ids of messages, hashes, ports and times of day."""
    dropped = {
        "at",
        "body",
        "headers",
        "reference",
        "references",
        "transaction",
        "url",
        "seconds",
        "instance",
    }
    lines = []
    for event in events:
        fields = {name: value for name, value in event.as_dict().items() if name not in dropped}
        text = re.sub(r"S-[A-Z0-9-]+|CI-[A-Za-z0-9-]+|T\d\d:\d\d:\d\d", "", orjson.dumps(fields).decode())
        lines.append(text)
    return lines


@pytest.mark.parametrize(
    ("given", "begins", "effective"),
    [
        ({}, "2026-06-02T09:00", "2026-06-15T23:00:00+00:00"),
        ({"effective_in_days": 3}, "2026-06-02T09:00", "2026-06-04T23:00:00+00:00"),
        ({"effective": "2026-10-25"}, "2026-10-11T09:00", "2026-10-24T23:00:00+00:00"),
        ({"effective": "2026-03-29"}, "2026-03-15T10:00", "2026-03-29T00:00:00+00:00"),
        ({"clock": "2026-03-20T07:30:00+00:00"}, "2026-03-20T07:30", "2026-04-02T23:00:00+00:00"),
    ],
)
def test_every_case_begins_on_its_own_clock(
    stage: Stage, tmp_path: Path, given: dict[str, Any], begins: str, effective: str
) -> None:
    """A case sees neither today's date nor what an earlier case made of the clock."""
    steps = [{"tell": {"party": "real", "what": "x", "with": {"now": "{now}", "effective": "{effective}"}}}]
    content = process(*steps, **given)
    content["given"]["parties"]["real"] = "SUP#2"
    content["given"]["behaviours"]["real"] = {"name": "supplier"}
    _, events = play(stage, tmp_path, content)
    (told,) = [event for event in events if isinstance(event, PartyTold)]
    assert told.content["now"].startswith(begins)
    assert told.content["effective"] == effective


def test_a_clock_only_goes_forward(stage: Stage, tmp_path: Path) -> None:
    """A moment that has passed leaves the clock as it is; spans add up."""
    told = {"tell": {"party": "incoming", "what": "x", "with": {"now": "{now.date}"}}}
    moves = [{"advance": {"days": 3, "hours": 20}}, told, {"advance": {"to": "start"}}, told]
    moves += [{"advance": {"working_days": 2}}, told, {"advance": {"to": "{today+1d}"}}, told]
    _, events = play(stage, tmp_path, process(*moves))
    dates = [event.content["now"] for event in events if isinstance(event, PartyTold)]
    assert dates == ["2026-06-06", "2026-06-06", "2026-06-09", "2026-06-10"]


def test_points_are_known_where_the_scenario_says(stage: Stage, tmp_path: Path) -> None:
    """Registration and hub know a point, one of them or neither, and each MPAN fits its register."""
    content = process(
        {"check": {"register": "registration", "has": {"supplier.-1.dip_id": "{sender.dip_id}"}}},
        {"check": {"register": "registration", "point": "stranger", "unknown": True}},
        {"check": {"register": "idno", "point": "far", "has": {"mpan": "{far.mpan}"}}},
        {"check": {"register": "registration", "point": "far", "unknown": True}},
    )
    content["given"]["parties"]["idno"] = "REGS#2"
    content["given"]["points"]["stranger"] = STRANGER
    content["given"]["points"]["far"] = {"register": "idno", "supplier": "sender"}
    outcome, events = play(stage, tmp_path, content)
    assert outcome.verdict is Verdict.PASS, failed(events)
    content["steps"] = [{"check": {"register": "registration", "unknown": True}}]
    assert play(stage, tmp_path, content)[0].verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"regime": "nothing"}, "can't be set up"),
        ({"supplier": "nobody"}, "no party is called 'nobody'"),
    ],
)
def test_what_cannot_be_given_blocks_and_never_fails(
    stage: Stage, tmp_path: Path, change: dict[str, str], said: str
) -> None:
    """Test data that are missing say nothing of the system under test."""
    content = process()
    content["given"]["points"]["point"] |= change
    outcome, events = play(stage, tmp_path, content)
    (finished,) = [event for event in events if isinstance(event, InstanceFinished)]
    assert (outcome.verdict, finished.status) == (Verdict.SKIPPED, "blocked")
    assert said in outcome.reason


def test_a_precondition_that_does_not_hold_blocks_for_want_of_test_data(stage: Stage, tmp_path: Path) -> None:
    """The same check that would fail a case blocks it when it is a precondition."""
    check = {"register": "registration", "has": {"energisation.-1.value": "D"}}
    outcome, _ = play(stage, tmp_path, process({"check": check}))
    assert outcome.verdict is Verdict.FAIL
    outcome, events = play(stage, tmp_path, process({"check": {**check, "precondition": True}}))
    (finished,) = [event for event in events if isinstance(event, InstanceFinished)]
    assert outcome.blame is not None
    assert (outcome.verdict, outcome.blame.cause, finished.status) == (
        Verdict.SKIPPED,
        BlameClass.TEST_DATA,
        "blocked",
    )


def test_a_register_is_asked_for_a_moment_and_for_what_was_known_at_one(stage: Stage, tmp_path: Path) -> None:
    """Before the effective date the former service was in force, and of the new one nobody knew."""

    def holds(who: str, **when: str) -> dict[str, Any]:
        has = {"metering_service": {"count": "1"}, "metering_service.-1.dip_id": f"{{{who}.dip_id}}"}
        return {"check": {"register": "registration", "has": has, **when}}

    steps = [holds("incoming", as_of="now"), holds("incumbent", as_of="effective-1d")]
    steps += [holds("incumbent", as_known="start"), holds("incumbent", as_of="effective", as_known="start")]
    outcome, events = play(stage, tmp_path, process(*ASKED, *ACTIVE, *steps))
    assert outcome.verdict is Verdict.PASS, failed(events)


ANSWER = {"by": ["sender"], "interface": "IF-032", "event": "MSAppInitialResp"}
OUTCOME = {"by": ["sender"], "interface": "IF-035", "event": "MSAppAccepted"}


def order(*pairs: tuple[str, str]) -> dict[str, Any]:
    """Return a step that expects messages in an order."""
    return {"in_order": {"messages": [{"interface": one, "event": event} for one, event in pairs]}}


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (order(("IF-032", "MSAppInitialResp"), ("IF-033", "MSAppSPRequest")), ""),
        (order(("IF-033", "MSAppSPRequest"), ("IF-031", "MSApp")), "order"),
        (order(("IF-031", "MSApp"), ("IF-036", "MSAppActive")), "order"),
        ({"expect_none": {"by": ["data"]}}, ""),
        ({"expect_none": {"interface": "IF-036"}}, ""),
        ({"expect_none": {"by": ["incoming"]}}, "PUB-033"),
        ({"expect_none": {"interface": "IF-035", "event": "IMS-SendMTD"}}, "IMS-SendMTD"),
        ({"receive": {**OUTCOME, "count": 2}}, "2 times"),
        ({"receive": {**ANSWER, "where": {"R0.responseCode": {"one_of": ["A", "W"]}}}}, ""),
        ({"receive": {**ANSWER, "where": {"R0.responseCode": {"not": "A"}}}}, "responseCode"),
    ],
)
def test_steps_judge_order_absence_and_content(
    stage: Stage, tmp_path: Path, step: dict[str, Any], expected: str
) -> None:
    """Each of the finer expectations can hold and can fail."""
    outcome, events = play(stage, tmp_path, process(SEND, step))
    wrong = [event for event in events if isinstance(event, CheckMade) and not event.passed]
    assert (outcome.verdict is Verdict.PASS) is (not expected)
    assert all(expected in f"{check.title} {check.actual} {check.key}" for check in wrong)


def test_of_several_publications_of_a_kind_the_content_picks_out(stage: Stage, tmp_path: Path) -> None:
    """Two messages about two points, or with two contents, are told apart by point or by `where`."""
    content = process(
        SEND,
        {"send": {**SEND["send"], "point": "second"}},
        {"receive": {"by": ["registration"], "count": 2}},
        *(
            {"receive": {"by": ["sender"], "interface": "IF-032", "event": "MSAppInitialResp", **one}}
            for one in ({"point": "second"}, {"where": {"M0.MPANCore": "{mpan}"}})
        ),
    )
    content["given"]["points"]["second"] = dict(content["given"]["points"]["point"])
    outcome, events = play(stage, tmp_path, content)
    assert outcome.verdict is Verdict.PASS, failed(events)
    sent = [event for event in events if isinstance(event, MessageSent)]
    assert len(sent) == 2


def test_a_legacy_exchange_is_kept_as_evidence(stage: Stage, tmp_path: Path) -> None:
    """Content, parties and flow id can be found again by the hash in the event."""
    legacy = {"from": "incumbent", "to": "incoming", "flow": "D0150", "content": {"on": "{effective.date}"}}
    outcome, events = play(stage, tmp_path, process({"legacy": legacy}))
    assert outcome.verdict is Verdict.PASS
    (exchange,) = [event for event in events if isinstance(event, LegacyExchange)]
    kept = orjson.loads(EvidenceStore(stage.tmp / "evidence").get(exchange.body))
    assert (exchange.flow, kept["flow"], kept["content"]) == ("D0150", "D0150", {"on": "2026-06-16"})
    assert {kept["from"], kept["to"]} == {"MSSA", "MSSB"}


def test_a_party_that_cannot_act_is_blamed(stage: Stage, tmp_path: Path) -> None:
    """A word that means nothing to a party is no silent omission."""
    outcome, _ = play(
        stage, tmp_path, process({"tell": {"party": "registration", "what": "sing"}}, {"expect_none": {}})
    )
    assert outcome.verdict is not Verdict.PASS
    assert "'sing'" in outcome.reason


@pytest.fixture
def with_a_real_party(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Metering Company B's smart metering service, ``incoming``, is no simulated party."""
    network = stage.target.network
    real = [
        replace(
            organisation,
            parties=tuple(
                replace(party, webhook="https://127.0.0.1:9/") if party.mpid == "MSSB" else party
                for party in organisation.parties
            ),
        )
        for organisation in network.organisations
    ]
    monkeypatch.setattr(stage.target, "network", replace(network, organisations=tuple(real)))


@pytest.mark.usefixtures("with_a_real_party")
def test_what_a_real_register_holds_a_person_says(stage: Stage, tmp_path: Path) -> None:
    """The harness can't look into a real system: no fails, and blocks where it is a precondition."""
    check = {"register": "incoming", "has": {"meters.-1.serial": "E1"}, "absent": ["meters.-1.removed"]}
    content = process({"check": check})
    outcome, _ = play(stage, tmp_path, content, folder=tmp_path / "run")
    question = outcome.reason.removeprefix("waits for a person's answer: ")
    assert (outcome.verdict, "meters.-1.serial E1; meters.-1.removed absent" in question) == (
        Verdict.INCONCLUSIVE,
        True,
    )
    verdicts = [
        play(stage, tmp_path, process({"check": {**check, **more}}), answers={question: answer})[0].verdict
        for more, answer in (({}, "yes"), ({}, "no"), ({"precondition": True}, "no"))
    ]
    assert verdicts == [Verdict.PASS, Verdict.FAIL, Verdict.SKIPPED]


@pytest.mark.usefixtures("with_a_real_party")
def test_what_reaches_a_real_party_beside_the_hub_a_person_confirms(stage: Stage, tmp_path: Path) -> None:
    """Nothing can be told to a real system by the harness: the case waits for a person, then goes on."""
    legacy = {"from": "incumbent", "to": "incoming", "flow": "D0150", "content": {"reading": "12345"}}
    content = process({"tell": {"party": "incoming", "what": "exchange"}}, {"legacy": legacy})
    runs = tmp_path / "run"
    outcome, _ = play(stage, tmp_path, content, folder=runs)
    assert (outcome.verdict, "Was Metering Company B" in outcome.reason) == (Verdict.INCONCLUSIVE, True)
    told = outcome.reason.removeprefix("waits for a person's answer: ")
    outcome, _ = play(stage, tmp_path, content, folder=runs, answers={told: "yes"})
    assert "send D0150 to Metering Company B" in outcome.reason
    sent = outcome.reason.removeprefix("waits for a person's answer: ")
    outcome, events = play(stage, tmp_path, content, folder=runs, answers={told: "yes", sent: "yes"})
    assert outcome.verdict is Verdict.PASS
    assert any(isinstance(event, LegacyExchange) for event in events)
    _, events = play(stage, tmp_path, content, folder=tmp_path / "other", answers={told: "yes"})
    assert any(isinstance(event, PartyTold) for event in events)
    outcome, _ = play(stage, tmp_path, content, answers={told: "no"})
    assert (outcome.verdict, outcome.blame and outcome.blame.party) == (
        Verdict.FAIL,
        "Metering Company B (MSS)",
    )


@pytest.mark.parametrize("how", ["send", "tell"])
def test_an_answer_names_what_it_answers(stage: Stage, tmp_path: Path, how: str) -> None:
    """Whoever writes an answer, its correlation id is that of the request; one without it is blamed."""
    written = {"interface": "IF-034", "event": "MSAppSPResponse", "set": {"B007.responseCode": "A"}}
    steps: dict[str, list[dict[str, Any]]] = {
        "send": [{"send": {**written, "by": "incoming", "to": ["registration"]}}],
        "tell": [
            {
                "tell": {
                    "party": "incoming",
                    "what": "send",
                    "with": {**written, "to": ["{registration.dip_id}"]},
                }
            }
        ],
    }
    asked = {"receive": {"by": ["incoming"], "interface": "IF-033", "event": "MSAppSPRequest"}}
    got = {"receive": {"by": ["registration"], "interface": "IF-034", "event": "MSAppSPResponse"}}
    content = process(SEND, asked, *steps[how], got)
    content["given"]["behaviours"]["incoming"] = {"name": "metering-service", "answers": {"IF-033": "silent"}}
    outcome, events = play(stage, tmp_path, content)
    assert outcome.verdict is Verdict.PASS, outcome.reason
    named = [
        event for event in events if isinstance(event, CheckMade) and "names what it answers" in event.title
    ]
    assert named
    content["steps"][2] = {
        "send": {
            **written,
            "by": "incoming",
            "to": ["registration"],
            "set": {"S1.senderCorrelationID": "=null"},
        }
    }
    outcome, _ = play(stage, tmp_path, content)
    assert outcome.blame is not None
    assert (outcome.blame.party, "names what it answers" in outcome.reason) == (
        "Metering Company B (MSS)",
        True,
    )


def test_a_recipient_that_was_down_has_its_messages_requeued(stage: Stage, tmp_path: Path) -> None:
    """What could not be delivered is pushed again when the recipient asks, and processed once."""
    down = {"fault": {"fault": "status", "at": "webhook", "status": "404", "of": "incoming"}}
    asked = {"receive": {"by": ["incoming"], "interface": "IF-033", "event": "MSAppSPRequest"}}
    steps = [down, SEND, {"expect_none": {"by": ["incoming"]}}, {"end_faults": {}}]
    steps += [{"requeue": {"by": "incoming", "interface": "IF-033"}}, asked]
    steps += [{"receive": {"by": ["registration"], "interface": "IF-034", "event": "MSAppSPResponse"}}]
    outcome, events = play(stage, tmp_path, process(*steps))
    assert outcome.verdict is Verdict.PASS, outcome.reason
    assert [event.fault for event in events if isinstance(event, FaultApplied)] == ["status"]
    outcome, _ = play(stage, tmp_path, process(*steps[:4], asked))
    assert outcome.verdict is Verdict.FAIL


def test_a_replay_brings_what_was_had_and_is_not_applied_as_new(stage: Stage, tmp_path: Path) -> None:
    """A seeded party that applies what is replayed sends its answer again, which nobody explained."""
    replayed = {"replay": {"by": "incoming", "interface": "IF-033"}}
    content = process(*ASKED, replayed, {"expect_none": {}})
    assert play(stage, tmp_path, content)[0].verdict is Verdict.PASS
    content["given"]["behaviours"]["incoming"]["seeded"] = ["replay-applied"]
    outcome, _ = play(stage, tmp_path, content)
    assert "Nobody else receives anything" in outcome.reason
    outcome, _ = play(stage, tmp_path, process(replayed))
    assert "nothing of IF-033" in outcome.reason
