"""The store in PostgreSQL: made, upgraded, shared, and asked what became of a commit."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from harness.errors import ConfigurationError, EnvironmentFault
from simulators.dip.broker import stream
from simulators.dip.broker.place import Broker
from simulators.dip.kept import numbered
from simulators.dip.logs import Log
from simulators.dip.model import Accepted, Address, Addressing, Draft
from simulators.dip.postgres.migrate import migrate, versions
from simulators.dip.postgres.place import Place
from simulators.dip.postgres.store import PostgresStore
from simulators.dip.postgres.words import is_insert, together, words
from simulators.dip.postgres.writer import PostgresWriter
from simulators.dip.store_faults import ReferenceUsed, StoreFault
from tests.simulators.dip.services import POSTGRES, Cable, Services, services

RELEASE = "2.1.0"
HUB, SENDER, RECIPIENT = "9000000000", "2300000001", "1300000001"
NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
OPEN = ("SELECT kind::text, item FROM outbox ORDER BY seq", ())


@pytest.fixture
def shared() -> Iterator[Services]:
    """Return a schema of one's own."""
    with services() as found:
        yield found


@pytest.fixture
def place(shared: Services) -> Place:
    """Return where the store is."""
    return Place.read(shared.store)


def _message(number: int, token: str, reference: str = "") -> Accepted:
    draft = Draft(
        {}, "IF-031", "MSApp", reference or f"ref-{number}", SENDER, "SUP", None, None, "tag", None,
        (RECIPIENT,), None,
    )  # fmt: skip
    to = Addressing((Address(RECIPIENT, "REGS", "primary", "published"),), ())
    return Accepted(number, f"T-{token}", "C", draft, to, b'{"payload":{}}')


async def _accept(store: PostgresStore, reference: str = "") -> int:
    ((number, token),) = await numbered(store, 1)
    await store.accept([_message(number, token, reference)], consumer=HUB, now=NOW, took=0.0)
    return number


@pytest.mark.parametrize("former", range(1, len(versions())))
def test_a_store_of_a_former_version_is_upgraded_with_what_it_holds(
    former: int, place: Place, shared: Services
) -> None:
    """What a former version holds is there in the newest; what is open goes to a broker that it gets."""
    schema = place.schema_of(RELEASE)
    assert migrate(place, schema, to=former) == 0
    shared.rows(
        RELEASE,
        "INSERT INTO message VALUES (7, 1, 1, 'T-7', %s, 'ref-7', 'SUP', NULL, 'IF-031', 'MSApp', 'C', NULL,"
        " 'tag', NULL, 'body')",
        SENDER,
    )
    shared.rows(
        RELEASE,
        "INSERT INTO delivery (id, recipient, role, tier, channel, at, status)"
        " VALUES (7::bigint << 16, %s, 'REGS', 'primary', 'IF-031', 1, 'Pending')",
        RECIPIENT,
    )

    async def upgraded() -> None:
        store = PostgresStore(place, RELEASE)
        await store.claim(broker=True)
        assert store.rows("SELECT transaction_id, body FROM message") == [("T-7", b"body")]
        assert store.rows(*OPEN) == [("d", 7 << 16)]
        await store.close()

    asyncio.run(upgraded())
    assert migrate(place, schema) == len(versions())


def test_a_store_of_a_newer_version_is_refused(place: Place, shared: Services) -> None:
    """It says both versions and changes nothing."""
    schema = place.schema_of(RELEASE)
    migrate(place, schema)
    shared.rows(RELEASE, "UPDATE schema_version SET version = 99")
    with pytest.raises(EnvironmentFault, match="version 99, this hub knows"):
        migrate(place, schema)


def test_many_processes_may_start_at_once(place: Place) -> None:
    """One makes the schema, the others wait and find it made."""
    schema = place.schema_of(RELEASE)
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda _: migrate(place, schema), range(6)))
    assert sorted(found) == [0] + [len(versions())] * 5


