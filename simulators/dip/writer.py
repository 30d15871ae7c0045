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
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

Statement = tuple[str, Sequence[Sequence[object]]]
"""SQL and the rows of parameters to run it with."""


@dataclass(frozen=True, slots=True)
class _Job:
    statements: tuple[Statement, ...]
    durable: bool
    done: asyncio.Future[None]


class Writer:
    """Groups writes to one SQLite connection. Used from one event loop only."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._waiting: list[_Job] = []
        self._committing = False
        self._scheduled = False
        self._full: bool | None = None
        self._flusher = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._idle = asyncio.Event()
        self._idle.set()
        self.commits = 0
        self.jobs = 0

    async def write(self, statements: Iterable[Statement], *, durable: bool) -> None:
        """Run statements and return once they are committed; ``durable``: once they are on the disk.

        Raises sqlite3.Error when they can't be written; nothing of them is then in the store.
        """
        loop = asyncio.get_running_loop()
        job = _Job(tuple(statements), durable, loop.create_future())
        self._waiting.append(job)
        self._idle.clear()
        if not self._scheduled and not self._committing:
            self._scheduled = True
            loop.call_soon(self._pump)
        await job.done  # a caller that goes away takes nothing back: see _settle

    async def close(self) -> None:
        """Finish what is waiting; the writer takes nothing afterwards."""
        await self._idle.wait()
        self._flusher.shutdown(wait=True)

    def _pump(self) -> None:
        self._scheduled = False
        jobs, self._waiting = self._waiting, []
        if not jobs:
            self._idle.set()
            return
        durable = any(job.durable for job in jobs)
        try:
            self._begin(durable=durable)
        except sqlite3.Error as error:
            self._committed(jobs, error)
            return
        try:
            for job in jobs:
                self._run(job)
        except sqlite3.Error as error:
            self._abandon()
            self._separately(jobs, error)
            return
        self._committing = True
        if durable:
            loop = asyncio.get_running_loop()
            flushed = loop.run_in_executor(self._flusher, self._commit)
            flushed.add_done_callback(lambda future: self._committed(jobs, future.exception()))
        else:
            failure: sqlite3.Error | None = None
            try:
                self._commit()
            except sqlite3.Error as failed:
                failure = failed
            self._committed(jobs, failure)

    def _begin(self, *, durable: bool) -> None:
        if durable is not self._full:
            self._connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._full = durable
        self._connection.execute("BEGIN IMMEDIATE")

    def _run(self, job: _Job) -> None:
        for sql, rows in job.statements:
            self._connection.executemany(sql, rows)

    def _commit(self) -> None:
        self._connection.execute("COMMIT")

    def _abandon(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _separately(self, jobs: list[_Job], error: sqlite3.Error) -> None:
        """Fail one bad job, or write the jobs of a failed group singly so that the others don't suffer."""
        if len(jobs) == 1:
            self._committed(jobs, error)
            return
        for job in jobs:
            failure: sqlite3.Error | None = None
            try:
                self._begin(durable=job.durable)
                self._run(job)
                self._commit()
            except sqlite3.Error as failed:
                failure = failed
                self._abandon()
            self._settle([job], failure)
        self._next()

    def _committed(self, jobs: list[_Job], error: BaseException | None) -> None:
        self._committing = False
        if error is not None:
            self._abandon()
        self._settle(jobs, error)
        self._next()

    def _settle(self, jobs: list[_Job], error: BaseException | None) -> None:
        if error is None:
            self.commits += 1
            self.jobs += len(jobs)
        for job in jobs:
            if job.done.cancelled():
                continue
            if error is None:
                job.done.set_result(None)
            else:
                job.done.set_exception(error)

    def _next(self) -> None:
        if self._waiting:
            self._pump()
        else:
            self._idle.set()
