"""What animals send when the send hook tells them to, and those that send wrongly."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.clock import header_time
from harness.messages.build import Context, build
from harness.messages.identifiers import mpan, sender_unique_reference
from harness.security.signing import Signer
from harness.spec.release import load

_SIGNERS: dict[tuple[Path, int], Signer] = {}
HUB_PARTIES: dict[str, tuple[str, str]] = {}
"""(DIP id, MPID) by role of the simulated network: whom messages name."""


@dataclass
class Credentials:
    """What a sender shows and signs with; its hook changes it."""

    tls_cert: Path
    tls_key: Path
    signing_cert: Path
    signing_key: Path
    api_key: str
    ca: Path
    dip_id: str
    role: str
    provider: str | None = None


class Sender:
    """A sound one."""

    attempts = 5

    def __init__(self, credentials: Credentials) -> None:
        self.own = credentials

    def send(self, interface: str, event: str, url: str) -> None:
        """Send one message, again where the DIP says that it can't take it now."""
        body = json.dumps([{"payload": self.payload(interface, event)}]).encode()
        for attempt in range(self.attempts):
            status = self.post(f"{url}/dip-channel/{self.channel(interface)}", body)
            if status not in (408, 429, 500, 502, 503, 504):
                return
            time.sleep(0.05 * (attempt + 1))

    def channel(self, interface: str) -> str:
        """Return where a message goes."""
        return interface

    def payload(self, interface: str, event: str) -> dict[str, Any]:
        """Build a message."""
        now, own = datetime.now(UTC), self.own
        context = Context(
            seed=uuid.uuid4().int,
            now=now,
            environment="SIT",
            sender_dip_id=own.dip_id,
            sender_role=own.role,
            connection_provider=own.provider,
            sub_text=None,
            mpan=mpan("10", uuid.uuid4().int % 10**9),
            distributor_dip_id=HUB_PARTIES["LDSO"][0],
            primary_recipients=(),
            parties=HUB_PARTIES,
            reference=self.reference(interface, now),
        )
        return build(load("2.1.0"), interface, event, context)

    def reference(self, interface: str, now: datetime) -> str:
        """Return a reference that was never used."""
        return sender_unique_reference(
            "2.1.0", interface, self.own.dip_id, self.own.role, now, uuid.uuid4().hex
        )

    def post(self, url: str, body: bytes) -> int:
        """Make the call; returns the status."""
        parts = urlsplit(url)
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, context=self.context(), timeout=5
        )
        try:
            connection.request("POST", parts.path, body, self.headers(url, body))
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def context(self) -> ssl.SSLContext:
        """Return the TLS context."""
        own = self.own
        context = ssl.create_default_context(cafile=str(own.ca))
        context.load_cert_chain(own.tls_cert, own.tls_key)
        return context

    def headers(self, url: str, body: bytes) -> dict[str, str]:
        """Return the headers of a call."""
        return {**self.signed(url, body), "Content-Type": "application/json", "X-API-Key": self.own.api_key}

    def signed(self, url: str, body: bytes, *, date: str = "") -> dict[str, str]:
        """Sign a call, now or at another moment."""
        own = self.own
        cert, key = own.signing_cert, own.signing_key
        at = cert, cert.stat().st_mtime_ns
        signer = _SIGNERS.get(at)
        if signer is None:
            signer = _SIGNERS[at] = Signer.load(cert, key)
        return signer.sign("POST", url, body, date=date or header_time(datetime.now(UTC)))

    def rotate(self, what: str, cert: Path, key: Path, provider: str = "") -> None:
        """Take new credentials, or another provider, in one step: messages are on their way."""
        if what == "tls":
            self.own = replace(self.own, tls_cert=cert, tls_key=key)
        elif what == "signing":
            self.own = replace(self.own, signing_cert=cert, signing_key=key)
        elif what == "api-key":
            self.own = replace(self.own, api_key=key.read_text().strip())
        elif what == "provider":
            self.own = replace(self.own, tls_cert=cert, tls_key=key, provider=provider or None)


class Announcing(Sender):
    """A sound one that announces its bodies and waits for 100 Continue."""

    patience = 5.0

    def post(self, url: str, body: bytes) -> int:
        """Announce the body, send it after 100 Continue; without Expect where that is refused."""
        parts = urlsplit(url)
        headers = {
            "Host": parts.netloc,
            "Content-Length": str(len(body)),
            **self.headers(url, body),
            "Expect": "100-continue",
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        with (
            socket.create_connection((parts.hostname or "", parts.port or 443), self.patience) as plain,
            self.context().wrap_socket(plain, server_hostname=parts.hostname) as line,
        ):
            line.sendall(f"POST {parts.path} HTTP/1.1\r\n{head}\r\n".encode())
            status = self.heard(line)
            if status == 100:
                self.body(line, body)
                status = self.heard(line)
        return self.without(url, body) if status == 417 else status

    def heard(self, line: socket.socket) -> int:
        """Return the status of the next answer, interim or final."""
        head = b""
        while b"\r\n\r\n" not in head and (part := line.recv(65_536)):
            head += part
        return int(head.split(b" ")[1])

    def body(self, line: socket.socket, body: bytes) -> None:
        """Send the body."""
        line.sendall(body)

    def without(self, url: str, body: bytes) -> int:
        """Send the message again without Expect."""
        return super().post(url, body)
