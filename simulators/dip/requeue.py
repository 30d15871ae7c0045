"""Requeue: messages, or status messages, are pushed to the webhook once more, with the same bytes and ids.

Before 2.2.1 the answer is 200 and nothing more is told. From it, it is 202 with a requeue id, whose progress
can be asked for, and a recipient may have one requeue under way (else 429; messages and status messages count
together, assumed). What is still waiting to be delivered is not doubled, but counts as part of the requeue.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from simulators.dip.access import Access
from simulators.dip.answer import JSON, Answer, bare
from simulators.dip.model import Call, Fault, Refusal
from simulators.dip.post import Sends
from simulators.dip.settle import Tracker
from simulators.dip.status import CHANNEL
from simulators.dip.waiting import OPEN
from simulators.dip.wanted import Wanted
from simulators.dip.writer import Statement

PROCESSING = "Processing"
_TOLD = 100
"""At most so many requeues are told of when no id is asked for, the latest first."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a requeue is."""

    id: str
    total: int
    processed: int
    status: str

    def as_dict(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the published shape; ``fields`` are those that the release has."""
        percent = 100 if self.total == 0 else self.processed * 100 // self.total
        told = {
            "requeueId": self.id,
            "percentComplete": percent,
            "totalTransactions": self.total,
            "processedTransactions": self.processed,
            "status": self.status,
        }
        return {name: value for name, value in told.items() if name in fields}


class Requeues:
    """The requeue operations of one release."""

    def __init__(self, access: Access, publications: Sends, statuses: Sends, tracker: Tracker) -> None:
        self._access = access
        self._outboxes = {"delivery": publications, "status_message": statuses}
        self._tracker = tracker
        release = access.business.release
        self._told = any(
            "202" in operation.statuses for operation in release.operations if "/requeue/" in operation.path
        )

    async def messages(self, call: Call, channel: str, recipient: str) -> Answer:
        """Push the messages of a channel to a recipient again."""
        found = await self._access.deliveries(call, channel, recipient)
        return await self._start(found, recipient, channel)

    async def statuses(self, call: Call, recipient: str) -> Answer:
        """Push status messages to a sender again."""
        found = self._access.status_messages(call, recipient)
        return await self._start(found, recipient, CHANNEL)

    async def progress(self, call: Call, channel: str, recipient: str) -> Answer:
        """Tell how far a requeue is, or the latest ones; 204 when there is none."""
        refusal = self._access.owns(call, recipient)
        if refusal:
            return bare(refusal)
        query = {name.lower(): values[-1] for name, values in parse_qs(urlsplit(call.url).query).items()}
        known = self._known(recipient, channel, query.get("requeue-id"))
        if not known:
            return Answer(204)
        fields = self._access.business.release.api_schema("RequeueStatus")["properties"]
        return Answer(200, orjson.dumps([each.as_dict(fields) for each in known]), JSON)

    async def _start(self, found: Wanted | Answer, recipient: str, channel: str) -> Answer:
        if isinstance(found, Answer):
            return found
        store, rules = self._access.store, self._access.rules
        async with store.reopening:
            former = self._latest(recipient)
            if self._told and former is not None and former[1].status == PROCESSING:
                return bare(Refusal(429, f"the requeue {former[1].id} is not complete"))
            columns = f"{found.table}.id, {found.table}.status, message.tag"
            rows = await store.aside.rows(*found.select(columns, most=rules.requeue_messages + 1))
            if len(rows) > rules.requeue_messages:
                text = f"More than {rules.requeue_messages} messages match: ask for a shorter period."
                return self._access.refused((Fault(rules.replay_refused, "", text),), recipient)
            number = store.rows("SELECT ifnull(max(number), 0) + 1 FROM requeue")[0][0]
            name = f"{recipient}-{self._access.clock.now():%Y%m%d}-{secrets.token_hex(9)}"
            closed = [(item, tag) for item, status, tag in rows if status not in OPEN]
            statements: list[Statement] = [
                (
                    "INSERT INTO requeue VALUES (?,?,?,?,?,NULL,NULL)",
                    [(number, name, recipient, channel, len(rows))],
                ),
                ("INSERT INTO requeue_item VALUES (?,?)", [(number, row[0]) for row in rows]),
                (
                    f"UPDATE {found.table} SET status = 'Pending', attempts = 0 WHERE id = ?",
                    [(item,) for item, _ in closed],
                ),
            ]
            if former is not None:
                done = former[1]
                statements.append(
                    (
                        "UPDATE requeue SET processed = ?, status = ? WHERE number = ?",
                        [(done.processed, done.status, former[0])],
                    )
                )
            tags = [tag for _, tag in closed if tag is not None]
            self._tracker.opened(Counter(tags))
            try:
                await store.writer.write([each for each in statements if each[1]], durable=True)
            except BaseException:
                for tag in tags:
                    self._tracker.closed(tag)
                raise
        self._outboxes[found.table].wake((recipient,), reopened=True)
        return Answer(202, orjson.dumps(name), JSON) if self._told else Answer(200)

    def _latest(self, recipient: str) -> tuple[int, Progress] | None:
        rows = self._access.store.rows(
            "SELECT number, id, channel, total, processed, status FROM requeue"
            " WHERE recipient = ? ORDER BY number DESC LIMIT 1",
            (recipient,),
        )
        return (rows[0][0], self._progress(rows[0])) if rows else None

    def _known(self, recipient: str, channel: str, name: str | None) -> list[Progress]:
        where = " AND id = ?" if name is not None else ""
        rows = self._access.store.rows(
            "SELECT number, id, channel, total, processed, status FROM requeue"
            f" WHERE recipient = ? AND channel = ?{where} ORDER BY number DESC LIMIT ?",
            (recipient, channel, *([name] if name is not None else []), _TOLD),
        )
        return [self._progress(row) for row in rows]

    def _progress(self, row: tuple[Any, ...]) -> Progress:
        """Return what is kept of a requeue that another followed, else what its items say."""
        number, name, channel, total, processed, status = row
        if status is not None:
            return Progress(name, total, processed, status)
        table = "status_message" if channel == CHANNEL else "delivery"
        counts = dict(
            self._access.store.rows(
                f"SELECT status, count(*) FROM requeue_item JOIN {table} ON {table}.id = item"
                " WHERE requeue = ? GROUP BY status",
                (number,),
            )
        )
        waiting = sum(counts.get(each, 0) for each in OPEN)
        delivered = counts.get("Delivered", 0)
        if waiting:
            status = PROCESSING
        elif delivered == total:
            status = "Completed"
        else:
            status = "PartialCompletion" if delivered else "Failed"
        return Progress(name, total, total - waiting, status)
