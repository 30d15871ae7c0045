"""The store of one release's mount in PostgreSQL: a schema that any number of processes and hosts share."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg

from simulators.dip.kept import HubStore, Number
from simulators.dip.model import Accepted, Said
from simulators.dip.postgres.claim import Claim
from simulators.dip.postgres.link import Link, connect, fault
from simulators.dip.postgres.migrate import migrate
from simulators.dip.postgres.numbers import Numbers
from simulators.dip.postgres.place import Place
from simulators.dip.postgres.writer import PostgresWriter

_AT_ONCE = 2
_REOPENING = "SELECT pg_advisory_lock(hashtextextended('dip-reopening ' || %s, 0))"
_REOPENED_MILLISECONDS = 30_000

_TELL = "INSERT INTO told VALUES (?,?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"

T = TypeVar("T")


class PostgresStore(HubStore):
    """The store of one release in a schema of its own."""

    writer: PostgresWriter
    is_shared = True

    def __init__(self, place: Place, release: str) -> None:
        """Open the release's schema, made or brought up to date first.

        Raises EnvironmentFault when the database can't be used.
        """
        self.place, self.schema = place, place.schema_of(release)
        migrate(place, self.schema)
        self._reader = Link(place, self.schema)
        self._numbers = Numbers(Link(place, self.schema), secrets.token_hex(6))
        self.writer = PostgresWriter(place, self.schema)
        self.by_mpan = _Complete()
        self.aside: Aside = Aside(place, self.schema)
        self.reopening = _Reopening(place, self.schema)
        self._claim = Claim(place, self.schema)

    async def claim(self, *, broker: bool) -> None:
        """Say how deliveries leave the store: by a broker, for any number of processes, or by this one alone.

        Raises EnvironmentFault while another process uses it in the other way.
        """
        await asyncio.to_thread(self._claim.take, broker=broker)

    def told(self, name: str) -> str | None:
        """Return what another process told, None where none did."""
        rows = self.rows("SELECT value FROM told WHERE name = ?", (name,))
        return rows[0][0] if rows else None

    async def tell(self, name: str, value: str) -> None:
        """Tell other processes."""
        await self.writer.write([(_TELL, [(name, value)])], durable=True)

    async def close(self) -> None:
        """Finish what is being written and close."""
        await self.writer.close()
        self._claim.close()
        self._numbers.close()
        self.aside.close()
        self._reader.close()

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Read what is committed; waits for the answer."""
        return self._reader.rows(sql, parameters)

    def numbers(self, count: int) -> Awaitable[list[Number]]:
        """Give rows and tokens, which rise over all processes."""
        return self._numbers.take(count)

    async def hear_first(self, said: Iterable[Said]) -> None:
        """Keep what is said of MPANs of which nothing was heard before; one process at a time."""
        async with self.reopening:
            await super().hear_first(said)


class Aside:
    """Long looks, on threads and connections of their own. Used from the event loop's thread."""

    def __init__(self, place: Place, schema: str) -> None:
        self._place, self._schema = place, schema
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="look")
        self._own = threading.local()
        self._links: list[Link] = []

    async def run(self, read: Callable[[Any], T]) -> T:
        """Return what a function reads; raises StoreFault. It may be called again, on a new connection."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: self._link().run(read))

    async def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Return the rows of a statement."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: self._link().rows(sql, parameters)
        )

    def close(self) -> None:
        """Wait for what is being read, and close."""
        self._threads.shutdown(wait=True)
        for link in self._links:
            link.close()

    def _link(self) -> Link:
        found: Link | None = getattr(self._own, "link", None)
        if found is None:
            found = self._own.link = Link(self._place, self._schema)
            self._links.append(found)
        return found


class _Complete:
    """The index over MPANs, which PostgreSQL keeps itself."""

    def add(self, messages: Iterable[Accepted]) -> None:
        """Nothing is to be done."""

    async def complete(self) -> None:
        """It always is."""


class _Reopening:
    """Held by one task of one process at a time."""

    def __init__(self, place: Place, schema: str) -> None:
        self._place, self._schema = place, schema
        self._here = asyncio.Lock()
        self._connection: psycopg.Connection | None = None

    async def __aenter__(self) -> None:
        await self._here.acquire()
        try:
            self._connection = await asyncio.to_thread(self._lock)
        except BaseException:
            self._here.release()
            raise

    async def __aexit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._here.release()

    def _lock(self) -> psycopg.Connection:
        """Return a connection that holds the lock for as long as it is open."""
        try:
            connection = connect(self._place, self._schema, lock_milliseconds=_REOPENED_MILLISECONDS)
            connection.execute(_REOPENING, (self._schema,))
        except psycopg.Error as error:
            raise fault(error, self._place) from error
        return connection
