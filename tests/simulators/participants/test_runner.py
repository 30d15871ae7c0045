"""Running behaviours: who is busy when, in what order things are sent, and what goes wrong in the open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest

import simulators.participants.provider
import simulators.registration.behaviour  # noqa: F401 - registers its behaviour
from harness.clock import OffsetClock
from harness.errors import ConfigurationError
from harness.spec.routing import load_routing
from simulators.participants.behaviours import BEHAVIOURS, Acting, Outgoing, Publication, Told, behaviour
from simulators.participants.runner import Runner
from simulators.registration.services import Service
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    MPAN,
    NOW,
    OTHER_METERING,
    REGISTRATION,
    SUPPLIER,
    network,
)
from tests.simulators.registration.exchange import answer, request

TAG = "run/case"
POINT = {"mpan": MPAN, "supplier": SUPPLIER, "metering_service": {"dip_id": METERING}}
ON = {REGISTRATION: {"name": "registration", "points": [POINT]}}


class Bench:
    """A runner whose sends can be held back."""

    def __init__(self) -> None:
        self.clock = OffsetClock()
        self.clock.set(NOW)
        self.sent: list[str] = []
        self.wrong = ""
        self.gate = asyncio.Event()
        self.gate.set()
        self.changed: list[str] = []
        self.runner = Runner(network(), load_routing(), self.clock, self.send, self.changed.append)

    async def send(self, _acting: Acting, outgoing: Outgoing) -> str:
        """Note what is sent once the gate is open."""
        await self.gate.wait()
        self.sent.append(f"{outgoing.interface} {outgoing.event}")
        return self.wrong

    def hand(self, publication: Publication) -> None:
        """Hand a publication to registration."""
        self.runner.publication(network().by_dip_id(REGISTRATION), publication)


def run(scenario: Callable[[Bench], Coroutine[Any, Any, None]]) -> None:
    """Run a scenario on a loop of its own and close the runner."""

    async def main() -> None:
        bench = Bench()
        try:
            await asyncio.wait_for(scenario(bench), 10)
        finally:
            await bench.runner.close()

    asyncio.run(main())


def test_a_tag_is_busy_from_the_handing_over_to_the_last_answer() -> None:
    """Busy at once, before anything ran; idle, and told so, only after the last message's answer."""

    async def scenario(bench: Bench) -> None:
        bench.runner.switch(TAG, ON)
        bench.gate.clear()
        bench.hand(request(provider=OTHER_METERING))
        assert not bench.runner.is_idle(TAG)
        await asyncio.sleep(0.02)
        assert not bench.runner.is_idle(TAG)
        bench.changed.clear()
        bench.gate.set()
        await bench.runner.wait_idle(TAG)
        assert bench.sent == ["IF-032 MSAppInitialResp", "IF-033 MSAppSPRequest"]
        assert bench.changed == [TAG]
        assert bench.runner.is_idle("other")

    run(scenario)


def test_nothing_acts_on_a_tag_that_is_not_switched_on() -> None:
    """Behaviours are off for other tags, for other parties, and after they were switched off."""

    async def scenario(bench: Bench) -> None:
        bench.runner.switch("other", ON)
        bench.hand(request(provider=OTHER_METERING))
        assert bench.runner.is_idle(TAG)
        bench.runner.switch(TAG, ON)
        bench.runner.publication(network().by_dip_id(METERING), request(provider=OTHER_METERING))
        assert bench.runner.is_idle(TAG)
        bench.runner.switch(TAG, {})
        bench.hand(request(provider=OTHER_METERING))
        assert bench.runner.is_idle(TAG)

    run(scenario)


def test_a_party_takes_publications_one_after_the_other() -> None:
    """What the first publication led to is sent before the second one is looked at."""

    async def scenario(bench: Bench) -> None:
        bench.runner.switch(TAG, ON)
        bench.gate.clear()
        bench.hand(request(provider=OTHER_METERING))
        bench.hand(answer(provider=OTHER_METERING))
        await asyncio.sleep(0.02)
        found = bench.runner.look_up(REGISTRATION, MPAN)
        assert found is not None
        assert found["appointments"][0]["stage"] == "with the provider"
        bench.gate.set()
        await bench.runner.wait_idle(TAG)
        assert [name.split()[0] for name in bench.sent] == ["IF-032", "IF-033", "IF-035", "IF-035"]

    run(scenario)


