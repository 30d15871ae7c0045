"""One outbox per recipient: deliveries in the order of a mode, batched per webhook call, tried again.

What is to be delivered stands in the store (a `Queue`), so memory doesn't grow with a backlog and a restart
takes up where the process was killed (at least once, with the same transaction ids). A slow or dead recipient
holds up only itself; what a call holds up within a recipient is for the mode to say (`Lanes`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from harness.clock import Clock
from simulators.dip import outcome
from simulators.dip.carrier import Carrier
from simulators.dip.lanes import PER_RECIPIENT, Batch, Lanes
from simulators.dip.logs import Log
from simulators.dip.outcome import Reply
from simulators.dip.rules import Rules
from simulators.dip.settle import Tracker
from simulators.dip.store_faults import STORE_FAULTS
from simulators.dip.waiting import Queue, Result

_TROUBLED_SECONDS = 1.0


class _Outbox:
    """One recipient's outbox while it runs."""

    task: asyncio.Task[None]

    def __init__(self, lanes: Lanes, calls: int) -> None:
        self.lanes = lanes
        self.turns = asyncio.Semaphore(calls)
        self.calls: set[asyncio.Task[None]] = set()
        self.woken = asyncio.Event()


class _Turn:
    """One of the calls that a recipient's outbox may make at a time; begins with a turn that is held."""

    def __init__(self, outbox: _Outbox) -> None:
        self._outbox = outbox
        self._held = True

    async def rest(self, seconds: float) -> None:
        """Let others go first for a while."""
        self.end()
        await asyncio.sleep(seconds)
        await self._outbox.turns.acquire()
        self._held = True

    def end(self) -> None:
        """Give the turn back."""
        if self._held:
            self._held = False
            self._outbox.turns.release()
            self._outbox.woken.set()


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
        order: str = PER_RECIPIENT,
    ) -> None:
        self._queue = queue
        self._carrier = carrier
        self._webhook = webhook
        self._tracker = tracker
        self._rules = rules
        self._clock = clock
        self._log = log
        self._order = order
        self._running: dict[str, _Outbox] = {}
        self.on_paused: Callable[[str, str], Awaitable[None]] | None = None
        """Gets recipient and channel of deliveries that were paused for want of a webhook."""

    def resume(self) -> None:
        """Take up what a former process left open."""
        self._tracker.opened(self._queue.open_by_tag())
        self.wake(self._queue.recipients_waiting())

    def wake(self, recipients: Iterable[str], *, reopened: bool = False) -> None:
        """Tell outboxes that there is something to deliver; ``reopened``: what had been closed before."""
        for recipient in recipients:
            outbox = self._running.get(recipient)
            if outbox is None or outbox.task.done():
                self._running[recipient] = outbox = _Outbox(self._lanes(), self._rules.delivery_calls)
                outbox.task = asyncio.create_task(self._run(recipient, outbox), name=f"outbox {recipient}")
            if reopened:
                outbox.lanes.reopened()
            outbox.woken.set()

    async def stop(self, recipient: str) -> None:
        """Stop one recipient's outbox; what is under way stays open."""
        outbox = self._running.pop(recipient, None)
        if outbox is not None:
            outbox.task.cancel()
            await asyncio.gather(outbox.task, return_exceptions=True)

    async def close(self) -> None:
        """Stop; what is under way stays open in the store."""
        tasks = [outbox.task for outbox in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _lanes(self) -> Lanes:
        rules = self._rules
        return Lanes(self._order, most=rules.delivery_window, size=rules.delivery_bytes)

    async def _run(self, recipient: str, outbox: _Outbox) -> None:
        """Keep a recipient's calls going until nothing is open."""
        lanes, rules = outbox.lanes, self._rules
        try:
            while True:
                await self._carrier.gather(recipient)
                outbox.woken.clear()
                try:
                    if most := lanes.wanted:
                        lanes.add(self._queue.due(recipient, after=lanes.after, most=most))
                except STORE_FAULTS as error:
                    await self._troubled(recipient, error)
                    continue
                while not outbox.turns.locked() and (
                    batch := lanes.take(
                        messages=self._carrier.most(recipient, rules.delivery_messages),
                        size=rules.delivery_bytes,
                    )
                ):
                    await outbox.turns.acquire()
                    call = asyncio.create_task(self._call(recipient, outbox, batch))
                    outbox.calls.add(call)
                    call.add_done_callback(outbox.calls.discard)
                    call.add_done_callback(lambda _: outbox.woken.set())
                if not outbox.calls:
                    return
                await outbox.woken.wait()
        finally:
            for call in outbox.calls:
                call.cancel()
            await asyncio.gather(*outbox.calls, return_exceptions=True)

    async def _call(self, recipient: str, outbox: _Outbox, batch: Batch) -> None:
        """Bring a batch to its end; what can't be read or recorded is taken up again."""
        turn = _Turn(outbox)
        try:
            await self._deliver(recipient, turn, [due.delivery for due in batch.due])
        except Exception as error:
            await self._troubled(recipient, error)
        finally:
            outbox.lanes.done(batch)
            turn.end()

    async def _troubled(self, recipient: str, error: Exception) -> None:
        """Tell of what should not happen, and wait: it may pass."""
        event = "store" if isinstance(error, STORE_FAULTS) else "fault"
        self._log.write("error", event, recipient=recipient, kind=type(error).__name__, reason=str(error))
        await asyncio.sleep(_TROUBLED_SECONDS)

    async def _deliver(self, recipient: str, turn: _Turn, deliveries: list[int]) -> None:
        """Make one call until it has a final status; the same bytes each time, signed anew."""
        batch = self._queue.load(deliveries)
        parcel = self._carrier.pack(recipient, batch[0].channel, [waiting.body for waiting in batch])
        attempts = batch[0].attempts
        while True:
            await self._carrier.ready(parcel)
            url = self._webhook(recipient, batch[0].channel)
            if url is None:
                reply = Reply(None, error="no webhook is configured for the channel")
                await self._record(recipient, outcome.all_of(batch, "Paused", reply), attempts, final=True)
                if self.on_paused is not None:
                    await self.on_paused(recipient, batch[0].channel)
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
            await turn.rest(self._pause(attempts, reply.retry_after))

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
