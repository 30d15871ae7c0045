"""A registration service without a hub: what reaches it, and what it sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from harness.clock import message_time
from harness.spec.examine import examine
from harness.spec.release import load as load_release
from harness.spec.routing import load_routing
from harness.transport.network import Network
from simulators.participants.behaviours import Acting, Outgoing, Publication, Told
from simulators.participants.writing import compose
from simulators.registration.behaviour import Registration
from simulators.registration.point import MeteringPoint
from simulators.registration.register import Register
from tests.simulators.participants.publications import MPAN, NOW, REGISTRATION, network

BEHAVIOUR = Registration()
TAG = "run/case"


class Service:
    """A registration service at a moment; every call returns what was sent because of it."""

    def __init__(
        self,
        *points: Mapping[str, Any],
        release: str = "2.1.0",
        among: Network | None = None,
        **options: Any,
    ) -> None:
        """Start with ``points`` among the parties of a network, the tests' own by default."""
        self.release, self.now, self.network = release, NOW, among or network()
        self.register: Register = BEHAVIOUR.start({"points": list(points), **options}, self.acting())
        self.sent: list[Outgoing] = []

    def acting(self) -> Acting:
        """Return who acts, and when."""
        return Acting(self.network.by_dip_id(REGISTRATION), self.network, load_routing(), self.now, TAG)

    def point(self, mpan: str = MPAN) -> MeteringPoint:
        """Return a point as it is now."""
        found = self.register.find(mpan)
        assert found is not None
        return found

    def receive(
        self,
        interface: str,
        event: str,
        sender: str,
        *,
        common: Mapping[str, Mapping[str, Any]] | None = None,
        custom: Mapping[str, Any] | None = None,
        mpan: str = MPAN,
        accepted: datetime | None = None,
    ) -> list[Outgoing]:
        """Hand over a message as it would come through the hub; None leaves a block out."""
        outgoing = Outgoing(
            self.release,
            interface,
            event,
            mpan,
            distributor=network().with_role("LDSO")[0].dip_id,
            primary=(REGISTRATION,),
            common=common or {},
            custom=custom or {},
        )
        party = network().by_dip_id(sender)
        payload = compose(load_release(self.release), outgoing, replace(self.acting(), party=party), "SIT")
        return self.hand(payload, accepted=accepted)

    def hand(
        self, payload: dict[str, Any], transaction: str = "", accepted: datetime | None = None
    ) -> list[Outgoing]:
        """Hand over a payload; give a transaction id to hand over the same publication again.

        ``accepted`` is when the hub took it; the present where absent.
        """
        block = payload["CommonBlock"]
        block["D0"] = {
            "transactionID": transaction or uuid4().hex,
            "transactionTimestamp": message_time(accepted or self.now),
            "initialCorrelationID": "CI-1",
        }
        received = Publication(
            self.release,
            block["S0"]["interfaceID"],
            block["S0"]["eventCode"].strip("[]"),
            block["S1"]["senderDIPID"],
            TAG,
            "CI-1",
            payload,
        )
        return self._turn(BEHAVIOUR.on_publication(self.register, received, self.acting())[1])

    def tell(self, what: str, mpan: str = MPAN, **content: Any) -> list[Outgoing]:
        """Tell it something beside the hub."""
        told = Told(what, self.release, {"mpan": mpan, **content})
        return self._turn(BEHAVIOUR.on_told(self.register, told, self.acting())[1])

    def reach(self, moment: datetime) -> list[Outgoing]:
        """Let the clock reach a moment."""
        self.now = moment
        return self._note(BEHAVIOUR.on_time(self.register, self.acting())[1])

    def _turn(self, sent: tuple[Outgoing, ...]) -> list[Outgoing]:
        """Do what is due already, as the runner does at the end of a turn."""
        due = BEHAVIOUR.next_due(self.register)
        if due is not None and due <= self.now:
            sent += BEHAVIOUR.on_time(self.register, self.acting())[1]
        return self._note(sent)

    def _note(self, sent: tuple[Outgoing, ...]) -> list[Outgoing]:
        self.sent += sent
        for message in sent:
            written(message, self.acting())
        return list(sent)


def written(message: Outgoing, acting: Acting) -> dict[str, Any]:
    """Return the payload of what is sent; fails where the release does not allow it."""
    release = load_release(message.release)
    payload = compose(release, message, acting, "SIT")
    assert validated(message.release, payload) == []
    return payload


def validated(release: str, payload: dict[str, Any]) -> list[str]:
    """Return what is wrong with a payload by its release."""
    found = examine(load_release(release), payload, direction="ingress").findings
    return [f"{finding.path} {finding.message}" for finding in found if finding.severity == "error"]


def named(sent: list[Outgoing]) -> list[str]:
    """Return interface and event of what was sent, in order."""
    return [f"{message.interface} {message.event}" for message in sent]
