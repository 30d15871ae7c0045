"""What the difference between two releases touches (pure): cases by the interface-event pairs that they use.

A change of a message touches the message's events. A change of a block, or of what many messages share,
touches its interfaces with all their events. A change of an operation touches the cases whose steps use it.
That rule is ours; it errs towards running a case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from harness.scenarios.model import (
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
    fill,
)
from harness.spec.change import Change
from harness.spec.diff import diff
from harness.spec.release import Release, load

ANY = ""
"""Stands for every event of an interface."""

_OPERATIONS: Mapping[type[Step], str] = {
    Requeue: "/dip-channel/{id}/requeue/",
    Replay: "/dip-channel/{id}/replay/",
    Webhook: "/dip-channel/{id}/pubconfig/",
}
"""Operations beside the sending of messages, by the step that uses them."""

Pair = tuple[str, str]
"""An interface and an event without brackets, or `ANY`."""


@dataclass(frozen=True, slots=True)
class Reach:
    """A change and what it reaches: interface to its events, none of them where it reaches all."""

    change: Change
    events: Mapping[str, frozenset[str]]
    step: type[Step] | None = None
    """The kind of step that uses the operation which changed."""

    def touches(self, pair: Pair) -> bool:
        """Say whether the change is one of what a pair carries."""
        interface, event = pair
        if interface not in self.events:
            return False
        reached = self.events[interface]
        return event == ANY or not reached or event in reached


def touched(case: Case, since: str) -> Case:
    """Return the case with the changes since a release that touch it; unchanged where none is named."""
    if not since:
        return case
    pairs, steps = pairs_of(case), {type(step) for step in _steps(case)}
    found = [
        reach.change.summary
        for reach in reaches(load(since), load(case.release))
        if reach.step in steps or any(reach.touches(pair) for pair in pairs)
    ]
    return replace(case, touched_by=tuple(found))


def changes(since: str, releases: Iterable[str]) -> list[dict[str, Any]]:
    """Return every change since a release as the run's first event keeps it; none where none is named."""
    if not since:
        return []
    return [
        {
            "since": since,
            "release": name,
            "interfaces": list(reach.change.interfaces),
            "tied": bool(reach.events) or reach.step is not None,
            "summary": reach.change.summary,
        }
        for name in releases
        for reach in reaches(load(since), load(name))
    ]


@cache
def reaches(old: Release, new: Release) -> tuple[Reach, ...]:
    """Return every change between two releases, also those that reach no interface."""
    return tuple(Reach(change, _events(change, old, new), _step(change)) for change in diff(old, new))


def pairs_of(case: Case) -> frozenset[Pair]:
    """Return what the case is about, and what its steps send, receive, rule out, order or ask for again."""
    named = {pair for step in _steps(case) for pair in _named(step, case)}
    return frozenset({(case.interface, case.event), *named})


def _steps(case: Case) -> tuple[Step, ...]:
    return (*case.scenario.steps, *case.scenario.last_steps)


def _step(change: Change) -> type[Step] | None:
    if not change.kind.startswith("operation-"):
        return None
    return next((step for step, path in _OPERATIONS.items() if f" {path}" in change.field), None)


def _events(change: Change, old: Release, new: Release) -> Mapping[str, frozenset[str]]:
    if change.kind in ("event-added", "event-removed"):
        events = frozenset({change.field})
    else:
        both = (release.messages.get(change.message) for release in (old, new))
        events = frozenset(event for message in both if message is not None for event in message.events)
    return dict.fromkeys(change.interfaces, events)


def _named(step: Step, case: Case) -> Iterator[Pair]:
    match step:
        case Send():
            yield _pair(step.interface or case.interface, step.event or case.event, case)
        case Receive() | ExpectNone() if step.interface or step.event:
            yield _pair(step.interface or case.interface, step.event, case)
        case InOrder():
            for message in step.messages:
                yield _pair(message.get("interface", ""), message.get("event", ""), case)
        case Tell() if step.content.get("interface"):
            yield _pair(str(step.content["interface"]), str(step.content.get("event", "")), case)
        case Webhook():
            yield _pair(step.channel or case.interface, ANY, case)
        case Requeue() | Replay():
            yield _pair(step.interface, ANY, case)
        case _:
            pass


def _pair(interface: str, event: str, case: Case) -> Pair:
    return fill(interface, case), fill(event, case)
