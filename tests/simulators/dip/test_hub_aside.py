"""Looks over a long history hold nothing up, and use an index."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from simulators.dip.replay import _replayed
from simulators.dip.store import Store
from simulators.dip.wanted import Wanted, deliveries
from tests.simulators.dip.history import NOTHING

_LONG = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT max(i) FROM n"
)


def test_the_event_loop_goes_on_during_a_long_look(tmp_path: Path) -> None:
    """While a statement runs for long, other work of the hub gets its turns; two looks run at once."""

    async def main() -> tuple[int, list[list[tuple[int]]]]:
        store = Store(tmp_path / "db.sqlite3")
        looks = [asyncio.create_task(store.aside.rows(_LONG)) for _ in range(2)]
        turns = 0
        while not all(look.done() for look in looks):
            await asyncio.sleep(0.001)
            turns += 1
        found = [await look for look in looks]
        await store.close()
        return turns, found

    turns, found = asyncio.run(main())
    assert turns > 10
    assert found == [[(2000000,)]] * 2


def test_a_look_aside_writes_nothing(tmp_path: Path) -> None:
    """Its connection can only read, and what it raises reaches the caller."""

    async def main() -> None:
        store = Store(tmp_path / "db.sqlite3")
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await store.aside.rows("DELETE FROM message")
        await store.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("request_", "index"),
    [
        ({}, "delivery_history"),
        ({"datetimeFrom": "2026-01-01T00:00:00+00:00"}, "delivery_history"),
        ({"MPAN": "1012345678901"}, "message_mpan"),
        ({"MPAN": "1012345678901", "eventCode": "[MSApp]"}, "message_mpan"),
        ({"transactionIDs": ["T-IF-031-1-SUP-20260101-0a1b0000000000000001"]}, "PRIMARY KEY"),
    ],
)
def test_a_replay_reads_no_whole_table(tmp_path: Path, request_: Mapping[str, object], index: str) -> None:
    """By time, by MPAN and by transaction the store has a way to what is asked for."""

    async def main() -> list[str]:
        store = Store(tmp_path / "db.sqlite3")
        now = datetime(2026, 1, 2, tzinfo=UTC)
        wanted = deliveries({**NOTHING, **request_}, "R", "IF-031", now=now, days=90, code="MSG1001")
        assert isinstance(wanted, Wanted)
        sql, parameters = wanted.select("delivery.at, delivery.id, message.body", most=101)
        plan = [row[3] for row in await store.aside.rows(f"EXPLAIN QUERY PLAN {sql}", parameters)]
        await store.close()
        return plan

    plan = asyncio.run(main())
    assert not [step for step in plan if step.startswith("SCAN")]
    assert index in plan[0]


@pytest.mark.parametrize(
    "custom", [{}, {"replayIndicator": False}, {"text": '"replayIndicator":false'}, {"replayIndicator": True}]
)
def test_a_replayed_message_differs_in_its_indicator_alone(custom: Mapping[str, object]) -> None:
    """D0 says that it is replayed; the same words elsewhere in the message stay as they are."""
    added = {"transactionID": "T-1", "replayIndicator": False}
    message = {"payload": {"CommonBlock": {"D0": added}, "CustomBlock": dict(custom)}}
    found = orjson.loads(_replayed(orjson.dumps(message)))
    added["replayIndicator"] = True
    assert found == message
