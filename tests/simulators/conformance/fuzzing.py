"""Requests for the fuzz of the hub: random, broken, and almost right; each follows from its number alone."""

from __future__ import annotations

import http.client
import random
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson

from harness.clock import SystemClock, header_time
from harness.messages.build import encode
from harness.messages.mutate import MUTATIONS, mutate
from harness.security.signing import Signer
from harness.spec.release import load
from harness.spec.routing import load_routing
from harness.transport.network import Party
from harness.transport.tls import client_context
from tests.simulators.dip.conftest import Bench

KINDS = ("valid", "defect", "bytes", "json", "body", "head", "raw")
_WEIGHTS = (15, 20, 20, 10, 15, 10, 10)
"""Of a hundred requests."""
OPEN_ENDED = ("head", "raw")
"""Kinds whose framing may be broken: the hub may wait for more, so they get no long wait for an answer."""
_TEMPLATES = 30
_ANSWER_SECONDS = 20.0
_IMPATIENT_SECONDS = 0.15
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE")
_TOKENS = (
    b"null",
    b"true",
    b"[]",
    b"{}",
    b'""',
    b"-0",
    b"1e999",
    b"9" * 400,
    b"NaN",
    b'"\\ud800"',
    b'"\\u0000"',
    b"\xff",
    b"\xef\xbb\xbf",
    b"[" * 200,
    b'{"a":' * 200,
    b'"' + b"x" * 5000 + b'"',
    b"//",
    b",",
    b"\r\n\r\n",
)


@dataclass(frozen=True, slots=True)
class Template:
    """A valid message of a release with its sender; ``reference`` is to be replaced by a new one."""

    release: str
    interface: str
    sender: Party
    payload: dict[str, Any]
    reference: str


