"""The store of one release's mount: an SQLite file in WAL mode, one writer, one reader connection.

What was answered 201 is on the disk (`Writer`). Reads see what is committed. Used from the event loop's
thread.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from harness.errors import EnvironmentFault
from simulators.dip.aside import Aside
from simulators.dip.by_mpan import ByMpan, catch_up
from simulators.dip.kept import HubStore, Number
from simulators.dip.rows import token
from simulators.dip.writer import Writer

SCHEMA_VERSION = 5
_SCHEMA = Path(__file__).with_name("schema.sql")
_LOCK_SECONDS = 1.0
_CHECKED_BYTES = 100_000_000
"""A database up to this size is looked through when it is opened; a larger one would take minutes. What is
damaged in it is told when it is read."""
_CHECKPOINT_PAGES = 16_000
"""Pages (of 4 kB) that the log grows by before they go into the database, each once.

The writer is held up meanwhile: seldom and once is better than often, as indexes change the same pages again.
"""

_CACHE_KIB = 32_000
"""Pages of the database that the writer keeps in memory, so that its indexes need not be read again."""


class StoreLock:
    """Held while a hub uses a store folder, so that a second one is refused; freed when the process dies."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(folder / "lock.sqlite3", timeout=0, isolation_level=None)
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise EnvironmentFault(
                    "the store is in use by another process",
                    where=str(folder),
                    mend="Stop it, or give another --store.",
                ) from error
            raise EnvironmentFault(f"the store can't be used: {error}", where=str(folder)) from error
        except (sqlite3.DatabaseError, OSError) as error:
            raise EnvironmentFault(f"the store can't be used: {error}", where=str(folder)) from error

    def close(self) -> None:
        """Free the folder."""
        self._connection.close()


class Store(HubStore):
    """The store of one release in a file."""

    writer: Writer
    aside: Aside

    def __init__(self, path: Path) -> None:
        try:
            self._connection = _open(path)
            self._reader = sqlite3.connect(path, timeout=_LOCK_SECONDS, isolation_level=None)
            catch_up(self._connection)
            self._next = self._reader.execute("SELECT ifnull(max(id), 0) + 1 FROM message").fetchone()[0]
        except sqlite3.OperationalError as error:
            what = "is locked by another process" if "locked" in str(error) else f"can't be opened: {error}"
            raise EnvironmentFault(
                f"the database {what}", where=str(path), mend="Give another --store."
            ) from error
        except (sqlite3.DatabaseError, OSError) as error:
            raise EnvironmentFault(
                f"the database is damaged: {error}",
                where=str(path),
                mend="Restore it, or give another --store.",
            ) from error
        self._opening = secrets.token_hex(6)
        self.writer = Writer(self._connection)
        self.by_mpan = ByMpan(self.writer)
        self.aside = Aside(path.absolute(), lock_seconds=_LOCK_SECONDS)
        self.reopening = asyncio.Lock()

    async def close(self) -> None:
        """Finish what is being written and close."""
        await self.writer.close()
        self.aside.close()
        self._reader.close()
        self._connection.close()

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Read what is committed."""
        return self._reader.execute(sql, parameters).fetchall()

    def numbers(self, count: int) -> list[Number]:
        """Give rows and tokens, which rise."""
        first, self._next = self._next, self._next + count
        return [(number, token(self._opening, number)) for number in range(first, first + count)]


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        connection.executescript(f"BEGIN;{_SCHEMA.read_text(encoding='utf-8')}COMMIT;")
    elif version != SCHEMA_VERSION:
        raise sqlite3.DatabaseError(
            f"it has format {version}, this version of the hub reads format {SCHEMA_VERSION}"
        )
    if path.stat().st_size <= _CHECKED_BYTES:
        faults = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if faults != "ok":
            raise sqlite3.DatabaseError(faults)
    return connection
