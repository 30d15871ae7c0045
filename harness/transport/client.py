"""The DIP client: sends as a party over mutual TLS, with API key and signature, and says what came of it.

An `Answer` is always returned, never raised: a refused handshake, a timeout and a 400 are all outcomes that a
scenario may expect. The API key goes on the wire and nowhere else.
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import orjson

from harness.clock import Clock, SystemClock
from harness.security.signing import Signer
from harness.transport.connection import Attempt, classify
from harness.transport.parties import Network, Party
from harness.transport.signature import API_KEY, DipSignature
from harness.transport.tls import client_context

NO_CERTIFICATE = "none"
"""The ``tls`` value that opens the connection without a client certificate."""

_CODE = re.compile(rb"\b(?:MSG|RCP|REG|ECS|SP|DS)[0-9]{3,4}\b")
_KEEP_ALIVE_SECONDS = 30.0
"""Shorter than servers keep an idle connection, so that a reused one is never being closed by them."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it went out, without the API key."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request."""

    request: Sent
    status: int | None
    """None when no HTTP answer came; `error` then says why."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    seconds: float
    refused_in_handshake: bool = False
    """The server refused the client's certificate, or its absence, before any HTTP."""
    error: str = ""

    @property
    def codes(self) -> tuple[str, ...]:
        """Response codes that the body names (``MSG0000``), each once, in order."""
        return tuple(dict.fromkeys(code.decode() for code in _CODE.findall(self.body)))


class DipClient:
    """Speaks to one DIP base URL as any party of a network. Safe to share between threads.

    Each TLS identity has its own keep-alive connections. ``ca`` vouches for the server; None means the
    system's authorities. Redirects are not followed. A proxy from the environment is used for hosts other
    than loopback.
    """

    def __init__(
        self,
        base_url: str,
        network: Network,
        ca: Path | None,
        *,
        timeout: float = 30.0,
        clock: Clock | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._network = network
        self._ca = ca
        self._timeout = timeout
        self._clock = clock or SystemClock()
        self._loopback = httpx.URL(self.base_url).host in ("127.0.0.1", "localhost", "::1")
        self._clients: dict[str, httpx.Client] = {}
        self._signers: dict[str, Signer] = {}
        self._lock = threading.Lock()

    def send(
        self,
        party: Party,
        channel: str,
        body: bytes,
        *,
        sign: bool = True,
        headers: Mapping[str, str | None] | None = None,
        tls: str | None = None,
        api_key: str | None = None,
        signer: Signer | None = None,
    ) -> Answer:
        """Post messages to a channel (``IF-031``); the options are those of `request`."""
        return self.request(
            party,
            "POST",
            f"/dip-channel/{quote(channel, safe='')}",
            body,
            sign=sign,
            headers=headers,
            tls=tls,
            api_key=api_key,
            signer=signer,
        )

    def configure_webhook(self, party: Party, channel: str, url: str) -> Answer:
        """Tell the DIP where a party wants the publications of a channel."""
        return self.request(party, "POST", _webhook_path(channel, party), orjson.dumps({"callbackURL": url}))

    def remove_webhook(self, party: Party, channel: str) -> Answer:
        """Tell the DIP that a party wants no publications of a channel any more."""
        return self.request(party, "DELETE", _webhook_path(channel, party))

    def request(
        self,
        party: Party,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        sign: bool = True,
        headers: Mapping[str, str | None] | None = None,
        tls: str | None = None,
        api_key: str | None = None,
        signer: Signer | None = None,
    ) -> Answer:
        """Send exactly these bytes as a party.

        ``headers`` are set after signing, so they can falsify a signature header; None takes one away.
        ``tls`` names another certificate set, or ``"none"``. ``api_key`` replaces the party's; ``""`` sends
        none. ``signer`` replaces the party's. Raises ConfigurationError for an identity that is not
        configured.
        """
        identity = tls or party.tls
        auth = DipSignature(
            (signer or self._signer(party.signing)) if sign else None,
            self._clock,
            api_key=party.api_key() if api_key is None else api_key,
            overrides=headers or {},
        )
        client = self._client(identity)
        attempt = Attempt()
        given = {"content-type": "application/json"} if body else {}
        request = client.build_request(
            method, self.base_url + path, content=body, headers=given, extensions={"trace": attempt.trace}
        )
        started = time.perf_counter()
        try:
            response = client.send(request, auth=auth)
        except httpx.RequestError as error:
            seconds = time.perf_counter() - started
            outcome = classify(error, attempt, lambda: self._context(identity))
            return Answer(_sent(request), None, {}, b"", seconds, outcome.refused_in_handshake, outcome.error)
        seconds = time.perf_counter() - started
        return Answer(_sent(request), response.status_code, dict(response.headers), response.content, seconds)

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def __enter__(self) -> DipClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _client(self, identity: str) -> httpx.Client:
        with self._lock:
            client = self._clients.get(identity)
            if client is None:
                client = self._clients[identity] = httpx.Client(
                    verify=self._context(identity),
                    trust_env=not self._loopback,
                    follow_redirects=False,
                    timeout=self._timeout,
                    limits=httpx.Limits(max_connections=None, keepalive_expiry=_KEEP_ALIVE_SECONDS),
                    headers={"accept-encoding": "identity", "user-agent": "dip-harness"},
                )
            return client

    def _context(self, identity: str) -> ssl.SSLContext:
        certificate = None if identity == NO_CERTIFICATE else self._network.certificate(identity)
        return client_context(self._ca, certificate)

    def _signer(self, name: str) -> Signer:
        with self._lock:
            signer = self._signers.get(name)
            if signer is None:
                certificate = self._network.certificate(name)
                command = certificate.sign_command or None
                key = None if command else certificate.key
                signer = self._signers[name] = Signer.load(certificate.cert, key, command)
            return signer


def _webhook_path(channel: str, party: Party) -> str:
    return f"/dip-channel/{quote(channel, safe='')}/pubconfig/{party.dip_id}"


def _sent(request: httpx.Request) -> Sent:
    headers = {name: value for name, value in request.headers.items() if name != API_KEY.lower()}
    return Sent(request.method, str(request.url), headers, request.content)
