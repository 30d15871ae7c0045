"""The queue of status messages: like publications, to one webhook per sender; none gives rise to another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from harness.clock import message_time
from simulators.dip import status
from simulators.dip.kept import HubStore
from simulators.dip.publications import journalled
from simulators.dip.rows import INSERT_JOURNAL, INSERT_STATUS, milliseconds
from simulators.dip.unpausing import AT_ONCE, Reopened, reopen
from simulators.dip.waiting import Due, Result, Waiting

COLUMNS = (
    "status_message.id, message.id, tag, transaction_id, attempts, reference, correlation, provider,"
    " sent, origin, status_message.recipient, text, help, ticket, status_message.at"
)
_NAMES = (
    "id", "message", "tag", "transaction_id", "attempts", "reference", "correlation", "provider",
    "sent", "origin", "recipient", "text", "help", "ticket", "at",
)  # fmt: skip
_FRAME_BYTES = 500
"""About what a status message takes beside its text and help."""
_JOURNAL_STATUS = {"RejectedByRecipient": "DeliveryFailure", "RetriesExhausted": "DeliveryFailure"}
"""The published journal has no word of its own for these in the stage StatusMessage."""


class StatusQueue:
    """Deliveries of status messages; a `Queue`."""

    def __init__(self, store: HubStore) -> None:
        self._store = store

    def recipients_waiting(self) -> tuple[str, ...]:
        """Return everybody who has a status message open."""
        rows = self._store.rows(
            "SELECT DISTINCT recipient FROM status_message WHERE status IN ('Pending', 'Retrying')"
        )
        return tuple(row[0] for row in rows)

    def open_by_tag(self) -> dict[str, int]:
        """Return how many status messages are open per tag."""
        return dict(
            self._store.rows(
                "SELECT tag, count(*) FROM status_message JOIN message ON message.id = status_message.message"
                " WHERE status IN ('Pending', 'Retrying') AND tag IS NOT NULL GROUP BY tag"
            )
        )

    def due(self, recipient: str, *, after: int, most: int) -> list[Due]:
        """Return the oldest open status messages of a sender beyond a row."""
        rows = self._store.rows(
            "SELECT id, length(text) + ifnull(length(help), 0) FROM status_message"
            " INDEXED BY status_message_open"
            " WHERE recipient = ? AND id > ? AND status IN ('Pending', 'Retrying') ORDER BY id LIMIT ?",
            (recipient, after, most),
        )
        return [Due(number, status.CHANNEL, None, length + _FRAME_BYTES) for number, length in rows]

    def load(self, deliveries: Sequence[int]) -> list[Waiting]:
        """Return status messages with their bytes."""
        rows = self._store.rows(
            f"SELECT {COLUMNS} FROM status_message CROSS JOIN message ON message.id = status_message.message"
            " WHERE status_message.id IN (SELECT value FROM json_each(?)) ORDER BY status_message.id",
            (orjson.dumps(deliveries),),
        )
        return [waiting(named(row)) for row in rows]

    async def delivered(
        self, results: Sequence[Result], *, recipient: str, at: datetime, attempts: int
    ) -> None:
        """Record what became of status messages."""
        moment = milliseconds(at)
        told = [(each, _JOURNAL_STATUS.get(each.status, each.status)) for each in results]
        await self._store.writer.write(
            [
                (
                    "UPDATE status_message SET status = ?, http_status = ?, attempts = ? WHERE id = ?",
                    [(word, each.http_status, attempts, each.waiting.delivery) for each, word in told],
                ),
                (
                    INSERT_JOURNAL,
                    [journalled(each, "StatusMessage", word, recipient, moment) for each, word in told],
                ),
            ],
            durable=False,
        )

    async def paused(self) -> list[tuple[str, str]]:
        """Return the senders of paused status messages, with their one channel."""
        return await self._store.aside.rows(
            "SELECT DISTINCT recipient, ? FROM status_message WHERE status = 'Paused'", (status.CHANNEL,)
        )

    async def unpause(self, recipient: str, _channel: str, after: int) -> Reopened:
        """Open again some of what was paused for want of a webhook, beyond a row."""
        return await reopen(
            self._store,
            "SELECT status_message.id, tag FROM status_message INDEXED BY status_message_paused"
            " CROSS JOIN message ON message.id = status_message.message"
            " WHERE recipient = ? AND status = 'Paused' AND status_message.id > ?"
            " ORDER BY status_message.id LIMIT ?",
            (recipient, after, AT_ONCE),
            "UPDATE status_message SET status = 'Pending' WHERE id = ?",
        )

    async def add(self, notices: Iterable[tuple[int, str, status.Notice]], seconds: int) -> None:
        """Put status messages on the disk: (row of the message, who gets it, what is said)."""
        rows = [notice.row(message, recipient, seconds) for message, recipient, notice in notices]
        await self._store.writer.write([(INSERT_STATUS, rows)], durable=True)


def waiting(found: dict[str, Any]) -> Waiting:
    """Return a status message as it is to be delivered, from what `named` gives."""
    return Waiting(
        found["id"],
        found["message"],
        status.CHANNEL,
        found["tag"],
        found["transaction_id"],
        found["attempts"],
        status.encoded(found, at(found)),
        found["recipient"],
    )


def named(row: Sequence[Any]) -> dict[str, Any]:
    """Name what was selected as `COLUMNS`."""
    return dict(zip(_NAMES, row, strict=True))


def at(row: dict[str, Any]) -> str:
    """Return when the hub took a status message in, as messages write it."""
    return message_time(datetime.fromtimestamp(row["at"], UTC))
