"""Brings a hub's schema to the newest version: numbered files, each in a transaction of its own.

Only one process does it at a time (an advisory lock), the others wait.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
from psycopg import sql

from harness.errors import EnvironmentFault
from simulators.dip.postgres.link import connect
from simulators.dip.postgres.place import Place

_FOLDER = Path(__file__).with_name("migrations")
_WAIT_MILLISECONDS = 30_000
_LOCK = "SELECT pg_advisory_lock(hashtextextended('dip-migrate ' || %s, 0))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('dip-migrate ' || %s, 0))"


def versions() -> tuple[Path, ...]:
    """Return the migrations in order; the first makes version 1."""
    return tuple(sorted(_FOLDER.glob("[0-9]*.sql")))


def migrate(place: Place, schema: str, *, to: int | None = None) -> int:
    """Bring a schema to a version, by default the newest, and return the version that it had; 0: none.

    Raises EnvironmentFault when the database can't be reached, and for a schema that is newer than this hub.
    """
    newest = len(versions())
    wanted = newest if to is None else to
    try:
        with connect(place, schema, lock_milliseconds=_WAIT_MILLISECONDS) as connection:
            connection.execute(_LOCK, (schema,))
            try:
                found = _version(connection, schema)
                if found > newest:
                    raise EnvironmentFault(
                        f"the schema {schema} has version {found}, this hub knows {newest}",
                        where=place.shown,
                        mend="Use a newer hub, or another schema: ?schema=NAME.",
                    )
                for number in range(found + 1, wanted + 1):
                    with connection.transaction():
                        connection.execute(versions()[number - 1].read_bytes())
                        connection.execute("UPDATE schema_version SET version = %s", (number,))
            finally:
                connection.execute(_UNLOCK, (schema,))
    except psycopg.Error as error:
        raise EnvironmentFault(
            f"the store can't be used: {place.told(' '.join(str(error).split()))}",
            where=place.shown,
            mend="See that PostgreSQL runs, that the database exists and that the user may create a schema.",
        ) from error
    return found


def _version(connection: psycopg.Connection, schema: str) -> int:
    """Return the version of a schema; one that isn't there is made, with version 0."""
    with connection.transaction():
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version integer NOT NULL)")
        row = connection.execute("SELECT version FROM schema_version").fetchone()
        if row is None:
            connection.execute("INSERT INTO schema_version VALUES (0)")
    return int(row[0]) if row else 0


def drop(place: Place, schema: str) -> None:
    """Remove a schema and all that is in it; raises psycopg.Error."""
    with connect(place, schema) as connection:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
