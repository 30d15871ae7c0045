"""The hub's replay service: it answers IF-015 with what it published of a metering point, by IF-016.

A request stands in the store from its acceptance until its last answer is there, so that a restart answers
what was left, once: the answers follow from what was accepted before the request, and each has a reference
of its own that follows from the request. Answers go by the ordinary outbox of whoever asked. Requests are
answered one after another; the store is read page by page, aside. What is answered is assumed throughout.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

import orjson

from harness.clock import Clock, message_time
from simulators.dip.accept import accept
from simulators.dip.directory import Directory
from simulators.dip.history import DAYS, Newest, Part, days_in
from simulators.dip.kept import HubStore, numbered
from simulators.dip.logs import Log
from simulators.dip.model import HUB_ROLE, Address, Addressing, Draft
from simulators.dip.post import Post
from simulators.dip.rows import HISTORY
from simulators.dip.serving import SERVICE_OF, Tenure, tenures
from simulators.dip.settle import Tracker
from simulators.dip.store_faults import STORE_FAULTS

_ANSWER, _SOURCE = "IF-016", "IF-021"
_REJECTED = "ConsumptionRequestRejected"
_NOT_SERVED = "The sender is not, nor is to be, the data service of the metering point"
_NOTHING = "No consumption is held for the metering point"
_PAGE = 32
"""Messages that are read at a time."""
_TROUBLED_SECONDS = 1.0

Take = Callable[[str, bytes], object]
"""Gets event and body of one message."""


class _Asked(NamedTuple):
    """A request as the store has it."""

    number: int
    at: int
    sender: str
    role: str
    correlation: str | None
    tag: str | None
    mpan: str
    body: bytes

    @property
    def moment(self) -> str:
        """When it was accepted, as messages write it."""
        return message_time(datetime.fromtimestamp(self.at / 1000, UTC))


class HistoryService:
    """The replay service of one release. Used from the event loop's thread."""

    def __init__(
        self, directory: Directory, store: HubStore, post: Post, tracker: Tracker, clock: Clock, log: Log
    ) -> None:
        self._hub = directory.hub.dip_id
        self._store, self._post, self._tracker = store, post, tracker
        self._clock, self._log = clock, log
        self._task: asyncio.Task[None] | None = None

    def resume(self) -> None:
        """Take up what a former process left open."""
        rows = self._store.rows(
            "SELECT tag, count(*) FROM history_request JOIN message ON message.id = history_request.message"
            " WHERE tag IS NOT NULL GROUP BY tag"
        )
        self._tracker.opened(dict(rows))
        self.wake()

    def wake(self) -> None:
        """Tell that a request is in the store, whose tag is counted as open."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="history")

    async def close(self) -> None:
        """Stop; what is under way stays open in the store."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        """Answer until no request is open; one that can't be answered is left for the next process."""
        after = 0
        while True:
            try:
                asked = self._next(after)
                if asked is None:
                    return
                try:
                    await self._answer(asked)
                except STORE_FAULTS:
                    raise
                except Exception as error:
                    self._trouble("fault", error)
                self._tracker.closed(asked.tag)
                after = asked.number
            except STORE_FAULTS as error:
                self._trouble("store", error)
                await asyncio.sleep(_TROUBLED_SECONDS)

    def _trouble(self, event: str, error: Exception) -> None:
        self._log.write("error", event, channel=HISTORY, kind=type(error).__name__, reason=str(error))

    def _next(self, after: int) -> _Asked | None:
        rows = self._store.rows(
            "SELECT id, at, sender, role, correlation, tag, mpan, body"
            " FROM history_request CROSS JOIN message ON message.id = history_request.message"
            " WHERE history_request.message > ? ORDER BY history_request.message LIMIT 1",
            (after,),
        )
        return _Asked(*rows[0]) if rows else None

    async def _answer(self, asked: _Asked) -> None:
        """Send every part that is not in the store yet; the last one closes the request."""
        if not self._is_begun(asked) and not self._serves(asked):
            await self._reject(asked, _NOT_SERVED)
            return
        await self._store.by_mpan.complete()
        found: set[str] = set()
        await self._read(asked, lambda _, body: found.update(days_in(body)))
        days = sorted(found)
        if not days:
            await self._reject(asked, _NOTHING)
            return
        place = 0
        for first in range(0, len(days), DAYS):
            newest = Newest(days[first : first + DAYS])
            await self._read(asked, newest.take)
            parts = await self._store.aside.run(lambda _, newest=newest: list(newest.parts()))  # type: ignore[misc]
            for part in parts:
                is_last = first + DAYS >= len(days) and part is parts[-1]
                await self._send_part(asked, part, place, is_last=is_last)
                place += 1

    def _serves(self, asked: _Asked) -> bool:
        known: Sequence[Tenure] = self._store.pinned(asked.mpan)
        known = known or tenures(self._store.heard(asked.mpan))
        names = (asked.role, SERVICE_OF.get(asked.role))
        return any(
            one.dip_id == asked.sender
            and one.service in names
            and (one.holds(asked.moment) or one.since > asked.moment)
            for one in known
        )

    async def _read(self, asked: _Asked, take: Take) -> None:
        """Hand over what was accepted before the request, newest first; ``take`` runs on another thread."""
        before: int | None = asked.number
        while before is not None:
            before = await self._store.aside.run(partial(_page, mpan=asked.mpan, before=before, take=take))

    async def _send_part(self, asked: _Asked, part: Part, place: int, *, is_last: bool) -> None:
        common = {"S2": part.origin, "R1": {"responseCode": "A", "responseMessages": []}}
        await self._send(asked, part.event, common, part.blocks, place, is_last=is_last)

    async def _reject(self, asked: _Asked, why: str) -> None:
        common = {"R1": {"responseCode": "R", "responseMessages": [why]}}
        await self._send(asked, _REJECTED, common, None, 0, is_last=True)

    async def _send(
        self,
        asked: _Asked,
        event: str,
        besides: Mapping[str, Any],
        blocks: bytes | None,
        place: int,
        *,
        is_last: bool,
    ) -> None:
        """Accept a message of the hub's own, unless it was; with the last one the request is closed."""
        reference = self._reference(asked, place)
        if self._store.has_reference(self._hub, reference):
            return
        now = self._clock.now()
        at = message_time(now)
        common = orjson.loads(asked.body)["payload"]["CommonBlock"]
        own = {
            "senderUniqueReference": reference,
            "senderDIPID": self._hub,
            "senderRoleID": HUB_ROLE,
            "senderTimestamp": at,
            "senderCorrelationID": asked.correlation,
            "DIPConnectionProviderID": None,
        }
        answering = {
            "S0": common["S0"] | {"interfaceID": _ANSWER, "eventCode": f"[{event}]"},
            "S1": common["S1"] | own,
            "M0": common["M0"],
            **besides,
        }
        to = Addressing((Address(asked.sender, asked.role, "primary", "assumed"),), ())
        draft = Draft(
            answering, _ANSWER, event, reference, self._hub, HUB_ROLE, None, asked.correlation, asked.tag,
            asked.mpan, (asked.sender,), None, blocks,
        )  # fmt: skip
        ((number, token),) = await numbered(self._store, 1)
        message = accept(draft, to, at=at, number=number, token=token)
        closing = [("DELETE FROM history_request WHERE message = ?", [(asked.number,)])] if is_last else []
        await self._store.accept((message,), consumer=self._hub, now=now, took=0.0, besides=closing)
        if asked.tag is not None:
            self._tracker.opened({asked.tag: 1})
        self._post.publications.wake((asked.sender,))

    def _is_begun(self, asked: _Asked) -> bool:
        return self._store.has_reference(self._hub, self._reference(asked, 0))

    def _reference(self, asked: _Asked, place: int) -> str:
        """Return the reference of an answer: the same for the same request."""
        day = asked.moment[:10].replace("-", "")
        return f"S-{_ANSWER}-{self._hub}-{HUB_ROLE}-{day}-{asked.number:08x}{place:04x}"


def _page(connection: Any, *, mpan: str, before: int, take: Take) -> int | None:
    """Hand over a page of messages, one at a time; returns its oldest row, None where there are no more."""
    rows = connection.execute(
        "SELECT id, event, body FROM message_mpan CROSS JOIN message ON message.id = message_mpan.message"
        " WHERE message_mpan.mpan = ? AND message_mpan.interface = ? AND message_mpan.message < ?"
        " ORDER BY message_mpan.message DESC LIMIT ?",
        (mpan, _SOURCE, before, _PAGE),
    )
    last: int | None = None
    for number, event, body in rows:
        take(event, body)
        last = number
    return last
