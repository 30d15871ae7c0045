"""Who took part in each case of the runs, and with what: one pass over their events.

Messages are counted and let go, so that runs of any size fit into memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from harness.evidence.events import AnswerReceived, DeliveryAnswered, MessageSent, PublicationReceived
from harness.reports.run import Run, events_of

Pair = tuple[str, str]
"""Interface and event."""


@dataclass(slots=True)
class Part:
    """One case of one run: DIP ids that sent and that received, pairs that were carried, codes met."""

    senders: set[str] = field(default_factory=set)
    recipients: set[str] = field(default_factory=set)
    pairs: set[Pair] = field(default_factory=set)
    by_party: dict[str, set[tuple[str, Pair]]] = field(default_factory=dict)
    """DIP id to what it ``sent`` and ``received``."""
    codes: set[str] = field(default_factory=set)
    first_body: str = ""
    """SHA-256 of the first request."""

    def took(self, dip_id: str, part: str = "") -> bool:
        """Say whether a party took part; with ``part`` sender or recipient, in that one."""
        return (part != "recipient" and dip_id in self.senders) or (
            part != "sender" and dip_id in self.recipients
        )


Parts = Mapping[tuple[str, str], Part]
"""By run and case (with its release)."""
_WANTED = (
    b'{"event":"message-sent"', b'{"event":"answer-received"', b'{"event":"publication-received"',
    b'{"event":"delivery-answered"',
)  # fmt: skip


def parts_of(runs: Iterable[Run]) -> Parts:
    """Read who took part in each case of runs; raises ConfigurationError naming a damaged line."""
    found: dict[tuple[str, str], Part] = {}
    for run in runs:
        for event in events_of(run.folder, wanted=lambda line: line.startswith(_WANTED)):
            if not isinstance(event, MessageSent | AnswerReceived | PublicationReceived | DeliveryAnswered):
                continue
            part = found.setdefault((run.header.run, event.case), Part())
            match event:
                case MessageSent():
                    pair = (event.interface, event.event_code)
                    part.senders.add(event.sender)
                    part.pairs.add(pair)
                    part.by_party.setdefault(event.sender, set()).add(("sent", pair))
                    part.first_body = part.first_body or event.body
                case AnswerReceived():
                    part.codes.update(event.codes)
                case PublicationReceived() | DeliveryAnswered():
                    pair = (event.interface, event.event_code)
                    part.recipients.add(event.party)
                    part.pairs.add(pair)
                    part.by_party.setdefault(event.party, set()).add(("received", pair))
                    if isinstance(event, PublicationReceived):
                        part.codes.update(event.response_codes)
    return found
