"""Long looks into a store: on threads and connections of their own, so that they hold nothing else up."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

_AT_ONCE = 2

T = TypeVar("T")


class Aside:
    """Reads what is committed. Used from the event loop's thread; what is run gets a connection."""

    def __init__(self, path: Path, *, lock_seconds: float) -> None:
        self._path, self._lock_seconds = path, lock_seconds
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="look")
        self._own = threading.local()
        self._connections: list[sqlite3.Connection] = []

    async def run(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """Return what a function reads; raises sqlite3.Error when it can't be read."""
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: read(self._connection())
        )

    async def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Return the rows of a statement."""
        return await self.run(lambda connection: connection.execute(sql, parameters).fetchall())

    def close(self) -> None:
        """Wait for what is being read, and close."""
        self._threads.shutdown(wait=True)
        for connection in self._connections:
            connection.close()

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if found is None:
            found = self._own.connection = sqlite3.connect(
                f"{self._path.as_uri()}?mode=ro",
                uri=True,
                timeout=self._lock_seconds,
                isolation_level=None,
                check_same_thread=False,
            )
            self._connections.append(found)
        return found
