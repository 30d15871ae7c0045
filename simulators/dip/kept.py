"""What both kinds of store do alike, over `rows`, a writer and looks aside: accept, webhooks, addresses."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from harness.clock import message_time
from simulators.dip.model import Accepted, Said
from simulators.dip.rows import INSERT_HEARD, deliveries_of, inserts
from simulators.dip.serving import Tenure
from simulators.dip.writer import Statement

T = TypeVar("T")
LookBack = Callable[[str, Sequence[int], datetime], Awaitable[dict[int, bytes]]]
"""(recipient, deliveries, since when in real time) -> the bodies that are still there."""
Number = tuple[int, str]
"""The row of a new message, and the token of its transaction id."""


class Writes(Protocol):
    """Writes to a store, in groups."""

    def write(
        self,
        statements: Sequence[Statement],
        *,
        durable: bool,
        inserts: bool = False,
        done: asyncio.Future[None] | None = None,
    ) -> asyncio.Future[None]:
        """Run statements; as `writer.Writer.write`."""


class Looks(Protocol):
    """Long looks into a store."""

    async def run(self, read: Callable[[Any], T]) -> T:
        """Return what a function reads; it gets something with ``execute(sql, parameters)``."""

    async def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Return the rows of a statement."""


class MpanIndex(Protocol):
    """Which messages are about an MPAN."""

    def add(self, messages: Iterable[Accepted]) -> None:
        """Take in messages that are given to the writer."""

    async def complete(self) -> None:
        """Return once an entry of every message that was taken in can be read."""


class HubStore(ABC):
    """Messages, deliveries, journal, webhooks and MPAN addresses of one release.

    Statements are SQLite's; a store of another kind says them in its own words. Used from the event loop's
    thread. What can't be read or written raises one of `store_faults.STORE_FAULTS`.
    """

    writer: Writes
    aside: Looks
    """For looks that may be long."""
    by_mpan: MpanIndex
    reopening: AbstractAsyncContextManager[Any]
    """Held while closed deliveries are opened again, so that none is counted twice."""
    is_shared = False
    """Whether other processes use it at the same time."""
    look_back: LookBack | None = None
    """What a broker's stream still holds of former deliveries."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what is being written and close."""

    @abstractmethod
    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Any]:
        """Read what is committed."""

    def told(self, name: str) -> str | None:  # noqa: ARG002
        """Return what another process told, None where none did."""
        return None

    async def tell(self, name: str, value: str) -> None:  # noqa: B027
        """Tell other processes, where there are any."""

    @abstractmethod
    def numbers(self, count: int) -> list[Number] | Awaitable[list[Number]]:
        """Give the rows of new messages and the tokens of their transaction ids; none is ever given twice.

        They rise: who asks after a message was accepted gets a higher one.
        """

    # -- accepting ----------------------------------------------------------------------------------

    def accept(
        self,
        messages: Sequence[Accepted],
        *,
        consumer: str,
        now: datetime,
        took: float,
        besides: Sequence[Statement] = (),
        done: asyncio.Future[None] | None = None,
    ) -> asyncio.Future[None]:
        """Put a batch on the disk, whole or not at all, with what is to happen besides in the same commit.

        Arguments as of `rows.inserts`; ``done`` is a future to use instead of a new one.
        The future raises one of `USED` when a sender has used a reference before.
        """
        statements = [*inserts(messages, consumer=consumer, now=now, took=took), *besides]
        written = self.writer.write(statements, durable=True, inserts=not besides, done=done)
        self.by_mpan.add(messages)
        return written

    def has_reference(self, sender: str, reference: str) -> bool:
        """Say whether a sender has used a reference before."""
        return bool(
            self.rows("SELECT 1 FROM message WHERE sender = ? AND reference = ?", (sender, reference))
        )

    # -- webhooks and addresses ---------------------------------------------------------------------

    def webhooks(self) -> dict[tuple[str, str], str]:
        """Return the configured webhooks by (recipient, channel); an empty URL means removed."""
        rows = self.rows("SELECT recipient, channel, url FROM webhook")
        return {(recipient, channel): url for recipient, channel, url in rows}

    def webhook(self, recipient: str, channel: str) -> str | None:
        """Return one configured webhook; empty: removed, None: never configured."""
        rows = self.rows("SELECT url FROM webhook WHERE recipient = ? AND channel = ?", (recipient, channel))
        return rows[0][0] if rows else None

    async def set_webhook(self, recipient: str, channel: str, url: str) -> None:
        """Keep a webhook; an empty URL means removed."""
        await self.writer.write(
            [("INSERT OR REPLACE INTO webhook VALUES (?,?,?)", [(recipient, channel, url)])], durable=True
        )

    def pinned(self, mpan: str) -> tuple[Tenure, ...]:
        """Return what the admin API said of an MPAN; a tenure's service is the role here."""
        rows = self.rows(
            "SELECT role, dip_id, valid_from, valid_to FROM address WHERE mpan = ? ORDER BY rowid", (mpan,)
        )
        return tuple(Tenure(role, dip_id, since or "", until or "") for role, dip_id, since, until in rows)

    def heard(self, mpan: str) -> tuple[Said, ...]:
        """Return what registration traffic and the file of addresses said of an MPAN, oldest first."""
        rows = self.rows(
            "SELECT mpan, kind, service, dip_id, at FROM heard WHERE mpan = ? ORDER BY id", (mpan,)
        )
        return tuple(Said(*row) for row in rows)

    async def hear_first(self, said: Iterable[Said]) -> None:
        """Keep what is said of MPANs of which nothing was heard before."""
        known = {row[0] for row in self.rows("SELECT DISTINCT mpan FROM heard")}
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
        rows = self.rows(
            "SELECT recipient, role, tier, status, http_status FROM delivery NOT INDEXED"
            " WHERE id BETWEEN ? AND ? ORDER BY id",
            deliveries_of(message),
        )
        names = ("dip_id", "role", "tier", "status", "http_status")
        return [dict(zip(names, row, strict=True)) for row in rows]


async def numbered(store: HubStore, count: int) -> list[Number]:
    """Return the numbers of so many new messages; a store that holds them itself gives them at once."""
    numbers = store.numbers(count)
    return numbers if isinstance(numbers, list) else await numbers
