"""Reports (REP-...) that a party publishes when it is told to; their bodies come from the builder."""

from __future__ import annotations

from collections.abc import Iterable

from harness.errors import ConfigurationError, nearest
from harness.spec.release import load
from simulators.participants import sending
from simulators.participants.behaviours import Acting, Reaction
from simulators.participants.content import Content, Item
from simulators.participants.playing import State, Word


def report_word(reports: Iterable[str], reason: str) -> Word:
    """Return the word ``report`` for a role that publishes ``reports``."""
    known = tuple(reports)

    def act(state: State, content: Content, acting: Acting) -> Reaction:
        report = content.one_of("report", known)
        events = load(content.release).events(report)
        if not events:
            raise ConfigurationError(
                f"release {content.release} has no {report}", where=content.where, mend=nearest(report, known)
            )
        event = content.one_of("event", events, next(iter(events)))
        to = content.names("to")
        if not to:
            rows = acting.routing.receivers(report, event, sender=acting.party.role)
            roles = {row.role for row in rows if row.tier == "primary"}
            to = tuple(each.dip_id for each in acting.network.parties if each.role in roles)[:1]
        told = sending.told_message(state.record, content, acting, report, event, to)
        return state, (told,)

    return Word(
        "report",
        (
            Item("report", about=", ".join(known)),
            Item("event", needed=False),
            Item("to", needed=False, about="DIP ids; the first receiver of the network when absent"),
            Item("set", needed=False),
        ),
        ", ".join(known),
        act,
        "assumed",
        f"who sends which report is not public; {reason}",
    )
