"""When everything that carries a tag has come to rest, where other processes deliver: the stores say it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from simulators.dip.kept import HubStore
from simulators.dip.rows import OF_MESSAGE
from simulators.dip.settle import Tracker

_LOOK_SECONDS = 0.03
_OPEN = (
    f"SELECT EXISTS (SELECT 1 FROM message JOIN delivery ON {OF_MESSAGE}"
    " WHERE tag = ? AND delivery.status IN ('Pending', 'Retrying'))"
    " OR EXISTS (SELECT 1 FROM message JOIN status_message ON status_message.message = message.id"
    " WHERE tag = ? AND status_message.status IN ('Pending', 'Retrying'))"
    " OR EXISTS (SELECT 1 FROM message JOIN history_request ON history_request.message = message.id"
    " WHERE tag = ?)"
)


class SharedTracker(Tracker):
    """Counts nothing itself."""

    def __init__(self) -> None:
        super().__init__()
        self.stores: Sequence[HubStore] = ()

    def opened(self, counts: Mapping[str, int]) -> None:
        """The stores know."""

    def closed(self, tag: str | None) -> None:
        """The stores know."""

    async def wait(self, tag: str, *, timeout: float, quiet: float = 0.0) -> bool:
        """Wait until a tag is at rest and stays so for ``quiet`` seconds; False after ``timeout`` seconds."""
        until, since = time.monotonic() + timeout, None
        while True:
            now = time.monotonic()
            if self.is_idle(tag) and not await self._is_open(tag) and self.is_idle(tag):
                since = now if since is None else since
                if now - since >= quiet:
                    return True
            else:
                since = None
            if now >= until:
                return False
            await asyncio.sleep(_LOOK_SECONDS)

    async def _is_open(self, tag: str) -> bool:
        for store in self.stores:
            if (await store.aside.rows(_OPEN, (tag, tag, tag)))[0][0]:
                return True
        return False
