"""Requests that are signed before the time of a run begins, one of a kind each.

The body is a template cut at the reference and the MPAN, so that it can be made again when it is sent: only
the signature and its date are kept.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from harness.clock import SystemClock, header_time
from harness.messages.build import build, encode
from harness.messages.context import Context
from harness.messages.identifiers import mpan, sender_unique_reference
from harness.security.signing import Signer
from harness.settings import current
from harness.spec.release import load
from harness.transport.network import CertificateSet, Network, Party

INTERFACE = "IF-033"
EVENT = "DSAppSPRequest"
SENDER, RECIPIENT, DISTRIBUTOR = "REGS", "SDS", "LDSO"
BYTES = 3600
"""The size that one message is brought to by further meters: about 3.6 kB."""
MPANS = 1000
"""How many metering points the messages are about."""

_SERIAL = "9" * 12
_UNIQUE = 9_999_999_999
_KEPT_BACK = 0.5
"""Share of signing.skew_seconds by which a request may be signed ahead."""


def sign_ahead_seconds() -> float:
    """Return by how long a request may be signed ahead at most."""
    return current().number("signing.skew_seconds") * _KEPT_BACK


@dataclass(frozen=True, slots=True)
class Template:
    """One message as ``head + MPAN + middle + serial + tail``."""

    head: bytes
    middle: bytes
    tail: bytes
    mpans: tuple[bytes, ...]

    def message(self, number: int) -> bytes:
        """Return the message of a serial number."""
        return b"%b%b%b%012d%b" % (self.head, self.mpans[number % MPANS], self.middle, number, self.tail)

    def body(self, serial: int, messages: int) -> bytes:
        """Return the body of a request with messages of their own from a serial number on."""
        return b"[" + b",".join(map(self.message, range(serial, serial + messages))) + b"]"

    @property
    def reference(self) -> str:
        """Return what the sender's references begin with; the serial number of 12 digits ends them."""
        return self.middle.rpartition(b'"')[2].decode()


@dataclass(frozen=True, slots=True)
class Spread(Template):
    """A template whose messages go to groups of recipients in turn."""

    groups: tuple[Template, ...] = ()

    def message(self, number: int) -> bytes:
        """Return the message of a serial number."""
        return self.groups[number % len(self.groups)].message(number)


def spread(first: Template, groups: Sequence[Sequence[Party]]) -> Spread:
    """Return a template for several groups of recipients; ``first`` is for the first of them."""
    templates = []
    for group in groups:
        head, middle, tail = first.head, first.middle, first.tail
        for was, now in zip(groups[0], group, strict=True):
            ids = was.dip_id.encode(), now.dip_id.encode()
            head, middle, tail = head.replace(*ids), middle.replace(*ids), tail.replace(*ids)
        templates.append(Template(head, middle, tail, first.mpans))
    return Spread(first.head, first.middle, first.tail, first.mpans, tuple(templates))


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends where: everything that is the same in each request."""

    template: Template
    url: str
    api_key: str
    signing: CertificateSet

    def head(self) -> bytes:
        """Return the lines of the head that every request has."""
        host, slash, path = self.url.partition("://")[2].partition("/")
        signer = Signer.load(self.signing.cert, self.signing.key)
        certificate = signer.sign("POST", self.url, b"", date="")["X-DIP-Signature-Certificate"]
        return (
            f"POST {slash}{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"X-API-Key: {self.api_key}\r\nX-DIP-Signature-Certificate: {certificate}\r\n"
        ).encode()


@dataclass(frozen=True, slots=True)
class Signed:
    """A request without what can be made again: its serial number and the signed lines of its head."""

    serial: int
    messages: int
    lines: bytes


def template(
    release_name: str, network: Network, environment: str, recipients: Sequence[Party] = ()
) -> Template:
    """Return the message that a registration service sends to data services, about `BYTES` long.

    ``recipients`` are by default the first smart data service alone.
    """
    release = load(release_name)
    sender = network.with_role(SENDER)[0]
    recipients = recipients or network.with_role(RECIPIENT)[:1]
    distributor = network.with_role(DISTRIBUTOR)[0]
    prefix = distributor.distributor_id or "10"
    marked = mpan(prefix, _UNIQUE)
    now = SystemClock().now()
    context = Context(
        seed=1,
        now=now,
        environment=environment,
        sender_dip_id=sender.dip_id,
        sender_role=sender.role,
        connection_provider=None,
        sub_text=None,
        mpan=marked,
        distributor_dip_id=distributor.dip_id,
        primary_recipients=tuple(party.dip_id for party in recipients),
        parties={party.role: (party.dip_id, party.mpid) for party in reversed(network.parties)},
        reference=sender_unique_reference(
            release.name, INTERFACE, sender.dip_id, sender.role, now, f"b{time.time_ns():x}x{_SERIAL}"
        ),
    )
    payload = build(release, INTERFACE, EVENT, context)
    meters = payload["CustomBlock"]["B905List"]
    while len(encode([payload])) < BYTES:
        meters.append(meters[0])
    text = encode([payload])[1:-1]
    head, _, rest = text.partition(marked.encode())
    middle, _, tail = rest.partition(_SERIAL.encode())
    points = tuple(mpan(prefix, number).encode() for number in range(MPANS))
    return Template(head, middle, tail, points)


def sign_many(sender: Sender, serials: Sequence[int], messages: int, until: float) -> list[Signed]:
    """Sign a request for each serial number until `time.monotonic` says so."""
    signer = Signer.load(sender.signing.cert, sender.signing.key)
    signed = []
    for serial in serials:
        if time.monotonic() > until:
            break
        lines = signed_lines(signer, sender, sender.template.body(serial, messages))
        signed.append(Signed(serial, messages, lines))
    return signed


def signed_lines(signer: Signer, sender: Sender, body: bytes) -> bytes:
    """Return the lines of the head that hold the signature of a body, and the end of the head."""
    headers = signer.sign("POST", sender.url, body, date=header_time(SystemClock().now()))
    del headers["X-DIP-Signature-Certificate"]
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{lines}Content-Length: {len(body)}\r\n\r\n".encode()


def sign_ahead(sender: Sender, plan: Sequence[tuple[int, int]], seconds: float) -> list[list[Signed]]:
    """Sign on every core for at most ``seconds``; ``plan`` says (requests, messages each) per list.

    The lists are signed one after another, so that a short time shortens the last one only.
    """
    until = time.monotonic() + seconds
    workers = os.cpu_count() or 1
    first = 0
    lists = []
    with ProcessPoolExecutor(workers) as pool:
        for requests, messages in plan:
            serials = range(first, first + requests * messages, messages)
            first = serials.stop
            jobs = [
                pool.submit(sign_many, sender, serials[part::workers], messages, until)
                for part in range(workers)
            ]
            lists.append([signed for job in jobs for signed in job.result()])
    return lists
