"""Which messages are about an MPAN: an index that is written in sorted lots.

MPANs come in any order. Written with each message, nearly every entry would put a page of its own on the
disk, which costs as much as the message itself. So entries are gathered, and written before anybody looks
them up; those that a kill lost are made again when the store is opened.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable, Sequence
from functools import partial

from simulators.dip.model import Accepted
from simulators.dip.writer import Statement, Writer

_LOT = 1024
_INSERT = "INSERT OR IGNORE INTO message_mpan VALUES (?,?,?)"
_REACHED = "UPDATE message_mpan_reached SET message = ?"
Entry = tuple[str, str, int]
"""MPAN, interface, row of the message, which may be missing: what can't be written is not taken back here."""


def catch_up(connection: sqlite3.Connection) -> None:
    """Make the entries that the last process did not come to."""
    connection.executescript(
        "BEGIN IMMEDIATE;"
        "INSERT OR IGNORE INTO message_mpan SELECT mpan, interface, id FROM message"
        " WHERE id > (SELECT message FROM message_mpan_reached) AND mpan IS NOT NULL;"
        "UPDATE message_mpan_reached SET message = (SELECT ifnull(max(id), 0) FROM message);"
        "COMMIT;"
    )


class ByMpan:
    """The entries of one store that are not written yet. Used from the event loop's thread."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._entries: list[Entry] = []
        self._written: asyncio.Future[None] | None = None

    def add(self, messages: Iterable[Accepted]) -> None:
        """Take in messages that are given to the writer."""
        for message in messages:
            if message.draft.mpan:
                self._entries.append((message.draft.mpan, message.draft.interface, message.number))
        if len(self._entries) >= _LOT and not self._is_writing():
            self._write()

    async def complete(self) -> None:
        """Return once an entry of every message that was taken in can be read; raises sqlite3.Error."""
        for _ in range(2):  # a lot may be under way that was begun before the latest came in
            if self._entries and not self._is_writing():
                self._write()
            if self._written is not None:
                await asyncio.shield(self._written)

    def _is_writing(self) -> bool:
        return self._written is not None and not self._written.done()

    def _write(self) -> None:
        entries, self._entries = self._entries, []
        statements: list[Statement] = [(_INSERT, sorted(entries)), (_REACHED, [(entries[-1][2],)])]
        self._written = self._writer.write(statements, durable=False)
        self._written.add_done_callback(partial(self._settle, entries))

    def _settle(self, entries: Sequence[Entry], written: asyncio.Future[None]) -> None:
        """Keep what could not be written for the next lot."""
        if written.exception() is not None:
            self._entries = [*entries, *self._entries]
