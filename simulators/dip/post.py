"""What leaves a release's mount: an outbox per recipient for publications, and one for status messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from harness.clock import Clock
from simulators.dip.carrier import Carrier
from simulators.dip.kept import HubStore
from simulators.dip.lanes import PER_RECIPIENT
from simulators.dip.logs import Log
from simulators.dip.outbox import Outboxes
from simulators.dip.publications import Publications
from simulators.dip.rules import Rules
from simulators.dip.settle import Tracker
from simulators.dip.status import CHANNEL
from simulators.dip.status_queue import StatusQueue
from simulators.dip.waiting import Queue


class Sends(Protocol):
    """Outboxes, or what hands deliveries to the outboxes of others."""

    def resume(self) -> None:
        """Take up what a former process left open."""

    def wake(self, recipients: Iterable[str], *, reopened: bool = False) -> None:
        """Tell that there is something to deliver; ``reopened``: what had been closed before."""

    async def close(self) -> None:
        """Stop; what is under way stays open in the store."""


class Post:
    """Both kinds of outboxes over one store. A slow status webhook does not hold up publications."""

    def __init__(
        self,
        store: HubStore,
        carrier: Carrier,
        webhook: Callable[[str, str], str | None],
        tracker: Tracker,
        rules: Rules,
        clock: Clock,
        log: Log,
        *,
        hub: str,
        handed: Callable[[Queue], Sends] | None = None,
    ) -> None:
        """``webhook`` gives the URL of a recipient and channel, ``hub`` is the hub's DIP id.

        ``handed`` makes what stands in the place of outboxes, where others deliver.
        """
        self._tracker, self._webhook = tracker, webhook
        self.queue = Publications(store, hub, rules, self.told)
        self.status_queue = StatusQueue(store)

        def outboxes(kind: str, queue: Queue) -> Outboxes:
            order = rules.delivery_order if kind == "d" else PER_RECIPIENT
            made = Outboxes(queue, carrier, webhook, tracker, rules, clock, log, order)
            if store.is_shared:
                made.on_paused = self._look_again
            return made

        self.outboxes = outboxes
        """Makes outboxes of a kind, d: publications or s: status messages, over a queue."""
        self.publications: Sends = handed(self.queue) if handed else outboxes("d", self.queue)
        self.statuses: Sends = handed(self.status_queue) if handed else outboxes("s", self.status_queue)

    async def resume(self) -> None:
        """Take up what a former process left open, and what waited for a webhook that is there now.

        The network file may have changed meanwhile.
        """
        self.statuses.resume()
        self.publications.resume()
        for recipient, channel in [*await self.queue.paused(), *await self.status_queue.paused()]:
            if self._webhook(recipient, channel) is not None:
                await self.reopen(recipient, channel)

    def told(self, tags: Mapping[str, int], senders: Iterable[str]) -> None:
        """Deliver status messages that were put into the store: how many per tag, and who gets them."""
        self._tracker.opened(tags)
        self.statuses.wake(senders)

    async def reopen(self, recipient: str, channel: str) -> None:
        """Make the deliveries that waited for a webhook, now that there is one."""
        queue, outboxes = (
            (self.status_queue, self.statuses) if channel == CHANNEL else (self.queue, self.publications)
        )
        found = await queue.unpause(recipient, channel, after=0)
        while found.last:
            self._tracker.opened(found.tags)
            outboxes.wake((recipient,), reopened=True)
            found = await queue.unpause(recipient, channel, after=found.last)

    async def _look_again(self, recipient: str, channel: str) -> None:
        """Open again what was paused just while another process configured the webhook."""
        if self._webhook(recipient, channel) is not None:
            await self.reopen(recipient, channel)

    async def close(self) -> None:
        """Stop; what is under way stays open in the store."""
        await self.publications.close()
        await self.statuses.close()
