"""What the operations over stored messages share: the store, the clock, and who may call them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.clock import Clock, message_time
from simulators.dip import respond, shapes, wanted
from simulators.dip.answer import JSON, Answer, bare
from simulators.dip.business import Business
from simulators.dip.kept import HubStore
from simulators.dip.model import Call, Caller, Fault, Refusal
from simulators.dip.rules import Rules
from simulators.dip.shapes import Shaped
from simulators.dip.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Access:
    """One release's messages, as its parties may reach them."""

    store: HubStore
    business: Business
    clock: Clock
    caller: Callable[[Call], Caller | Refusal]
    """Authenticates a call."""
    owns: Callable[[Call, str], Refusal | None]
    """Authenticates a call and refuses it unless it comes from a DIP id or its nominated provider."""
    reference: re.Pattern[str] | None
    """The release's pattern of a senderUniqueReference."""

    @property
    def rules(self) -> Rules:
        """Return the hub's rules."""
        return self.business.rules

    def shaped(self, call: Call, shape: str) -> Shaped:
        """Read a call's body as a shape of the release."""
        return shapes.read(call.body, shape, self.business.release, self.rules)

    async def deliveries(self, call: Call, channel: str, recipient: str) -> Wanted | Answer:
        """Return which deliveries of a channel a recipient's MessageRequest means, or the refusal."""
        found = self._wanted(
            call,
            recipient,
            "MessageRequest",
            lambda request: wanted.deliveries(
                request,
                recipient,
                channel,
                now=self.clock.now(),
                days=self.rules.replay_days,
                code=self.rules.schema,
            ),
        )
        if isinstance(found, Wanted) and found.is_by_mpan:
            await self.store.by_mpan.complete()
        return found

    def status_messages(self, call: Call, recipient: str) -> Wanted | Answer:
        """Return which status messages a sender's StatusMessageRequest means, or the refusal."""
        return self._wanted(
            call,
            recipient,
            "StatusMessageRequest",
            lambda request: wanted.status_messages(
                request,
                recipient,
                now=self.clock.now(),
                days=self.rules.replay_days,
                code=self.rules.schema,
            ),
        )

    def _wanted(
        self, call: Call, recipient: str, shape: str, read: Callable[[Any], Wanted | Fault]
    ) -> Wanted | Answer:
        refusal = self.owns(call, recipient)
        if refusal:
            return bare(refusal)
        shaped = self.shaped(call, shape)
        if shaped.faults:
            return self.refused(shaped.faults, recipient)
        found = read(shaped.value)
        return self.refused((found,), recipient) if isinstance(found, Fault) else found

    def now(self) -> str:
        """Return the present as messages write it."""
        return message_time(self.clock.now())

    def refused(self, faults: tuple[Fault, ...], caller: str) -> Answer:
        """Answer 400 with a StandardResponse to the party that called."""
        body = respond.refused(
            faults,
            hub=self.business.directory.hub.dip_id,
            at=self.now(),
            recipient=caller,
            reference=self.reference,
        )
        first = faults[0]
        return Answer(400, body, JSON, f"{first.code} {first.pointer}"[:300])
