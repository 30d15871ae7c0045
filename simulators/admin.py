"""The admin API of the simulators: plain HTTP on loopback, its own port and bearer key, JSON both ways.

It moves the clock, fills the MPAN address store, switches behaviours of simulated parties and faults on, and
waits until all that carries a tag has come to rest. An error is ``{"error": <sentence>}``.
`harness.transport.admin` is its client.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from harness.clock import OffsetClock, message_time
from harness.errors import ConfigurationError, nearest
from simulators.dip import opening
from simulators.dip import terms as member_terms
from simulators.dip.directory import Directory
from simulators.dip.exposition import counted, merged, scraped
from simulators.dip.metrics import MEDIA_TYPE
from simulators.dip.mount import Mount
from simulators.dip.settle import Tracker
from simulators.dip.state import State
from simulators.dip.store_faults import STORE_FAULTS
from simulators.faults.controls import Controls
from simulators.faults.rotation import Rotation
from simulators.faults.service import times
from simulators.participants.behaviours import Told
from simulators.participants.service import Participants

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_OPEN = ("/health", "/ready", "/metrics")
_BODY_BYTES = 10_000_000
_SETTLE_LIMIT_SECONDS = 3600.0
_BEFORE_A_JUMP_SECONDS = 5.0
"""How long a jump of the clock waits for parties that are sending: one that can't send holds nobody up."""
_FIRST_YEAR, _LAST_YEAR = 1990, 2999

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Simulators:
    """What the admin API acts on."""

    mounts: Mapping[str, Mount]
    tracker: Tracker
    clock: OffsetClock
    participants: Participants
    controls: Controls
    rotation: Rotation | None = None
    """None where there is no hub of our own: then neither its clock nor its faults can be asked for."""
    quiet: float = 0.0
    """Seconds without anything new after which a tag counts as at rest; for a hub that can't be asked."""
    state: State | None = None
    """What is known of the hub's store and broker."""
    directory: Directory | None = None
    """Whom the hub knows; None where that can't be changed: no hub of ours, or one of several processes."""


