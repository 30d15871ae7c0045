"""Faults that are seeded into a party on purpose, to see which scenario catches them.

A fault changes what a party hears before it acts on it, or what it sends before it is written; the behaviour
itself stays right. The option ``seeded: NAME`` of any behaviour switches one on, and so does the environment
variable ``DIP_SEEDED`` (names, separated by commas) for every party whose role it fits. None is on otherwise.
Whatever a fault changed is kept, and the run writes it into its events.

Register a fault with `fault`; registration does so in its own files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from simulators.participants.behaviours import Acting, Behaviour, Outgoing, Publication, Reaction, Told

Hears = Callable[[Publication, Acting], tuple[Publication, ...]]
"""What the party hears in place of a publication: nothing, another one, or several."""
Sends = Callable[[tuple[Outgoing, ...], Acting], tuple[Outgoing, ...]]
"""What the party sends in place of the messages of one turn."""


Around = Callable[[], AbstractContextManager[list[str]]]


def _as_heard(publication: Publication, _acting: Acting) -> tuple[Publication, ...]:
    return (publication,)


def _as_sent(messages: tuple[Outgoing, ...], _acting: Acting) -> tuple[Outgoing, ...]:
    return messages


@dataclass(frozen=True, slots=True)
class Fault:
    """One named fault."""

    name: str
    roles: frozenset[str]
    defect: str
    """The defect that it stands for."""
    hears: Hears = _as_heard
    sends: Sends = _as_sent
    late: timedelta = timedelta()
    """How long messages that ``is_late`` names are held back."""
    is_late: Callable[[Outgoing], bool] = lambda _message: False
    around: Around | None = None
    """A context in which the behaviour acts; it yields what it changed."""
    repeats: bool = False
    """Whether a transaction that came before is applied again as a new one."""


FAULTS: dict[str, Fault] = {}


def fault(new: Fault) -> Fault:
    """Register a fault; a name that is taken fails at import."""
    if new.name in FAULTS:
        raise ValueError(f"two seeded faults are called '{new.name}'")
    FAULTS[new.name] = new
    return new


@dataclass(frozen=True, slots=True)
class Applied:
    """One time that a fault changed something."""

    at: datetime
    fault: str
    party: str
    what: str
    """The message that was changed, as ``IF-034 [MSAppSPResponse]``."""

    def as_dict(self) -> dict[str, str]:
        """Return it as the admin API lists it among the faults applied."""
        return {
            "at": self.at.isoformat(),
            "fault": self.fault,
            "point": "party",
            "party": self.party,
            "message": self.what,
        }


@dataclass(frozen=True, slots=True)
class Spoilt:
    """State of a behaviour with a fault in it."""

    inner: Any
    held: tuple[tuple[datetime, Outgoing], ...] = ()
    applied: tuple[Applied, ...] = ()


@dataclass(frozen=True, slots=True)
class Seeded:
    """A behaviour with a fault in it; to everybody else it is the behaviour."""

    behaviour: Behaviour
    faults: tuple[Fault, ...] = field(default=())

    @property
    def roles(self) -> frozenset[str]:
        """Return the roles of the behaviour."""
        return self.behaviour.roles

    @property
    def options(self) -> frozenset[str]:
        """Return the options of the behaviour."""
        return self.behaviour.options

    @property
    def repeats(self) -> bool:
        """Return whether repeated transactions are handed on."""
        return any(each.repeats for each in self.faults)

    def start(self, options: Mapping[str, Any], acting: Acting) -> Spoilt:
        """Return the first state."""
        return Spoilt(self.behaviour.start(options, acting))

    def on_publication(self, state: Spoilt, publication: Publication, acting: Acting) -> Reaction:
        """Hear what the faults leave of a publication, then send what they leave of the answers."""
        heard: tuple[Publication, ...] = (publication,)
        for each in self.faults:
            before = heard
            heard = tuple(new for old in heard for new in each.hears(_anew(old, each), acting))
            if heard != before:
                state = noted(state, each, acting, f"{publication.interface} [{publication.event}]")
        sent: tuple[Outgoing, ...] = ()
        for each_heard in heard:
            state, more = self._within(state, acting, self.behaviour.on_publication, each_heard)
            sent += more
        return self._sent(state, sent, acting)

    def on_told(self, state: Spoilt, told: Told, acting: Acting) -> Reaction:
        """React to what it is told, then send what the faults leave."""
        state, sent = self._within(state, acting, self.behaviour.on_told, told)
        return self._sent(state, sent, acting)

    def next_due(self, state: Spoilt) -> datetime | None:
        """Return when the behaviour or a message that is held back is due."""
        dates = [due for due, _ in state.held]
        inner = self.behaviour.next_due(state.inner)
        return min([*dates, inner] if inner else dates, default=None)

    def on_time(self, state: Spoilt, acting: Acting) -> Reaction:
        """Send what was held back, and let the behaviour act where it is due."""
        ready = tuple(message for due, message in state.held if due <= acting.now)
        state = replace(state, held=tuple(pair for pair in state.held if pair[0] > acting.now))
        due = self.behaviour.next_due(state.inner)
        if due is None or due > acting.now:
            return state, ready
        state, sent = self._within(state, acting, self.behaviour.on_time)
        state, sent = self._sent(state, sent, acting)
        return state, ready + sent

    def look_up(
        self, state: Spoilt, mpan: str, as_of: datetime | None = None, as_known: datetime | None = None
    ) -> dict[str, Any] | None:
        """Return what the behaviour knows."""
        return self.behaviour.look_up(state.inner, mpan, as_of, as_known)

    def _within(
        self, state: Spoilt, acting: Acting, act: Callable[..., Reaction], *what: object
    ) -> tuple[Spoilt, tuple[Outgoing, ...]]:
        """Let the behaviour act in the contexts of the faults."""
        with ExitStack() as stack:
            passed = [
                (each, stack.enter_context(each.around())) for each in self.faults if each.around is not None
            ]
            inner, sent = act(state.inner, *what, acting)
        state = replace(state, inner=inner)
        for each, changes in passed:
            for change in changes:
                state = noted(state, each, acting, change)
        return state, sent

    def _sent(self, state: Spoilt, messages: tuple[Outgoing, ...], acting: Acting) -> Reaction:
        for each in self.faults:
            changed = each.sends(messages, acting)
            if changed != messages:
                for what in dict.fromkeys(_names(messages, changed)):
                    state = noted(state, each, acting, what)
            messages = changed
            late = tuple(message for message in messages if each.is_late(message))
            if late:
                messages = tuple(message for message in messages if not each.is_late(message))
                held = tuple((acting.now + each.late, message) for message in late)
                state = replace(state, held=(*state.held, *held))
                for message in late:
                    state = noted(state, each, acting, name_of(message))
        return state, messages


def _anew(publication: Publication, each: Fault) -> Publication:
    """Return a repeated publication as a new one, where the fault does not know that it was applied."""
    if not (each.repeats and publication.repeated):
        return publication
    common = dict(publication.payload["CommonBlock"])
    common["D0"] = {**common["D0"], "transactionID": f"{publication.transaction}+"}
    return replace(publication, payload={**publication.payload, "CommonBlock": common})


def noted(state: Spoilt, each: Fault, acting: Acting, what: str) -> Spoilt:
    """Return the state with a note that a fault changed something."""
    applied = Applied(acting.now, each.name, acting.party.dip_id, what)
    return replace(state, applied=(*state.applied, applied))


def name_of(message: Outgoing) -> str:
    """Return what a message is called in notes."""
    return f"{message.interface} [{message.event}]"


def _names(before: Iterable[Outgoing], after: Iterable[Outgoing]) -> list[str]:
    """Return the messages that differ; all of them where only their order does."""
    before, after = list(before), list(after)
    different = [m for m in before if m not in after] + [m for m in after if m not in before]
    return [name_of(message) for message in different or before]