def test_a_reference_is_taken_once_over_all_processes(place: Place) -> None:
    """The second that uses it is told so, and a message beside it in the same commit is kept."""

    async def twice() -> None:
        one, other = PostgresStore(place, RELEASE), PostgresStore(place, RELEASE)
        first = await _accept(one, "same")
        outcomes = await asyncio.gather(
            _accept(other, "same"), _accept(other, "another"), return_exceptions=True
        )
        assert isinstance(outcomes[0], ReferenceUsed)
        assert isinstance(outcomes[1], int)
        assert first < outcomes[1]
        assert one.rows("SELECT reference FROM message ORDER BY id") == [("same",), ("another",)]
        await one.close()
        await other.close()

    asyncio.run(twice())


def test_a_group_is_inserted_together_and_handed_over_in_order(place: Place, shared: Services) -> None:
    """Messages of many requests that are committed together are all there, and leave in their order."""

    async def check() -> None:
        store = PostgresStore(place, RELEASE)
        await store.claim(broker=True)
        numbers = await numbered(store, 45)
        written = [
            store.accept([_message(number, token)], consumer=HUB, now=NOW, took=0.0)
            for number, token in numbers
        ]
        await asyncio.gather(*written)
        assert isinstance(store.writer, PostgresWriter)
        assert store.writer.commits < len(written) / 2
        stored = store.rows("SELECT id, transaction_id, reference FROM message ORDER BY id")
        assert stored == [(number, f"T-{token}", f"ref-{number}") for number, token in numbers]
        assert store.rows(*OPEN) == [("d", number << 16) for number, _ in numbers]
        await store.close()

    asyncio.run(check())
    assert shared.rows(RELEASE, "SELECT count(*) FROM delivery") == [(45,)]


