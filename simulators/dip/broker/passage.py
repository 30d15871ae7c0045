"""One release's way to the broker and from it: the relay, and who delivers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial

from simulators.dip.broker.deliveries import Deliveries
from simulators.dip.broker.look_back import look_back
from simulators.dip.broker.relay import Relay
from simulators.dip.broker.stream import Stream
from simulators.dip.logs import Log
from simulators.dip.options import DELIVERY, INGRESS
from simulators.dip.post import Post
from simulators.dip.postgres.store import PostgresStore
from simulators.dip.settle import Tracker
from simulators.dip.waiting import Queue


class Handed:
    """Stands in the place of outboxes: what is committed is handed to the broker."""

    def __init__(self, queue: Queue, relay: Relay, tracker: Tracker) -> None:
        self._queue, self._relay, self._tracker = queue, relay, tracker

    def resume(self) -> None:
        """Count what is open; the outbox and the stream hold it."""
        self._tracker.opened(self._queue.open_by_tag())

    def wake(self, _: Iterable[str], *, reopened: bool = False) -> None:  # noqa: ARG002
        """Tell the relay; the transaction put what is to be delivered into the outbox."""
        self._relay.poke()

    async def close(self) -> None:
        """Nothing is to be done: the relay is closed apart."""


class Passage:
    """Relay and deliveries of one release in one process, as far as it has them."""

    def __init__(self, store: PostgresStore, stream: Stream, tracker: Tracker, log: Log) -> None:
        self._store, self._stream, self._tracker, self._log = store, stream, tracker, log
        self.relay = Relay(store, stream, log)
        store.look_back = partial(look_back, stream)
        self.deliveries: Deliveries | None = None
        self._relays = False

    @property
    def is_up(self) -> bool:
        """Whether the broker can be spoken to now."""
        return self._stream.connection.is_up

    def handed(self, queue: Queue) -> Handed:
        """Return what stands in the place of outboxes over a queue."""
        return Handed(queue, self.relay, self._tracker)

    def work(self, works: Collection[str], post: Post, window: int) -> None:
        """Say what this process does; ``window`` is how many deliveries to a recipient it holds."""
        self._relays = INGRESS in works
        if DELIVERY in works:
            kept: dict[str, Queue] = {"d": post.queue, "s": post.status_queue}
            self.deliveries = Deliveries(self._store, self._stream, kept, post.outboxes, window, self._log)

    async def open(self) -> None:
        """Begin."""
        if self._relays:
            await self.relay.open()
        if self.deliveries is not None:
            await self.deliveries.open()

    async def close(self) -> None:
        """Stop; what is under way stays open in store and stream."""
        if self.deliveries is not None:
            await self.deliveries.close()
        await self.relay.close()
