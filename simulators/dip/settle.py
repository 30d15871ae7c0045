"""When everything that carries a tag has come to rest: no delivery open, no simulated party acting.

Counts in memory, told by events; nobody polls. Used from the event loop's thread, but `changed` from any
thread.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping


class Tracker:
    """How many deliveries are open per tag (S1.subText), and who waits for them."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.is_idle: Callable[[str], bool] = lambda _tag: True
        """Whether no simulated party is acting on the tag; set by the process that runs parties."""

    def opened(self, counts: Mapping[str, int]) -> None:
        """Count deliveries that are to be made."""
        for tag, count in counts.items():
            self._open[tag] = self._open.get(tag, 0) + count

    def closed(self, tag: str | None) -> None:
        """Count one delivery that reached its last status."""
        if tag is None or tag not in self._open:
            return
        self._open[tag] -= 1
        if self._open[tag] <= 0:
            del self._open[tag]
            self._wake(tag)

    def changed(self, tag: str) -> None:
        """Look again whether a tag has come to rest; may be called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake, tag)

    def at_rest(self, tag: str) -> bool:
        """Say whether nothing of a tag is open now."""
        return tag not in self._open and self.is_idle(tag)

    async def wait(self, tag: str, *, timeout: float, quiet: float = 0.0) -> bool:
        """Wait until a tag is at rest and stays so for ``quiet`` seconds; False after ``timeout`` seconds."""
        self._loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        self._waiting[tag].add(woken)
        try:
            async with asyncio.timeout(timeout):
                while True:
                    woken.clear()
                    if not self.at_rest(tag):
                        await woken.wait()
                    elif quiet:
                        await asyncio.sleep(quiet)
                        if self.at_rest(tag) and not woken.is_set():
                            return True
                    else:
                        return True
        except TimeoutError:
            return self.at_rest(tag)
        finally:
            self._waiting[tag].discard(woken)
            if not self._waiting[tag]:
                del self._waiting[tag]

    def _wake(self, tag: str) -> None:
        for event in self._waiting.get(tag, ()):
            event.set()
