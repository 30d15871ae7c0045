"""What an operator holds of running simulators: faults, times of service, metrics, and where they act."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from harness.clock import Clock
from harness.settings import Settings
from harness.transport.network import Network
from simulators.dip.directory import Directory
from simulators.dip.metrics import Metrics
from simulators.faults.front import Front, Refused
from simulators.faults.kinds import INGRESS, WEBHOOK
from simulators.faults.plan import Place, Plan, load
from simulators.faults.service import Service, times

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Scope

_API_KEY = b"x-api-key"


@dataclass(frozen=True, slots=True)
class Controls:
    """Faults, times of service and metrics of a process."""

    plan: Plan
    service: Service
    metrics: Metrics
    settings: Settings

    @classmethod
    def begin(cls, network: Network, clock: Clock, settings: Settings, file: Path | None) -> Controls:
        """Start with what a file says, or with nothing; raises ConfigurationError for a wrong file."""
        service = Service(clock)
        plan = Plan(clock, (party.dip_id for party in network.parties), service.changed)
        if file is not None:
            content = load(file)
            plan.put(content.get("faults") or [], where=str(file))
            service.put(times(content.get("service") or {}, where=f"{file}, service"))
        return cls(plan, service, Metrics(), settings)

    def before_hub(self, hub: ASGIApp, releases: Collection[str], directory: Directory) -> Front:
        """Stand before the hub: the party is the owner of the API key."""

        def place(scope: Scope) -> Place:
            parts = scope["path"].split("/")
            release = parts[1].lower() if len(parts) > 1 else ""
            key = next((value for name, value in scope["headers"] if name == _API_KEY), b"")
            member = directory.with_key(key.decode("latin-1"))
            channel = parts[3] if len(parts) > 3 and parts[2].lower() == "dip-channel" else ""
            return Place(release if release in releases else "", member.dip_id if member else "", channel)

        status = self.settings.integer("service.closed_status")

        def closed() -> tuple[int, str] | None:
            reason = self.service.closed()
            return (status, reason) if reason else None

        return self._front(hub, INGRESS, place, closed)

    def before_participants(self, participants: ASGIApp) -> Front:
        """Stand before the simulated parties: the path names release, party and channel."""

        def place(scope: Scope) -> Place:
            parts = [unquote(part) for part in scope["path"].strip("/").split("/")]
            release, party, channel, *_ = [*parts, "", "", ""]
            return Place(release, party, channel)

        return self._front(participants, WEBHOOK, place, lambda: None)

    def _front(self, app: ASGIApp, point: str, place: Callable[[Scope], Place], closed: Refused) -> Front:
        return Front(
            app,
            self.plan,
            point,
            place,
            limit=self.settings.integer("limits.body_bytes"),
            outage_status=self.settings.integer("service.closed_status"),
            closed=closed,
        )
