"""A disk that takes no more, a database that is locked or damaged: told clearly, and nothing is taken."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.errors import EnvironmentFault
from simulators.dip.store import Store
from simulators.embedded import EmbeddedTarget
from tests.simulators.dip.conftest import Bench
from tests.simulators.dip.webhook_stub import wait_for

_UNLIMITED = -1
_PAGE = 4096


@pytest.fixture
def bench(network_folder: Path, tmp_path: Path) -> Iterator[Bench]:
    """Return a hub with a store of its own."""
    bench = Bench(EmbeddedTarget(["2.1.0"], network_folder, worker=f"trouble-{tmp_path.name}"))
    yield bench
    bench.close()
    assert "Traceback" not in bench.log


def _ready(bench: Bench) -> tuple[int, str]:
    answer = httpx.get(f"{bench.admin.url}/ready", trust_env=False)
    return answer.status_code, answer.text


@contextmanager
def _no_room(bench: Bench) -> Iterator[None]:
    """Let no file of the hub grow beyond its present size, as on a disk without room."""
    import resource

    database = bench.target.store / "2.1.0.sqlite3"
    largest = max(path.stat().st_size for path in database.parent.glob("2.1.0.sqlite3*"))
    resource.prlimit(bench.target.pid, resource.RLIMIT_FSIZE, (largest, _UNLIMITED))
    try:
        yield
    finally:
        resource.prlimit(bench.target.pid, resource.RLIMIT_FSIZE, (_UNLIMITED, _UNLIMITED))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the files of another process")
def test_a_disk_without_room_is_told_and_nothing_is_taken(bench: Bench) -> None:
    """Messages get 503 and are not taken, log and readiness say why; with room again they are taken."""
    tag = bench.tag()
    with _no_room(bench):
        messages = [bench.message(tag=tag) for _ in range(100)]
        while (answer := bench.send(*messages)).status == 201:
            messages = [bench.message(tag=tag) for _ in range(100)]
        assert answer.status == 503
        assert bench.send(*messages).status == 503
        wait_for(lambda: '"event":"unavailable"' in bench.log)
        assert "disk" in _reason(bench, "unavailable")
        taken = len(bench.admin.settle(tag, timeout=0)["messages"])
        assert taken % 100 == 0
    assert bench.send(*messages).status == 201
    result = bench.settle(tag)
    assert result["settled"]
    assert len(result["messages"]) == taken + 100
    assert {entry["status"] for each in result["messages"] for entry in each["recipients"]} == {"Delivered"}
    assert _ready(bench)[0] == 200


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the files of another process")
def test_deliveries_whose_end_can_not_be_kept_are_made_again(bench: Bench) -> None:
    """What became of a delivery is not kept while there is no room; afterwards it is, and none is lost."""
    tag = bench.tag()
    bench.admin.set_faults([{"fault": "outage", "at": "delivery"}])
    while bench.send(*(bench.message(tag=tag) for _ in range(100))).status != 201:
        pass
    with _no_room(bench):
        while bench.send(*(bench.message() for _ in range(100))).status == 201:
            pass
        bench.admin.clear_faults()
        wait_for(lambda: '"event":"store"' in bench.log)
        assert "disk" in _reason(bench, "store")
    result = bench.settle(tag)
    assert result["settled"]
    assert {entry["status"] for each in result["messages"] for entry in each["recipients"]} == {"Delivered"}


def _reason(bench: Bench, event: str) -> str:
    return next(line for line in bench.log.splitlines() if f'"event":"{event}"' in line)


def test_a_locked_database_is_told_by_log_and_readiness(bench: Bench) -> None:
    """While another program holds the database, readiness is 503 and says that it is locked."""
    with closing(sqlite3.connect(bench.target.store / "2.1.0.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert bench.send(bench.message()).status == 503
        assert "locked" in _reason(bench, "unavailable")
        status, text = _ready(bench)
        assert (status, "locked" in text) == (503, True)
        other.execute("ROLLBACK")
    assert _ready(bench)[0] == 200


def test_a_database_that_is_damaged_while_the_hub_runs_is_told(bench: Bench) -> None:
    """What it can't read any more is 503 with the reason in the log, never a wrong answer."""
    tag = bench.tag()
    for _ in range(3):
        assert bench.send(*(bench.message(tag=tag) for _ in range(100))).status == 201
    assert bench.settle(tag)["settled"]
    path = bench.target.store / "2.1.0.sqlite3"
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    _damage(path)
    refused = [bench.send(*(bench.message() for _ in range(50))) for _ in range(3)]
    assert {answer.status for answer in refused} == {503}
    assert "malformed" in _reason(bench, "unavailable")


def _damage(path: Path) -> None:
    """Overwrite every page but the first with what no page looks like."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(_PAGE)
        file.write(b"\xff" * (size - _PAGE))


def _trouble(path: Path) -> str:
    with pytest.raises(EnvironmentFault) as caught:
        Store(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"not a database at all" * 300, "damaged"), (b"SQLite format 3\x00" + b"\xff" * 8000, "damaged")],
)
def test_a_file_that_is_no_database_is_told_at_the_start(tmp_path: Path, content: bytes, says: str) -> None:
    """The file is named, and what to do."""
    path = tmp_path / "2.1.0.sqlite3"
    path.write_bytes(content)
    found = _trouble(path)
    assert says in found
    assert "another --store" in found


def test_a_damaged_page_is_told_at_the_start(tmp_path: Path) -> None:
    """A database whose head is right and whose pages are not does not open."""
    path = tmp_path / "2.1.0.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        schema = Path(Store.__module__.replace(".", "/")).with_name("schema.sql")
        connection.executescript(schema.read_text())
    _damage(path)
    assert "damaged" in _trouble(path)


def test_a_database_that_another_program_holds_is_told_at_the_start(tmp_path: Path) -> None:
    """It says locked, and not damaged."""
    path = tmp_path / "2.1.0.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE x (y)")
        other.execute("BEGIN EXCLUSIVE")
        assert "locked by another process" in _trouble(path)


def test_a_folder_that_is_none_is_told_at_the_start(tmp_path: Path) -> None:
    """A store in a place that can't hold one is no damaged one."""
    folder = tmp_path / "store"
    folder.write_text("a file")
    assert "can't be opened" in _trouble(folder / "2.1.0.sqlite3")


def test_a_path_that_is_no_file_is_told_at_the_start(tmp_path: Path) -> None:
    """A folder in the database's place can't be opened."""
    path: Any = tmp_path / "2.1.0.sqlite3"
    path.mkdir()
    assert "can't be opened" in _trouble(path)
