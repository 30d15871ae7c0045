"""What went over the wire in the runs, counted case by case in one pass over their events.

The messages of the cases that are to be shown are kept; those of all others are counted and let go, so that
runs of any size fit into memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from harness.evidence.events import (
    AnswerReceived,
    CheckMade,
    DeliveryAnswered,
    Event,
    InstanceStarted,
    MessageSent,
    PublicationReceived,
)
from harness.evidence.log import FILE, read_events

Pair = tuple[str, str]
"""Interface and event."""
Step = MessageSent | AnswerReceived | PublicationReceived | CheckMade

LOAD = "load:"
"""Begins the key of a check that `dip load` made."""
_LOAD_KEY = b'"key":"load:'
_PASSED_CHECK = (b'{"event":"check-made"', b'"passed":true')
HANDSHAKE = "TLS handshake"
NO_ANSWER = "no answer"


@dataclass(slots=True)
class Traffic:
    """The last attempt of one case: messages sent and received, and refusals by code, each by pair."""

    sent: Counter[Pair] = field(default_factory=Counter)
    received: Counter[Pair] = field(default_factory=Counter)
    refused: Counter[tuple[Pair, str]] = field(default_factory=Counter)
    codes: set[str] = field(default_factory=set)
    steps: list[Step] = field(default_factory=list)
    load: list[CheckMade] = field(default_factory=list)
    """What a load test held against its limits, passed or not."""
    _asked: Pair = ("", "")

    def take(self, event: Event, *, keep: bool) -> None:
        """Count an event; ``keep`` holds on to it."""
        match event:
            case MessageSent():
                self._asked = (event.interface, event.event_code)
                self.sent[self._asked] += max(1, len(event.references))
            case AnswerReceived():
                self.codes.update(event.codes)
                for code in _refusals(event):
                    self.refused[self._asked, code] += 1
            case PublicationReceived():
                self.received[event.interface, event.event_code] += 1
                self.codes.update(event.response_codes)
            case DeliveryAnswered():
                self.received[event.interface, event.event_code] += 1
                return
            case CheckMade():
                if event.key.startswith(LOAD):
                    self.load.append(event)
                    if event.passed:
                        return
            case _:
                return
        if keep:
            self.steps.append(event)


def _refusals(answer: AnswerReceived) -> list[str]:
    """Return the codes of an answer that refuses; the HTTP status, or that none came, where it names none."""
    if answer.refused_in_handshake:
        return [HANDSHAKE]
    if answer.status is None:
        return [NO_ANSWER]
    if answer.status < 400:
        return [code for code in answer.codes if code.startswith("MSG") and code != "MSG0000"]
    return list(answer.codes) or [f"HTTP {answer.status}"]


def read_traffic(folder: Path, shown: Collection[str]) -> dict[str, Traffic]:
    """Read one run's events; raises ConfigurationError naming a damaged line.

    Of the cases ``shown`` messages and checks are kept, in order.
    """
    return gather(read_events(folder / FILE, wanted=_wanted), shown)


def gather(events: Iterable[Event], shown: Collection[str]) -> dict[str, Traffic]:
    """Count events by case (pure); a case that began again starts anew."""
    found: dict[str, Traffic] = {}
    for event in events:
        if isinstance(event, InstanceStarted):
            found[event.case] = Traffic()
        elif isinstance(event, Step | DeliveryAnswered) and event.case in found:
            found[event.case].take(event, keep=event.case in shown)
    return found


def _wanted(line: bytes) -> bool:
    kind, passed = _PASSED_CHECK
    return not (line.startswith(kind) and passed in line) or _LOAD_KEY in line
