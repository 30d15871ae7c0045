"""Deliveries as they come from the broker's stream: a `Queue` that an outbox works through.

A bundle is acknowledged when each of its deliveries has its last status in the store. What the stream brings
again, or twice, is held against the store: what was closed there is not made again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from nats.aio.msg import Msg

from simulators.dip.broker.stream import unbundled
from simulators.dip.postgres.store import PostgresStore
from simulators.dip.waiting import OPEN, Due, Queue, Result, Waiting

_PLACES = 1 << 16


@dataclass(slots=True)
class _Bundle:
    message: Msg
    left: set[int] = field(default_factory=set)
    """Keys of its deliveries that have no last status yet."""


@dataclass(frozen=True, slots=True)
class _Held:
    due: Due
    waiting: Waiting
    bundle: _Bundle


class StreamQueue:
    """What was read of the stream and not acknowledged yet. Used from the event loop's thread."""

    def __init__(self, store: PostgresStore, kept: Queue, table: str) -> None:
        """``kept`` is the queue in the store, which records what became of deliveries in ``table``."""
        self._store, self._kept, self._table = store, kept, table
        self._held: dict[int, _Held] = {}
        self._of: dict[str, set[int]] = defaultdict(set)
        """Keys by recipient."""
        self._keys: dict[int, int] = {}
        """Keys by delivery."""

    def holds(self, recipient: str) -> int:
        """Return how many deliveries of a recipient are held."""
        return len(self._of.get(recipient, ()))

    async def take_in(self, recipient: str, messages: Sequence[Msg]) -> None:
        """Take in bundles; raises what the store raises."""
        bundles = [(message, unbundled(message.data)) for message in messages]
        items = [entry.item for _, entries in bundles for entry, _ in entries]
        rows = await self._store.aside.rows(
            f"SELECT id, status, attempts FROM {self._table} WHERE id = ANY(?)", (items,)
        )
        known: dict[int, tuple[str, int]] = {row[0]: (row[1], row[2]) for row in rows}
        bodies = self._missing([e.item for _, entries in bundles for e, body in entries if body is None])
        for message, entries in bundles:
            bundle = _Bundle(message)
            first = message.metadata.sequence.stream * _PLACES
            for place, (entry, body) in enumerate(entries):
                status, attempts = known.get(entry.item, ("", 0))
                held = self._keys.get(entry.item)
                if held is not None:
                    other = self._held[held].bundle
                    if other.message.metadata.sequence.stream == message.metadata.sequence.stream:
                        other.message = message  # it came again: this is the one to acknowledge
                        bundle = other
                    continue
                body = bodies.get(entry.item, b"") if body is None else body
                if status not in OPEN:
                    continue
                key = first + place
                waiting = Waiting(
                    entry.item, entry.message, entry.channel, entry.tag, entry.transaction, attempts, body,
                    entry.sender,
                )  # fmt: skip
                due = Due(key, entry.channel, entry.mpan, len(body))
                self._held[key] = _Held(due, waiting, bundle)
                self._of[recipient].add(key)
                self._keys[entry.item] = key
                bundle.left.add(key)
            if not bundle.left:
                await message.ack()

    def _missing(self, items: Sequence[int]) -> dict[int, bytes]:
        return {each.delivery: each.body for each in self._kept.load(items)} if items else {}

    def forget(self, recipient: str) -> None:
        """Let go of what is held; the stream brings it again to whoever is next."""
        for key in self._of.pop(recipient, ()):
            del self._keys[self._held.pop(key).waiting.delivery]

    # -- as a Queue ---------------------------------------------------------------------------------

    def recipients_waiting(self) -> tuple[str, ...]:
        """Return nobody: who delivers is woken by the stream."""
        return ()

    def open_by_tag(self) -> dict[str, int]:
        """Return how many deliveries are open per tag."""
        return self._kept.open_by_tag()

    def due(self, recipient: str, *, after: int, most: int) -> list[Due]:
        """Return the oldest deliveries that are held, beyond a key."""
        keys = sorted(key for key in self._of.get(recipient, ()) if key > after)
        return [self._held[key].due for key in keys[:most]]

    def load(self, deliveries: Sequence[int]) -> list[Waiting]:
        """Return deliveries by their keys."""
        return [self._held[key].waiting for key in deliveries]

    async def delivered(
        self, results: Sequence[Result], *, recipient: str, at: datetime, attempts: int
    ) -> None:
        """Record what became of deliveries, then acknowledge the bundles that are through."""
        await self._kept.delivered(results, recipient=recipient, at=at, attempts=attempts)
        for result in results:
            if result.status in OPEN:
                continue
            key = self._keys.pop(result.waiting.delivery, None)
            if key is None:
                continue  # it was forgotten meanwhile
            held = self._held.pop(key)
            self._of[recipient].discard(key)
            held.bundle.left.discard(key)
            if not held.bundle.left:
                await held.bundle.message.ack()
