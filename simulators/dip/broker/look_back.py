"""What the stream still holds of former deliveries to a recipient, for replay by time."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from datetime import datetime

from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from simulators.dip.broker.stream import BROKER_FAULTS, Stream, unbundled

_BUNDLES = 32
_FETCH_SECONDS = 0.5
_UNUSED_SECONDS = 5.0


async def look_back(
    stream: Stream, recipient: str, items: Collection[int], since: datetime
) -> dict[int, bytes]:
    """Return the bodies of those deliveries that the stream got since a moment of real time.

    A stream that can't be read, or kept none, gives none: the store has them all.
    """
    wanted, found = set(items), dict[int, bytes]()
    if not stream.connection.is_up:
        return found
    with contextlib.suppress(*BROKER_FAULTS):
        config = ConsumerConfig(
            filter_subject=f"{stream.name}.d.{recipient}",
            ack_policy=AckPolicy.NONE,
            deliver_policy=DeliverPolicy.BY_START_TIME,
            opt_start_time=since,
            inactive_threshold=_UNUSED_SECONDS,
        )
        js = stream.connection.js
        info = await js.add_consumer(stream.name, config)
        reader = await js.pull_subscribe_bind(info.name, stream.name)
        left = info.num_pending or 0
        while wanted and left:
            for message in await reader.fetch(min(left, _BUNDLES), timeout=_FETCH_SECONDS):
                left = message.metadata.num_pending
                for entry, body in unbundled(message.data):
                    if body is not None and entry.item in wanted:
                        found[entry.item] = body
                        wanted.discard(entry.item)
        await reader.unsubscribe()
        await js.delete_consumer(stream.name, info.name)
    return found
