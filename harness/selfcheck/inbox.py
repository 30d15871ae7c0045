"""Where the participant's messages arrive: seen as they came, then passed on to the embedded DIP.

The inbox stands in front of the embedded DIP. It keeps each request byte by byte, so that checks can say
what is wrong with one that a DIP would merely refuse; what is signed and certified is handed on in the
participant's name, and the DIP's answer goes back.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import orjson
from cryptography.hazmat.primitives.serialization import Encoding

from harness.security.certificates import first_certificate, identity_of, load_der
from harness.security.trust import Trust
from harness.security.verifying import Verification, verify
from harness.selfcheck.context import Context
from harness.settings import current
from harness.transport.asgi import (
    BodyTooLargeError,
    ClientGoneError,
    client_certificate,
    full_url,
    headers_of,
    read_body,
)
from harness.transport.client import Answer, DipClient
from harness.transport.network import CertificateSet, Network, Party
from harness.transport.receiver import respond
from harness.transport.server import ServerThread, ServerTls
from harness.transport.signature import API_KEY

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_CHANNEL = "dip-channel"
_API_KEY = API_KEY.lower()
_MADE: WeakKeyDictionary[Context, Inbox] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Heard:
    """One request of the participant's, exactly as it came."""

    method: str
    url: str
    release: str
    channel: str
    """``IF-022`` of ``/dip-channel/IF-022``; empty for another operation."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    client: bytes | None
    """DER of the client's TLS certificate."""
    verification: Verification
    tag: str
    """S1.subText under which the DIP knows the messages."""
    answer: Answer | None
    """The embedded DIP's; None where the request was not passed on."""
    status: int
    """What the participant was answered."""
    expects: bool = False
    """Whether it came with ``Expect: 100-continue``."""

    @property
    def payloads(self) -> list[dict[str, Any]]:
        """The messages of the body, empty where it is none."""
        return _payloads(self.body)


