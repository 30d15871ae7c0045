"""Who does what: parts of the work, each held by one process at a time, shared out evenly among them.

A part is held by an advisory lock of a connection, so it is free the moment its holder dies, or loses the
connection, or hangs: the database ends a connection that says nothing for some seconds. Nobody needs a clock.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg

from simulators.dip.logs import Log
from simulators.dip.postgres.link import connect
from simulators.dip.postgres.place import Place

_TEND_SECONDS = 0.5
_SILENCE = "5s"
"""A holder that says nothing for so long has lost what it held."""
_PRESENT = 1_000_000
"""The number that each process that takes part holds along with the others."""
_CLASS = "SELECT hashtext('dip ' || current_schema() || ' ' || %s)"
_TAKE = "SELECT part FROM unnest(%s::int[]) part WHERE pg_try_advisory_lock(%s::int, part)"
_GIVE = "SELECT pg_advisory_unlock(%s::int, part) FROM unnest(%s::int[]) part"
_HOW_MANY = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    f" AND classid = %s::int::oid AND objid = {_PRESENT} AND objsubid = 2"
)

Part = int
Parts = frozenset[Part]


class Shares:
    """The parts of one kind of work that this process holds. Used from one event loop."""

    def __init__(
        self,
        place: Place,
        schema: str,
        kind: str,
        parts: int,
        log: Log,
        *,
        gained: Callable[[Parts], None] = lambda _: None,
        losing: Callable[[Parts], Awaitable[None]] | None = None,
    ) -> None:
        """``losing`` brings parts to an end that are given to others, or that were lost already."""
        self._place, self._schema, self._kind = place, schema, kind
        self._all = tuple(range(parts))
        self._log, self._gained, self._losing = log, gained, losing
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"shares-{kind}")
        self._connection: psycopg.Connection | None = None
        self._class = 0
        self._task: asyncio.Task[None] | None = None
        self.held: Parts = frozenset()

    def start(self) -> None:
        """Begin to take part."""
        self._task = asyncio.create_task(self._run(), name=f"shares {self._kind}")

    async def close(self) -> None:
        """Bring everything to its end and leave it to others."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._lose(self.held)
        self._thread.shutdown(wait=True)
        if self._connection is not None:
            self._connection.close()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                fresh, target = await loop.run_in_executor(self._thread, self._look)
                if fresh and self.held:
                    await self._lose(self.held)  # the connection that held them is gone
                surplus = frozenset(sorted(self.held)[target:])
                if surplus:
                    await self._lose(surplus)
                    await loop.run_in_executor(self._thread, self._give, sorted(surplus))
                elif len(self.held) < target:
                    found = await loop.run_in_executor(self._thread, self._take, target - len(self.held))
                    if found:
                        self.held |= found
                        self._gained(found)
            except psycopg.Error as error:
                self._log.write("error", "shares", kind=self._kind, reason=self._place.told(str(error))[:300])
                if self._connection is None or self._connection.closed:
                    await self._lose(self.held)
            await asyncio.sleep(_TEND_SECONDS)

    async def _lose(self, parts: Parts) -> None:
        self.held -= parts
        if parts and self._losing is not None:
            await self._losing(parts)

    # -- on the thread --------------------------------------------------------------------------------

    def _look(self) -> tuple[bool, int]:
        """Say whether the connection is a new one, and how many parts are this process's share."""
        fresh = self._connection is None or bool(self._connection.closed)
        if fresh:
            self._connection = connect(self._place, self._schema)
            with contextlib.suppress(psycopg.errors.UndefinedObject):
                self._connection.execute(f"SET idle_session_timeout = '{_SILENCE}'")
            row = self._connection.execute(_CLASS, (self._kind,)).fetchone()
            self._class = int(row[0]) if row else 0
            self._connection.execute(f"SELECT pg_advisory_lock_shared(%s::int, {_PRESENT})", (self._class,))
        assert self._connection is not None
        row = self._connection.execute(_HOW_MANY, (self._class,)).fetchone()
        present = max(int(row[0]) if row else 1, 1)
        return fresh, -(-len(self._all) // present)

    def _take(self, wanted: int) -> Parts:
        found: set[Part] = set()
        candidates = [part for part in self._all if part not in self.held]
        random.shuffle(candidates)
        assert self._connection is not None
        while candidates and len(found) < wanted:
            some, candidates = candidates[: wanted - len(found)], candidates[wanted - len(found) :]
            rows = self._connection.execute(_TAKE, (some, self._class)).fetchall()
            found.update(row[0] for row in rows)
        return frozenset(found)

    def _give(self, parts: list[Part]) -> None:
        assert self._connection is not None
        self._connection.execute(_GIVE, (self._class, parts))
