"""The store of one release's mount: an SQLite file in WAL mode, one writer, one reader connection.

What was answered 201 is on the disk (`Writer`). Reads see what is committed. Used from the event loop's
thread.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness.clock import message_time
from harness.errors import EnvironmentFault
from simulators.dip.aside import Aside
from simulators.dip.by_mpan import ByMpan, catch_up
from simulators.dip.model import Accepted, Said
from simulators.dip.rows import INSERT_HEARD, deliveries_of, inserts, token
from simulators.dip.serving import Tenure
from simulators.dip.writer import Statement, Writer

SCHEMA_VERSION = 5
_SCHEMA = Path(__file__).with_name("schema.sql")
_LOCK_SECONDS = 1.0
_CHECKED_BYTES = 100_000_000
"""A database up to this size is looked through when it is opened; a larger one would take minutes. What is
damaged in it is told when it is read."""
_CHECKPOINT_PAGES = 4000
"""Pages (of 4 kB) that the log grows by before they go into the database, each once."""


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


class Store:
    """Messages, deliveries, journal, webhooks and MPAN addresses of one release."""

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
        """For looks that may be long."""
        self.reopening = asyncio.Lock()
        """Held while closed deliveries are opened again, so that none is counted twice."""

    async def close(self) -> None:
        """Finish what is being written and close."""
        await self.writer.close()
        self.aside.close()
        self._reader.close()
        self._connection.close()

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Read what is committed."""
        return self._reader.execute(sql, parameters).fetchall()

    # -- accepting ----------------------------------------------------------------------------------

    def number(self) -> tuple[int, str]:
        """Give the row of a new message and the token of its transaction id; none is ever given twice."""
        number, self._next = self._next, self._next + 1
        return number, token(self._opening, number)

    def accept(
        self,
        messages: Sequence[Accepted],
        *,
        consumer: str,
        now: datetime,
        took: float,
        besides: Sequence[Statement] = (),
    ) -> asyncio.Future[None]:
        """Put a batch on the disk, whole or not at all, with what is to happen besides in the same commit.

        Arguments as of `rows.inserts`.
        The future raises sqlite3.IntegrityError when a sender has used a reference before.
        """
        statements = [*inserts(messages, consumer=consumer, now=now, took=took), *besides]
        written = self.writer.write(statements, durable=True, inserts=not besides)
        self.by_mpan.add(messages)
        return written

    def has_reference(self, sender: str, reference: str) -> bool:
        """Say whether a sender has used a reference before."""
        row = self._reader.execute(
            "SELECT 1 FROM message WHERE sender = ? AND reference = ?", (sender, reference)
        )
        return row.fetchone() is not None

    # -- webhooks and addresses ---------------------------------------------------------------------

    def webhooks(self) -> dict[tuple[str, str], str]:
        """Return the configured webhooks by (recipient, channel); an empty URL means removed."""
        rows = self._reader.execute("SELECT recipient, channel, url FROM webhook")
        return {(recipient, channel): url for recipient, channel, url in rows}

    async def set_webhook(self, recipient: str, channel: str, url: str) -> None:
        """Keep a webhook; an empty URL means removed."""
        await self.writer.write(
            [("INSERT OR REPLACE INTO webhook VALUES (?,?,?)", [(recipient, channel, url)])], durable=True
        )

    def pinned(self, mpan: str) -> tuple[Tenure, ...]:
        """Return what the admin API said of an MPAN; a tenure's service is the role here."""
        rows = self._reader.execute(
            "SELECT role, dip_id, valid_from, valid_to FROM address WHERE mpan = ? ORDER BY rowid", (mpan,)
        )
        return tuple(Tenure(role, dip_id, since or "", until or "") for role, dip_id, since, until in rows)

    def heard(self, mpan: str) -> tuple[Said, ...]:
        """Return what registration traffic and the file of addresses said of an MPAN, oldest first."""
        rows = self._reader.execute(
            "SELECT mpan, kind, service, dip_id, at FROM heard WHERE mpan = ? ORDER BY id", (mpan,)
        )
        return tuple(Said(*row) for row in rows)

    async def hear_first(self, said: Iterable[Said]) -> None:
        """Keep what is said of MPANs of which nothing was heard before."""
        known = {row[0] for row in self._reader.execute("SELECT DISTINCT mpan FROM heard")}
        rows = [
            (one.mpan, one.kind, one.service, one.dip_id, one.at) for one in said if one.mpan not in known
        ]
        if rows:
            await self.writer.write([(INSERT_HEARD, rows)], durable=True)

    async def begin_with(self, said: Sequence[Said]) -> None:
        """Replace what was heard of the MPANs that are named; registration traffic moves on from there."""
        await self.writer.write(
            [
                ("DELETE FROM heard WHERE mpan = ?", sorted({(one.mpan,) for one in said})),
                (INSERT_HEARD, [(one.mpan, one.kind, one.service, one.dip_id, one.at) for one in said]),
            ],
            durable=True,
        )

    async def set_addresses(self, addresses: Sequence[tuple[str, str, str, str | None, str | None]]) -> None:
        """Replace what is known of each (MPAN, role) that is named: (mpan, role, dip id, from, to)."""
        named = sorted({(mpan, role) for mpan, role, *_ in addresses})
        await self.writer.write(
            [
                ("DELETE FROM address WHERE mpan = ? AND role = ?", named),
                ("INSERT INTO address VALUES (?,?,?,?,?)", addresses),
            ],
            durable=True,
        )

    # -- looking at it ------------------------------------------------------------------------------

    async def waiting(self) -> dict[str, int]:
        """Return how many deliveries wait, by their status."""
        rows = await self.aside.rows(
            "SELECT status, count(*) FROM delivery WHERE status IN ('Pending', 'Retrying') GROUP BY status"
            " UNION ALL SELECT 'Paused', count(*) FROM delivery WHERE status = 'Paused'"
        )
        return dict(rows)

    def tagged(self, tag: str) -> list[dict[str, Any]]:
        """Return the messages of a tag in order of acceptance, with what became of each delivery."""
        found: list[dict[str, Any]] = []
        for number, at, *values in self.rows(
            "SELECT id, at, transaction_id, reference, interface, event, sender FROM message"
            " WHERE tag = ? ORDER BY id",
            (tag,),
        ):
            names = ("transaction_id", "reference", "interface", "event", "sender")
            found.append(
                dict(zip(names, values, strict=True))
                | {
                    "accepted_at": message_time(datetime.fromtimestamp(at / 1000, UTC)),
                    "recipients": self._recipients(number),
                }
            )
        return found

    def _recipients(self, message: int) -> list[dict[str, Any]]:
        rows = self._reader.execute(
            "SELECT recipient, role, tier, status, http_status FROM delivery NOT INDEXED"
            " WHERE id BETWEEN ? AND ? ORDER BY id",
            deliveries_of(message),
        )
        names = ("dip_id", "role", "tier", "status", "http_status")
        return [dict(zip(names, row, strict=True)) for row in rows]


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
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
