"""Hands what was accepted to the broker: bundles by recipient, from the outbox that acceptance fills.

A row leaves the outbox only after the stream has its bundle, so a broker that is down delays and loses
nothing; a bundle that is tried again has the same name, which the stream takes once. Bundles of one
recipient go one after another, those of different recipients side by side.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from harness.errors import EnvironmentFault
from simulators.dip import status_queue
from simulators.dip.broker.stream import BROKER_FAULTS, Entry, Stream, bundled
from simulators.dip.logs import Log
from simulators.dip.postgres.shares import Parts, Shares
from simulators.dip.postgres.store import PostgresStore
from simulators.dip.status import CHANNEL
from simulators.dip.store_faults import STORE_FAULTS

PARTS = 8
"""How many may hand over side by side; a recipient belongs to one of them."""
_AT_ONCE = 500
_BUNDLE = 100
_LOOK_SECONDS = 0.25
_GATHER_SECONDS = 0.02
"""From one look into the outbox to the next at least: a few messages at a time cost more each."""
_TROUBLED_SECONDS = 0.5
_WAITING = "SELECT seq, kind::text, item, recipient FROM outbox WHERE part % ? = ANY(?) ORDER BY seq LIMIT ?"
_DELIVERIES = (
    "SELECT delivery.id, message.id, channel, tag, transaction_id, mpan, sender, body"
    " FROM delivery JOIN message ON message.id = delivery.message WHERE delivery.id = ANY(?)"
)
_STATUSES = (
    f"SELECT {status_queue.COLUMNS} FROM status_message JOIN message ON message.id = status_message.message"
    " WHERE status_message.id = ANY(?)"
)
_GONE = "DELETE FROM outbox WHERE seq = ANY(?)"

Found = dict[int, tuple[Entry, bytes]]


class Relay:
    """The relay of one release in one process. Used from the event loop's thread."""

    def __init__(self, store: PostgresStore, stream: Stream, log: Log) -> None:
        self._store, self._stream, self._log = store, stream, log
        self._woken = asyncio.Event()
        self._shares = Shares(
            store.place, store.schema, "relay", PARTS, log, gained=self._gained, losing=None
        )
        self._task: asyncio.Task[None] | None = None
        self._poking: asyncio.Task[None] | None = None
        self.handed = 0
        """How many deliveries this process handed over."""

    async def open(self) -> None:
        """Begin to hand over."""
        await self._stream.on_poke(self._woken.set)
        self._shares.start()
        self._task = asyncio.create_task(self._run(), name=f"relay {self._stream.name}")

    def poke(self) -> None:
        """Tell, here and elsewhere, that something was committed to the outbox."""
        self._woken.set()
        if len(self._shares.held) < PARTS and (self._poking is None or self._poking.done()):
            self._poking = asyncio.create_task(self._poke())

    async def close(self) -> None:
        """Stop; what is left stands in the outbox."""
        tasks = [task for task in (self._task, self._poking) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._shares.close()

    async def _poke(self) -> None:
        with contextlib.suppress(*BROKER_FAULTS):
            if self._stream.connection.is_up:
                await self._stream.poke()

    def _gained(self, _: Parts) -> None:
        self._woken.set()

    async def _run(self) -> None:
        looked = 0.0
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._woken.wait()
            await asyncio.sleep(max(0.0, looked + _GATHER_SECONDS - time.monotonic()))
            self._woken.clear()
            looked = time.monotonic()
            try:
                while self._shares.held and await self._hand_over(self._shares.held):
                    pass
            except (*STORE_FAULTS, *BROKER_FAULTS) as error:
                self._log.write("error", "relay", kind=type(error).__name__, reason=str(error)[:300])
                await asyncio.sleep(_TROUBLED_SECONDS)
                await self._make_again()
            except Exception as error:
                self._log.write("error", "fault", kind=type(error).__name__, reason=str(error)[:300])
                await asyncio.sleep(_TROUBLED_SECONDS)

    async def _make_again(self) -> None:
        """Make the stream again, should somebody have removed it."""
        with contextlib.suppress(EnvironmentFault):
            if self._stream.connection.is_up:
                await self._stream.open()

    async def _hand_over(self, parts: Parts) -> bool:
        """Hand over what stands first in the outbox; says whether there may be more."""
        if not self._stream.connection.is_up:
            raise ConnectionError("the broker is not connected")
        rows = await self._store.aside.rows(_WAITING, (PARTS, list(parts), _AT_ONCE))
        if not rows:
            return False
        found = {
            "d": await self._deliveries([item for _, kind, item, _ in rows if kind == "d"]),
            "s": await self._statuses([item for _, kind, item, _ in rows if kind == "s"]),
        }
        lines: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        for seq, kind, item, recipient in rows:
            lines[kind, recipient].append((seq, item))
        handed = await asyncio.gather(
            *(self._line(kind, recipient, line, found[kind]) for (kind, recipient), line in lines.items()),
            return_exceptions=True,
        )
        for kind in ("d", "s"):
            recipients = [recipient for each, recipient in lines if each == kind]
            if recipients:
                await self._stream.tell(kind, recipients)
        for outcome in handed:
            if isinstance(outcome, BaseException):
                raise outcome
        return len(rows) == _AT_ONCE

    async def _line(self, kind: str, recipient: str, line: Sequence[tuple[int, int]], found: Found) -> None:
        """Hand over what one recipient is due, bundle by bundle."""
        for some in self._bundles(line, found):
            entries = [found[item] for _, item in some if item in found]
            if entries:
                data = bundled(*self._slim(entries))
                name = hashlib.sha256(repr([seq for seq, _ in some]).encode()).hexdigest()[:24]
                await self._stream.publish(kind, recipient, f"{some[0][0]}-{name}", data)
                self.handed += len(entries)
            await self._store.writer.write([(_GONE, [([seq for seq, _ in some],)])], durable=False)

    def _bundles(self, line: Sequence[tuple[int, int]], found: Found) -> Iterable[Sequence[tuple[int, int]]]:
        """Cut a line into bundles of a number and a size that the broker takes."""
        some: list[tuple[int, int]] = []
        size, most = 0, self._stream.connection.most_bytes // 2
        for seq, item in line:
            length = len(found[item][1]) if item in found else 0
            if some and (len(some) >= _BUNDLE or size + length > most):
                yield some
                some, size = [], 0
            some.append((seq, item))
            size += length
        if some:
            yield some

    def _slim(self, entries: Sequence[tuple[Entry, bytes]]) -> tuple[list[Entry], list[bytes]]:
        """Leave out a body that is larger than the broker takes."""
        most = self._stream.connection.most_bytes // 2
        return (
            [entry if len(body) <= most else entry._replace(size=-1) for entry, body in entries],
            [body for _, body in entries if len(body) <= most],
        )

    async def _deliveries(self, items: Sequence[int]) -> Found:
        rows: list[Any] = await self._store.aside.rows(_DELIVERIES, (items,)) if items else []
        return {row[0]: (Entry._make((*row[:7], len(row[7]))), bytes(row[7])) for row in rows}

    async def _statuses(self, items: Sequence[int]) -> Found:
        rows: list[Any] = await self._store.aside.rows(_STATUSES, (items,)) if items else []
        found: Found = {}
        for row in rows:
            waiting = status_queue.waiting(status_queue.named(row))
            entry = Entry(
                waiting.delivery, waiting.message, CHANNEL, waiting.tag, waiting.transaction, None,
                waiting.sender, len(waiting.body),
            )  # fmt: skip
            found[waiting.delivery] = entry, waiting.body
        return found
