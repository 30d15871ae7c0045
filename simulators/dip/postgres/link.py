"""One connection to PostgreSQL that is made again when it was lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg.types.numeric import Int8Dumper

from simulators.dip.postgres.place import Place
from simulators.dip.postgres.words import cleaned, words
from simulators.dip.store_faults import ReferenceUsed, StoreFault

CONNECT_SECONDS = 2
LOCK_MILLISECONDS = 1000
_OPTIONS: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 5000,
    "client_encoding": "UTF8",
}

T = TypeVar("T")


def connect(place: Place, schema: str, *, lock_milliseconds: int = LOCK_MILLISECONDS) -> psycopg.Connection:
    """Connect; every statement is a transaction of its own unless it says BEGIN. Raises psycopg.Error."""
    connection = psycopg.connect(
        place.url,
        autocommit=True,
        options=f"-c search_path={schema} -c lock_timeout={lock_milliseconds}",
        application_name=f"dip-hub {schema}"[:63],
        **_OPTIONS,
    )
    connection.adapters.register_dumper(int, Int8Dumper)
    return connection


def fault(error: psycopg.Error, place: Place) -> StoreFault:
    """Return an error as the hub tells it, with the database's own code."""
    text = place.told(" ".join(str(error).split()))
    code = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
    kind = ReferenceUsed if isinstance(error, psycopg.errors.UniqueViolation) else StoreFault
    return kind(f"PostgreSQL: {text[:400]}{code}")


class Cursor:
    """Runs statements in PostgreSQL's words; what `Aside.run` hands over."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> psycopg.Cursor[Any]:
        """Run a statement."""
        try:
            return self._connection.execute(words(sql), tuple(parameters))
        except psycopg.DataError:
            return self._connection.execute(words(sql), cleaned(parameters))


class Link:
    """A connection for one piece of work at a time, from any thread."""

    def __init__(self, place: Place, schema: str) -> None:
        self._place, self._schema = place, schema
        self._connection: psycopg.Connection | None = None
        self._lock = threading.Lock()

    def run(self, read: Callable[[Cursor], T]) -> T:
        """Return what a function reads; where the connection was lost it is called once more.

        Raises StoreFault.
        """
        with self._lock:
            try:
                try:
                    return read(Cursor(self.open()))
                except psycopg.Error:
                    if not self.is_lost():
                        raise
                    return read(Cursor(self.open()))
            except psycopg.Error as error:
                raise fault(error, self._place) from error

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Return the rows of a statement; raises StoreFault."""
        return self.run(lambda cursor: cursor.execute(sql, parameters).fetchall())

    def open(self) -> psycopg.Connection:
        """Return the connection, a new one where there is none; raises psycopg.Error."""
        if self._connection is None or self._connection.closed:
            self._connection = connect(self._place, self._schema)
        return self._connection

    def is_lost(self) -> bool:
        """Say whether the connection is there no longer."""
        return self._connection is None or bool(self._connection.closed)

    def close(self) -> None:
        """Close it."""
        if self._connection is not None:
            self._connection.close()
