"""Faults on requests that come in: stands before an ASGI application and lets all pass when none is on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from simulators.faults.kinds import AFTER, Effect
from simulators.faults.plan import Place, Plan

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

Refused = Callable[[], tuple[int, str] | None]
"""Status and sentence while the whole service is closed, else None."""


class Front:
    """Does to requests what the plan says for one point."""

    def __init__(
        self,
        app: ASGIApp,
        plan: Plan,
        point: str,
        place: Callable[[Scope], Place],
        *,
        limit: int,
        outage_status: int,
        closed: Refused = lambda: None,
    ) -> None:
        """``place`` tells whose call it is; bodies are looked at up to ``limit`` bytes."""
        self._app, self._plan, self._point, self._place = app, plan, point, place
        self._limit, self._outage_status, self._closed = limit, outage_status, closed

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer one request, or let the application do so."""
        if scope["type"] == "http":
            closed = self._closed()
            if closed is not None:
                return _answer(scope, receive, send, Effect(status=closed[0]), closed[1])
            if self._plan.watches(self._point):
                return self._with_faults(scope, receive, send)
        return self._app(scope, receive, send)

    async def _with_faults(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = self._place(scope)
        candidates = self._plan.candidates(self._point, place)
        if not candidates:
            await self._app(scope, receive, send)
            return
        events = await _read(receive, self._limit)
        body = b"".join(event.get("body", b"") for event in events)
        effect = self._plan.take(self._point, place, body, only=lambda _: True)
        if effect.wait:
            await asyncio.sleep(effect.wait)
        if effect.outage:
            refusal = Effect(status=self._outage_status)
            await _answer(scope, _replayed(events, receive), send, refusal, "the DIP is out of service")
        elif effect.drop and effect.drop != AFTER:
            await _cut(scope, receive)
        elif effect.status is not None:
            await _answer(scope, _replayed(events, receive), send, effect, "a fault on request")
        elif effect.drop:
            await self._app(scope, _replayed(events, receive), _nowhere)
            await _cut(scope, receive)
        else:
            await self._app(scope, _replayed(events, receive), send)


async def _read(receive: Receive, limit: int) -> list[Message]:
    """Read the body, or what comes of it up to about the limit."""
    events: list[Message] = []
    size = 0
    while size <= limit:
        event = await receive()
        events.append(event)
        size += len(event.get("body", b""))
        if event["type"] == "http.disconnect" or not event.get("more_body"):
            break
    return events


def _replayed(events: list[Message], receive: Receive) -> Receive:
    """Return a channel that gives what was read again, and then what is still to come."""
    left = iter(events)

    async def again() -> Message:
        for event in left:
            return event
        return await receive()

    return again


async def _nowhere(_: Message) -> None:
    """Take an answer that nobody gets."""


async def _cut(scope: Scope, receive: Receive) -> None:
    """Cut the connection, and wait until it is."""
    scope["extensions"]["connection"]["abort"]()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(scope: Scope, receive: Receive, send: Send, effect: Effect, text: str) -> None:
    if not any(name == b"expect" for name, _ in scope["headers"]):
        while (await receive()).get("more_body"):
            pass
    body = text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
    ]
    if effect.retry_after is not None:
        headers.append((b"retry-after", str(effect.retry_after).encode()))
    await send({"type": "http.response.start", "status": effect.status or 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})
