"""The queue of publications, and the status messages that their deliveries give rise to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import orjson

from simulators.dip.kept import HubStore
from simulators.dip.rows import INSERT_JOURNAL, INSERT_STATUS, milliseconds
from simulators.dip.rules import Rules
from simulators.dip.status import Notice, of_result
from simulators.dip.unpausing import AT_ONCE, Reopened, reopen
from simulators.dip.waiting import OPEN, Due, Result, Waiting
from simulators.dip.writer import Statement

Told = Callable[[Mapping[str, int], Iterable[str]], None]
"""Gets how many status messages are open per tag, and who gets them."""


class Publications:
    """Deliveries of messages; a `Queue`."""

    def __init__(self, store: HubStore, hub: str, rules: Rules, told: Told) -> None:
        """``hub`` is the hub's DIP id; ``told`` is called after status messages were put into the store."""
        self._store = store
        self._hub = hub
        self._rules = rules
        self._told = told

    def recipients_waiting(self) -> tuple[str, ...]:
        """Return everybody who has a delivery open."""
        rows = self._store.rows(
            "SELECT DISTINCT recipient FROM delivery WHERE status IN ('Pending', 'Retrying')"
        )
        return tuple(row[0] for row in rows)

    def open_by_tag(self) -> dict[str, int]:
        """Return how many deliveries are open per tag."""
        return dict(
            self._store.rows(
                "SELECT tag, count(*) FROM delivery JOIN message ON message.id = delivery.message"
                " WHERE status IN ('Pending', 'Retrying') AND tag IS NOT NULL GROUP BY tag"
            )
        )

    def due(self, recipient: str, *, after: int, most: int) -> list[Due]:
        """Return the oldest open deliveries of a recipient beyond a row."""
        rows = self._store.rows(
            "SELECT delivery.id, channel, mpan, length(body)"
            " FROM delivery INDEXED BY delivery_open CROSS JOIN message ON message.id = delivery.message"
            " WHERE recipient = ? AND delivery.id > ? AND status IN ('Pending', 'Retrying')"
            " ORDER BY delivery.id LIMIT ?",
            (recipient, after, most),
        )
        return [Due(*row) for row in rows]

    def load(self, deliveries: Sequence[int]) -> list[Waiting]:
        """Return deliveries with their messages."""
        rows = self._store.rows(
            "SELECT delivery.id, message.id, channel, tag, transaction_id, attempts, body, sender"
            " FROM delivery NOT INDEXED CROSS JOIN message ON message.id = delivery.message"
            " WHERE delivery.id IN (SELECT value FROM json_each(?)) ORDER BY delivery.id",
            (orjson.dumps(deliveries),),
        )
        return [Waiting(*row) for row in rows]

    async def delivered(
        self, results: Sequence[Result], *, recipient: str, at: datetime, attempts: int
    ) -> None:
        """Record what became of deliveries, with what the senders are to be told, in one commit."""
        moment, seconds = milliseconds(at), int(at.timestamp())
        statements: list[Statement] = [
            (
                "UPDATE delivery SET status = ?, http_status = ?, attempts = ? WHERE id = ?",
                [(each.status, each.http_status, attempts, each.waiting.delivery) for each in results],
            ),
            (
                INSERT_JOURNAL,
                [journalled(each, "Outbound", each.status, recipient, moment) for each in results],
            ),
        ]
        notices: list[tuple[Waiting, Notice]] = []
        for each in results:
            notice = None if each.status in OPEN else of_result(each, recipient, self._hub, self._rules)
            if notice is not None:
                notices.append((each.waiting, notice))
        if notices:
            statements.append(
                (
                    INSERT_STATUS,
                    [notice.row(waiting.message, waiting.sender, seconds) for waiting, notice in notices],
                )
            )
        await self._store.writer.write(statements, durable=False)
        if notices:
            tags = Counter(waiting.tag for waiting, _ in notices if waiting.tag is not None)
            self._told(tags, {waiting.sender for waiting, _ in notices})

    async def paused(self) -> list[tuple[str, str]]:
        """Return the recipients and channels of paused deliveries."""
        return await self._store.aside.rows(
            "SELECT DISTINCT recipient, channel FROM delivery WHERE status = 'Paused'"
        )

    async def unpause(self, recipient: str, channel: str, after: int) -> Reopened:
        """Open again some of the deliveries that were paused for want of a webhook, those beyond a row."""
        return await reopen(
            self._store,
            "SELECT delivery.id, tag FROM delivery INDEXED BY delivery_paused"
            " CROSS JOIN message ON message.id = delivery.message"
            " WHERE recipient = ? AND status = 'Paused' AND delivery.id > ? AND channel = ?"
            " ORDER BY delivery.id LIMIT ?",
            (recipient, after, channel, AT_ONCE),
            "UPDATE delivery SET status = 'Pending' WHERE id = ?",
        )


def journalled(result: Result, stage: str, status: str, recipient: str, moment: int) -> tuple[object, ...]:
    """Return the journal's row for what became of a delivery."""
    return (
        result.waiting.message,
        moment,
        stage,
        status,
        recipient,
        result.detail,
        result.http_status,
        round(result.seconds * 1000),
    )
