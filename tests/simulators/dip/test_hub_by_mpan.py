"""The index over MPANs, written in lots: complete when it is asked for, and again after a kill."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulators.dip import by_mpan
from simulators.dip.accept import accept
from simulators.dip.model import Addressing, Draft
from simulators.dip.store import Store

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def _draft(reference: str, mpan: str | None) -> Draft:
    return Draft({}, "IF-031", "MSApp", reference, "S", "SUP", None, None, None, mpan, (), None)


async def _accept(store: Store, *drafts: Draft) -> None:
    messages = []
    for draft in drafts:
        ((number, token),) = store.numbers(1)
        at = "2026-01-02T00:00:00+00:00"
        messages.append(accept(draft, Addressing((), ()), at=at, number=number, token=token))
    await store.accept(messages, consumer="D", now=NOW, took=0.0)


def _entries(path: Path) -> list[tuple[str, int]]:
    with sqlite3.connect(path) as connection:
        return connection.execute("SELECT mpan, message FROM message_mpan ORDER BY message").fetchall()


def test_the_index_is_complete_when_it_is_asked_for(tmp_path: Path) -> None:
    """After `complete` every message with an MPAN has its entry, whatever lot it came in."""
    path = tmp_path / "db.sqlite3"

    async def main() -> None:
        store = Store(path)
        await asyncio.gather(*(_accept(store, _draft(f"R-{n}", f"M{n % 3}")) for n in range(20)))
        await _accept(store, _draft("none", None))
        assert _entries(path) == []
        await store.by_mpan.complete()
        await store.close()

    asyncio.run(main())
    assert _entries(path) == [(f"M{n % 3}", n + 1) for n in range(20)]


def test_a_full_lot_is_written_without_being_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries don't gather without end."""
    monkeypatch.setattr(by_mpan, "_LOT", 5)
    path = tmp_path / "db.sqlite3"

    async def main() -> None:
        store = Store(path)
        await _accept(store, *(_draft(f"R-{n}", "M") for n in range(5)))
        await store.close()

    asyncio.run(main())
    assert len(_entries(path)) == 5


def test_entries_that_were_not_written_are_made_at_the_next_start(tmp_path: Path) -> None:
    """A process that ends before its lot is written leaves nothing out."""
    path = tmp_path / "db.sqlite3"

    async def main(first: int) -> None:
        store = Store(path)
        await _accept(store, *(_draft(f"R-{n}", "M") for n in range(first, first + 4)))
        await store.close()

    asyncio.run(main(0))
    assert _entries(path) == []
    asyncio.run(main(10))
    assert _entries(path) == [("M", n) for n in range(1, 5)]
    asyncio.run(main(20))
    assert _entries(path) == [("M", n) for n in range(1, 9)]


def test_a_reference_used_before_fails_its_own_batch_only(tmp_path: Path) -> None:
    """The store itself refuses it, also one of a former process; what is written beside it is kept."""
    path = tmp_path / "db.sqlite3"

    async def main() -> list[BaseException | None]:
        store = Store(path)
        await _accept(store, _draft("old", "M"))
        await store.close()
        store = Store(path)
        found = await asyncio.gather(
            _accept(store, _draft("new", "M")),
            _accept(store, _draft("beside", "M"), _draft("old", "M")),
            _accept(store, _draft("last", "M")),
            return_exceptions=True,
        )
        await store.close()
        return list(found)

    assert [type(each) for each in asyncio.run(main())] == [type(None), sqlite3.IntegrityError, type(None)]
    with sqlite3.connect(path) as connection:
        kept = connection.execute("SELECT reference FROM message ORDER BY id").fetchall()
    assert kept == [("old",), ("new",), ("last",)]
