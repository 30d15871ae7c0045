"""A delivery worker of one release: the recipients of its parts, read from the stream, in the mode's order.

A recipient belongs to a part, a part to one process at a time, so that one outbox works for a recipient. Who
takes a part over begins with the first bundle that nobody acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Iterable

from simulators.dip.broker.stream import BROKER_FAULTS, Reader, Stream
from simulators.dip.broker.stream_queue import StreamQueue
from simulators.dip.logs import Log
from simulators.dip.outbox import Outboxes
from simulators.dip.postgres.shares import Parts, Shares
from simulators.dip.postgres.store import PostgresStore
from simulators.dip.store_faults import STORE_FAULTS
from simulators.dip.waiting import Queue

PARTS = 64
_TABLES = {"d": "delivery", "s": "status_message"}
_BUNDLES = 4
"""How many bundles are asked for at a time."""
_UNACKNOWLEDGED = 64
_FETCH_SECONDS = 0.3
_TROUBLED_SECONDS = 0.5
_SWEEP_SECONDS = 2.0
_DRAIN_SECONDS = 1.0
_RECIPIENTS = (
    "WITH RECURSIVE each AS ((SELECT recipient FROM {table} WHERE status IN ('Pending', 'Retrying')"
    " ORDER BY recipient LIMIT 1) UNION ALL SELECT (SELECT recipient FROM {table} WHERE status IN"
    " ('Pending', 'Retrying') AND recipient > each.recipient ORDER BY recipient LIMIT 1)"
    " FROM each WHERE each.recipient IS NOT NULL) SELECT recipient FROM each WHERE recipient IS NOT NULL"
)
_STRANDED = (
    "SELECT id FROM {table} WHERE recipient = ? AND status IN ('Pending', 'Retrying')"
    ' AND NOT EXISTS (SELECT 1 FROM outbox WHERE item = {table}.id AND kind = ?::text::"char")'
    " ORDER BY id LIMIT 1000"
)
_AGAIN = 'INSERT INTO outbox (part, kind, item, recipient) VALUES (part_of(?), ?::text::"char", ?, ?)'

MakeOutboxes = Callable[[str, Queue], Outboxes]
"""Makes the outboxes of a kind over a queue."""


def part_of(recipient: str) -> int:
    """Return the part that a recipient belongs to, as the schema's function of this name does."""
    return int(hashlib.md5(recipient.encode(), usedforsecurity=False).hexdigest()[:7], 16) % PARTS


