"""Whose move it is, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from harness.evidence.verdicts import Blame, BlameClass


class Names(Protocol):
    """What knows the names of parties: a run, or a standing over several."""

    def party_name(self, name_or_id: str) -> str:
        """Return words for a party that an event names by DIP id or by name."""


_WORDS: Mapping[BlameClass, str] = {
    BlameClass.CONFIGURATION: "whoever configures this run",
    BlameClass.ENVIRONMENT: "whoever runs the environment",
    BlameClass.TEST_DATA: "whoever owns the test data",
    BlameClass.CONNECTION_PROVIDER: "the connection provider",
    BlameClass.CENTRAL_SYSTEM: "the central system",
    BlameClass.COUNTERPARTY: "the counterparty",
    BlameClass.PARTICIPANT: "the participant",
    BlameClass.SPECIFICATION: "the owner of the specification",
    BlameClass.TEST_CASE: "the author of the test case",
    BlameClass.HARNESS: "the harness team",
}


def whose_move(names: Names, blame: Blame | None) -> str:
    """Return who has to act: the class in words and the party where one is named; empty for a pass."""
    if blame is None:
        return ""
    words = _WORDS[blame.cause]
    party = names.party_name(blame.party)
    return f"{words}: {party}" if party and party != "DIP" else words
