"""Running behaviours: who is busy when, in what order things are sent, and what goes wrong in the open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import simulators.participants.everyone  # noqa: F401 - registers all behaviours
from harness.clock import OffsetClock
from harness.errors import ConfigurationError
from harness.spec.routing import load_routing
from harness.transport.network import Network, Organisation
from simulators.participants.behaviours import BEHAVIOURS, Acting, Outgoing, Publication, Told, behaviour
from simulators.participants.runner import Runner
from tests.simulators.participants.player import Player
from tests.simulators.participants.publications import (
    METERING,
    MPAN,
    NOW,
    REGISTRATION,
    SUPPLIER,
    network,
)

TAG = "run/case"
LATE = {"answers": {"IF-033": {"after": "259200", "times": "2"}}}
ON = {METERING: {"name": "metering-service"}}
ON_LATE = {METERING: {"name": "metering-service", **LATE}}
ANSWER = "IF-034 MSAppSPResponse"


def asked(number: int = 1) -> Publication:
    """Return a request to be appointed, another one for each number."""
    player = Player(METERING, "metering-service")
    player.number = number
    return player.received("IF-033", "MSAppSPRequest", REGISTRATION)


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
        """Hand a publication to the metering service."""
        self.runner.publication(network().by_dip_id(METERING), publication)


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
        bench.hand(asked())
        assert not bench.runner.is_idle(TAG)
        await asyncio.sleep(0.02)
        assert not bench.runner.is_idle(TAG)
        bench.changed.clear()
        bench.gate.set()
        await bench.runner.wait_idle(TAG)
        assert bench.sent == [ANSWER]
        assert bench.changed == [TAG]
        assert bench.runner.is_idle("other")

    run(scenario)


def test_whoever_waits_for_all_waits_for_every_tag() -> None:
    """Before the clock jumps, what any party is sending under whichever tag has been sent."""

    async def scenario(bench: Bench) -> None:
        bench.runner.switch(TAG, ON)
        bench.gate.clear()
        bench.hand(asked())
        waiting = asyncio.create_task(bench.runner.wait_all_idle())
        await asyncio.sleep(0.02)
        assert not waiting.done()
        bench.gate.set()
        await waiting
        assert bench.sent == [ANSWER]

    run(scenario)


def test_nothing_acts_on_a_tag_that_is_not_switched_on() -> None:
    """Behaviours are off for other tags, for other parties, and after they were switched off."""

    async def scenario(bench: Bench) -> None:
        bench.runner.switch("other", ON)
        bench.hand(asked())
        assert bench.runner.is_idle(TAG)
        bench.runner.switch(TAG, ON)
        bench.runner.publication(network().by_dip_id(SUPPLIER), asked())
        assert bench.runner.is_idle(TAG)
        bench.runner.switch(TAG, {})
        bench.hand(asked())
        assert bench.runner.is_idle(TAG)

    run(scenario)


def test_a_party_takes_publications_one_after_the_other() -> None:
    """What the first publication led to is sent before the second one is looked at."""

    async def scenario(bench: Bench) -> None:
        bench.runner.switch(TAG, ON)
        bench.gate.clear()
        bench.hand(asked(1))
        bench.hand(asked(2))
        await asyncio.sleep(0.02)
        found = bench.runner.look_up(METERING, MPAN)
        assert found is not None
        assert found["heard"] == {"IF-033/MSAppSPRequest": 1}
        bench.gate.set()
        await bench.runner.wait_idle(TAG)
        assert bench.sent == [ANSWER, ANSWER]

    run(scenario)


def test_the_clock_makes_what_is_due_happen_once() -> None:
    """When the clock is moved past a date the tag is busy at once, and what is due happens one time."""

    async def scenario(bench: Bench) -> None:
        bench.runner.switch(TAG, ON_LATE)
        bench.hand(asked())
        await bench.runner.wait_idle(TAG)
        bench.clock.advance(timedelta(days=2))
        bench.runner.clock_moved()
        assert bench.runner.is_idle(TAG)
        bench.clock.advance(timedelta(days=2))
        bench.runner.clock_moved()
        bench.runner.clock_moved()
        assert not bench.runner.is_idle(TAG)
        await bench.runner.wait_idle(TAG)
        assert bench.sent == [ANSWER, ANSWER]

    run(scenario)


def test_a_party_that_is_held_up_is_woken_once() -> None:
    """While a party still waits for the hub, what has become due queues one turn and doesn't spin."""

    async def scenario(bench: Bench) -> None:
        bench.runner.switch(TAG, ON_LATE)
        bench.hand(asked())
        await bench.runner.wait_idle(TAG)
        bench.gate.clear()
        bench.runner.tell(TAG, METERING, Told("update-meter", "2.1.0", {"mpan": MPAN}))
        await asyncio.sleep(0.02)
        bench.changed.clear()
        bench.clock.advance(timedelta(days=4))
        for _ in range(3):
            bench.runner.clock_moved()
            await asyncio.sleep(0.02)
        bench.gate.set()
        await bench.runner.wait_idle(TAG)
        assert bench.changed == [TAG, TAG]
        assert bench.sent == ["IF-005 MeterUpdate", ANSWER, ANSWER]

    run(scenario)