@dataclass(frozen=True, slots=True)
class Request:
    """What goes on the wire, as whom, and of which kind it is."""

    number: int
    kind: str
    party: Party
    method: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request came to; the status is None when the connection ended without one."""

    number: int
    kind: str
    status: int | None
    taken: frozenset[tuple[str, str]] = frozenset()
    """Transaction and reference of each message that a 201 named."""


def templates(bench: Bench, releases: Sequence[str], seed: int) -> list[Template]:
    """Return valid messages of random interface-event pairs, some for each release."""
    rng, routing, found = random.Random(seed), load_routing(), []
    for release in releases:
        pairs = [pair for pair in load(release).pairs if not pair.report]
        for pair in [pairs[0], *rng.sample(pairs, _TEMPLATES)]:
            senders = [row.role for row in routing.senders(pair.interface, pair.event)]
            held = [bench.party(role) for role in senders if bench.network.with_role(role)]
            sender = held[0] if held else None
            if sender is None or sender.role == "DIP":
                continue
            receivers = routing.receivers(pair.interface, pair.event, sender=sender.role)
            to = [row.role for row in receivers if row.tier == "primary" and row.role != "DIP"]
            parties = tuple(bench.party(role) for role in dict.fromkeys(to[:1]))
            payload = bench.message(pair.interface, pair.event, sender, parties, release=release)
            reference = payload["CommonBlock"]["S1"]["senderUniqueReference"]
            found.append(Template(release, pair.interface, sender, payload, reference))
    return found


class Maker:
    """Makes the request of a number."""

    def __init__(self, bench: Bench, found: Sequence[Template], paths: Sequence[str], seed: int) -> None:
        """``paths`` are those of the hub, with the release in front."""
        self._templates, self._paths, self._seed = found, paths, seed
        self._host = urlsplit(bench.target.url("")).netloc
        parties = {template.sender.dip_id: template.sender for template in found}
        self._keys = {dip_id: party.api_key() for dip_id, party in parties.items()}
        self._signers: dict[str, Signer] = {}
        for party in parties.values():
            if party.signing not in self._signers:
                signing = bench.network.certificate(party.signing)
                self._signers[party.signing] = Signer.load(signing.cert, signing.key)

    def request(self, number: int) -> Request:
        """Return the request of a number."""
        rng = random.Random(f"{self._seed}/{number}")
        template = rng.choice(self._templates)
        kind = rng.choices(KINDS, _WEIGHTS)[0]
        path = f"/{template.release}/dip-channel/{template.interface}"
        method, body = "POST", self._message(template, number)
        match kind:
            case "defect":
                body = self._defect(template, body, rng)
            case "bytes":
                body = _mangled(body, rng, rng.randint(1, 6))
            case "json":
                body = orjson.dumps(_json(rng, 4))
            case "body":
                method, path = rng.choice(_METHODS), rng.choice(self._paths)
                body = rng.choice((b"", rng.randbytes(rng.randint(1, 2000)), orjson.dumps(_json(rng, 3))))
        data = self._framed(template.sender, method, path, body, signed=rng.random() < 0.9)
        if kind == "head":
            head, _, rest = data.partition(b"\r\n\r\n")
            data = _mangled(head, rng, rng.randint(1, 8)) + b"\r\n\r\n" + rest
        elif kind == "raw":
            data = rng.randbytes(rng.randint(1, 3000)) if rng.random() < 0.5 else _mangled(data, rng, 40)
        return Request(number, kind, template.sender, method, data)

    def _message(self, template: Template, number: int) -> bytes:
        reference = f"{template.reference.rpartition('-')[0]}-{0x10000000 + number:08x}"
        return encode([template.payload]).replace(template.reference.encode(), reference.encode())

    def _defect(self, template: Template, body: bytes, rng: random.Random) -> bytes:
        payload = orjson.loads(body)[0]["payload"]
        mutated = mutate(rng.choice(sorted(MUTATIONS)), load(template.release), payload, rng)
        return body if mutated is None else orjson.dumps([{"payload": mutated.payload}])

    def _framed(self, party: Party, method: str, path: str, body: bytes, *, signed: bool) -> bytes:
        headers = {
            "Host": self._host,
            "X-API-Key": self._keys[party.dip_id],
            "Content-Length": str(len(body)),
        }
        if signed:
            url, date = f"https://{self._host}{path}", header_time(SystemClock().now())
            headers |= self._signers[party.signing].sign(method, url, body, date=date)
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _mangled(data: bytes, rng: random.Random, times: int) -> bytes:
    """Change some bytes: flip, cut out, double, or put in what parsers stumble over."""
    changed = bytearray(data)
    for _ in range(times):
        at = rng.randrange(len(changed) + 1)
        match rng.randrange(4):
            case 0 if at < len(changed):
                changed[at] ^= 1 << rng.randrange(8)
            case 1:
                del changed[at : at + rng.randint(1, 30)]
            case 2:
                changed[at:at] = changed[at : at + rng.randint(1, 30)]
            case _:
                changed[at:at] = rng.choice(_TOKENS)
    return bytes(changed)


def _json(rng: random.Random, depth: int) -> Any:
    """Return any JSON, with names that the hub looks for."""
    names = ("payload", "PAYLOAD", "CommonBlock", "CustomBlock", "S0", "S1", "A0", "D0", "interfaceID", "x")
    match rng.randrange(7 if depth else 5):
        case 0:
            return rng.choice((None, True, False, 0, -1, 1.5, 2**53))
        case 1 | 2:
            return rng.choice(("", "IF-031", "[MSApp]", "é\u0000", "x" * 300, "callbackURL"))
        case 3 | 5:
            return [_json(rng, depth - 1) for _ in range(rng.randrange(4))] if depth else []
        case _:
            return {
                name: _json(rng, depth - 1) if depth else 1 for name in rng.sample(names, rng.randrange(5))
            }


class Wire:
    """Connections of one thread: kept alive while requests are well framed, a new one for each that isn't."""

    def __init__(self, bench: Bench) -> None:
        host, _, port = urlsplit(bench.target.url("")).netloc.partition(":")
        self._address = (host, int(port))
        self._bench = bench
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._kept: dict[str, ssl.SSLSocket] = {}

    def exchange(self, request: Request) -> Outcome:
        """Send a request and read the answer."""
        name = request.party.tls
        if request.kind in OPEN_ENDED:
            with self.connected(name, _ANSWER_SECONDS) as connection:
                return ask(connection, request, _IMPATIENT_SECONDS)
        connection = self._kept.pop(name, None) or self.connected(name, _ANSWER_SECONDS)
        outcome = ask(connection, request, _ANSWER_SECONDS)
        if outcome.status in (None, 400, 408, 413, 431):
            connection.close()
        else:
            self._kept[name] = connection
        return outcome

    def close(self) -> None:
        """Close the connections."""
        for connection in self._kept.values():
            connection.close()

    def connected(self, name: str, seconds: float) -> ssl.SSLSocket:
        """Return a new connection as a TLS identity."""
        if name not in self._contexts:
            self._contexts[name] = client_context(
                self._bench.target.ca, self._bench.network.certificate(name)
            )
        plain = socket.create_connection(self._address, timeout=seconds)
        return self._contexts[name].wrap_socket(plain, server_hostname=self._address[0])


def ask(connection: ssl.SSLSocket, request: Request, seconds: float) -> Outcome:
    """Send a request on a connection and wait so long for each part of the answer."""
    response = http.client.HTTPResponse(connection, method=request.method)
    try:
        connection.sendall(request.data)
        connection.settimeout(seconds)
        response.begin()
        body = response.read()
    except (http.client.HTTPException, OSError):
        return Outcome(request.number, request.kind, None)
    finally:
        response.close()
    taken = frozenset(_taken(body)) if response.status == 201 else frozenset()
    return Outcome(request.number, request.kind, response.status, taken)


def _taken(body: bytes) -> Iterator[tuple[str, str]]:
    if b'"messageArray"' in body:
        for entry in orjson.loads(body)["messageArray"]:
            yield entry["transactionID"], entry["senderUniqueReference"]
