"""The one writer of a store: group commit.

Statements of every request that waits are run in one transaction and committed together, so that one disk
flush serves many messages; a request is answered only after the commit that holds it. Statements run on the
event loop's thread (they take microseconds), a durable commit runs on a thread of its own, since the flush
may take milliseconds. Work that a crash may lose (the status of a delivery, which is simply made again) is
committed without a flush.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

_GATHER_SECONDS = 0.012
"""How long a write waits at most for others that come in meanwhile: a flush costs as much as a message, and
callers that are answered together come back together, which every stage is quicker with (`taking`).

A write that nothing follows in the same turn of the event loop doesn't wait. The time that it waits for an
earlier group's flush counts, so that a slow disk always has something to do.
"""

Statement = tuple[str, Sequence[Sequence[object]]]
"""SQL and the rows of parameters to run it with."""


class _Job(NamedTuple):
    statements: Sequence[Statement]
    durable: bool
    inserts: bool
    done: asyncio.Future[None]


class Writer:
    """Groups writes to one SQLite connection. Used from one event loop only."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._waiting: list[_Job] = []
        self._committing = False
        self._gathered = 0
        self._until = 0.0
        self._full: bool | None = None
        self._flusher = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._idle = asyncio.Event()
        self._idle.set()
        self.commits = 0
        self.jobs = 0

    def write(
        self,
        statements: Sequence[Statement],
        *,
        durable: bool,
        inserts: bool = False,
        done: asyncio.Future[None] | None = None,
    ) -> asyncio.Future[None]:
        """Run statements; the future is done once they are committed, ``durable``: once they are on the disk.

        ``inserts``: they only insert, and nothing else that waits speaks of the same rows, so that they may
        be run together with others of the kind. The future raises sqlite3.Error when they can't be written;
        nothing of them is then in the store. A caller that goes away takes nothing back.
        ``done`` is a future to use instead of a new one.
        """
        loop = asyncio.get_running_loop()
        job = _Job(statements, durable, inserts, loop.create_future() if done is None else done)
        self._waiting.append(job)
        if len(self._waiting) == 1:
            self._until = time.monotonic() + _GATHER_SECONDS
            if not self._committing:
                self._idle.clear()
                self._begin_gathering(loop)
        return job.done

    async def close(self) -> None:
        """Finish what is waiting; the writer takes nothing afterwards."""
        await self._idle.wait()
        self._flusher.shutdown(wait=True)

    def _begin_gathering(self, loop: asyncio.AbstractEventLoop) -> None:
        self._gathered = 0
        loop.call_soon(self._gather, loop)

    def _gather(self, loop: asyncio.AbstractEventLoop) -> None:
        """Commit what waits as soon as a turn of the event loop brought nothing more, or it waited enough."""
        if len(self._waiting) > self._gathered and time.monotonic() < self._until:
            self._gathered = len(self._waiting)
            loop.call_soon(self._gather, loop)
        else:
            self._pump(loop)

    def _pump(self, loop: asyncio.AbstractEventLoop) -> None:
        jobs, self._waiting = self._waiting, []
        failures: dict[int, sqlite3.Error] = {}
        durable = any(job.durable for job in jobs)
        try:
            self._begin(durable=durable)
            try:
                self._run(jobs)
            except sqlite3.Error:
                self._abandon()
                self._begin(durable=durable)
                failures = self._run_apart(jobs)
        except sqlite3.Error as error:
            self._committed(loop, jobs, failures, error)
            return
        self._committing = True
        if durable:
            flushed = self._flusher.submit(self._commit)
            settle = partial(self._committed, loop, jobs, failures)
            flushed.add_done_callback(lambda done: loop.call_soon_threadsafe(settle, done.exception()))
        else:
            failure: sqlite3.Error | None = None
            try:
                self._commit()
            except sqlite3.Error as failed:
                failure = failed
            self._committed(loop, jobs, failures, failure)

    def _begin(self, *, durable: bool) -> None:
        if durable is not self._full:
            self._connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._full = durable
        self._connection.execute("BEGIN IMMEDIATE")

    def _run(self, jobs: Sequence[_Job]) -> None:
        """Run a group; rows that go into a table by the same statement go together."""
        together: dict[str, list[Sequence[object]]] = {}
        for job in jobs:
            if job.inserts:
                for sql, rows in job.statements:
                    together.setdefault(sql, []).extend(rows)
            else:
                for sql, rows in job.statements:
                    self._connection.executemany(sql, rows)
        for sql, rows in together.items():
            self._connection.executemany(sql, rows)

    def _run_apart(self, jobs: Sequence[_Job]) -> dict[int, sqlite3.Error]:
        """Run a group of which something fails, so that the others don't suffer; returns what each raised.

        Raises what ended the whole transaction.
        """
        failures: dict[int, sqlite3.Error] = {}
        for place, job in enumerate(jobs):
            self._connection.execute("SAVEPOINT job")
            try:
                self._run((job,))
            except sqlite3.Error as error:
                if not self._connection.in_transaction:
                    raise
                failures[place] = error
                self._connection.execute("ROLLBACK TO job")
            self._connection.execute("RELEASE job")
        return failures

    def _commit(self) -> None:
        self._connection.execute("COMMIT")

    def _abandon(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _committed(
        self,
        loop: asyncio.AbstractEventLoop,
        jobs: Sequence[_Job],
        failures: Mapping[int, sqlite3.Error],
        error: BaseException | None,
    ) -> None:
        self._committing = False
        if error is None:
            self.commits += 1
            self.jobs += len(jobs) - len(failures)
        else:
            self._abandon()
        for place, job in enumerate(jobs):
            if job.done.done():
                continue
            failure = error or failures.get(place)
            if failure is None:
                job.done.set_result(None)
            else:
                job.done.set_exception(failure)
        if self._waiting:
            self._begin_gathering(loop)
        else:
            self._idle.set()
