"""One webhook call: signed by the hub, over mutual TLS, with the hub's client certificate."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from harness.clock import Clock, header_time
from harness.security.signing import Signer
from harness.transport.parties import Network, Party
from harness.transport.tls import client_context
from simulators.dip.outcome import Reply

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ANSWER_BYTES = 10_000_000
"""Of an answer that is longer only this much is read."""


class Courier:
    """Makes webhook calls for the hub. Keeps connections open; used from one event loop."""

    def __init__(self, network: Network, hub: Party, ca: Path, clock: Clock, *, timeout: float) -> None:
        signing = network.certificate(hub.signing)
        command = signing.sign_command or None
        self._signer = Signer.load(signing.cert, None if command else signing.key, command)
        self._context = client_context(ca, network.certificate(hub.tls))
        self._clock = clock
        self._timeout = timeout
        self._clients: dict[bool, httpx.AsyncClient] = {}

    async def post(self, url: str, body: bytes) -> Reply:
        """Send publications to a webhook and return its answer; never raises for what the other side does."""
        headers = self._signer.sign("POST", url, body, date=header_time(self._clock.now()))
        headers["content-type"] = "application/json"
        started = time.perf_counter()
        try:
            client = self._client(loopback=urlsplit(url).hostname in _LOOPBACK)
            async with (
                asyncio.timeout(self._timeout),
                client.stream("POST", url, content=body, headers=headers) as response,
            ):
                answer = b""
                async for chunk in response.aiter_bytes():
                    answer += chunk
                    if len(answer) > _ANSWER_BYTES:
                        break
                return Reply(response.status_code, answer, seconds=time.perf_counter() - started)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:  # TimeoutError is an OSError
            reason = f"{type(error).__name__}: {error}"[:500]
            return Reply(None, error=reason, seconds=time.perf_counter() - started)

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    def _client(self, *, loopback: bool) -> httpx.AsyncClient:
        """Return the client for a host; a proxy from the environment never stands before loopback."""
        client = self._clients.get(loopback)
        if client is None:
            client = self._clients[loopback] = httpx.AsyncClient(
                verify=self._context,
                trust_env=not loopback,
                follow_redirects=False,
                timeout=self._timeout,
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=200),
                headers={"accept-encoding": "identity", "user-agent": "dip-harness-hub"},
            )
        return client
