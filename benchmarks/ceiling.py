"""The ceiling: the hub's server class with nothing behind it but the check of the signature.

A child process: ``python -m benchmarks.ceiling CERT KEY CA`` prints its port, and ends with its standard
input. It terminates mutual TLS, verifies each request's signature and signing certificate, and answers 201.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.security.policy import current_policy
from harness.security.trust import Trust
from harness.security.verifying import verify
from harness.transport.server import ServerTls, run, serve, spare_memory

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send


class Ceiling:
    """The application."""

    def __init__(self, ca: Path) -> None:
        self._trust = Trust.load(ca)
        self._policy = current_policy()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 201 to a signed request, 401 to any other."""
        if scope["type"] != "http":
            return
        event = await receive()
        body: bytes = event["body"]
        while event.get("more_body"):
            event = await receive()
            body += event["body"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        url = f"{scope['scheme']}://{headers['host']}{scope['raw_path'].decode('latin-1')}"
        now = datetime.now(UTC)
        verification = verify(
            scope["method"],
            url,
            body,
            headers,
            trust=self._trust,
            now=now,
            policy=self._policy,
            explained=False,
        )
        status = 201 if verification.valid else 401
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


async def _serve(cert: Path, key: Path, ca: Path) -> None:
    async with serve(Ceiling(ca), tls=ServerTls(cert, key, ca)) as server:
        spare_memory()
        print(server.port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    run(_serve(*(Path(name) for name in sys.argv[1:4])))