class Admin:
    """The ASGI application."""

    def __init__(self, simulators: Simulators, key: str) -> None:
        self._simulators = simulators
        self._key = f"Bearer {key}".encode()
        self._router = Router(
            [
                Route("/health", self._health),
                Route("/ready", self._ready),
                Route("/clock", self._clock, methods=["GET", "PUT"]),
                Route("/clock/advance", self._advance, methods=["POST"]),
                Route("/members/{dip_id}", self._member, methods=["PUT", "DELETE"]),
                Route("/addresses", self._addresses, methods=["PUT"]),
                Route("/behaviours", self._behaviours, methods=["PUT"]),
                Route("/told", self._told, methods=["POST"]),
                Route("/replayed", self._replayed, methods=["POST"]),
                Route("/settle", self._settle, methods=["POST"]),
                Route("/webhooks/{release}/{dip_id}/{channel}", self._webhook),
                Route("/register/{dip_id}/{mpan}", self._register),
                Route("/faults", self._faults, methods=["GET", "PUT", "DELETE"]),
                Route("/faults/applied", self._applied),
                Route("/service", self._service, methods=["GET", "PUT"]),
                Route("/metrics", self._metrics),
            ],
            redirect_slashes=False,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; everything but health, readiness and metrics needs the key."""
        if scope["type"] != "http":
            return
        given = dict(scope["headers"]).get(b"authorization", b"")
        if scope["path"] not in _OPEN and not hmac.compare_digest(given, self._key):
            await _error(401, "the header Authorization: Bearer <admin key> is missing or wrong")(
                scope, receive, send
            )
            return
        scope["app"] = self
        try:
            await self._router(scope, receive, send)
        except HTTPException as error:
            await _error(error.status_code, error.detail)(scope, receive, send)
        except ConfigurationError as error:
            await _error(400, str(error))(scope, receive, send)
        except STORE_FAULTS as error:
            await _error(503, f"the store can't be written: {error}")(scope, receive, send)

    async def _health(self, _: Request) -> Response:
        told = self._simulators.state.as_dict() if self._simulators.state else {}
        return _json({"status": "ok", "releases": sorted(self._simulators.mounts), **told})

    async def _ready(self, _: Request) -> Response:
        """Say whether every store takes transactions; 503 with the first one that doesn't."""
        for name, mount in self._simulators.mounts.items():
            try:
                await mount.store.writer.write([], durable=False)
            except STORE_FAULTS as error:
                return _json({"ready": False, "reason": f"the store of {name}: {error}"}, 503)
        trouble = self._simulators.state.trouble() if self._simulators.state else None
        if trouble is not None:
            return _json({"ready": False, "reason": trouble}, 503)
        return _json({"ready": True})

    async def _clock(self, request: Request) -> Response:
        if request.method == "PUT":
            self._with_hub("the clock can't be moved")
            body = await _body(request)
            moment = _usable(_moment(body, "now"), "now")
            await self._sent()
            self._move(moment)
            await self._spread()
        return self._now()

    async def _advance(self, request: Request) -> Response:
        self._with_hub("the clock can't be moved")
        seconds = _number(await _body(request), "seconds")
        await self._sent()
        try:
            moment = self._simulators.clock.now() + timedelta(seconds=seconds)
        except OverflowError as error:
            raise ConfigurationError(f"seconds is {seconds}, which leaves the calendar") from error
        self._move(_usable(moment, "seconds"))
        await self._spread()
        return self._now()

    async def _spread(self) -> None:
        """Let the workers of a hub of several processes know."""
        if self._simulators.state is not None:
            await self._simulators.state.spread()

    def _with_hub(self, what: str) -> Rotation:
        if self._simulators.rotation is None:
            raise ConfigurationError(f"{what}: the DIP is not one of these simulators")
        return self._simulators.rotation

    async def _sent(self) -> None:
        """Let simulated parties send what they have signed: after a jump its time would be wrong."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_BEFORE_A_JUMP_SECONDS):
                await self._simulators.participants.wait_all_idle()

    def _move(self, moment: datetime) -> None:
        self._simulators.clock.set(moment)
        self._simulators.participants.clock_moved()
        self._simulators.controls.service.changed()

    def _now(self) -> Response:
        return _json({"now": self._simulators.clock.now().isoformat()})

    async def _member(self, request: Request) -> Response:
        directory = self._simulators.directory
        if directory is None:
            raise ConfigurationError("a member can be changed in a DIP of one process only")
        terms = member_terms.read(await _body(request)) if request.method == "PUT" else None
        directory.stand(request.path_params["dip_id"], terms)
        return _json({"dip_id": request.path_params["dip_id"]})

    async def _addresses(self, request: Request) -> Response:
        body = await _body(request)
        release = _text(body, "release")
        mount = self._simulators.mounts.get(release)
        if mount is None:
            raise ConfigurationError(
                f"release '{release}' is not mounted", mend=nearest(release, self._simulators.mounts)
            )
        entries = body.get("addresses")
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ConfigurationError("addresses is not a list of objects")
        rows = [
            (_text(e, "mpan"), _text(e, "role"), _text(e, "dip_id"), _instant(e, "from"), _instant(e, "to"))
            for e in entries
        ]
        if rows and body.get("opening") is True:
            await mount.store.begin_with(opening.said(rows))
        elif rows:
            await mount.store.set_addresses(rows)
        return _json({"addresses": len(rows)})

    async def _behaviours(self, request: Request) -> Response:
        body = await _body(request)
        behaviours = body.get("behaviours")
        if not isinstance(behaviours, dict) or not all(
            isinstance(value, dict) for value in behaviours.values()
        ):
            raise ConfigurationError('behaviours is not an object of DIP id to {"name": ..., options}')
        self._simulators.participants.set_behaviours(_text(body, "tag"), behaviours)
        return _json({"behaviours": len(behaviours)})

    async def _told(self, request: Request) -> Response:
        body = await _body(request)
        content = body.get("with", {})
        if not isinstance(content, dict):
            raise ConfigurationError("with is no object")
        told = Told(_text(body, "what"), _text(body, "release"), content)
        self._simulators.participants.tell(_text(body, "tag"), _text(body, "dip_id"), told)
        return _json({"told": told.what})

    async def _replayed(self, request: Request) -> Response:
        body = await _body(request)
        payloads = body.get("payloads")
        if not isinstance(payloads, list) or not all(isinstance(each, dict) for each in payloads):
            raise ConfigurationError("payloads is not a list of objects")
        self._simulators.participants.replayed(_text(body, "dip_id"), _text(body, "release"), payloads)
        return _json({"replayed": len(payloads)})

    async def _settle(self, request: Request) -> Response:
        body = await _body(request)
        tag = _text(body, "tag")
        timeout = min(_number(body, "timeout"), _SETTLE_LIMIT_SECONDS)
        quiet = _number(body, "quiet_ms") / 1000 if "quiet_ms" in body else 0.0
        quiet = max(quiet, self._simulators.quiet)
        settled = await self._simulators.tracker.wait(tag, timeout=timeout, quiet=quiet)
        messages = [
            {"release": release, **message}
            for release, mount in self._simulators.mounts.items()
            for message in mount.store.tagged(tag)
        ]
        messages.sort(key=lambda message: message["accepted_at"])
        receipts = self._simulators.participants.receipts(tag)
        return _json(
            {
                "settled": settled,
                "messages": messages,
                "receipts": receipts,
                "status_receipts": self._simulators.participants.status_receipts(
                    [message["transaction_id"] for message in messages]
                ),
                "problems": self._simulators.participants.problems(tag),
            }
        )

    async def _webhook(self, request: Request) -> Response:
        mount = self._simulators.mounts.get(request.path_params["release"])
        url = mount.webhook(request.path_params["dip_id"], request.path_params["channel"]) if mount else None
        if url is None:
            return _error(404, "no webhook is configured there")
        return _json({"url": url})

    async def _register(self, request: Request) -> Response:
        asked = request.query_params
        found = self._simulators.participants.register(
            request.path_params["dip_id"],
            request.path_params["mpan"],
            **{name: _usable(_moment(asked, name), name) for name in ("as_of", "as_known") if name in asked},
        )
        if found is None:
            return _error(404, "the register holds nothing on this MPAN")
        return _json(found)

    async def _faults(self, request: Request) -> Response:
        plan = self._simulators.controls.plan
        if request.method == "GET":
            return _json({"faults": plan.listed()})
        rotation = self._with_hub("faults can't be asked for")
        if request.method == "PUT":
            body = await _body(request)
            faults, tag = body.get("faults"), body.get("tag", "")
            if not isinstance(faults, list) or not isinstance(tag, str):
                raise ConfigurationError("faults is not a list of objects, or tag is no text")
            plan.put(faults, tag=tag)
        elif request.method == "DELETE":
            plan.clear(tag=request.query_params.get("tag", ""))
        await rotation.follow()
        await self._spread()
        return _json({"faults": plan.listed()})

    async def _applied(self, request: Request) -> Response:
        tag = request.query_params.get("tag", "")
        seeded = self._simulators.participants.seeded(tag)
        return _json({"applied": [*self._simulators.controls.plan.applied(tag=tag), *seeded]})

    async def _service(self, request: Request) -> Response:
        service = self._simulators.controls.service
        if request.method == "PUT":
            self._with_hub("times of service can't be set")
            service.put(times(await _body(request)))
            await self._spread()
        return _json({**service.times.as_dict(), "closed": service.closed()})

    async def _metrics(self, _: Request) -> Response:
        queues: dict[tuple[str, ...], int] = {
            (release, status): count
            for release, mount in self._simulators.mounts.items()
            for status, count in (await mount.store.waiting()).items()
        }
        text = counted(self._simulators.controls.metrics, self._simulators.mounts, queues)
        state = self._simulators.state
        if state is not None and state.workers is not None:
            text = merged(text, await scraped(state.workers.metrics()))
        return Response(text, media_type=MEDIA_TYPE)


def _json(content: object, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def _error(status: int, text: str) -> Response:
    return _json({"error": text}, status)


async def _body(request: Request) -> Body:
    data = b""
    async for part in request.stream():
        data += part
        if len(data) > _BODY_BYTES:
            raise HTTPException(413, f"the body is longer than {_BODY_BYTES} bytes")
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ConfigurationError("the body is not a JSON object")
    return cast("Body", body)


def _text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{name} is {value!r}, expected a text")
    return value


def _number(body: Body, name: str) -> float:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ConfigurationError(f"{name} is {value!r}, expected a number, zero or more")
    return float(value)


def _moment(body: Body, name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(body, name))
    except ValueError as error:
        raise ConfigurationError(
            f"{name} is {body[name]!r}, expected a time such as 2026-01-31T09:00:00+00:00"
        ) from error
    if moment.tzinfo is None:
        raise ConfigurationError(
            f"{name} is {body[name]!r}, which has no offset from UTC", mend="Add +00:00."
        )
    return moment


def _instant(body: Body, name: str) -> str | None:
    """Read a time or a date (midnight UTC, assumed) that may be absent, as a 25-character UTC time."""
    if body.get(name) is None:
        return None
    text = _text(body, name)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return message_time(_usable(_moment(body, name), name))
    return message_time(_usable(datetime(day.year, day.month, day.day, tzinfo=UTC), name))


def _usable(moment: datetime, name: str) -> datetime:
    """Refuse a time so far away that reckoning with it would leave the calendar."""
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ConfigurationError(
            f"{name} leads to the year {moment.year}, expected {_FIRST_YEAR} to {_LAST_YEAR}"
        )
    return moment
