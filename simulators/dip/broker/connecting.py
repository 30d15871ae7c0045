"""From a broker's URL to the passages of all releases, over one connection."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from simulators.dip.broker.passage import Passage
from simulators.dip.broker.place import Broker
from simulators.dip.broker.stream import Connection, Stream
from simulators.dip.kept import HubStore
from simulators.dip.logs import Log
from simulators.dip.postgres.store import PostgresStore
from simulators.dip.settle import Tracker

Connect = Callable[[HubStore, Tracker], Awaitable[Passage]]
"""Makes the passage of a release with its store."""


@contextlib.asynccontextmanager
async def connected(broker: Broker, log: Log) -> AsyncIterator[Connect]:
    """Connect for as long as the block runs; raises EnvironmentFault where there is no broker."""
    connection = Connection(broker, log)
    await connection.open()

    async def connect(store: HubStore, tracker: Tracker) -> Passage:
        assert isinstance(store, PostgresStore)
        stream = Stream(connection, store.schema, broker.hours)
        await stream.open()
        return Passage(store, stream, tracker, log)

    try:
        yield connect
    finally:
        await connection.close()
