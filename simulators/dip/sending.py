"""``POST /dip-channel/{id}``: take a batch of messages; its way reads top to bottom in `Sending.send`."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import islice

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
from simulators.dip.taking import Taking, through, together
from simulators.dip.validate import Batch, Used, validate


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
        self._waiting: list[Taking] = []
        self._turns: set[asyncio.Task[None]] = set()

    async def send(self, call: Call, channel: str) -> Answer:
        """Take a batch: authenticate, L1, address, accept, keep, answer; delivery follows by itself."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        request = Taking(call, channel, time.perf_counter(), done)
        self._waiting.append(request)
        if len(self._waiting) == 1:
            self._take_on()
        try:
            await request.done
        except USED:
            self._accepting.difference_update(request.names)
            faults = self._all_faults(request)
            if not faults:
                raise
            return self._refused(faults, request.caller)
        finally:
            self._accepting.difference_update(request.names)
        if request.names:
            self._begin_deliveries(request)
        assert request.answer is not None
        return request.answer

    def _take_on(self) -> None:
        """Take on what waits, once everything that came in by now waits as well."""
        turn = asyncio.create_task(self._turn())
        self._turns.add(turn)
        turn.add_done_callback(self._turns.discard)

    async def _turn(self) -> None:
        """Bring the requests that came in together through each stage, as far as the store."""
        requests = together(self._waiting)
        if self._waiting:
            self._take_on()
        judged = through(through(requests, self._authenticate), self._judge)
        if not judged:
            return
        try:
            numbers = self._store.numbers(sum(len(request.drafts) for request in judged))
            if not isinstance(numbers, list):
                numbers = await numbers
        except Exception as error:
            for request in judged:
                request.fail(error)
            return
        rising = iter(numbers)
        for request in judged:
            request.numbers = list(islice(rising, len(request.drafts)))
        now = self._clock.now()
        at = message_time(now)
        through(judged, lambda request: self._accept(request, now, at))

    def _authenticate(self, request: Taking) -> None:
        caller = self._caller(request.call)
        if isinstance(caller, Refusal):
            request.end(bare(caller))
        else:
            request.caller = caller

    def _judge(self, request: Taking) -> None:
        batch = self._validated(request, self._accepting.__contains__)
        if batch.faults:
            faults = self._all_faults(request) if batch.drafts else batch.faults
            request.end(self._refused(faults, request.caller))
        else:
            request.drafts = batch.drafts

    def _all_faults(self, request: Taking) -> tuple[Fault, ...]:
        """Judge a body that can't be taken once more, now with every reference that the store holds.

        A body that can be taken needs no such look: where the store holds a reference already, it refuses it.
        """
        return self._validated(request, self._is_used).faults

    def _validated(self, request: Taking, used: Used) -> Batch:
        return validate(request.call.body, request.channel, request.caller, self._business, used)

    def _accept(self, request: Taking, now: datetime, at: str) -> None:
        """Address and accept the messages of a request and give them to the store."""
        drafts, request.drafts = request.drafts, ()  # large, and to wait for the disk takes longest
        names = [(draft.sender, draft.reference) for draft in drafts]
        if not self._accepting.isdisjoint(names):  # a request beside it was quicker
            request.end(self._refused(self._all_faults(request), request.caller))
            return
        heard: list[Said] = []
        messages = [
            self._accepted(draft, at, heard, number)
            for draft, number in zip(drafts, request.numbers, strict=True)
        ]
        took = time.perf_counter() - request.started
        self._store.accept(messages, consumer=self._hub, now=now, took=took, done=request.done)
        self._accepting.update(names)
        request.names = names
        request.answer = Answer(201, respond.accepted(messages, hub=self._hub, at=at), JSON)
        for message in messages:
            self._note(message, request)

    def _note(self, message: Accepted, request: Taking) -> None:
        """Note whom a message concerns once it is on the disk."""
        draft, addressing = message.draft, message.addressing
        count = 0
        for recipient in addressing.recipients:
            if recipient.dip_id != self._hub:
                request.recipients[recipient.dip_id] = None
                count += 1
            elif draft.interface == HISTORY:
                count += 1  # the hub answers, and has come to rest then
        if draft.tag is not None and count:
            request.opened[draft.tag] = request.opened.get(draft.tag, 0) + count
        if addressing.troubles:
            request.troubled.add(draft.sender)
            if draft.tag is not None:
                request.told[draft.tag] = request.told.get(draft.tag, 0) + len(addressing.troubles)

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

    def _begin_deliveries(self, request: Taking) -> None:
        """Tell everybody whom it concerns that messages are on the disk."""
        self._metrics.accepted(self._business.release.name, request.channel, len(request.names))
        if request.opened:
            self._tracker.opened(request.opened)
        self._post.publications.wake(request.recipients)
        if request.channel == HISTORY:
            self._history.wake()
        if request.troubled:
            self._post.told(request.told, request.troubled)

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
