"""Group commit: one flush serves many, and a bad job harms nobody else."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from simulators.dip.writer import Statement, Writer


def _connection(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE thing (name TEXT UNIQUE)")
    return connection


def _insert(name: str) -> list[Statement]:
    return [("INSERT INTO thing VALUES (?)", [(name,)])]


def _names(path: Path) -> set[str]:
    return {row[0] for row in sqlite3.connect(path).execute("SELECT name FROM thing")}


def test_writes_that_wait_together_share_commits(tmp_path: Path) -> None:
    """A hundred writes at once need a handful of flushes, and all are in the file when they return."""
    path = tmp_path / "db"

    async def main() -> tuple[int, int]:
        writer = Writer(_connection(path))
        await asyncio.gather(*(writer.write(_insert(str(n)), durable=True) for n in range(100)))
        assert len(_names(path)) == 100
        await writer.close()
        return writer.jobs, writer.commits

    jobs, commits = asyncio.run(main())
    assert jobs == 100
    assert commits <= 3


def test_a_bad_write_fails_alone(tmp_path: Path) -> None:
    """Of a group with one write that breaks a constraint, that one raises and the others are kept."""
    path = tmp_path / "db"

    async def main() -> list[BaseException | None]:
        writer = Writer(_connection(path))
        results = await asyncio.gather(
            *(writer.write(_insert(name), durable=True) for name in ("a", "b", "a", "c")),
            return_exceptions=True,
        )
        await writer.write(_insert("d"), durable=False)
        await writer.close()
        return results

    results = asyncio.run(main())
    assert [type(result) for result in results] == [
        type(None),
        type(None),
        sqlite3.IntegrityError,
        type(None),
    ]
    assert _names(path) == {"a", "b", "c", "d"}


def test_a_write_is_whole_or_not_at_all(tmp_path: Path) -> None:
    """A write of two statements whose second fails leaves nothing of the first."""
    path = tmp_path / "db"

    async def main() -> None:
        writer = Writer(_connection(path))
        with pytest.raises(sqlite3.Error):
            await writer.write([*_insert("a"), ("INSERT INTO nowhere VALUES (?)", [("b",)])], durable=True)
        await writer.close()

    asyncio.run(main())
    assert _names(path) == set()


def test_closing_finishes_what_waits(tmp_path: Path) -> None:
    """Writes that were asked for before the close are in the file after it."""
    path = tmp_path / "db"

    async def main() -> None:
        writer = Writer(_connection(path))
        tasks = [asyncio.ensure_future(writer.write(_insert(str(n)), durable=True)) for n in range(10)]
        await asyncio.sleep(0)
        await writer.close()
        await asyncio.gather(*tasks)

    asyncio.run(main())
    assert len(_names(path)) == 10
