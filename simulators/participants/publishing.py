"""Parties that publish when they are told to: industry standing data (IF-047) and volume allocation."""

from __future__ import annotations

from simulators.participants import sending
from simulators.participants.behaviours import Acting, Reaction, add
from simulators.participants.content import Content, Item
from simulators.participants.playing import Plays, State, Word
from simulators.participants.reporting import report_word


def _standing_data(state: State, content: Content, acting: Acting) -> Reaction:
    """Publish a version of industry standing data to everybody."""
    places = dict(content.places())
    if content.has("version"):
        places["P01.publicationVersionID"] = content.text("version")
    point = state.record.point(sending.any_mpan(acting))
    return state, (sending.message(content.release, "IF-047", "ISD", point, acting, places=places),)


add(
    "standing-data",
    Plays(
        frozenset({"ISD"}),
        (),
        (
            Word(
                "publish",
                (Item("version", needed=False, about="such as 1.8.0"), Item("set", needed=False)),
                "IF-047 [ISD]",
                _standing_data,
                "third-party",
                "the address of a downloadable asset, to all roles",
            ),
        ),
    ),
)
add(
    "volume-allocation",
    Plays(
        frozenset({"VAS"}),
        (),
        (
            report_word(
                ("REP-003", "REP-003A", "REP-004", "REP-006", "REP-007", "REP-009"),
                "their names are the volume allocation service's",
            ),
        ),
    ),
)
