"""What leaves a release's mount: an outbox per recipient for publications, and one for status messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from harness.clock import Clock
from simulators.dip.carrier import Carrier
from simulators.dip.kept import HubStore
from simulators.dip.logs import Log
from simulators.dip.outbox import Outboxes
from simulators.dip.publications import Publications
from simulators.dip.rules import Rules
from simulators.dip.settle import Tracker
from simulators.dip.status import CHANNEL
from simulators.dip.status_queue import StatusQueue


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
    ) -> None:
        """``webhook`` gives the URL of a recipient and channel, ``hub`` is the hub's DIP id."""
        self._tracker, self._webhook = tracker, webhook
        self._publications = Publications(store, hub, rules, self.told)
        self.status_queue = StatusQueue(store)
        self.publications = Outboxes(
            self._publications, carrier, webhook, tracker, rules, clock, log, rules.delivery_order
        )
        self.statuses = Outboxes(self.status_queue, carrier, webhook, tracker, rules, clock, log)

    async def resume(self) -> None:
        """Take up what a former process left open, and what waited for a webhook that is there now.

        The network file may have changed meanwhile.
        """
        self.statuses.resume()
        self.publications.resume()
        for recipient, channel in [*await self._publications.paused(), *await self.status_queue.paused()]:
            if self._webhook(recipient, channel) is not None:
                await self.reopen(recipient, channel)

    def told(self, tags: Mapping[str, int], senders: Iterable[str]) -> None:
        """Deliver status messages that were put into the store: how many per tag, and who gets them."""
        self._tracker.opened(tags)
        self.statuses.wake(senders)

    async def reopen(self, recipient: str, channel: str) -> None:
        """Make the deliveries that waited for a webhook, now that there is one."""
        queue, outboxes = (
            (self.status_queue, self.statuses)
            if channel == CHANNEL
            else (self._publications, self.publications)
        )
        found = await queue.unpause(recipient, channel, after=0)
        while found.last:
            self._tracker.opened(found.tags)
            outboxes.wake((recipient,), reopened=True)
            found = await queue.unpause(recipient, channel, after=found.last)

    async def close(self) -> None:
        """Stop; what is under way stays open in the store."""
        await self.publications.close()
        await self.statuses.close()
