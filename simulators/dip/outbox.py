"""One outbox per recipient: deliveries in order, batched per webhook call, tried again with back-off.

What is to be delivered stands in the store (a `Queue`), so memory doesn't grow with a backlog and a restart
takes up where the process was killed (at least once, with the same transaction ids). A slow or dead recipient
holds up only itself.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable

from harness.clock import Clock
from simulators.dip import outcome
from simulators.dip.carrier import Carrier
from simulators.dip.logs import Log
from simulators.dip.outcome import Reply
from simulators.dip.rules import Rules
from simulators.dip.settle import Tracker
from simulators.dip.waiting import Queue, Result, Waiting

_STORE_RETRY_SECONDS = 1.0


class Outboxes:
    """The outboxes of one release; a recipient's runs while it has deliveries open."""

    def __init__(
        self,
        queue: Queue,
        carrier: Carrier,
        webhook: Callable[[str, str], str | None],
        tracker: Tracker,
        rules: Rules,
        clock: Clock,
        log: Log,
    ) -> None:
        self._queue = queue
        self._carrier = carrier
        self._webhook = webhook
        self._tracker = tracker
        self._rules = rules
        self._clock = clock
        self._log = log
        self._running: dict[str, asyncio.Task[None]] = {}

    def resume(self) -> None:
        """Take up what a former process left open."""
        self._tracker.opened(self._queue.open_by_tag())
        self.wake(self._queue.recipients_waiting())

    def wake(self, recipients: Iterable[str]) -> None:
        """Tell outboxes that there is something to deliver."""
        for recipient in recipients:
            task = self._running.get(recipient)
            if task is None or task.done():
                self._running[recipient] = asyncio.create_task(
                    self._run(recipient), name=f"outbox {recipient}"
                )

    async def close(self) -> None:
        """Stop; what is under way stays open in the store."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _run(self, recipient: str) -> None:
        rules = self._rules
        while True:
            try:
                await self._carrier.gather(recipient)
                batch = self._queue.next_batch(
                    recipient, messages=rules.delivery_messages, size=rules.delivery_bytes
                )
                if not batch:
                    return
                await self._deliver(recipient, batch)
            except sqlite3.Error as error:
                self._log.write("error", "store", recipient=recipient, reason=str(error))
                await asyncio.sleep(_STORE_RETRY_SECONDS)

    async def _deliver(self, recipient: str, batch: list[Waiting]) -> None:
        """Make one call until it has a final status; the same bytes each time, signed anew."""
        parcel = self._carrier.pack(recipient, batch[0].channel, [waiting.body for waiting in batch])
        attempts = batch[0].attempts
        while True:
            await self._carrier.ready(parcel)
            url = self._webhook(recipient, batch[0].channel)
            if url is None:
                reply = Reply(None, error="no webhook is configured for the channel")
                await self._record(recipient, outcome.all_of(batch, "Paused", reply), attempts, final=True)
                return
            reply = await self._carrier.deliver(parcel, url)
            attempts += 1
            if not outcome.is_retried(reply, self._rules):
                await self._record(recipient, outcome.judge(batch, reply), attempts, final=True)
                return
            if attempts >= self._rules.delivery_attempts:
                await self._record(
                    recipient, outcome.all_of(batch, "RetriesExhausted", reply), attempts, final=True
                )
                return
            await self._record(recipient, outcome.all_of(batch, "Retrying", reply), attempts, final=False)
            await asyncio.sleep(self._pause(attempts, reply.retry_after))

    def _pause(self, attempts: int, asked: float) -> float:
        """Return how long to wait: the back-off, or longer where the recipient asks for it."""
        rules = self._rules
        pause = min(rules.delivery_backoff * 2.0 ** (attempts - 1), rules.delivery_backoff_limit)
        return max(pause, min(asked, rules.retry_after_limit))

    async def _record(self, recipient: str, results: list[Result], attempts: int, *, final: bool) -> None:
        self._carrier.recorded(results[0].waiting.channel, [result.status for result in results])
        failed = next((result for result in results if result.status != "Delivered"), None)
        if failed:
            self._log.write(
                "warning",
                "delivery",
                recipient=recipient,
                channel=failed.waiting.channel,
                status=failed.status,
                http_status=failed.http_status,
                attempt=attempts,
                reason=failed.detail,
            )
        await self._queue.delivered(results, recipient=recipient, at=self._clock.now(), attempts=attempts)
        if final:
            for result in results:
                self._tracker.closed(result.waiting.tag)
