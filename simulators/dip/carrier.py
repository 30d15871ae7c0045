"""How the hub's calls leave it: when they may, in what order, with which headers, and what faults do to them.

A call goes through `gather`, `pack`, `ready` and `deliver`; what `pack` returns stays the same for all
attempts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import ConfigurationError
from harness.settings import Settings
from simulators.dip.courier import USUAL, Courier, Handling
from simulators.dip.masking import Masks
from simulators.dip.model import Member
from simulators.dip.outcome import Reply
from simulators.dip.status import CHANNEL as STATUS
from simulators.faults.controls import Controls
from simulators.faults.credentials import Issuer
from simulators.faults.kinds import AFTER, DELIVERY, WEBHOOK, Effect
from simulators.faults.plan import Place

MPO = "X-DIP-MPO"
_WHEN = ("provider", "always", "never")


@dataclass(frozen=True, slots=True)
class Parcel:
    """The body of one call, to whom and for which channel."""

    recipient: str
    channel: str
    body: bytes


class Carrier:
    """Carries the calls of one release's outboxes."""

    def __init__(
        self,
        release: str,
        courier: Courier,
        members: Mapping[str, Member],
        controls: Controls,
        issuer: Issuer,
        masks: Masks,
    ) -> None:
        self._release, self._courier, self._issuer = release, courier, issuer
        self._plan, self._service, self._metrics = controls.plan, controls.service, controls.metrics
        self._masks, self._members = masks, members
        self._settings = controls.settings
        self._usual = {dip_id: (each, _usual(each, controls.settings)) for dip_id, each in members.items()}

    async def gather(self, recipient: str) -> None:
        """Wait where a fault lets deliveries gather before the next batch is taken."""
        if self._plan.watches(DELIVERY):
            waits = [
                wait
                for fault in self._plan.candidates(DELIVERY, self._place(recipient, ""), any_channel=True)
                for wait in (fault.effect.hold_back, fault.effect.gather)
                if wait
            ]
            if waits:
                await asyncio.sleep(max(waits))

    def most(self, recipient: str, usual: int) -> int:
        """Return how many messages the next call to a recipient may hold.

        One, where a fault is for the messages of one tag alone: a call that it meets then carries no other's.
        """
        if not (self._plan.watches(DELIVERY) or self._plan.watches(WEBHOOK)):
            return usual
        place = self._place(recipient, "")
        faults = [
            fault
            for point in (DELIVERY, WEBHOOK)
            for fault in self._plan.candidates(point, place, any_channel=True)
        ]
        limits = [fault.effect.most for fault in faults if fault.effect.most is not None]
        return min([usual, *limits, *(1 for fault in faults if fault.tag and not _gathers(fault.effect))])

    def pack(self, recipient: str, channel: str, bodies: Sequence[bytes]) -> Parcel:
        """Put the messages of one call together, as the recipient gets to see them."""
        if channel != STATUS:
            role = self._members[recipient].role
            bodies = [self._masks.body(body, role) for body in bodies]
        body = _array(bodies)
        if len(bodies) > 1 and self._plan.watches(DELIVERY):
            place = self._place(recipient, channel)
            effect = self._plan.take(DELIVERY, place, body, only=lambda one: one.hold_back is not None)
            if effect.hold_back is not None:
                body = _array(bodies[::-1])
        return Parcel(recipient, channel, body)

    async def ready(self, parcel: Parcel) -> None:
        """Return when the hub is in service and no outage holds the call back."""
        place = self._place(parcel.recipient, parcel.channel)
        if self._service.closed() or self._plan.holds(place, parcel.body):
            self._plan.take(DELIVERY, place, parcel.body, only=lambda one: one.outage)
            await self._service.wait(lambda: self._plan.holds(place, parcel.body))

    async def deliver(self, parcel: Parcel, url: str) -> Reply:
        """Make one call, and to it what faults there are."""
        usual = self._usually(parcel.recipient)
        if not self._plan.watches(DELIVERY):
            return await self._post(url, parcel, usual)
        place = self._place(parcel.recipient, parcel.channel)
        effect = self._plan.take(
            DELIVERY, place, parcel.body, only=lambda one: one.hold_back is None and not one.outage
        )
        if effect.wait:
            await asyncio.sleep(effect.wait)
        handling = await self._handling(usual, effect)
        reply = await self._post(url, parcel, handling)
        for _ in range(effect.copies):
            await self._post(url, parcel, handling)
        if effect.drop == AFTER:
            text = "the connection was cut on request, before the answer"
            return Reply(None, error=text, seconds=reply.seconds)
        return reply

    def recorded(self, channel: str, statuses: Iterable[str]) -> None:
        """Count what became of the messages of a call."""
        for status in statuses:
            self._metrics.delivered(self._release, channel, status)

    def _usually(self, recipient: str) -> Handling:
        """Return a recipient's usual handling, made anew where another provider was nominated."""
        member = self._members.get(recipient)
        if member is None:
            return USUAL
        known = self._usual.get(recipient)
        if known is None or known[0] is not member:
            known = self._usual[recipient] = (member, _usual(member, self._settings))
        return known[1]

    async def _post(self, url: str, parcel: Parcel, handling: Handling) -> Reply:
        reply = await self._courier.post(url, parcel.body, handling)
        self._metrics.called(self._release, reply.seconds)
        return reply

    async def _handling(self, usual: Handling, effect: Effect) -> Handling:
        identity = await self._issuer.identity(effect.credentials) if effect.credentials else None
        cut = bool(effect.drop) and effect.drop != AFTER
        return Handling(usual.headers, identity, spoiled=effect.spoil_signature, cut=cut)

    def _place(self, recipient: str, channel: str) -> Place:
        return Place(self._release, recipient, channel)


def _array(bodies: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(bodies) + b"]"


def _usual(member: Member, settings: Settings) -> Handling:
    """Return a recipient's usual handling: a header tells whose calls a connection provider gets."""
    when = settings.text("delivery.mpo_when")
    if when not in _WHEN:
        raise ConfigurationError(
            f"is '{when}', expected one of {', '.join(_WHEN)}", where="setting delivery.mpo_when"
        )
    if when == "never" or (when == "provider" and member.connection_provider is None):
        return USUAL
    values = {
        "organisation": member.organisation,
        "mpid": member.mpid,
        "role": member.role,
        "dip_id": member.dip_id,
    }
    try:
        text = settings.text("delivery.mpo_format").format_map(values)
    except (KeyError, ValueError, IndexError) as error:
        raise ConfigurationError(
            f"can't be filled: {error}",
            where="setting delivery.mpo_format",
            mend=f"It may hold {', '.join('{' + name + '}' for name in values)}.",
        ) from error
    return Handling({MPO: text.encode("ascii", "replace").decode()})


def _gathers(effect: Effect) -> bool:
    """Say whether an effect is about how many messages a call holds, or in which order."""
    return effect.most is not None or effect.gather is not None or effect.hold_back is not None