def test_time_that_runs_on_by_itself_counts_too() -> None:
    """What is due half a second ahead happens without anybody moving the clock."""

    async def scenario(bench: Bench) -> None:
        policy = {"answers": {"IF-033": {"after": "0.5"}}}
        bench.runner.switch(TAG, {METERING: {"name": "metering-service", **policy}})
        bench.hand(asked())
        await bench.runner.wait_idle(TAG)
        assert bench.sent == []
        await asyncio.sleep(0.7)
        await bench.runner.wait_idle(TAG)
        assert bench.sent == [ANSWER]

    run(scenario)


def test_a_message_that_the_hub_refuses_is_a_problem() -> None:
    """What the hub answers to a behaviour's message other than 201 can be read, until the tag starts anew."""

    async def scenario(bench: Bench) -> None:
        bench.runner.switch(TAG, ON)
        bench.wrong = "status 400 MSG1001"
        bench.hand(asked())
        await bench.runner.wait_idle(TAG)
        (problem,) = bench.runner.problems(TAG)
        assert problem["party"] == METERING
        assert problem["message"] == "IF-034 [MSAppSPResponse]"
        assert problem["error"] == "status 400 MSG1001"
        bench.runner.switch(TAG, ON)
        assert bench.runner.problems(TAG) == []

    run(scenario)


def test_what_a_party_is_told_reaches_its_behaviour() -> None:
    """A word that the behaviour does not know is a problem of the tag; without behaviour it is refused."""

    async def scenario(bench: Bench) -> None:
        bench.runner.switch(TAG, ON)
        bench.runner.tell(TAG, METERING, Told("gossip", "2.1.0"))
        assert not bench.runner.is_idle(TAG)
        await bench.runner.wait_idle(TAG)
        (problem,) = bench.runner.problems(TAG)
        assert problem["party"] == METERING
        assert "'gossip' means nothing to it" in problem["error"]
        with pytest.raises(ConfigurationError, match="has no behaviour"):
            bench.runner.tell(TAG, SUPPLIER, Told("gossip", "2.1.0"))

    run(scenario)


def test_a_fault_in_a_behaviour_shows_and_leaves_nothing_busy() -> None:
    """An exception while acting is a problem of the tag, and the party goes on with what comes next."""

    async def scenario(bench: Bench) -> None:
        bench.runner.switch(TAG, ON)
        broken = asked()
        del broken.payload["CommonBlock"]["M0"]["distributorDIPID"]
        bench.hand(broken)
        await bench.runner.wait_idle(TAG)
        assert [problem["error"] for problem in bench.runner.problems(TAG)] == [
            "KeyError: 'distributorDIPID'"
        ]
        bench.hand(asked(2))
        await bench.runner.wait_idle(TAG)
        assert bench.sent == [ANSWER]

    run(scenario)


def test_a_real_system_in_a_simulated_party_s_place_is_left_alone() -> None:
    """The behaviours of a scenario stay as they are: a real party's is left out, the others are on."""
    real = tuple(
        replace(party, webhook="https://127.0.0.1:9/") if party.dip_id == SUPPLIER else party
        for party in network().parties
    )
    other = Network((Organisation("All", real),), network().certificates)

    async def scenario(bench: Bench) -> None:
        bench.runner = Runner(other, load_routing(), bench.clock, bench.send, bench.changed.append)
        bench.runner.switch(TAG, {**ON, SUPPLIER: {"name": "supplier"}})
        bench.hand(asked())
        await bench.runner.wait_idle(TAG)
        assert bench.sent == [ANSWER]
        with pytest.raises(ConfigurationError, match="has no behaviour"):
            bench.runner.tell(TAG, SUPPLIER, Told("send", "2.1.0"))

    run(scenario)


def test_a_repeated_transaction_moves_nobody() -> None:
    """What was received before is applied again only with the fault seeded that does so."""

    async def scenario(bench: Bench) -> None:
        again = replace(asked(), repeated=True)
        bench.runner.switch(TAG, ON)
        bench.hand(asked())
        bench.hand(again)
        await bench.runner.wait_idle(TAG)
        assert bench.sent == [ANSWER]
        assert bench.runner.seeded(TAG) == []
        bench.runner.switch(TAG, {METERING: {"name": "metering-service", "seeded": "replay-applied"}})
        bench.hand(asked())
        bench.hand(again)
        await bench.runner.wait_idle(TAG)
        assert bench.sent == [ANSWER] * 3
        (applied,) = bench.runner.seeded(TAG)
        assert (applied.fault, applied.party) == ("replay-applied", METERING)

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
    "no points": ({METERING: {"name": "metering-service", "points": {}}}, "no list"),
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
        bench.hand(asked())
        assert not bench.runner.is_idle(TAG)
        await bench.runner.wait_idle(TAG)

    run(scenario)


def test_a_second_behaviour_of_the_same_name_fails_at_import() -> None:
    """A name can't be taken twice."""
    with pytest.raises(ValueError, match="appoint"):
        behaviour("appoint")(type(BEHAVIOURS["appoint"]))
