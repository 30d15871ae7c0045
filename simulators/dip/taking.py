"""Requests that bring messages, on their way: what is known of one so far, and what takes several on at once.

Requests that came in together go through each stage together: authenticated one after another, then judged
one after another, and so on. A stage finds its code and tables in the processor's caches then. Taken one at a
time from its first stage to its last, each request has to fetch them anew, which costs a sixth of its time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from simulators.dip.answer import Answer
from simulators.dip.kept import Number
from simulators.dip.model import Call, Caller, Draft

TOGETHER_BYTES = 128 * 1024
"""Requests go through the stages together up to this many bytes of bodies, which the caches hold."""


class Taking:
    """One request: each stage fills in its part, or ends it."""

    __slots__ = (
        "answer",
        "call",
        "caller",
        "channel",
        "done",
        "drafts",
        "names",
        "numbers",
        "opened",
        "recipients",
        "started",
        "told",
        "troubled",
    )

    caller: Caller

    def __init__(self, call: Call, channel: str, started: float, done: asyncio.Future[None]) -> None:
        """``started`` is when the call came in; ``done`` is done once there is an answer that may go out."""
        self.call, self.channel, self.started, self.done = call, channel, started, done
        self.drafts: Sequence[Draft] = ()
        self.numbers: Sequence[Number] = ()
        self.names: Sequence[tuple[str, str]] = ()
        """Senders and references, once the store was given its messages."""
        self.answer: Answer | None = None
        self.recipients: dict[str, None] = {}
        self.opened: dict[str, int] = {}
        """How many deliveries are to be made, by tag."""
        self.troubled: set[str] = set()
        """Senders whom the hub tells that something isn't right (L2)."""
        self.told: dict[str, int] = {}
        """How many times it does, by tag."""

    def end(self, answer: Answer) -> None:
        """Answer without taking anything."""
        self.answer = answer
        if not self.done.done():
            self.done.set_result(None)

    def fail(self, error: BaseException) -> None:
        """Let whoever waits for the answer get an error."""
        if not self.done.done():
            self.done.set_exception(error)


def together(waiting: list[Taking]) -> list[Taking]:
    """Take the requests that go through the stages together out of those that wait, the oldest first."""
    size = 0
    for count, request in enumerate(waiting):
        size += len(request.call.body)
        if size > TOGETHER_BYTES and count:
            break
    else:
        count = len(waiting)
    taken = waiting[:count]
    del waiting[:count]
    return taken


def through(requests: Sequence[Taking], stage: Callable[[Taking], None]) -> list[Taking]:
    """Bring each request through a stage; returns those that go on. What a stage raises fails its request.

    One that nobody waits for any more goes no further.
    """
    for request in requests:
        try:
            if not request.done.done():
                stage(request)
        except Exception as error:
            request.fail(error)
    return [request for request in requests if not request.done.done()]
