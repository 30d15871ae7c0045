"""A role family as a behaviour, made of two tables: what it answers, and what it can be told.

Whatever it hears it learns first (`simulators.participants.lessons`), a transaction once. A row of the first
table then answers, under the policy that the scenario gives; a row of the second acts on what the party is
told beside the hub. Rows are pure functions: they return the new state and the messages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from harness.spec.codes import codes
from simulators.participants import sending
from simulators.participants.behaviours import Acting, Outgoing, Publication, Reaction, Told, unknown_word
from simulators.participants.content import Content, Item
from simulators.participants.lessons import learn
from simulators.participants.policy import Policies, Policy, policies
from simulators.participants.record import Record
from simulators.participants.sharded import Sharded
from simulators.participants.standing import points_of


@dataclass(frozen=True, slots=True)
class Waiting:
    """Messages that go out when their time has come."""

    due: datetime
    messages: tuple[Outgoing, ...]


@dataclass(frozen=True, slots=True)
class State:
    """What one party holds in one test instance."""

    policies: Policies
    record: Record
    waiting: tuple[Waiting, ...] = ()
    own: Any = None
    """What the role family keeps besides; its own immutable value."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A publication that a row answers."""

    publication: Publication
    policy: Policy
    acting: Acting


@dataclass(frozen=True, slots=True)
class Reply:
    """What answers a publication. ``event`` empty means every event of the interface."""

    interface: str
    event: str
    answer: str
    """As the document names it: ``IF-034 [MSAppSPResponse]``."""
    write: Callable[[State, Heard], Reaction]
    basis: str
    reason: str
    codes: frozenset[str] = frozenset()
    """Published codes that a policy may answer with."""

    def fits(self, publication: Publication) -> bool:
        """Say whether the row answers a publication."""
        return publication.interface == self.interface and self.event in ("", publication.event)


@dataclass(frozen=True, slots=True)
class Word:
    """What a party does when it is told something."""

    name: str
    items: tuple[Item, ...]
    sends: str
    act: Callable[[State, Content, Acting], Reaction]
    basis: str
    reason: str


def codes_of(*prefixes: str) -> frozenset[str]:
    """Return the published response codes that begin with any of the prefixes."""
    return frozenset(name for name in codes() if name.startswith(prefixes))


def _nothing_own(_options: Mapping[str, Any], _acting: Acting) -> Any:
    return None


def _nothing_shown(_state: State, _mpan: str) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Plays:
    """The behaviour of a role family."""

    roles: frozenset[str]
    replies: Sequence[Reply]
    words: Sequence[Word] = ()
    own: Callable[[Mapping[str, Any], Acting], Any] = _nothing_own
    """Makes what the family keeps besides, from its options."""
    own_options: Mapping[str, str] = field(default_factory=dict)
    """Its own options, each with what it says."""
    show: Callable[[State, str], dict[str, Any]] = _nothing_shown
    """What ``look_up`` returns besides the record of an MPAN."""
    due: Callable[[State], datetime | None] | None = None
    """When it acts by itself."""
    act: Callable[[State, Acting], Reaction] | None = None
    """What it does then."""

    @property
    def options(self) -> frozenset[str]:
        """Return the names of the options."""
        return frozenset({"points", "answers", *self.own_options})

    @property
    def vocabulary(self) -> dict[str, Word]:
        """Return what it can be told, by word; ``send`` is every family's."""
        return {word.name: word for word in (*self.words, SEND)}

    def start(self, options: Mapping[str, Any], acting: Acting) -> State:
        """Return the first state; raises ConfigurationError when an option's value is wrong."""
        where = f"behaviour of {acting.party.dip_id}"
        known: dict[str, frozenset[str]] = {}
        for reply in self.replies:
            for name in filter(None, (reply.interface, reply.event)):
                known[name] = known.get(name, frozenset()) | reply.codes
        return State(
            policies=policies(options.get("answers", {}), known, where=where),
            record=Record(Sharded(points_of(options.get("points", []), where=where))),
            own=self.own(options, acting),
        )

    def on_publication(self, state: State, publication: Publication, acting: Acting) -> Reaction:
        """Learn from a publication and answer it as the policy says; a repeated one changes nothing."""
        record, new = learn(state.record, publication)
        state = replace(state, record=record)
        if not new:
            return state, ()
        sent: tuple[Outgoing, ...] = ()
        for reply in self.replies:
            if reply.fits(publication):
                policy = state.policies.of(publication.interface, publication.event)
                state, messages = reply.write(state, Heard(publication, policy, acting))
                state, now = _under(state, policy, messages, acting)
                sent += now
        return state, sent

    def on_told(self, state: State, told: Told, acting: Acting) -> Reaction:
        """Do what it is told; raises ConfigurationError for an unknown word and for wrong content."""
        word = self.vocabulary.get(told.what)
        if word is None:
            raise unknown_word(told, acting, self.vocabulary)
        return word.act(state, Content.of(told, word.items, acting), acting)

    def next_due(self, state: State) -> datetime | None:
        """Return when the next late answer goes out or the family acts by itself."""
        dates = [waiting.due for waiting in state.waiting]
        own = self.due(state) if self.due else None
        return min([*dates, own] if own else dates, default=None)

    def on_time(self, state: State, acting: Acting) -> Reaction:
        """Send what is due, earliest first."""
        due = sorted((w for w in state.waiting if w.due <= acting.now), key=lambda w: w.due)
        state = replace(state, waiting=tuple(w for w in state.waiting if w.due > acting.now))
        sent = tuple(message for waiting in due for message in waiting.messages)
        if self.act is not None:
            state, more = self.act(state, acting)
            sent += more
        return state, sent

    def look_up(
        self, state: State, mpan: str, _as_of: datetime | None = None, _as_known: datetime | None = None
    ) -> dict[str, Any] | None:
        """Return what the party knows of an MPAN, or None."""
        point = state.record.points.get(mpan)
        own = self.show(state, mpan)
        if point is None:
            return own or None
        return {**point.as_dict(), "repeated": state.record.repeated, **own}


def _under(state: State, policy: Policy, messages: Iterable[Outgoing], acting: Acting) -> Reaction:
    """Send, hold back or drop the answers as the policy says."""
    if policy.silent:
        return state, ()
    ready = tuple(changed for message in messages for changed in policy.applied(message))
    if not policy.after or not ready:
        return state, ready
    waiting = Waiting(acting.now + policy.after, ready)
    return replace(state, waiting=(*state.waiting, waiting)), ()


def _send(state: State, content: Content, acting: Acting) -> Reaction:
    times = int(content.number("times", 1))
    return state, (sending.any_message(state.record, content, acting),) * times


SEND = Word(
    "send",
    (
        Item("interface"),
        Item("event"),
        Item("mpan", needed=False),
        Item("to", needed=False),
        Item("set", needed=False),
        Item("times", needed=False),
    ),
    "any message that the role may send",
    _send,
    "assumed",
    "a party may act without being asked; everything but `set` is built from the release",
)
"""Any message at all; ``mpan`` where it has one, ``to`` a list of DIP ids, ``set`` places with values."""