@dataclass(slots=True)
class Inbox:
    """Receives for the participant's parties until it is closed."""

    context: Context
    trust: Trust
    heard: list[Heard] = field(default_factory=list)
    refusing: int = 0
    """So many requests are answered 503, as in an outage."""
    as_heard: bool = False
    """The embedded DIP is shown the very certificates and API key of a request, not those of the profile."""
    unexpecting: bool = False
    """Requests with ``Expect`` are answered 417, as by a server or proxy that does not know it."""
    broken: list[Heard] = field(default_factory=list)
    """Requests whose body did not come."""
    _sets: dict[bytes, CertificateSet] = field(default_factory=dict)
    _carriers: dict[str, DipClient] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _server: ServerThread | None = None

    def start(self) -> Inbox:
        """Listen on a free port of loopback; raises EnvironmentFault."""
        authority = self.context.authority
        shown = authority.find("selfcheck-inbox", "tls-server") or authority.issue(
            "selfcheck-inbox", "tls-server", organisation="Simulated DIP"
        )
        tls = ServerTls(shown.cert, shown.key, self.context.trusted_clients(), require_client=False)
        self._server = ServerThread(self, tls=tls).start()
        return self

    def url(self, release: str) -> str:
        """Return the base URL that the participant sends to, as of a DIP: ``/dip-channel/...`` follows."""
        assert self._server is not None
        return f"{self._server.url}/{release}"

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
        for client in self._carriers.values():
            client.close()

    def vouch(self, *sets: CertificateSet) -> None:
        """Hold certificate sets with their keys, so that `as_heard` can show what a request came with."""
        for each in sets:
            self._sets[first_certificate(each.cert)[0].public_bytes(Encoding.DER)] = each
        for client in self._carriers.values():
            client.close()
        self._carriers.clear()

    def wait(self, wanted: Callable[[Heard], bool], *, after: int, seconds: float) -> Heard | None:
        """Return the first request beyond number ``after`` that is wanted, None when time is up."""
        until = time.monotonic() + seconds
        with self._changed:
            while True:
                found = next((each for each in self.heard[after:] if wanted(each)), None)
                left = until - time.monotonic()
                if found is not None or left <= 0:
                    return found
                self._changed.wait(left)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        headers = headers_of(scope)
        if self.unexpecting and _expects(headers):
            await respond(send, HTTPStatus.EXPECTATION_FAILED)
            return
        try:
            body = await read_body(scope, receive, current().integer("limits.body_bytes"))
        except BodyTooLargeError:
            await respond(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        except ClientGoneError:
            self._cut(scope["method"], full_url(scope, headers), headers, client_certificate(scope))
            return
        heard = await asyncio.to_thread(
            self._take, scope["method"], full_url(scope, headers), headers, body, client_certificate(scope)
        )
        answer = heard.answer
        with self._changed:
            self.heard.append(heard)
            self._changed.notify_all()
        await respond(send, heard.status, answer.body if answer else b"")

    def _cut(self, method: str, url: str, headers: dict[str, str], client: bytes | None) -> None:
        """Keep a request whose body did not come."""
        found = verify(method, url, b"", headers, trust=self.trust, now=self.context.clock.now())
        release, channel = _place(url)
        with self._changed:
            self.broken.append(
                Heard(
                    method, url, release, channel, headers, b"", client, found, "", None, 0, _expects(headers)
                )
            )
            self._changed.notify_all()

    def _take(
        self, method: str, url: str, headers: dict[str, str], body: bytes, client: bytes | None
    ) -> Heard:
        now = self.context.clock.now()
        verification = verify(method, url, body, headers, trust=self.trust, now=now)
        release, channel = _place(url)
        tag = f"selfcheck-{secrets.token_hex(6)}"
        self.context.met.add("participant")
        answer: Answer | None = None
        status = int(HTTPStatus.SERVICE_UNAVAILABLE)
        if self.refusing > 0:
            self.refusing -= 1
        elif client is None:
            status = int(HTTPStatus.FORBIDDEN)
        elif not verification.valid:
            status = int(HTTPStatus.UNAUTHORIZED)
        elif not channel or release not in self.context.profile.releases:
            status = int(HTTPStatus.NOT_FOUND)
        else:
            signer = verification.certificate
            shown = (client, signer.public_bytes(Encoding.DER) if signer else b"", headers.get(_API_KEY, ""))
            answer, tag = self._passed_on(release, channel, body, tag, shown)
            status = (answer.status or int(HTTPStatus.BAD_GATEWAY)) if answer else int(HTTPStatus.FORBIDDEN)
        return Heard(
            method,
            url,
            release,
            channel,
            headers,
            body,
            client,
            verification,
            tag,
            answer,
            status,
            _expects(headers),
        )

    def _passed_on(
        self, release: str, channel: str, body: bytes, tag: str, shown: tuple[bytes, bytes, str]
    ) -> tuple[Answer | None, str]:
        """Send a body to the embedded DIP in the participant's name, tagged so that it can be followed.

        ``shown`` is what the request came with: TLS certificate, signing certificate (DER) and API key. With
        `as_heard` the DIP sees the same, and nothing is sent under a certificate that nobody vouched for.
        """
        parties = {party.dip_id: party for party in self.context.network.parties}
        party: Party = self.context.profile.parties[0]
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            document = None
        for payload in _payloads(body, document):
            sent = payload.get("CommonBlock", {}).get("S1")
            if not isinstance(sent, dict):
                continue
            party = parties.get(str(sent.get("senderDIPID")), party)
            if sent.get("subText"):
                tag = str(sent["subText"])
            elif "subText" in sent:
                sent["subText"] = tag
        tagged = body if document is None else orjson.dumps(document)
        own = [each.dip_id for each in self.context.profile.parties]
        sender = parties[party.dip_id if party.dip_id in own else own[0]]
        if not self.as_heard:
            return self.context.client(release).send(sender, channel, tagged), tag
        tls, signing, key = self._sets.get(shown[0]), self._sets.get(shown[1]), shown[2]
        if tls is None or signing is None:
            return None, tag
        as_shown = replace(sender, tls=tls.name, signing=signing.name)
        return self._carrier(release).send(as_shown, channel, tagged, api_key=key), tag

    def _carrier(self, release: str) -> DipClient:
        found = self._carriers.get(release)
        if found is None:
            hub = self.context.hub()
            network = Network((), tuple(self._sets.values()))
            found = self._carriers[release] = DipClient(
                hub.url(release), network, hub.ca, clock=self.context.clock
            )
        return found


def inbox(context: Context) -> Inbox:
    """Return the context's inbox, started when first asked for; the context closes it."""
    found = _MADE.get(context)
    if found is None:
        trust = Trust.load([*context.trust_files(), context.hub_ca])
        found = _MADE[context] = Inbox(context, trust).start()
        context.also_close(found.close)
    return found


def owners(heard: Heard) -> tuple[str, ...]:
    """Return the DIP ids that the client's TLS certificate names; empty without one."""
    return identity_of(load_der(heard.client)).dip_ids if heard.client else ()


def _expects(headers: Mapping[str, str]) -> bool:
    return headers.get("expect", "").lower() == "100-continue"


def _place(url: str) -> tuple[str, str]:
    """Return release and channel of ``/2.1.0/dip-channel/IF-022``; an empty channel for another operation."""
    parts = urlsplit(url).path.strip("/").split("/")
    channel = parts[2].upper() if len(parts) == 3 and parts[1].lower() == _CHANNEL else ""
    return parts[0] if parts else "", channel


def _payloads(body: bytes, document: Any = None) -> list[dict[str, Any]]:
    if document is None:
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            return []
    entries = document if isinstance(document, list) else []
    found = [each.get("payload") for each in entries if isinstance(each, dict)]
    return [each for each in found if isinstance(each, dict) and isinstance(each.get("CommonBlock"), dict)]


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
