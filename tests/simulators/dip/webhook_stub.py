"""A webhook that a test scripts: it answers what it is told and keeps what it got."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import orjson

from harness.transport.server import ServerThread, ServerTls
from tests.simulators.dip.conftest import Bench

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class ScriptedWebhook:
    """An mTLS server that answers with a script's statuses, then the usual one; use as a context manager."""

    def __init__(
        self,
        bench: Bench,
        script: list[int] | None = None,
        *,
        hold: threading.Event | None = None,
        statuses: bool = False,
    ) -> None:
        """``statuses``: it is a status webhook, whose calls hold no payloads."""
        found = bench.network.certificate("participants-server")
        assert found.key is not None
        self._script = list(script or ())
        self.script: Callable[[bytes], int] | None = None
        """Says the status of a call from its body, where the list does not; may block."""
        self._hold = hold
        self._statuses = statuses
        self.usual = 201
        """The status when the script has ended."""
        self.bodies: list[bytes] = []
        self.dates: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.arrived = threading.Event()
        self._server = ServerThread(self, tls=ServerTls(found.cert, found.key, bench.target.ca))

    @property
    def url(self) -> str:
        """Return where it listens."""
        return self._server.url + "/hook"

    @property
    def references(self) -> list[str]:
        """Return the sender references in the order of arrival."""
        return [
            item["payload"]["CommonBlock"]["S1"]["senderUniqueReference"]
            for body in self.bodies
            for item in orjson.loads(body)
        ]

    def __enter__(self) -> ScriptedWebhook:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        if scope["type"] != "http":
            return
        body = b""
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                return  # the hub was killed, or cut the connection: no whole call came
            body += event.get("body", b"")
            if not event.get("more_body"):
                break
        self.bodies.append(body)
        self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
        self.dates.append(dict(scope["headers"])[b"x-dip-signature-date"].decode())
        self.arrived.set()
        if self._hold is not None:
            await asyncio.get_running_loop().run_in_executor(None, self._hold.wait, 20)
        if self.script is not None:
            status = await asyncio.get_running_loop().run_in_executor(None, self.script, body)
        else:
            status = self._script.pop(0) if self._script else self.usual
        answer = (
            orjson.dumps({"messageArray": _entries(orjson.loads(body), status)})
            if status in (201, 207, 400) and not self._statuses
            else b""
        )
        headers = [(b"content-length", str(len(answer)).encode()), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


def _entries(items: list[Any], status: int) -> list[dict[str, Any]]:
    """Answer RCP0000, but RCP1001 for a 400 and for every second message of a 207."""
    entries = []
    for place, item in enumerate(items):
        bad = status == 400 or (status == 207 and place % 2)
        message = "RCP1001 - Schema Failure" if bad else "RCP0000 - Message Success"
        entries.append(
            {"transactionID": item["payload"]["CommonBlock"]["D0"]["transactionID"], "message": message}
        )
    return entries


def wait_for(condition: Any, seconds: float = 10.0) -> None:
    """Wait until a condition holds; fails the test when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)
