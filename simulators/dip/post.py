"""What leaves a release's mount: an outbox per recipient for publications, and one for status messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from harness.clock import Clock
from simulators.dip.carrier import Carrier
from simulators.dip.logs import Log
from simulators.dip.outbox import Outboxes
from simulators.dip.publications import Publications
from simulators.dip.rules import Rules
from simulators.dip.settle import Tracker
from simulators.dip.status import CHANNEL
from simulators.dip.status_queue import StatusQueue
from simulators.dip.store import Store


class Post:
    """Both kinds of outboxes over one store. A slow status webhook does not hold up publications."""

    def __init__(
        self,
        store: Store,
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
        self._tracker = tracker
        self._publications = Publications(store, hub, rules, self.told)
        self.status_queue = StatusQueue(store)
        self.publications = Outboxes(
            self._publications, carrier, webhook, tracker, rules, clock, log, rules.delivery_order
        )
        self.statuses = Outboxes(self.status_queue, carrier, webhook, tracker, rules, clock, log)

    def resume(self) -> None:
        """Take up what a former process left open."""
        self.statuses.resume()
        self.publications.resume()

    def told(self, tags: Mapping[str, int], senders: Iterable[str]) -> None:
        """Deliver status messages that were put into the store: how many per tag, and who gets them."""
        self._tracker.opened(tags)
        self.statuses.wake(senders)

    async def reopen(self, recipient: str, channel: str) -> None:
        """Make the deliveries that waited for a webhook, now that there is one."""
        if channel == CHANNEL:
            self._tracker.opened(await self.status_queue.unpause(recipient))
            self.statuses.wake((recipient,), reopened=True)
        else:
            self._tracker.opened(await self._publications.unpause(recipient, channel))
            self.publications.wake((recipient,), reopened=True)

    async def close(self) -> None:
        """Stop; what is under way stays open in the store."""
        await self.publications.close()
        await self.statuses.close()
