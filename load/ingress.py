"""A Locust file: parties send valid, signed messages of one interface, each over its own TLS identity.

::

    dip sim up --store sim --release 2.1.0          # says where its target profile is
    DIP_TARGET=sim/target.toml locust -f load/ingress.py --headless -u 4 -t 30s

The target profile names where the traffic goes; nothing else is ever sent to, and an address that looks like
production is refused. ``DIP_INTERFACE`` (IF-021) and ``DIP_EVENT`` (ActivePower) choose the message,
``DIP_RELEASE`` (2.1.0) the release. Building and signing happen before a request's time begins.
"""

from __future__ import annotations

import itertools
import os
from functools import cache
from pathlib import Path
from typing import Any

from locust import FastHttpUser, constant, task

from harness.clock import SystemClock, header_time
from harness.errors import ConfigurationError
from harness.messages.build import Context, build, encode
from harness.messages.identifiers import mpan, sender_unique_reference
from harness.security.signing import Signer
from harness.spec.release import load
from harness.spec.routing import load_routing
from harness.transport.network import Party
from harness.transport.target import TargetProfile
from harness.transport.tls import client_context

_USERS = itertools.count()


@cache
def target() -> TargetProfile:
    """Return the target that ``DIP_TARGET`` names; raises ConfigurationError when it names none."""
    path = os.environ.get("DIP_TARGET")
    if not path:
        raise ConfigurationError("DIP_TARGET is not set", mend="Set it to a target profile (.toml).")
    return TargetProfile.load(Path(path))


class PartySender(FastHttpUser):
    """One party that sends as fast as it is answered."""

    host = target().url(os.environ.get("DIP_RELEASE", "2.1.0"))
    wait_time = constant(0)
    interface = os.environ.get("DIP_INTERFACE", "IF-021")
    event = os.environ.get("DIP_EVENT", "ActivePower")

    def __init__(self, environment: Any) -> None:
        self.number = next(_USERS)
        self.party = self._party()
        network = target().network
        tls, signing = network.certificate(self.party.tls), network.certificate(self.party.signing)
        self.ssl_context_factory = lambda: client_context(target().ca, tls)
        self.insecure = False
        self.signer = Signer.load(signing.cert, signing.key, signing.sign_command or None)
        self.release = load(os.environ.get("DIP_RELEASE", "2.1.0"))
        self.sent = 0
        super().__init__(environment)

    def _party(self) -> Party:
        """Take the parties that send the interface in turn."""
        roles = {row.role for row in load_routing().senders(self.interface, self.event)}
        senders = [party for party in target().network.parties if party.role in roles]
        if not senders:
            raise ConfigurationError(f"no party of the network sends {self.interface} [{self.event}]")
        return senders[self.number % len(senders)]

    @task
    def send(self) -> None:
        """Send one message that is like no other, and count anything but 201 as a failure."""
        self.sent += 1
        now = SystemClock().now()
        network, party = target().network, self.party
        distributor = network.with_role("LDSO")[0]
        serial = f"{os.getpid():x}{self.number:x}x{self.sent:x}"
        primary = [
            next(p.dip_id for p in network.parties if p.role == row.role and p.dip_id != party.dip_id)
            for row in load_routing().receivers(self.interface, self.event, sender=party.role)
            if row.tier == "primary" and row.role != "DIP"
        ]
        context = Context(
            seed=self.sent,
            now=now,
            environment=target().environment,
            sender_dip_id=party.dip_id,
            sender_role=party.role,
            connection_provider=None,
            sub_text=f"load {serial}",
            mpan=mpan(distributor.distributor_id or "10", self.number * 1_000_000 + self.sent),
            distributor_dip_id=distributor.dip_id,
            primary_recipients=tuple(primary),
            parties={p.role: (p.dip_id, p.mpid) for p in reversed(network.parties)},
            reference=sender_unique_reference(
                self.release.name, self.interface, party.dip_id, party.role, now, serial
            ),
        )
        body = encode([build(self.release, self.interface, self.event, context)])
        path = f"/dip-channel/{self.interface}"
        headers = self.signer.sign("POST", f"{self.host}{path}", body, date=header_time(now))
        headers |= {"X-API-Key": party.api_key(), "Content-Type": "application/json"}
        with self.client.post(path, data=body.decode(), headers=headers, catch_response=True) as answer:
            if answer.status_code != 201:
                answer.failure(f"{answer.status_code} {str(answer.text)[:200]}")
