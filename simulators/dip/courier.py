"""One webhook call: signed by the hub, over mutual TLS, with the hub's client certificate."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from harness.clock import Clock, header_time
from harness.security.signing import Signer
from harness.transport.parties import CertificateSet, Network, Party
from harness.transport.tls import client_context
from simulators.dip.outcome import Reply

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_ANSWER_BYTES = 10_000_000
"""Of an answer that is longer only this much is read."""
_SIGNATURE = "X-DIP-Signature"
_BEGINNING, _BEGINNING_SECONDS = 32, 2.0
"""So many calls may be in their first moment at once: a backlog of hundreds of recipients would else keep
the hub so busy with handshakes that it reads no answer in time. Who is slow counts for that moment only."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What the hub shows: a signer, and a TLS context with its client certificate."""

    signer: Signer
    context: ssl.SSLContext

    @classmethod
    def load(cls, ca: Path, signing: CertificateSet, tls: CertificateSet) -> Identity:
        """Read both certificate sets."""
        command = signing.sign_command or None
        signer = Signer.load(signing.cert, None if command else signing.key, command)
        return cls(signer, client_context(ca, tls))


@dataclass(frozen=True, slots=True)
class Handling:
    """How a call differs from the usual one."""

    headers: Mapping[str, str]
    identity: Identity | None = None
    """Another one than the hub's."""
    spoiled: bool = False
    """The signature does not verify."""
    cut: bool = False
    """The connection ends in the middle of the body."""


USUAL = Handling({})


class _Moment:
    """The first moment of a call: ends once, with the call or before."""

    def __init__(self, held: asyncio.Semaphore) -> None:
        self._held: asyncio.Semaphore | None = held

    def end(self) -> None:
        """Let another call begin."""
        if self._held is not None:
            self._held.release()
            self._held = None


class Courier:
    """Makes webhook calls for the hub. Keeps connections open; used from one event loop."""

    def __init__(self, network: Network, hub: Party, ca: Path, clock: Clock, *, timeout: float) -> None:
        self._identity = Identity.load(ca, network.certificate(hub.signing), network.certificate(hub.tls))
        self._clock = clock
        self._timeout = timeout
        self._clients: dict[bool, httpx.AsyncClient] = {}
        self._beginning = asyncio.Semaphore(_BEGINNING)

    async def post(self, url: str, body: bytes, handling: Handling = USUAL) -> Reply:
        """Send publications to a webhook and return its answer; never raises for what the other side does."""
        await self._beginning.acquire()
        moment = _Moment(self._beginning)
        ending = asyncio.get_running_loop().call_later(_BEGINNING_SECONDS, moment.end)
        try:
            return await self._post(url, body, handling)
        finally:
            ending.cancel()
            moment.end()

    async def _post(self, url: str, body: bytes, handling: Handling) -> Reply:
        identity = handling.identity or self._identity
        headers = identity.signer.sign("POST", url, body, date=header_time(self._clock.now()))
        if handling.spoiled:
            headers[_SIGNATURE] = _spoiled(headers[_SIGNATURE])
        headers |= {"content-type": "application/json", **handling.headers}
        started = time.perf_counter()
        loopback = urlsplit(url).hostname in _LOOPBACK
        try:
            if handling.identity is None and not handling.cut:
                reply = await self._call(self._client(loopback=loopback), url, body, headers)
            else:
                async with self._new_client(identity.context, loopback=loopback) as client:
                    if handling.cut:
                        headers["content-length"] = str(len(body))
                    reply = await self._call(client, url, _half(body) if handling.cut else body, headers)
            return replace(reply, seconds=time.perf_counter() - started)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:  # TimeoutError is an OSError
            reason = f"{type(error).__name__}: {error}"[:500]
            return Reply(None, error=reason, seconds=time.perf_counter() - started)

    async def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            await client.aclose()
        self._clients.clear()

    async def _call(
        self,
        client: httpx.AsyncClient,
        url: str,
        content: bytes | AsyncIterator[bytes],
        headers: Mapping[str, str],
    ) -> Reply:
        async with (
            asyncio.timeout(self._timeout),
            client.stream("POST", url, content=content, headers=headers) as response,
        ):
            answer = b""
            async for chunk in response.aiter_bytes():
                answer += chunk
                if len(answer) > _ANSWER_BYTES:
                    break
            return Reply(response.status_code, answer, retry_after=_retry_after(response.headers))

    def _client(self, *, loopback: bool) -> httpx.AsyncClient:
        """Return the client for a host; a proxy from the environment never stands before loopback."""
        client = self._clients.get(loopback)
        if client is None:
            client = self._clients[loopback] = self._new_client(self._identity.context, loopback=loopback)
        return client

    def _new_client(self, context: ssl.SSLContext, *, loopback: bool) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            verify=context,
            trust_env=not loopback,
            follow_redirects=False,
            timeout=self._timeout,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=200),
            headers={"accept-encoding": "identity", "user-agent": "dip-harness-hub"},
        )


def _retry_after(headers: httpx.Headers) -> float:
    """Return the wait that an answer asks for: in seconds, or a date against the answer's own; else none."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, TypeError):
        return 0.0
    return max(wait.total_seconds(), 0.0)


def _spoiled(signature: str) -> str:
    """Return a signature of the same form that fits nothing: its first half is turned round."""
    middle = len(signature) // 4 * 2
    turned = signature[:middle][::-1]
    return (turned if turned != signature[:middle] else "A" * middle) + signature[middle:]


async def _half(body: bytes) -> AsyncIterator[bytes]:
    """Give half of a body, then break off."""
    yield body[: len(body) // 2]
    raise ConnectionAbortedError("the connection was cut on request")
