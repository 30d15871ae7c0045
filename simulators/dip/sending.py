"""``POST /dip-channel/{id}``: take a batch of messages; its way reads top to bottom in `Sending.send`."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from harness.clock import Clock, message_time
from harness.spec.routing import BOTH_SIDES, OF_THE_DAY, Row
from simulators.dip import respond
from simulators.dip.accept import accept
from simulators.dip.address import address, chosen
from simulators.dip.answer import JSON, Answer, bare
from simulators.dip.business import Business
from simulators.dip.day_of import moments
from simulators.dip.history_service import HistoryService
from simulators.dip.kept import HubStore, Number
from simulators.dip.metrics import Metrics
from simulators.dip.model import Accepted, Addressing, Call, Caller, Draft, Fault, Refusal, Said
from simulators.dip.post import Post
from simulators.dip.rows import HISTORY
from simulators.dip.serving import Known, said
from simulators.dip.settle import Tracker
from simulators.dip.store_faults import USED
from simulators.dip.validate import validate


class _Taken(NamedTuple):
    """What is left of a batch while it goes to the disk."""

    kept: asyncio.Future[None]
    names: Sequence[tuple[str, str]]
    """Senders and references."""
    answer: bytes
    recipients: Iterable[str]
    opened: Mapping[str, int]
    """How many deliveries are to be made, by tag."""
    troubled: Collection[str]
    """Senders whom the hub tells that something isn't right (L2)."""
    told: Mapping[str, int]
    """How many times it does, by tag."""


