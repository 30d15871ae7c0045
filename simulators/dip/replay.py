"""Replay: messages, or status messages, come back in the response.

The published answers differ: before 2.2.1 everything in one 200, from it a page at a time, 206 with
``X-Continuation-Token`` while there is more. A replayed message is the stored one with
``D0.replayIndicator`` true. The shape allows no empty array, so nothing found has a status of its own
(`replay.empty_status`, assumed).
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import orjson

from simulators.dip import status_queue
from simulators.dip.access import Access
from simulators.dip.answer import JSON, Answer
from simulators.dip.kept import HubStore, LookBack
from simulators.dip.model import Call, Fault
from simulators.dip.status import encoded
from simulators.dip.wanted import Wanted

TOKEN = "X-Continuation-Token"
_FIRST_TIME, _AGAIN = b'"replayIndicator":false', b'"replayIndicator":true'
_MARGIN = timedelta(seconds=2)
"""By how much the stream's time may be ahead of the second that the store keeps."""
_BODIES = (
    "SELECT delivery.id, body FROM delivery NOT INDEXED CROSS JOIN message ON message.id = delivery.message"
    " WHERE delivery.id IN (SELECT value FROM json_each(?))"
)
_TOKEN = re.compile("([0-9a-f]{1,12})-([0-9a-f]{1,12})-([0-9a-f]{16})")


class Replay:
    """The two replay operations of one release."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self.from_stream = self.from_store = 0
        """Where messages came from that were replayed by time, where there is a broker."""
        self._paged = frozenset(
            operation.path for operation in access.business.release.operations if "206" in operation.statuses
        )

    async def messages(self, call: Call, channel: str, recipient: str) -> Answer:
        """Return the messages of a channel that were for a recipient."""
        found = await self._access.deliveries(call, channel, recipient)
        if isinstance(found, Answer):
            return found
        columns = "delivery.at, delivery.id, message.body"
        paged = "/dip-channel/{id}/replay/{recipient-id}" in self._paged
        masks, role = self._access.business.masks, self._access.business.directory.members[recipient].role

        def replayed(row: tuple[Any, ...]) -> bytes:
            return _replayed(masks.body(row[0], role))

        return await self._answer(call, recipient, found, columns, replayed, paged=paged, about=channel)

    async def statuses(self, call: Call, recipient: str) -> Answer:
        """Return the status messages that were for a sender."""
        found = self._access.status_messages(call, recipient)
        if isinstance(found, Answer):
            return found
        columns = f"status_message.at, status_message.id, {status_queue.COLUMNS}"
        paged = "/statusmessage/replay/{recipient-id}" in self._paged
        return await self._answer(call, recipient, found, columns, _told, paged=paged, about="")

    async def _answer(
        self,
        call: Call,
        recipient: str,
        found: Wanted,
        columns: str,
        written: Callable[[tuple[Any, ...]], bytes],
        *,
        paged: bool,
        about: str,
    ) -> Answer:
        rules = self._access.rules
        digest = hashlib.sha256(f"{about}\n{recipient}\n".encode() + call.body).hexdigest()[:16]
        after = _after(call.headers.get(TOKEN.lower(), ""), digest) if paged else None
        if isinstance(after, str):
            return self._access.refused((Fault(rules.schema, "", after),), recipient)
        most = rules.replay_page if paged else rules.replay_messages
        statement = found.select(columns, most=most + 1, after=after)
        store = self._access.store
        if found.is_by_time and store.look_back is not None:
            rows = await self._from_stream(store, store.look_back, found, recipient, most, after)
            items, last, more = _page(_Rows(rows), ("", ()), written, most, rules.delivery_bytes)
        else:
            items, last, more = await store.aside.run(
                lambda connection: _page(connection, statement, written, most, rules.delivery_bytes)
            )
        if not items:
            return Answer(200, b"[]", JSON) if rules.replay_empty == 200 else Answer(rules.replay_empty)
        if more and not paged:
            text = f"More than {len(items)} messages match: ask for a shorter period."
            return self._access.refused((Fault(rules.replay_refused, "", text),), recipient)
        body = b"[" + b",".join(items) + b"]"
        if more:
            return Answer(206, body, JSON, headers=((TOKEN, f"{last[0]:x}-{last[1]:x}-{digest}"),))
        return Answer(200, body, JSON)

    async def _from_stream(
        self,
        store: HubStore,
        look_back: LookBack,
        found: Wanted,
        recipient: str,
        most: int,
        after: tuple[int, int] | None,
    ) -> list[tuple[Any, ...]]:
        """Return (at, id, body) as the store says what is meant, with bodies from the broker's stream.

        What the stream keeps no longer, or got while the clock stood elsewhere, comes from the store.
        """
        rows = await store.aside.rows(*found.select("delivery.at, delivery.id", most=most + 1, after=after))
        if not rows:
            return []
        real = datetime.now(UTC)
        since = datetime.fromtimestamp(rows[0][0], UTC) - (self._access.clock.now() - real)
        bodies = await look_back(recipient, [row[1] for row in rows], since - _MARGIN)
        self.from_stream += len(bodies)
        missing = [row[1] for row in rows if row[1] not in bodies]
        if missing:
            self.from_store += len(missing)
            kept = await store.aside.rows(_BODIES, (orjson.dumps(missing),))
            bodies |= {number: bytes(body) for number, body in kept}
        return [(at, number, bodies[number]) for at, number in rows]


class _Rows:
    """Rows that were read already, in the place of a connection."""

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self._rows = iter(rows)

    def execute(self, *_: object) -> Self:
        """Begin to give them."""
        return self

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self._rows

    def close(self) -> None:
        """Nothing is to be done."""


def _page(
    connection: Any,
    statement: tuple[str, tuple[object, ...]],
    written: Callable[[tuple[Any, ...]], bytes],
    most: int,
    size: int,
) -> tuple[list[bytes], tuple[int, int], bool]:
    """Read ``most`` items of about ``size`` bytes; returns them, the last (at, id), and if there is more."""
    items: list[bytes] = []
    last, total = (0, 0), 0
    with contextlib.closing(connection.execute(*statement)) as rows:
        for at, number, *values in rows:
            item = written(tuple(values))
            if items and (len(items) >= most or total + len(item) > size):
                return items, last, True
            items.append(item)
            total += len(item)
            last = (at, number)
    return items, last, False


def _after(token: str, digest: str) -> tuple[int, int] | str | None:
    """Return where a page goes on, None for the first; a text when the token belongs to no such request."""
    if not token:
        return None
    match = _TOKEN.fullmatch(token)
    if match is None or match[3] != digest:
        return f"{TOKEN} is none that was given for this request."
    return int(match[1], 16), int(match[2], 16)


def _replayed(body: bytes) -> bytes:
    if body.count(_FIRST_TIME) == 1:  # it is D0's own: within a value its quotes would be escaped
        return body.replace(_FIRST_TIME, _AGAIN)
    message = orjson.loads(body)
    message["payload"]["CommonBlock"]["D0"]["replayIndicator"] = True
    return orjson.dumps(message)


def _told(row: tuple[Any, ...]) -> bytes:
    found = status_queue.named(row)
    return encoded(found, status_queue.at(found))
