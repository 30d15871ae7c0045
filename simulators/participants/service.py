"""The simulated parties as one object: an ASGI application, a sender, behaviours, receipts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import simulators.participants.everyone  # noqa: F401 - registers all behaviours
from harness.clock import Clock
from harness.errors import ConfigurationError, HarnessError, nearest
from harness.messages.build import encode
from harness.security.trust import Trust
from harness.settings import Settings, current
from harness.spec.release import Release
from harness.spec.routing import Routing, load_routing
from harness.transport.client import Answer, DipClient
from harness.transport.network import Network, Party
from harness.transport.receiver import WebhookReceiver
from simulators.participants.behaviours import Acting, Outgoing, Publication, Told
from simulators.participants.reception import Reception
from simulators.participants.runner import Runner
from simulators.participants.writing import compose

_SENDERS = 8
"""Threads that wait for the hub's answers."""


class Participants:
    """Every simulated party of a network, for one hub and one event loop."""

    def __init__(
        self,
        network: Network,
        releases: Mapping[str, Release],
        clock: Clock,
        *,
        ca: Path,
        crls: Sequence[Path] = (),
        environment: str = "SIT",
        on_change: Callable[[str], None] | None = None,
        routing: Routing | None = None,
        settings: Settings | None = None,
    ) -> None:
        """``ca`` and ``crls`` judge the hub; ``on_change`` is called with a tag in the event loop."""
        self._network, self._releases, self._clock, self._ca = network, releases, clock, ca
        self._environment = environment
        self._on_change = on_change or _nothing
        routing = routing or load_routing()
        settings = settings or current()
        self._runner = Runner(network, routing, clock, self._send_for, self._on_change)
        self._reception = Reception(
            network,
            releases,
            routing,
            environment,
            settings,
            self._runner.refusal,
            self._runner.publication,
            self._on_change,
        )
        self.app = WebhookReceiver(
            self._reception.answer,
            trust=Trust.load(ca, crls),
            clock=clock,
            body_limit=settings.integer("limits.body_bytes"),
        )
        self._clients: dict[str, DipClient] = {}
        self._threads = ThreadPoolExecutor(_SENDERS, thread_name_prefix="participant")

    def connect(self, hub_url: str) -> None:
        """Say where the hub is: without the release, or with ``{release}`` where its name belongs."""
        for client in self._clients.values():
            client.close()
        self._clients = {
            name: DipClient(_of_release(hub_url, name), self._network, self._ca, clock=self._clock)
            for name in self._releases
        }

    def clients(self) -> Mapping[str, DipClient]:
        """Return how the parties reach the hub, by release; empty before `connect`."""
        return self._clients

    @staticmethod
    def path(release: str, dip_id: str) -> str:
        """Return the path of a party's webhook; a channel may follow it."""
        return f"/{release}/{dip_id}"

    async def send(self, dip_id: str, release: str, interface: str, payload: Mapping[str, Any]) -> Answer:
        """Send one payload as a party; raises ConfigurationError for an unknown party or release."""
        client = self._clients.get(release)
        if client is None:
            mend = nearest(release, self._clients) if self._clients else "Call connect() first."
            raise ConfigurationError(f"no hub is known for release '{release}'", mend=mend)
        party, body = self._network.by_dip_id(dip_id), encode([dict(payload)])
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, client.send, party, interface, body)

    def receipts(self, tag: str) -> list[dict[str, Any]]:
        """Return the webhook calls that held a publication with ``tag``, in order of arrival."""
        return [receipt.as_dict() for receipt in self._reception.receipts.with_tag(tag)]

    def status_receipts(self, transactions: Sequence[str]) -> list[dict[str, Any]]:
        """Return the calls of status messages that name any of the transactions, in order of arrival."""
        found = {
            id(receipt): receipt
            for transaction in transactions
            for receipt in self._reception.status_receipts.with_tag(transaction)
        }
        return [receipt.as_dict() for receipt in sorted(found.values(), key=lambda each: each.received_at)]

    def set_behaviours(self, tag: str, mapping: object) -> None:
        """Switch behaviours on for a tag, by DIP id; raises ConfigurationError, with nothing changed."""
        self._runner.switch(tag, mapping)

    def tell(self, tag: str, dip_id: str, told: Told) -> None:
        """Let a party know something beside the hub; raises ConfigurationError when it has no behaviour."""
        if told.release not in self._releases:
            raise ConfigurationError(
                f"release '{told.release}' is not mounted", mend=nearest(told.release, self._releases)
            )
        self._runner.tell(tag, dip_id, told)

    def replayed(self, dip_id: str, release: str, payloads: Sequence[dict[str, Any]]) -> None:
        """Let a simulated party take in what the hub replayed to it; raises ConfigurationError."""
        if release not in self._releases:
            raise ConfigurationError(
                f"release '{release}' is not mounted", mend=nearest(release, self._releases)
            )
        self._reception.replayed(self._network.by_dip_id(dip_id), self._releases[release], payloads)

    def is_idle(self, tag: str) -> bool:
        """Say whether no party is acting for a tag."""
        return self._runner.is_idle(tag)

    async def wait_idle(self, tag: str) -> None:
        """Return as soon as no party is acting for a tag."""
        await self._runner.wait_idle(tag)

    async def wait_all_idle(self) -> None:
        """Return as soon as every tag that is busy now has been idle."""
        await self._runner.wait_all_idle()

    def problems(self, tag: str) -> list[dict[str, str]]:
        """Return what went wrong while parties acted for a tag."""
        return self._runner.problems(tag)

    def seeded(self, tag: str) -> list[dict[str, str]]:
        """Return what seeded faults changed for a tag."""
        return [applied.as_dict() for applied in self._runner.seeded(tag)]

    def register(
        self, dip_id: str, mpan: str, *, as_of: datetime | None = None, as_known: datetime | None = None
    ) -> dict[str, Any] | None:
        """Return what a party holds on a metering point, in force and known at those moments; or None."""
        return self._runner.look_up(dip_id, mpan, as_of=as_of, as_known=as_known)

    def clock_moved(self) -> None:
        """Let the parties act on what has become due."""
        self._runner.clock_moved()

    async def close(self) -> None:
        """Stop acting and close every connection."""
        await self._runner.close()
        for client in self._clients.values():
            client.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _send_for(self, acting: Acting, outgoing: Outgoing) -> str:
        payload = compose(self._releases[outgoing.release], outgoing, acting, self._environment)
        try:
            answer = await self.send(acting.party.dip_id, outgoing.release, outgoing.interface, payload)
        except HarnessError as error:
            return str(error)
        if answer.status == 201:
            return ""
        codes = ", ".join(answer.codes)
        return f"status {answer.status} {codes or answer.error}".strip()


def _of_release(hub_url: str, release: str) -> str:
    url = hub_url if "{release}" in hub_url else f"{hub_url.rstrip('/')}/{{release}}"
    return url.replace("{release}", release).rstrip("/")


def _nothing(_tag: str) -> None:
    pass


__all__ = ["Participants", "Party", "Publication"]
