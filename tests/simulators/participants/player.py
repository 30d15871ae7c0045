"""One simulated party without a hub: what reaches it, and what it sends, held to the release."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import simulators.participants.everyone  # noqa: F401 - registers all behaviours
from harness.spec.examine import examine
from harness.spec.release import load
from harness.spec.routing import load_routing
from simulators.participants.behaviours import Acting, Outgoing, Publication, Told
from simulators.participants.choosing import chosen
from simulators.participants.writing import compose
from tests.simulators.participants.publications import (
    DISTRIBUTOR,
    MPAN,
    NOW,
    network,
    publication,
    put,
)

TAG = "run/case"


class Player:
    """A party that plays ``name``; every call returns the messages that it leads to."""

    def __init__(self, dip_id: str, name: str, *, release: str = "2.1.0", **options: Any) -> None:
        self.party, self.release, self.now = network().by_dip_id(dip_id), release, NOW
        self.behaviour, rest = chosen({"name": name, **options}, self.party, where="test")
        self.state = self.behaviour.start(rest, self.acting())
        self.number = 0
        """Of the latest publication; each gets a transaction id of its own."""

    def acting(self) -> Acting:
        """Return who acts, and when."""
        return Acting(self.party, network(), load_routing(), self.now, TAG)

    def received(
        self,
        interface: str,
        event: str,
        sender: str,
        custom: Mapping[str, Any] | None = None,
        **places: object,
    ) -> Publication:
        """Return a publication; ``custom`` sets items of blocks, or replaces a list."""
        self.number += 1
        payload = publication(
            interface,
            event,
            sender=sender,
            recipient=self.party.dip_id,
            name=self.release,
            number=self.number,
        )
        for block, items in (custom or {}).items():
            if isinstance(items, Mapping):
                payload["CustomBlock"].setdefault(block, {}).update(items)
            else:
                payload["CustomBlock"][block] = items
        for path, value in places.items():
            put(payload, path.split("__"), value)
        return Publication(self.release, interface, event, sender, TAG, "CI-1", payload)

    def hears(
        self,
        interface: str,
        event: str,
        sender: str,
        custom: Mapping[str, Any] | None = None,
        **places: object,
    ) -> list[Outgoing]:
        """Let the party hear a publication."""
        return self.takes(self.received(interface, event, sender, custom, **places))

    def takes(self, received: Publication) -> list[Outgoing]:
        """Let the party hear this very publication."""
        self.state, sent = self.behaviour.on_publication(self.state, received, self.acting())
        return self._after(sent)

    def told(self, what: str, **content: Any) -> list[Outgoing]:
        """Tell the party something beside the hub; an item that is None is left out."""
        items = {"mpan": MPAN, **content}
        told = Told(what, self.release, {name: value for name, value in items.items() if value is not None})
        self.state, sent = self.behaviour.on_told(self.state, told, self.acting())
        return self._after(sent)

    def at(self, now: datetime) -> list[Outgoing]:
        """Let the clock reach a time."""
        self.now = now
        return self._after(())

    def later(self, **span: float) -> list[Outgoing]:
        """Let time go by."""
        return self.at(self.now + timedelta(**span))

    def knows(self, mpan: str = MPAN) -> dict[str, Any]:
        """Return what the party knows of a metering point."""
        return self.behaviour.look_up(self.state, mpan) or {}

    def _after(self, sent: tuple[Outgoing, ...]) -> list[Outgoing]:
        due = self.behaviour.next_due(self.state)
        if due is not None and due <= self.now:
            self.state, more = self.behaviour.on_time(self.state, self.acting())
            sent += more
        return list(sent)

    def written(self, message: Outgoing) -> dict[str, Any]:
        """Return the payload of a message; fails where the release does not allow it."""
        payload = compose(load(message.release), message, self.acting(), "SIT")
        found = examine(load(message.release), payload).findings
        assert [f for f in found if f.severity == "error"] == [], (message.interface, found)
        return payload


def names(sent: list[Outgoing]) -> list[str]:
    """Return interface and event of messages."""
    return [f"{message.interface} {message.event}" for message in sent]


def point(**fields: Any) -> list[dict[str, Any]]:
    """Return the option ``points`` for the tests' metering point."""
    return [{"mpan": MPAN, **fields}]


__all__ = ["DISTRIBUTOR", "MPAN", "NOW", "Player", "names", "point"]