class Sending:
    """The operation of one release."""

    def __init__(
        self,
        business: Business,
        store: HubStore,
        post: Post,
        history: HistoryService,
        tracker: Tracker,
        metrics: Metrics,
        clock: Clock,
        caller: Callable[[Call], Caller | Refusal],
        reference: re.Pattern[str] | None,
    ) -> None:
        """``caller`` authenticates a call; ``reference`` is the release's pattern of a reference."""
        self._business, self._store, self._post = business, store, post
        self._history = history
        self._tracker, self._metrics, self._clock = tracker, metrics, clock
        self._caller, self._reference = caller, reference
        self._hub = business.directory.hub.dip_id
        self._accepting: set[tuple[str, str]] = set()
        self._second: tuple[datetime | None, str] = (None, "")

    async def send(self, call: Call, channel: str) -> Answer:
        """Take a batch: authenticate, L1, address, accept, keep, answer; delivery follows by itself."""
        started = time.perf_counter()
        caller = self._caller(call)
        if isinstance(caller, Refusal):
            return bare(caller)
        batch = validate(call.body, channel, caller, self._business, self._accepting.__contains__)
        if batch.faults:
            faults = self._all_faults(call, channel, caller) if batch.drafts else batch.faults
            return self._refused(faults, caller)
        numbers = self._store.numbers(len(batch.drafts))
        if not isinstance(numbers, list):
            numbers = await numbers
        taken = self._take(batch.drafts, numbers, started)
        del batch  # it is large, and to wait for the disk takes longer than all the rest
        try:
            await taken.kept
        except USED:
            self._accepting.difference_update(taken.names)
            faults = self._all_faults(call, channel, caller)
            if not faults:
                raise
            return self._refused(faults, caller)
        finally:
            self._accepting.difference_update(taken.names)
        self._begin_deliveries(taken, channel)
        return Answer(201, taken.answer, JSON)

    def _all_faults(self, call: Call, channel: str, caller: Caller) -> tuple[Fault, ...]:
        """Judge a body that can't be taken once more, now with every reference that the store holds.

        A body that can be taken needs no such look: where the store holds a reference already, it refuses it.
        """
        return validate(call.body, channel, caller, self._business, self._is_used).faults

    def _take(self, drafts: Sequence[Draft], numbers: Sequence[Number], started: float) -> _Taken:
        """Address and accept messages and give them to the store; ``started`` is when the call came in."""
        now = self._clock.now()
        at = self._written(now)
        heard: list[Said] = []
        messages = [
            self._accepted(draft, at, heard, number) for draft, number in zip(drafts, numbers, strict=True)
        ]
        names = [(draft.sender, draft.reference) for draft in drafts]
        took = time.perf_counter() - started
        kept = self._store.accept(messages, consumer=self._hub, now=now, took=took)
        self._accepting.update(names)
        recipients: dict[str, None] = {}
        opened: dict[str, int] = {}
        told: dict[str, int] = {}
        troubled: set[str] = set()
        for message in messages:
            draft, addressing = message.draft, message.addressing
            count = 0
            for recipient in addressing.recipients:
                if recipient.dip_id != self._hub:
                    recipients[recipient.dip_id] = None
                    count += 1
                elif draft.interface == HISTORY:
                    count += 1  # the hub answers, and has come to rest then
            if draft.tag is not None and count:
                opened[draft.tag] = opened.get(draft.tag, 0) + count
            if addressing.troubles:
                troubled.add(draft.sender)
                if draft.tag is not None:
                    told[draft.tag] = told.get(draft.tag, 0) + len(addressing.troubles)
        answer = respond.accepted(messages, hub=self._hub, at=at)
        return _Taken(kept, names, answer, recipients, opened, troubled, told)

    def _written(self, now: datetime) -> str:
        """Write a moment as messages do, once for all messages of a second."""
        second = now.replace(microsecond=0)
        if second != self._second[0]:
            self._second = second, message_time(now)
        return self._second[1]

    def _is_used(self, name: tuple[str, str]) -> bool:
        return name in self._accepting or self._store.has_reference(*name)

    def _accepted(self, draft: Draft, at: str, heard: list[Said], numbered: Number) -> Accepted:
        addressing = self._addressed(draft, at, heard)
        number, token = numbered
        return accept(draft, addressing, at=at, number=number, token=token)

    def _addressed(self, draft: Draft, at: str, heard: list[Said]) -> Addressing:
        """Update who serves the MPAN, then find the recipients; ``heard`` grows with the batch."""
        directory, route = self._business.directory, self._business.route(draft)
        told: tuple[Said, ...] = ()
        unheard = ""
        try:
            told = said(draft, at)
        except ValueError as error:
            unheard = str(error)
        if route.is_chosen:
            addressing = chosen(draft, directory.members)
        else:
            lookup = self._lookup(draft, at, [*heard, *told])
            addressing = address(draft, route.rows, directory.members, directory.with_role, lookup)
        if told or unheard:
            heard += told
            return addressing._replace(heard=told, unheard=unheard)
        return addressing

    def _lookup(self, draft: Draft, at: str, heard: Sequence[Said]) -> Callable[[str, Row], tuple[str, ...]]:
        """Return who serves an MPAN, as the store and this batch say; the store is asked once at most."""
        known: list[Known] = []

        def lookup(mpan: str, row: Row) -> tuple[str, ...]:
            if not known:
                recent = [one for one in heard if one.mpan == mpan]
                known.append(Known.of(self._store.pinned(mpan), self._store.heard(mpan), recent, draft))
            if row.when == OF_THE_DAY and (times := moments(draft)):
                return known[0].holders_then(row.role, times)
            days = self._business.rules.change_days if row.when == BOTH_SIDES else None
            return known[0].holders(row.role, at, days)

        return lookup

    def _begin_deliveries(self, taken: _Taken, channel: str) -> None:
        """Tell everybody whom it concerns that messages are on the disk."""
        self._metrics.accepted(self._business.release.name, channel, len(taken.names))
        if taken.opened:
            self._tracker.opened(taken.opened)
        self._post.publications.wake(taken.recipients)
        if channel == HISTORY:
            self._history.wake()
        if taken.troubled:
            self._post.told(taken.told, taken.troubled)

    def _refused(self, faults: tuple[Fault, ...], caller: Caller) -> Answer:
        body = respond.refused(
            faults,
            hub=self._hub,
            at=message_time(self._clock.now()),
            recipient=caller.member.dip_id,
            provider=caller.provider.dip_id if caller.provider else None,
            reference=self._reference,
        )
        self._metrics.refused(self._business.release.name, (fault.code for fault in faults))
        first = faults[0]
        return Answer(400, body, JSON, f"{first.code} {first.pointer}"[:300])
