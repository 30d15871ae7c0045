"""Status messages: what a sender is told of its message after the 201.

Four levels: L1 is the answer to the send; L2 is what the hub finds later (addressing, a delivery that fails);
L3 is what a recipient's webhook answers; L4 is what a recipient posts to ``/statusmessage``. L2 to L4 go to
the sender's status webhook as a bare array of StandardResponse entries. The levels are a third party's words,
the shape is published; which event leads to which code is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from harness.spec.codes import text as code_text
from simulators.dip import respond
from simulators.dip.rules import Rules
from simulators.dip.waiting import Result

CHANNEL = "status"
"""The channel that status messages go by, in the store and in the paths of simulated parties."""
_SUCCESS = "0000"


@dataclass(frozen=True, slots=True)
class Notice:
    """One status message before it has a row: who says what, at which level."""

    origin: str
    level: str
    text: str
    help: str | None = None
    sent: str | None = None
    """The moment that the origin states; None: when the hub took it in."""
    ticket: str | None = None

    def row(self, message: int, recipient: str, seconds: int) -> tuple[object, ...]:
        """Return the row that says it of a message to its sender."""
        return (
            message, recipient, self.origin, self.level, seconds, self.text, self.help, self.sent, self.ticket
        )  # fmt: skip


def of_result(result: Result, recipient: str, hub: str, rules: Rules) -> Notice | None:
    """Return what the sender is told of a delivery's end.

    What the recipient said goes on as it is (L3); a delivery that failed without a word from the recipient
    makes the hub speak (L2). Nothing is said of a paused delivery, nor of a success that the recipient
    answered without an entry.
    """
    if result.message:
        if result.message[3:7] == _SUCCESS and not rules.status_of_success:
            return None
        return Notice(recipient, "L3", respond.cut(result.message, 200), _help(result.help))
    if result.status in ("Delivered", "Paused"):
        return None
    text = f"{recipient}: {result.status}"
    if result.http_status is not None:
        text += f", HTTP status {result.http_status}"
    elif result.detail:
        text += f", {result.detail}"
    return Notice(hub, "L2", code_text(rules.status_failed), _help(text))


def entry(row: Mapping[str, Any], at: str) -> dict[str, Any]:
    """Build the entry of the published shape from a row of the store; ``at`` is when the hub took it in."""
    return {
        "transactionID": row["transaction_id"],
        "senderUniqueReference": row["reference"],
        "correlationID": row["correlation"],
        "sentTimestamp": row["sent"] or at,
        "senderID": row["origin"],
        "recipientID": row["recipient"],
        "DIPConnectionProviderID": row["provider"],
        "message": row["text"],
        "help": row["help"],
        "serviceTicketURL": row["ticket"],
    }


def encoded(row: Mapping[str, Any], at: str) -> bytes:
    """Return the entry's bytes, the same at every attempt."""
    return orjson.dumps(entry(row, at))


def _help(text: str) -> str | None:
    return respond.cut(text, respond.HELP_LENGTH) if text else None
