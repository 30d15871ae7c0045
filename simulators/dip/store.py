"""The store of one release's mount: an SQLite file in WAL mode, one writer, one reader connection.

What was answered 201 is on the disk (`Writer`). Reads see what is committed. Used from the event loop's
thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from harness.errors import EnvironmentFault
from harness.spec.codes import text as code_text
from simulators.dip.model import Accepted, Addressing, Said
from simulators.dip.serving import Tenure
from simulators.dip.writer import Statement, Writer

SCHEMA_VERSION = 2
_SCHEMA = Path(__file__).with_name("schema.sql")
_LOCK_SECONDS = 1.0
_CHECKPOINT_PAGES = 4000
"""Pages (of 4 kB) that the log grows by before they go into the database, each once."""

_INSERT_MESSAGE = "INSERT INTO message VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"
_INSERT_DELIVERY = (
    "INSERT INTO delivery (message, recipient, role, tier, channel, at, status) VALUES (?,?,?,?,?,?,?)"
)
_INSERT_HEARD = "INSERT INTO heard (mpan, kind, service, dip_id, at) VALUES (?,?,?,?,?)"
INSERT_JOURNAL = (
    "INSERT INTO journal (message, at, stage, status, recipient, detail, http_status, duration)"
    " VALUES (?,?,?,?,?,?,?,?)"
)
INSERT_STATUS = (
    "INSERT INTO status_message (message, recipient, origin, level, at, text, help, sent, ticket, status)"
    " VALUES (?,?,?,?,?,?,?,?,?,'Pending')"
)


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
        self.writer = Writer(self._connection)
        self.reopening = asyncio.Lock()
        """Held while closed deliveries are opened again, so that none is counted twice."""

    async def close(self) -> None:
        """Finish what is being written and close."""
        await self.writer.close()
        self._reader.close()
        self._connection.close()

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Read what is committed."""
        return self._reader.execute(sql, parameters).fetchall()

    def each(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[Any]:
        """Read what is committed row by row; the rest is left when the caller stops."""
        cursor = self._reader.execute(sql, parameters)
        try:
            yield from cursor
        finally:
            cursor.close()

    # -- accepting ----------------------------------------------------------------------------------

    async def accept(
        self, messages: Sequence[Accepted], *, consumer: str, now: datetime, took: float = 0.0
    ) -> None:
        """Put a batch on the disk, whole or not at all.

        ``consumer`` is the hub, which needs no delivery and tells the senders what it finds wrong; ``took``
        is how many seconds the call has taken so far.
        """
        at, seconds = milliseconds(now), int(now.timestamp())
        rows: list[tuple[object, ...]] = []
        deliveries: list[tuple[object, ...]] = []
        journal: list[tuple[object, ...]] = []
        heard: list[tuple[object, ...]] = []
        statuses: list[tuple[object, ...]] = []
        for message in messages:
            number, self._next = self._next, self._next + 1
            draft = message.draft
            rows.append((
                number, message.transaction, draft.sender, draft.reference, draft.role, draft.provider,
                draft.interface, draft.event, message.correlation, draft.mpan, draft.tag, message.accepted_at,
                message.body,
            ))  # fmt: skip
            journal.append((number, at, "Inbound", "GoodToGo", None, None, 201, round(took * 1000)))
            addressing = message.addressing
            heard += [(said.mpan, said.kind, said.service, said.dip_id, said.at) for said in addressing.heard]
            if addressing.unheard:
                journal.append(
                    (number, at, "MPANUpdateQueue", "Exception", None, addressing.unheard, None, 0)
                )
            elif addressing.heard:
                told = "; ".join(str(said) for said in addressing.heard)
                journal.append((number, at, "MPANUpdateQueue", "OK", None, told, None, 0))
            for address in message.addressing.recipients:
                status = "Consumed" if address.dip_id == consumer else "Pending"
                deliveries.append(
                    (number, address.dip_id, address.role, address.tier, draft.interface, seconds, status)
                )
            addressed = "SentToTopic" if message.addressing.recipients else "Failed"
            journal.append((number, at, "Addressing", addressed, None, _map(message.addressing), None, 0))
            journal += [
                (number, at, "Addressing", "Exception", None, f"{trouble.code}: {trouble.text}", None, 0)
                for trouble in addressing.troubles
            ]
            if any(address.dip_id == consumer for address in message.addressing.recipients):
                detail = "consumed by the hub itself"
                journal.append((number, at, "Outbound", "Delivered", consumer, detail, None, 0))
            statuses += [
                (
                    number,
                    draft.sender,
                    consumer,
                    "L2",
                    seconds,
                    code_text(trouble.code),
                    trouble.text,
                    None,
                    None,
                )
                for trouble in addressing.troubles
            ]
        statements: list[Statement] = [(_INSERT_MESSAGE, rows), (INSERT_JOURNAL, journal)]
        if deliveries:
            statements.append((_INSERT_DELIVERY, deliveries))
        if statuses:
            statements.append((INSERT_STATUS, statuses))
        if heard:
            statements.append((_INSERT_HEARD, heard))
        await self.writer.write(statements, durable=True)

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
            await self.writer.write([(_INSERT_HEARD, rows)], durable=True)

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

    def waiting(self) -> dict[str, int]:
        """Return how many deliveries wait, by their status."""
        rows = self._reader.execute(
            "SELECT status, count(*) FROM delivery WHERE status IN ('Pending', 'Retrying') GROUP BY status"
            " UNION ALL SELECT 'Paused', count(*) FROM delivery WHERE status = 'Paused'"
        )
        return dict(rows.fetchall())

    def tagged(self, tag: str) -> list[dict[str, Any]]:
        """Return the messages of a tag in order of acceptance, with what became of each delivery."""
        found: list[dict[str, Any]] = []
        for row in self._reader.execute(
            "SELECT id, transaction_id, reference, interface, event, sender, accepted_at FROM message"
            " WHERE tag = ? ORDER BY id",
            (tag,),
        ).fetchall():
            number, *values = row
            names = ("transaction_id", "reference", "interface", "event", "sender", "accepted_at")
            found.append(dict(zip(names, values, strict=True)) | {"recipients": self._recipients(number)})
        return found

    def _recipients(self, message: int) -> list[dict[str, Any]]:
        rows = self._reader.execute(
            "SELECT recipient, role, tier, status, http_status FROM delivery WHERE message = ? ORDER BY id",
            (message,),
        )
        names = ("dip_id", "role", "tier", "status", "http_status")
        return [dict(zip(names, row, strict=True)) for row in rows]


def milliseconds(moment: datetime) -> int:
    """Return a moment as the journal keeps it."""
    return round(moment.timestamp() * 1000)


def _map(addressing: Addressing) -> str:
    """Write the recipients as the published journal's RecipientMap does, and what could not be resolved."""
    parts = [f"{a.tier.capitalize()}:[{a.role}:{a.dip_id}]" for a in addressing.recipients]
    if addressing.unresolved:
        parts.append(f"Unresolved:[{','.join(addressing.unresolved)}]")
    return ";".join(parts)


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
    faults = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if faults != "ok":
        raise sqlite3.DatabaseError(faults)
    return connection
