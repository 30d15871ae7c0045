"""Opening deliveries again that waited for a webhook: some at a time, however many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulators.dip.kept import HubStore

AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Reopened:
    """How many deliveries were opened per tag, and the last one's row; 0 when there was none left."""

    tags: Mapping[str, int]
    last: int


async def reopen(store: HubStore, select: str, parameters: Sequence[object], update: str) -> Reopened:
    """Open the deliveries that ``select`` finds as (row, tag); ``update`` gets their rows."""
    async with store.reopening:
        rows = await store.aside.rows(select, parameters)
        if rows:
            await store.writer.write([(update, [row[:1] for row in rows])], durable=True)
    return Reopened(Counter(tag for _, tag in rows if tag is not None), rows[-1][0] if rows else 0)
