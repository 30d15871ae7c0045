"""Runs behaviours: keeps their state, sends what they return, knows who is still busy.

A party works through its publications one after the other. A tag is busy from the moment a publication is
handed over until every message that came of it has its answer from the hub; nobody polls.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from harness.clock import Clock
from harness.errors import ConfigurationError
from harness.spec.routing import Routing
from harness.transport.network import Network, Party
from simulators.participants.behaviours import Acting, Behaviour, Outgoing, Publication, Told
from simulators.participants.choosing import chosen
from simulators.participants.refusing import OPTION, Refusals, refusals, refused
from simulators.participants.seeded import Applied, Seeded, Spoilt

Sender = Callable[[Acting, Outgoing], Awaitable[str]]
"""Builds, signs and sends; returns what went wrong, or an empty text."""

_LONGEST_WAIT = 86_400.0
"""Seconds; after them the date is looked at again."""


@dataclass
class _Actor:
    party: Party
    tag: str
    behaviour: Behaviour
    state: Any
    refuses: Refusals
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    woken: bool = False
    """A turn is already waiting for what has become due."""


class Runner:
    """The behaviours that are switched on, by tag and DIP id."""

    def __init__(
        self,
        network: Network,
        routing: Routing,
        clock: Clock,
        sender: Sender,
        changed: Callable[[str], None],
    ) -> None:
        """``changed`` is called with a tag whenever it may have become idle or busy."""
        self._network, self._routing, self._clock = network, routing, clock
        self._sender, self._changed = sender, changed
        self._actors: dict[str, dict[str, _Actor]] = {}
        self._busy: Counter[str] = Counter()
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._problems: dict[str, list[dict[str, str]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._alarm: asyncio.TimerHandle | None = None

    def switch(self, tag: str, mapping: object) -> None:
        """Replace the behaviours of a tag; an empty mapping switches them off.

        Raises ConfigurationError, and changes nothing, when anything in it is wrong.
        """
        where = f"behaviours of '{tag}'"
        if not tag:
            raise ConfigurationError("the tag is empty", where=where, mend="Name the S1.subText to act on.")
        if not isinstance(mapping, Mapping):
            raise ConfigurationError("is no mapping of DIP id to options", where=where)
        actors: dict[str, _Actor] = {}
        for dip_id, options in mapping.items():
            party = self._network.by_dip_id(str(dip_id))
            if not isinstance(options, Mapping):
                raise ConfigurationError(f"the options of {dip_id} are no mapping", where=where)
            if not party.simulated:
                continue  # a real system plays the party, and does what it does
            place = f"{where}: {dip_id}"
            behaviour, rest = chosen(
                {key: value for key, value in options.items() if key != OPTION}, party, where=place
            )
            state = behaviour.start(rest, self._acting(party, tag))
            refuses = refusals(options.get(OPTION), where=place)
            actors[party.dip_id] = _Actor(party, tag, behaviour, state, refuses)
        self._problems.pop(tag, None)
        if actors:
            self._actors[tag] = actors
        else:
            self._actors.pop(tag, None)
        self._set_alarm()
        self._changed(tag)

    def refusal(self, party: Party, publication: Publication) -> str:
        """Return the code that a party refuses a good publication with, empty when it takes it."""
        actor = self._actors.get(publication.tag, {}).get(party.dip_id)
        if actor is None or not actor.refuses:
            return ""
        code, actor.refuses = refused(actor.refuses, publication.interface, publication.event)
        return code

    def publication(self, party: Party, publication: Publication) -> None:
        """Hand over an accepted publication; where a behaviour takes it, its tag is busy on return.

        A repeated transaction is taken by nobody, unless the fault is seeded that applies it as a new one.
        """
        actor = self._actors.get(publication.tag, {}).get(party.dip_id)
        if actor is None:
            return
        if not publication.repeated or (isinstance(actor.behaviour, Seeded) and actor.behaviour.repeats):
            self._start(actor, publication)

    def tell(self, tag: str, dip_id: str, told: Told) -> None:
        """Let a party know something beside the hub; its tag is busy on return.

        Raises ConfigurationError when the party has no behaviour for the tag.
        """
        actor = self._actors.get(tag, {}).get(dip_id)
        if actor is None:
            raise ConfigurationError(
                f"{dip_id} has no behaviour", where=f"behaviours of '{tag}'", mend="Switch one on first."
            )
        self._start(actor, told)

    def clock_moved(self) -> None:
        """Let every party act for whom something is due; their tags are busy on return."""
        now = self._clock.now()
        for actors in list(self._actors.values()):
            for actor in actors.values():
                due = actor.behaviour.next_due(actor.state)
                if due is not None and due <= now and not actor.woken:
                    actor.woken = True
                    self._start(actor, None)
        self._set_alarm()

    def is_idle(self, tag: str) -> bool:
        """Say whether no party is acting for a tag."""
        return not self._busy[tag]

    async def wait_idle(self, tag: str) -> None:
        """Return as soon as no party is acting for a tag."""
        while not self.is_idle(tag):
            future = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(tag, []).append(future)
            await future

    async def wait_all_idle(self) -> None:
        """Return as soon as every tag that is busy now has been idle."""
        for tag in list(self._busy):
            await self.wait_idle(tag)

    def problems(self, tag: str) -> list[dict[str, str]]:
        """Return what went wrong while parties acted for a tag."""
        return list(self._problems.get(tag, ()))

    def seeded(self, tag: str) -> list[Applied]:
        """Return every change that a seeded fault made for a tag, in order of time."""
        states = (actor.state for actor in self._actors.get(tag, {}).values())
        applied = [each for state in states if isinstance(state, Spoilt) for each in state.applied]
        return sorted(applied, key=lambda each: each.at)

    def look_up(
        self, dip_id: str, mpan: str, *, as_of: datetime | None = None, as_known: datetime | None = None
    ) -> dict[str, Any] | None:
        """Return what a party registered for an MPAN, from the latest instance that has it."""
        for actors in reversed(self._actors.values()):
            actor = actors.get(dip_id)
            found = actor.behaviour.look_up(actor.state, mpan, as_of, as_known) if actor else None
            if found is not None:
                return found
        return None

    async def close(self) -> None:
        """Stop acting."""
        if self._alarm is not None:
            self._alarm.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _acting(self, party: Party, tag: str) -> Acting:
        return Acting(party, self._network, self._routing, self._clock.now(), tag)

    def _start(self, actor: _Actor, received: Publication | Told | None) -> None:
        self._busy[actor.tag] += 1
        task = asyncio.get_running_loop().create_task(self._act(actor, received))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _act(self, actor: _Actor, received: Publication | Told | None) -> None:
        try:
            async with actor.turn:
                await self._take_turn(actor, received)
        except Exception as error:  # a fault here is ours: it must show, and must not leave the tag busy
            self._note(actor, "", f"{type(error).__name__}: {error}")
        finally:
            self._finished(actor.tag)

    async def _take_turn(self, actor: _Actor, received: Publication | Told | None) -> None:
        acting = self._acting(actor.party, actor.tag)
        outgoing: tuple[Outgoing, ...] = ()
        actor.woken = False
        if isinstance(received, Publication):
            actor.state, outgoing = actor.behaviour.on_publication(actor.state, received, acting)
        elif received is not None:
            actor.state, outgoing = actor.behaviour.on_told(actor.state, received, acting)
        due = actor.behaviour.next_due(actor.state)
        if due is not None and due <= acting.now:
            actor.state, more = actor.behaviour.on_time(actor.state, acting)
            outgoing += more
        self._set_alarm()
        for message in outgoing:
            wrong = await self._sender(acting, message)
            if wrong:
                self._note(actor, f"{message.interface} [{message.event}]", wrong)

    def _note(self, actor: _Actor, message: str, error: str) -> None:
        problem = {"party": actor.party.dip_id, "message": message, "error": error}
        self._problems.setdefault(actor.tag, []).append(problem)

    def _finished(self, tag: str) -> None:
        self._busy[tag] -= 1
        if not self._busy[tag]:
            del self._busy[tag]
            for future in self._waiting.pop(tag, ()):
                if not future.done():
                    future.set_result(None)
        self._changed(tag)

    def _set_alarm(self) -> None:
        """Wake when the clock, running on by itself, reaches the next date that somebody waits for."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        dates = [
            due
            for actors in self._actors.values()
            for actor in actors.values()
            if not actor.woken and (due := actor.behaviour.next_due(actor.state)) is not None
        ]
        next_date: datetime | None = min(dates, default=None)
        if next_date is not None:
            wait = (next_date - self._clock.now()).total_seconds()
            wait = min(max(wait, 0.0), _LONGEST_WAIT)
            self._alarm = asyncio.get_running_loop().call_later(wait, self.clock_moved)