class Deliveries:
    """Used from the event loop's thread."""

    def __init__(
        self,
        store: PostgresStore,
        stream: Stream,
        kept: dict[str, Queue],
        outboxes: MakeOutboxes,
        window: int,
        log: Log,
    ) -> None:
        """``kept`` has the store's queues by kind, d and s; ``window`` is how many deliveries are held."""
        self._store, self._stream, self._window, self._log = store, stream, window, log
        self.queues = {kind: StreamQueue(store, kept[kind], _TABLES[kind]) for kind in _TABLES}
        self._outboxes = {kind: outboxes(kind, queue) for kind, queue in self.queues.items()}
        self._readers: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._open_ones: dict[tuple[str, str], tuple[int, Reader]] = {}
        self._again: set[tuple[str, str]] = set()
        self._stranded: dict[tuple[str, str], frozenset[int]] = {}
        self.shares = Shares(
            store.place, store.schema, "delivery", PARTS, log, gained=self._gained, losing=self._lose
        )
        self._sweeping: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to deliver."""
        await self._stream.listen(self.wake)
        self.shares.start()
        self._sweeping = asyncio.create_task(self._sweep(), name="sweep")

    def wake(self, kind: str, recipients: Iterable[str]) -> None:
        """Read what those of the recipients are due that belong to this process."""
        for recipient in recipients:
            if part_of(recipient) not in self.shares.held:
                continue
            key = kind, recipient
            self._again.add(key)
            reader = self._readers.get(key)
            if reader is None or reader.done():
                self._readers[key] = asyncio.create_task(
                    self._read(kind, recipient), name=f"read {recipient}"
                )

    async def close(self) -> None:
        """Stop; what is under way stays open in the store and comes again from the stream."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)
        await self.shares.close()
        for outboxes in self._outboxes.values():
            await outboxes.close()

    def _gained(self, _: Parts) -> None:
        if self._sweeping is not None:
            asyncio.get_running_loop().create_task(self._sweep_once())

    async def _lose(self, parts: Parts) -> None:
        """Read no more for recipients of those parts, let calls end that end soon, and forget the rest."""
        concerned = [key for key in self._readers if part_of(key[1]) in parts]
        for key in concerned:
            self._readers[key].cancel()
        await asyncio.gather(*(self._readers.pop(key) for key in concerned), return_exceptions=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                while any(self.queues[kind].holds(recipient) for kind, recipient in concerned):
                    await asyncio.sleep(0.01)
        for kind, recipient in concerned:
            self._open_ones.pop((kind, recipient), None)
            await self._outboxes[kind].stop(recipient)
            self.queues[kind].forget(recipient)

    async def _read(self, kind: str, recipient: str) -> None:
        """Read a recipient's bundles until there are none."""
        queue, key = self.queues[kind], (kind, recipient)
        while True:
            self._again.discard(key)
            try:
                reader = await self._open(key)
                if queue.holds(recipient) >= self._window:
                    await asyncio.sleep(0.02)
                    continue
                try:
                    messages = await reader.fetch(_BUNDLES, timeout=_FETCH_SECONDS)
                except TimeoutError:
                    messages = []
                if messages:
                    await queue.take_in(recipient, messages)
                    self._outboxes[kind].wake((recipient,))
                elif not queue.holds(recipient) and key not in self._again:
                    return
            except (*STORE_FAULTS, *BROKER_FAULTS) as error:
                self._log.write(
                    "error", "stream", recipient=recipient, kind=type(error).__name__, reason=str(error)[:300]
                )
                self._open_ones.pop(key, None)
                await asyncio.sleep(_TROUBLED_SECONDS)

    async def _open(self, key: tuple[str, str]) -> Reader:
        """Return a recipient's reader: a new one where the connection is a new one."""
        epoch, reader = self._open_ones.get(key, (-1, None))
        if reader is None or epoch != self._stream.connection.epoch:
            epoch = self._stream.connection.epoch
            reader = await self._stream.reader(*key, _UNACKNOWLEDGED)
            self._open_ones[key] = epoch, reader
        return reader

    async def _sweep(self) -> None:
        """Look now and then for whom something is open, should nobody have told."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            await self._sweep_once()

    async def _sweep_once(self) -> None:
        try:
            for kind, table in _TABLES.items():
                rows = await self._store.aside.rows(_RECIPIENTS.format(table=table))
                recipients = [row[0] for row in rows if part_of(row[0]) in self.shares.held]
                await self._hand_over_again(kind, table, recipients)
                self.wake(kind, recipients)
        except (*STORE_FAULTS, *BROKER_FAULTS) as error:
            self._log.write("error", "sweep", kind=type(error).__name__, reason=str(error)[:300])

    async def _hand_over_again(self, kind: str, table: str, recipients: Iterable[str]) -> None:
        """Put into the outbox once more what is open, and is neither there nor in the stream nor here.

        A stream that was emptied or lost leads to it. Only what two sweeps saw so is taken.
        """
        for recipient in recipients:
            key = kind, recipient
            reader = self._readers.get(key)
            if self.queues[kind].holds(recipient) or (reader is not None and not reader.done()):
                self._stranded.pop(key, None)
                continue
            rows = await self._store.aside.rows(_STRANDED.format(table=table), (recipient, kind))
            now = frozenset(row[0] for row in rows)
            again = sorted(now & self._stranded.get(key, frozenset()))
            self._stranded[key] = now - frozenset(again)
            if again:
                self._log.write("warning", "handed over again", recipient=recipient, deliveries=len(again))
                await self._store.writer.write(
                    [(_AGAIN, [(recipient, kind, item, recipient) for item in again])], durable=True
                )