def test_the_clock_makes_what_is_due_happen_once() -> None:
    """When the clock is moved past the effective date the tag is busy at once, and it happens one time."""

    async def scenario(bench: Bench) -> None:
        bench.runner.switch(TAG, ON)
        bench.hand(request(provider=OTHER_METERING))
        bench.hand(answer(provider=OTHER_METERING))
        await bench.runner.wait_idle(TAG)
        bench.sent.clear()
        bench.clock.advance(timedelta(days=2))
        bench.runner.clock_moved()
        assert bench.runner.is_idle(TAG)
        bench.clock.advance(timedelta(days=2))
        bench.runner.clock_moved()
        bench.runner.clock_moved()
        assert not bench.runner.is_idle(TAG)
        await bench.runner.wait_idle(TAG)
        assert bench.sent == ["IF-036 MSAppActive", "IF-037 MSDeApp"]
        found = bench.runner.look_up(REGISTRATION, MPAN)
        assert found is not None
        assert [tenure["dip_id"] for tenure in found[Service.METERING.value]] == [METERING, OTHER_METERING]

    run(scenario)


def test_a_party_that_is_held_up_is_woken_once() -> None:
    """While a party still waits for the hub, what has become due queues one turn and doesn't spin."""

    async def scenario(bench: Bench) -> None:
        bench.runner.switch(TAG, ON)
        bench.hand(request(provider=OTHER_METERING))
        bench.hand(answer(provider=OTHER_METERING))
        await bench.runner.wait_idle(TAG)
        bench.gate.clear()
        bench.hand(request(Service.DATA, provider=DATA))
        await asyncio.sleep(0.02)
        bench.changed.clear()
        bench.clock.advance(timedelta(days=4))
        for _ in range(3):
            bench.runner.clock_moved()
            await asyncio.sleep(0.02)
        bench.gate.set()
        await bench.runner.wait_idle(TAG)
        assert bench.changed == [TAG, TAG]
        assert bench.sent[-2:] == ["IF-036 MSAppActive", "IF-037 MSDeApp"]

    run(scenario)


def test_time_that_runs_on_by_itself_counts_too() -> None:
    """An effective date half a second ahead takes effect without anybody moving the clock."""

    async def scenario(bench: Bench) -> None:
        bench.clock.set(NOW - timedelta(seconds=0.5))
        bench.runner.switch(TAG, ON)
        bench.hand(request(provider=OTHER_METERING, effective=NOW))
        bench.hand(answer(provider=OTHER_METERING))
        await bench.runner.wait_idle(TAG)
        assert "IF-036 MSAppActive" not in bench.sent
        await asyncio.sleep(0.7)
        await bench.runner.wait_idle(TAG)
        assert bench.sent[-2:] == ["IF-036 MSAppActive", "IF-037 MSDeApp"]

    run(scenario)


def test_a_message_that_the_hub_refuses_is_a_problem() -> None:
    """What the hub answers to a behaviour's message other than 201 can be read, until the tag starts anew."""

    async def scenario(bench: Bench) -> None:
        bench.runner.switch(TAG, ON)
        bench.wrong = "status 400 MSG1001"
        bench.hand(request(provider=OTHER_METERING))
        await bench.runner.wait_idle(TAG)
        first, _ = bench.runner.problems(TAG)
        assert first["party"] == REGISTRATION
        assert first["message"] == "IF-032 [MSAppInitialResp]"
        assert first["error"] == "status 400 MSG1001"
        bench.runner.switch(TAG, ON)
        assert bench.runner.problems(TAG) == []

    run(scenario)


def test_what_a_party_is_told_reaches_its_behaviour() -> None:
    """A word that the behaviour does not know is a problem of the tag; without behaviour it is refused."""

    async def scenario(bench: Bench) -> None:
        bench.runner.switch(TAG, ON)
        bench.runner.tell(TAG, REGISTRATION, Told("gossip", "2.1.0"))
        assert not bench.runner.is_idle(TAG)
        await bench.runner.wait_idle(TAG)
        (problem,) = bench.runner.problems(TAG)
        assert problem["party"] == REGISTRATION
        assert "'gossip' means nothing to it" in problem["error"]
        with pytest.raises(ConfigurationError, match="has no behaviour"):
            bench.runner.tell(TAG, METERING, Told("gossip", "2.1.0"))

    run(scenario)


