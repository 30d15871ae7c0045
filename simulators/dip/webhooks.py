"""Where publications go: one URL per recipient and channel; status messages have a channel of their own.

Two sources: what the network file says (simulated parties and bases of real ones), and on top of it what
parties configured through the API, which the store keeps. A removed webhook hides the network file's.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from harness.transport.parties import Network
from simulators.dip.kept import HubStore
from simulators.dip.status import CHANNEL

Base = Callable[[str], str | None]
"""DIP id of a simulated party to the base URL of its webhooks in this release."""


class Webhooks:
    """The webhooks of one release."""

    def __init__(self, network: Network, store: HubStore, simulated: Base | None) -> None:
        self._parties = {party.dip_id: party for party in network.parties}
        self._store = store
        self._simulated = simulated
        self._configured = store.webhooks()

    def url(self, recipient: str, channel: str) -> str | None:
        """Return where a recipient wants a channel's publications, None when nowhere."""
        configured = (
            self._store.webhook(recipient, channel)
            if self._store.is_shared
            else self._configured.get((recipient, channel))
        )
        if configured is not None:
            return configured or None
        party = self._parties.get(recipient)
        if party is None:
            return None
        if channel == CHANNEL and not party.simulated:
            return party.status_webhook
        if channel in party.webhooks:
            return party.webhooks[channel]
        if party.simulated:
            base = self._simulated(recipient) if self._simulated else None
            return f"{base}/{channel}" if base else None
        return f"{party.webhook.rstrip('/')}/{channel}"

    async def configure(self, recipient: str, channel: str, url: str) -> None:
        """Keep a URL (empty: none).

        The URL counts before it is kept, so that no outbox pauses a delivery after the paused ones were
        counted.
        """
        before = self._configured.get((recipient, channel))
        self._configured[recipient, channel] = url
        try:
            await self._store.set_webhook(recipient, channel, url)
        except BaseException:
            if before is None:
                self._configured.pop((recipient, channel), None)
            else:
                self._configured[recipient, channel] = before
            raise


def fault_in(url: object, forbidden_ports: frozenset[int]) -> str | None:
    """Say what is wrong with a callback URL; None when it can be used."""
    if not isinstance(url, str) or not url:
        return "callbackURL is missing"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 443
    except ValueError:
        return "callbackURL is no URL"
    if parts.scheme != "https" or not host:
        return "callbackURL is not an https URL"
    if not url.isascii() or not url.isprintable() or " " in url or parts.username is not None:
        return "callbackURL holds characters or credentials that a URL may not hold here"
    if port in forbidden_ports:
        return "callbackURL names a port of the hub itself"
    return None
