"""The hub's ASGI application: from a request to the operation of a mount, and its answer back.

Whatever comes in, an answer with a listed status goes out: what isn't there is 404, what fails inside is 503
with one log line, and neither a traceback nor a 500 leaves the process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from harness.errors import HarnessError
from simulators.dip.answer import JSON, Answer, bare
from simulators.dip.logs import Log
from simulators.dip.metrics import Metrics
from simulators.dip.model import Call, Refusal
from simulators.dip.mount import Mount
from simulators.dip.status import CHANNEL
from simulators.dip.store_faults import STORE_FAULTS

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

Operation = Callable[[Call], Awaitable[Answer]]

_WORDS = {"requeuestatus": "requeueStatus", "deliverystatus": "deliveryStatus"}
"""How the releases spell what the hub matches without regard to case."""
_SENDS = 4096
_IS_JSON = (b"content-type", JSON.encode())
_NO_TLS: Mapping[str, bytes] = {}
_NOT_FOUND = Refusal(404, "there is no such path here")


@dataclass(frozen=True, slots=True)
class Hub:
    """Every release, side by side."""

    mounts: Mapping[str, Mount]
    """By release name, as in the path."""
    body_bytes: int
    log: Log
    metrics: Metrics
    _sends: dict[str, tuple[str, dict[str, Operation]]] = field(default_factory=dict, init=False, repr=False)
    """Release of the paths that messages were sent to, as they were spelt, and what they offer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            return
        try:
            answer = await self._answer(scope, receive)
        except (*STORE_FAULTS, HarnessError) as error:
            answer = bare(Refusal(503, "the hub can't take it at the moment"))
            self.log.write("error", "unavailable", reason=str(error))
        except Exception as error:
            answer = bare(Refusal(503, "the hub can't take it at the moment"))
            self.log.write(
                "error", "fault", kind=type(error).__name__, reason=str(error), place=_place(error)
            )
        if answer is None:
            return
        path = scope["path"]
        sent = self._sends.get(path)
        self.metrics.answered(sent[0] if sent else self._release(path), answer.status)
        if answer.reason:
            self.log.write(
                "info",
                "refused",
                method=scope["method"],
                path=path[:200],
                status=answer.status,
                reason=answer.reason,
            )
        headers = self._headers_of(answer, path, scope)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})

    def _headers_of(self, answer: Answer, path: str, scope: Scope) -> list[tuple[bytes, bytes]]:
        if answer.status == 201 and answer.media_type is JSON and not answer.headers:  # what nearly all get
            return [(b"content-length", b"%d" % len(answer.body)), _IS_JSON]
        headers = [(b"content-length", b"%d" % len(answer.body))] if answer.status != 204 else []
        if answer.media_type:
            headers.append((b"content-type", answer.media_type.encode()))
        headers += [(name.lower().encode(), value.encode()) for name, value in answer.headers]
        if answer.status == 405:
            headers.append((b"allow", ", ".join(self._operations(path, scope)).encode()))
        if answer.status == 413:
            headers.append((b"connection", b"close"))
        return headers

    def _release(self, path: str) -> str:
        """Return the release that a path begins with, empty where that is none."""
        name = path[1:].partition("/")[0].lower()
        return name if name in self.mounts else ""

    async def _answer(self, scope: Scope, receive: Receive) -> Answer | None:
        """Return the answer, None when the client went away."""
        operations = self._operations(scope["path"], scope)
        if not operations:
            return bare(_NOT_FOUND)
        operation = operations.get(scope["method"])
        if operation is None:
            return bare(Refusal(405, f"the method {scope['method'][:20]} is not offered here"))
        headers = _headers(scope)
        if _stated_length(headers) > self.body_bytes:
            return self._too_long()  # unread, so a client that waits for "100 Continue" keeps its body
        event = await receive()
        body: bytes = event.get("body", b"")
        if event.get("more_body"):
            parts = [body]
            length = len(body)
            while event.get("more_body") and length <= self.body_bytes:
                event = await receive()
                parts.append(event.get("body", b""))
                length += len(parts[-1])
            body = b"".join(parts)
        if event["type"] == "http.disconnect":
            return None
        if len(body) > self.body_bytes:
            return self._too_long()
        certificate = scope["extensions"].get("tls", _NO_TLS).get("client_cert")
        return await operation(Call(scope["method"], _url(scope, headers), headers, body, certificate))

    def _too_long(self) -> Answer:
        return bare(Refusal(413, f"the body is longer than {self.body_bytes} bytes"))

    def _operations(self, path: str, scope: Scope) -> dict[str, Operation]:
        """Return what a path offers, by method; empty when it is no path of the hub."""
        sent = self._sends.get(path)
        if sent is not None:
            return sent[1]
        parts = path.lower().split("/")
        mount = self.mounts.get(parts[1]) if len(parts) > 2 and parts[0] == "" else None
        if mount is None:
            return {}
        match parts[2:]:
            case ["dip-channel", channel] if channel in mount.channels:
                name = mount.channels[channel]
                found: dict[str, Operation] = {"POST": lambda call: mount.sending.send(call, name)}
                if len(self._sends) < _SENDS:
                    self._sends[path] = self._release(path), found
                return found
            case ["dip-channel", channel, "pubconfig", recipient] if channel in mount.channels:
                name = mount.channels[channel]
                recipient = mount.recipient(recipient)
                return {
                    "POST": lambda call: mount.configure(call, name, recipient),
                    "DELETE": lambda call: mount.remove(call, name, recipient),
                }
            case ["dip-channel", channel, what, recipient, *rest] if channel in mount.channels:
                return self._history(
                    mount, mount.channels[channel], what, mount.recipient(recipient), rest, path
                )
            case ["statusmessage", *rest]:
                return self._statuses(mount, rest)
            case ["validate", interface, event] if (interface, event) in mount.validations:
                pair = mount.validations[interface, event]
                return {"POST": lambda call: mount.check(call, *pair)}
            case ["openapi.json"]:
                base = _url(scope, _headers(scope)).split("?")[0].rsplit("/", 1)[0]
                return {"GET": lambda call: mount.describe(call, base)}
            case _:
                return {}

    def _history(
        self, mount: Mount, channel: str, what: str, recipient: str, rest: list[str], path: str
    ) -> dict[str, Operation]:
        """Return what a path over the stored messages of a channel offers in this release."""
        found: dict[str, Operation] = {}
        match what, rest:
            case "replay", []:
                found["POST"] = lambda call: mount.replay.messages(call, channel, recipient)
            case "requeue", []:
                found["POST"] = lambda call: mount.requeues.messages(call, channel, recipient)
            case "requeuestatus", []:
                found["GET"] = lambda call: mount.requeues.progress(call, channel, recipient)
            case "deliverystatus", [_]:
                reference = path.rsplit("/", 1)[1]  # a data value, so its case counts
                found["GET"] = lambda call: mount.journal.look_up(call, channel, recipient, reference)
        declared = f"/dip-channel/{{id}}/{_WORDS.get(what, what)}/{{recipient-id}}"
        if rest:
            declared += "/{message-id}"
        return {name: run for name, run in found.items() if mount.declares(name, declared)}

    def _statuses(self, mount: Mount, rest: list[str]) -> dict[str, Operation]:
        """Return what a path below ``/statusmessage`` offers in this release."""
        found: dict[str, Operation] = {}
        recipient = mount.recipient(rest[-1]) if rest else ""
        match rest:
            case []:
                found["POST"] = mount.reports.take
            case ["config", _]:
                found["POST"] = lambda call: mount.configure(call, CHANNEL, recipient)
                found["DELETE"] = lambda call: mount.remove(call, CHANNEL, recipient)
            case ["replay", _]:
                found["POST"] = lambda call: mount.replay.statuses(call, recipient)
            case ["requeue", _]:
                found["POST"] = lambda call: mount.requeues.statuses(call, recipient)
            case ["requeuestatus", _]:
                found["GET"] = lambda call: mount.requeues.progress(call, CHANNEL, recipient)
        declared = (
            f"/statusmessage/{_WORDS.get(rest[0], rest[0])}/{{recipient-id}}" if rest else "/statusmessage"
        )
        return {name: run for name, run in found.items() if mount.declares(name, declared)}


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _stated_length(headers: Mapping[str, str]) -> int:
    value = headers.get("content-length", "0")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else 0


def _url(scope: Scope, headers: Mapping[str, str]) -> str:
    """Return the full URL as the client wrote it: the signature is over its exact text."""
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    query = scope["query_string"]
    url = f"{scope['scheme']}://{headers.get('host', '')}{raw.decode('latin-1')}"
    return f"{url}?{query.decode('latin-1')}" if query else url


def _place(error: BaseException) -> str:
    """Name the file and line that an unexpected error came from."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
