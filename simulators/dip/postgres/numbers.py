"""Numbers of new messages, from one sequence for all processes: who asks later gets a higher one.

Requests that ask at the same time share one question to the database.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from simulators.dip.kept import Number
from simulators.dip.postgres.link import Link
from simulators.dip.rows import token
from simulators.dip.store_faults import StoreFault

_TAKE = "SELECT nextval('message_number') FROM generate_series(1, ?)"


class Numbers:
    """Hands out numbers. Used from one event loop."""

    def __init__(self, link: Link, opening: str) -> None:
        self._link, self._opening = link, opening
        self._waiting: list[tuple[int, asyncio.Future[list[Number]]]] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="numbers")
        self._busy = False

    async def take(self, count: int) -> list[Number]:
        """Return so many; raises StoreFault."""
        loop = asyncio.get_running_loop()
        asked: asyncio.Future[list[Number]] = loop.create_future()
        self._waiting.append((count, asked))
        if not self._busy:
            self._busy = True
            loop.call_soon(self._ask, loop)
        return await asked

    def close(self) -> None:
        """Wait for what is asked, and close."""
        self._thread.shutdown(wait=True)
        self._link.close()

    def _ask(self, loop: asyncio.AbstractEventLoop) -> None:
        asked, self._waiting = self._waiting, []
        if not asked:
            self._busy = False
            return
        total = sum(count for count, _ in asked)
        taken = self._thread.submit(self._link.rows, _TAKE, (total,))

        def settle() -> None:
            error = taken.exception()
            numbers = iter([] if error else [int(row[0]) for row in taken.result()])
            for count, future in asked:
                mine = [] if error else [next(numbers) for _ in range(count)]
                if future.cancelled():
                    continue
                if error is not None:
                    future.set_exception(StoreFault(str(error)))
                else:
                    future.set_result([(number, token(self._opening, number)) for number in mine])
            self._ask(loop)

        taken.add_done_callback(lambda _: loop.call_soon_threadsafe(settle))
