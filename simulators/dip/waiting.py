"""What an outbox works through: deliveries that wait, and what became of them.

Two queues stand on the store: publications (`publications.py`) and status messages (`status.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

OPEN = ("Pending", "Retrying")
"""Statuses of a delivery that is still to be made."""


class Due(NamedTuple):
    """An open delivery as far as its order goes: row, channel, what it is about, bytes of its message."""

    delivery: int
    channel: str
    mpan: str | None
    size: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery to be made: its row, the message's row, the channel it goes to and the bytes."""

    delivery: int
    message: int
    channel: str
    tag: str | None
    transaction: str
    attempts: int
    body: bytes
    sender: str = ""
    """DIP id that sent the message."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one delivery, in the words of the published journal."""

    waiting: Waiting
    status: str
    http_status: int | None
    detail: str
    message: str = ""
    """What the recipient's answer says of this message, e.g. ``RCP0000 - Message Success``."""
    help: str = ""
    seconds: float = 0.0
    """How long the call took."""


class Queue(Protocol):
    """Deliveries of one kind, by recipient."""

    def recipients_waiting(self) -> tuple[str, ...]:
        """Return everybody who has a delivery open: what a restart takes up again."""

    def open_by_tag(self) -> dict[str, int]:
        """Return how many deliveries are open per tag."""

    def due(self, recipient: str, *, after: int, most: int) -> list[Due]:
        """Return the oldest open deliveries of a recipient, by rising row beyond ``after``."""

    def load(self, deliveries: Sequence[int]) -> list[Waiting]:
        """Return deliveries as they are to be made, by rising row."""

    async def delivered(
        self, results: Sequence[Result], *, recipient: str, at: datetime, attempts: int
    ) -> None:
        """Record what became of deliveries after so many attempts."""
