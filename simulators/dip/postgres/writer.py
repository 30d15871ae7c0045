"""The one writer of a process: group commit, as of the store in a file, over one connection and one thread.

Where the connection dies before the commit, the group is run again on a new one; where it dies in the commit,
the database is asked what became of the transaction, so that nothing is taken twice and nothing is told to be
there that is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import psycopg

from simulators.dip.postgres.link import connect, fault
from simulators.dip.postgres.place import Place
from simulators.dip.postgres.words import cleaned, is_insert, together, words
from simulators.dip.store_faults import StoreFault
from simulators.dip.writer import Statement

_ASK_SECONDS = 3.0
"""How long it asks for what became of a commit whose answer was lost."""
_ASK_PAUSE_SECONDS = 0.1
_NOT_DURABLE = "SET LOCAL synchronous_commit TO off"
_TRANSACTION = "SELECT pg_current_xact_id()::text"
_BECAME = "SELECT pg_xact_status(%s::text::xid8)"


class _Job(NamedTuple):
    statements: Sequence[Statement]
    durable: bool
    inserts: bool
    done: asyncio.Future[None]


class PostgresWriter:
    """Groups writes. Used from one event loop only."""

    def __init__(self, place: Place, schema: str) -> None:
        self._place, self._schema = place, schema
        self._connection: psycopg.Connection | None = None
        self._waiting: list[_Job] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._busy = False
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
        """Run statements; as `writer.Writer.write`, but the future raises StoreFault."""
        loop = asyncio.get_running_loop()
        job = _Job(statements, durable, inserts, loop.create_future() if done is None else done)
        self._waiting.append(job)
        if not self._busy:
            self._busy = True
            self._idle.clear()
            loop.call_soon(self._pump, loop)
        return job.done

    async def close(self) -> None:
        """Finish what is waiting; the writer takes nothing afterwards."""
        await self._idle.wait()
        self._thread.shutdown(wait=True)
        if self._connection is not None:
            self._connection.close()

    def _pump(self, loop: asyncio.AbstractEventLoop) -> None:
        jobs, self._waiting = self._waiting, []
        if not jobs:
            self._busy = False
            self._idle.set()
            return
        written = self._thread.submit(self._group, jobs)

        def settle() -> None:
            failures = written.result()
            self.commits += 1
            self.jobs += len(jobs) - len(failures)
            for place, job in enumerate(jobs):
                if job.done.done():
                    continue
                failure = failures.get(place)
                if failure is None:
                    job.done.set_result(None)
                else:
                    job.done.set_exception(failure)
            self._pump(loop)

        written.add_done_callback(lambda _: loop.call_soon_threadsafe(settle))

    # -- on the thread --------------------------------------------------------------------------------

    def _group(self, jobs: Sequence[_Job]) -> Mapping[int, StoreFault]:
        """Write a group; returns what each job that failed raised."""
        try:
            try:
                return self._commit(jobs)
            except psycopg.Error:
                if not self._is_lost():
                    raise
                return self._commit(jobs)
        except psycopg.Error as error:
            self._abandon()
            return dict.fromkeys(range(len(jobs)), fault(error, self._place))
        except Exception as error:
            self._abandon()
            return dict.fromkeys(range(len(jobs)), StoreFault(f"{type(error).__name__}: {error}"))

    def _commit(self, jobs: Sequence[_Job]) -> Mapping[int, StoreFault]:
        failures: dict[int, StoreFault] = {}
        try:
            transaction = self._run(jobs)
        except psycopg.Error:
            if self._is_lost():
                raise
            self._abandon()
            transaction, failures = self._run_apart(jobs)
        try:
            self._open().execute("COMMIT")
        except psycopg.Error:
            if not self._is_lost() or not self._was_committed(transaction):
                raise
        return failures

    def _run(self, jobs: Sequence[_Job]) -> str:
        """Run a group in one round trip; returns the transaction's number."""
        together: dict[str, list[Sequence[object]]] = {}
        connection = self._open()
        with connection.pipeline():
            named = self._begin(connection, durable=any(job.durable for job in jobs))
            for job in jobs:
                for sql, rows in job.statements:
                    if job.inserts:
                        together.setdefault(sql, []).extend(rows)
                    elif rows:
                        self._write(connection, sql, rows)
            for sql, rows in together.items():
                self._write(connection, sql, rows)
        return _first(named)

    def _run_apart(self, jobs: Sequence[_Job]) -> tuple[str, dict[int, StoreFault]]:
        """Run a group of which something fails, so that the others don't suffer."""
        failures: dict[int, StoreFault] = {}
        connection = self._open()
        named = _first(self._begin(connection, durable=any(job.durable for job in jobs)))
        for place, job in enumerate(jobs):
            connection.execute("SAVEPOINT job")
            try:
                for sql, rows in job.statements:
                    self._write(connection, sql, [cleaned(row) for row in rows])
            except psycopg.Error as error:
                if self._is_lost():
                    raise
                failures[place] = fault(error, self._place)
                connection.execute("ROLLBACK TO job")
            connection.execute("RELEASE job")
        return named, failures

    def _begin(self, connection: psycopg.Connection, *, durable: bool) -> psycopg.Cursor[tuple[str]]:
        connection.execute("BEGIN")
        if not durable:
            connection.execute(_NOT_DURABLE)
        return connection.execute(_TRANSACTION)

    def _write(self, connection: psycopg.Connection, sql: str, rows: Sequence[Sequence[object]]) -> None:
        sql = words(sql)
        if is_insert(sql):
            for text, parameters in together(sql, rows):
                psycopg.RawCursor(connection).execute(text, parameters)
        else:
            connection.cursor().executemany(sql, rows)

    def _was_committed(self, transaction: str) -> bool:
        """Ask what became of a transaction; False where it is not there, or the database stays away."""
        until = time.monotonic() + _ASK_SECONDS
        while time.monotonic() < until:
            with contextlib.suppress(psycopg.Error):
                row = self._open().execute(_BECAME, (transaction,)).fetchone()
                if row is not None and row[0] != "in progress":
                    return bool(row[0] == "committed")
            time.sleep(_ASK_PAUSE_SECONDS)
        return False

    def _open(self) -> psycopg.Connection:
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._place, self._schema)
        return self._connection

    def _is_lost(self) -> bool:
        return self._connection is None or bool(self._connection.closed)

    def _abandon(self) -> None:
        if self._connection is not None and not self._connection.closed:
            try:
                self._connection.execute("ROLLBACK")
            except psycopg.Error:
                self._connection.close()


def _first(named: psycopg.Cursor[tuple[str]]) -> str:
    row = named.fetchone()
    if row is None:
        raise psycopg.OperationalError("the transaction has no number")
    return row[0]