def test_rows_are_inserted_by_a_few_statements() -> None:
    """Their numbers are powers of two, marks rise over the rows, and a literal is kept."""
    sql = words("INSERT INTO outbox (part, kind, item) VALUES (?,'%',?)")
    assert is_insert(sql)
    assert not is_insert(words("INSERT OR REPLACE INTO webhook VALUES (?,?,?)"))
    found = list(together(sql, [(number, -number) for number in range(7)]))
    assert [len(parameters) for _, parameters in found] == [8, 4, 2]
    assert found[1] == (
        "INSERT INTO outbox (part, kind, item) VALUES ($1,'%',$2),($3,'%',$4)",
        [4, -4, 5, -5],
    )
    many = together(sql, [(0, 0)] * 150)
    assert [len(parameters) // 2 for _, parameters in many] == [64, 64, 16, 4, 2]


def test_whoever_asks_later_gets_a_higher_number(place: Place) -> None:
    """Numbers rise over processes, one after another and side by side."""

    async def asked() -> None:
        stores = [PostgresStore(place, RELEASE) for _ in range(2)]
        last = 0
        for turn in range(20):
            several = await asyncio.gather(*(numbered(stores[turn % 2], 3) for _ in range(5)))
            now = [number for numbers in several for number, _ in numbers]
            assert len(set(now)) == 15
            assert min(now) > last
            last = max(now)
        for store in stores:
            await store.close()

    asyncio.run(asked())


def _through(cable: Cable, place: Place) -> Place:
    host = cable.url.partition("://")[2]
    return Place(place.url.replace("127.0.0.1", host, 1), place.schema)


def test_a_commit_whose_answer_is_lost_is_asked_for(place: Place) -> None:
    """The message is told to be taken, and is there once."""
    cable = Cable(POSTGRES.replace("127.0.0.1", "127.0.0.1:5432", 1))

    async def lost() -> None:
        store = PostgresStore(_through(cable, place), RELEASE)
        await _accept(store)
        cable.cut_after = b"COMMIT"
        number = await _accept(store)
        assert store.rows("SELECT count(*) FROM message WHERE id = ?", (number,)) == [(1,)]
        assert cable.cut_after is None, "the connection was never cut"
        await store.close()

    asyncio.run(lost())
    cable.close()


def test_what_is_not_committed_when_the_connection_ends_is_written_again(place: Place) -> None:
    """A connection that ends before the commit costs nothing."""
    cable = Cable(POSTGRES.replace("127.0.0.1", "127.0.0.1:5432", 1))

    async def again() -> None:
        store = PostgresStore(_through(cable, place), RELEASE)
        await _accept(store)
        cable.cut_after = b"pg_current_xact_id"
        number = await _accept(store)
        assert store.rows("SELECT count(*) FROM message WHERE id = ?", (number,)) == [(1,)]
        assert cable.cut_after is None, "the connection was never cut"
        await store.close()

    asyncio.run(again())
    cable.close()


def test_a_database_that_is_away_is_a_fault_and_then_is_back(place: Place) -> None:
    """Reading and writing raise while it is away, and go on when it is back."""
    cable = Cable(POSTGRES.replace("127.0.0.1", "127.0.0.1:5432", 1))

    async def away() -> None:
        store = PostgresStore(_through(cable, place), RELEASE)
        await _accept(store)
        cable.cut()
        with pytest.raises(StoreFault):
            await _accept(store)
        with pytest.raises(StoreFault):
            store.rows("SELECT 1")
        cable.mend()
        await _accept(store)
        assert store.rows("SELECT count(*) FROM message") == [(2,)]
        await store.close()

    asyncio.run(away())
    cable.close()


def test_a_text_with_a_nul_is_kept_and_found(place: Place) -> None:
    """PostgreSQL keeps no NUL; the hub writes and looks for the same stand-in."""

    async def kept() -> None:
        store = PostgresStore(place, RELEASE)
        await _accept(store, "a\x00b")
        assert store.has_reference(SENDER, "a\x00b")
        await store.close()

    asyncio.run(kept())


def test_without_a_broker_a_store_is_for_one_process(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second process is refused, whether it has a broker or not."""
    monkeypatch.setattr("simulators.dip.postgres.claim._WAIT_SECONDS", 0.1)

    async def claimed() -> None:
        one, other = PostgresStore(place, RELEASE), PostgresStore(place, RELEASE)
        await one.claim(broker=False)
        for broker in (False, True):
            with pytest.raises(EnvironmentFault, match="in use by another process"):
                await other.claim(broker=broker)
        await one.close()
        await other.close()

    asyncio.run(claimed())


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://someone:hunter2@127.0.0.1:1/test",
        "postgresql://someone:hunter2@127.0.0.1/test?host=127.0.0.1&port=1",
    ],
)
def test_a_database_that_is_not_there_is_told_without_the_password(url: str) -> None:
    """The fault names the place, and what to look at."""
    with pytest.raises(EnvironmentFault) as caught:
        migrate(Place.read(url), "dip_2_1_0")
    assert "hunter2" not in str(caught.value)
    assert "someone@127.0.0.1" in str(caught.value)


@pytest.mark.parametrize(
    ("read", "url", "says"),
    [
        (Place.read, "postgresql://u:hunter2@host", "names no database"),
        (Place.read, "postgresql://u:hunter2@host/d?schema=A;", "can't be the name of a schema"),
        (Broker.read, "http://u:hunter2@host:4222", "no URL of a NATS server"),
        (Broker.read, "nats://u:hunter2@host:4222?hours=0", "can't be asked"),
    ],
)
def test_a_url_that_can_not_be_used_is_told_without_its_password(read: Any, url: str, says: str) -> None:
    """Each says what is wrong and gives an example."""
    with pytest.raises(ConfigurationError, match=says) as caught:
        read(url)
    assert "hunter2" not in str(caught.value)


def test_every_statement_of_the_hub_is_understood(place: Place) -> None:
    """What is particular to SQLite is said in PostgreSQL's words."""
    migrate(place, place.schema_of(RELEASE))
    said = words(
        "SELECT 1 FROM delivery INDEXED BY delivery_open CROSS JOIN message ON message.id = delivery.message"
        " WHERE delivery.id IN (SELECT value FROM json_each(?)) AND ifnull(mpan, '%') = ?"
        " AND json_extract(CAST(message.body AS TEXT), '$.payload.S0') = ?"
    )
    with psycopg.connect(POSTGRES, options=f"-c search_path={place.schema_of(RELEASE)}") as connection:
        assert connection.execute(said, (b"[1,2]", "x", "y")).fetchall() == []


def test_a_broker_that_is_not_there_is_told_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first connection ends with a fault that names the place, without the password."""
    monkeypatch.setattr(stream, "_FIRST_SECONDS", 0.5)
    connection = stream.Connection(Broker.read("nats://someone:hunter2@127.0.0.1:1"), Log(io.StringIO()))
    with pytest.raises(EnvironmentFault, match="the broker can't be used") as caught:
        asyncio.run(connection.open())
    assert "hunter2" not in str(caught.value)
    assert "127.0.0.1:1" in str(caught.value)