def test_a_fault_in_a_behaviour_shows_and_leaves_nothing_busy() -> None:
    """An exception while acting is a problem of the tag, and the party goes on with what comes next."""

    async def scenario(bench: Bench) -> None:
        bench.runner.switch(TAG, ON)
        broken = request(provider=OTHER_METERING)
        del broken.payload["CustomBlock"]["B070"]["appointmentScenario"]
        bench.hand(broken)
        await bench.runner.wait_idle(TAG)
        assert [problem["error"] for problem in bench.runner.problems(TAG)] == [
            "KeyError: 'appointmentScenario'"
        ]
        bench.hand(request(provider=OTHER_METERING))
        await bench.runner.wait_idle(TAG)
        assert len(bench.sent) == 2

    run(scenario)


WRONG: dict[str, tuple[object, str]] = {
    "no mapping": ([], "no mapping of DIP id"),
    "unknown party": ({"9999999999": {"name": "appoint"}}, "9999999999"),
    "options": ({METERING: "appoint"}, "no mapping"),
    "unknown behaviour": ({METERING: {"name": "apoint"}}, "Did you mean 'appoint'"),
    "no name": ({METERING: {}}, "no behaviour"),
    "wrong role": ({SUPPLIER: {"name": "appoint"}}, "is SUP; 'appoint' is for"),
    "unknown option": ({METERING: {"name": "appoint", "respnse": "SP000"}}, "Did you mean 'response'"),
    "unknown code": ({METERING: {"name": "appoint", "response": "SP444"}}, "SP444"),
    "no list": ({REGISTRATION: {"name": "registration", "points": {}}}, "no list"),
    "no check digit": (
        {REGISTRATION: {"name": "registration", "points": [{**POINT, "mpan": "1"}]}},
        "points[0]",
    ),
    "no supplier": ({REGISTRATION: {"name": "registration", "points": [{"mpan": MPAN}]}}, "supplier"),
    "twice": ({REGISTRATION: {"name": "registration", "points": [POINT, POINT]}}, "twice"),
    "no role": (
        {
            REGISTRATION: {
                "name": "registration",
                "points": [{**POINT, "metering_service": {"dip_id": SUPPLIER}}],
            }
        },
        "role MSA, MSS, UMSO",
    ),
    "no offset": (
        {
            REGISTRATION: {
                "name": "registration",
                "points": [
                    {**POINT, "metering_service": {"dip_id": METERING, "from": "2026-01-01T00:00:00"}}
                ],
            }
        },
        "no offset",
    ),
    "no time": (
        {
            REGISTRATION: {
                "name": "registration",
                "points": [{**POINT, "metering_service": {"dip_id": METERING, "from": "soon"}}],
            }
        },
        "no time",
    ),
    "unknown field": (
        {REGISTRATION: {"name": "registration", "points": [{**POINT, "suplier": 1}]}},
        "'supplier'",
    ),
}


@pytest.mark.parametrize("case", sorted(WRONG))
def test_wrong_options_are_refused_and_change_nothing(case: str) -> None:
    """Each mistake is named with its place, and what was switched on stays on."""
    mapping, words = WRONG[case]

    async def scenario(bench: Bench) -> None:
        bench.runner.switch(TAG, ON)
        with pytest.raises(ConfigurationError) as caught:
            bench.runner.switch(TAG, mapping)
        assert words in str(caught.value)
        bench.hand(request(provider=OTHER_METERING))
        assert not bench.runner.is_idle(TAG)
        await bench.runner.wait_idle(TAG)

    run(scenario)


def test_a_second_behaviour_of_the_same_name_fails_at_import() -> None:
    """A name can't be taken twice."""
    with pytest.raises(ValueError, match="appoint"):
        behaviour("appoint")(type(BEHAVIOURS["appoint"]))
