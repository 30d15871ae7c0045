"""How long it takes to look stored messages up: one request at a time, at random places of the history."""

from __future__ import annotations

import contextlib
import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import orjson

from benchmarks.requests import INTERFACE, Template
from benchmarks.wire import Connections
from harness.clock import SystemClock, header_time, message_time
from harness.errors import EnvironmentFault
from harness.security.signing import Signer
from harness.transport.network import Network, Party
from harness.transport.tls import client_context
from simulators.embedded import EmbeddedTarget

_MOST_ROUNDS, _LEAST_ROUNDS = 300, 30
_TOKEN = "X-Continuation-Token"
_GIVEN = re.compile(rb"\r\nx-continuation-token: *([^\r]+)", re.IGNORECASE)
_PERIOD_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Stored:
    """What lies in the store: messages with serial numbers from 0 on, sent between two times."""

    template: Template
    messages: int
    times: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Lookups:
    """How many seconds each request of a kind took."""

    delivery_status: tuple[float, ...]
    replay: tuple[float, ...]
    """By time: the first page of a period, and the page after it where there is one."""
    replay_by_mpan: tuple[float, ...]
    """By MPAN over the whole history: the first page."""


def look_up(
    target: EmbeddedTarget, release: str, network: Network, sender: Party, recipient: Party, stored: Stored
) -> Lookups:
    """Ask as the sender for journals, as a recipient for replays; raises EnvironmentFault for a refusal."""
    places = random.Random(stored.messages)
    port = urlsplit(target.url("")).port or 0
    base = f"{target.url(release)}/dip-channel/{INTERFACE}"
    replay = f"{base}/replay/{recipient.dip_id}"
    first, last = stored.times
    rounds = max(_LEAST_ROUNDS, min(_MOST_ROUNDS, stored.messages // 100))
    with contextlib.ExitStack() as stack:

        def caller(party: Party) -> _Caller:
            context = client_context(target.ca, network.certificate(party.tls))
            connections = stack.enter_context(contextlib.closing(Connections(port, context, 1)))
            return _Caller(connections, network, party)

        asking, receiving = caller(sender), caller(recipient)
        statuses = [
            asking.ask(
                "GET",
                f"{base}/deliveryStatus/{sender.dip_id}/{stored.template.reference}"
                f"{places.randrange(stored.messages):012d}",
            )[1]
            for _ in range(rounds)
        ]
        by_time, by_mpan = [], []
        for _ in range(rounds):
            since = places.uniform(first, last) - 1
            wanted = _request(datetimeFrom=_moment(since), datetimeTo=_moment(since + _PERIOD_SECONDS))
            answer, seconds = receiving.ask("POST", replay, wanted)
            by_time.append(seconds)
            token = _GIVEN.search(answer, 0, answer.find(b"\r\n\r\n") + 2)
            if token is not None:
                by_time.append(receiving.ask("POST", replay, wanted, {_TOKEN: token[1].decode()})[1])
            wanted = _request(MPAN=places.choice(stored.template.mpans).decode())
            by_mpan.append(receiving.ask("POST", replay, wanted)[1])
    return Lookups(tuple(statuses), tuple(by_time), tuple(by_mpan))


class _Caller:
    """One party on one connection."""

    def __init__(self, connections: Connections, network: Network, party: Party) -> None:
        self._connections = connections
        found = network.certificate(party.signing)
        self._signer = Signer.load(found.cert, found.key)
        self._key = party.api_key()

    def ask(
        self, method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[bytes, float]:
        """Make a signed request; returns the answer and the seconds it took."""
        host, slash, path = url.partition("://")[2].partition("/")
        lines = {
            "Host": host,
            "X-API-Key": self._key,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **self._signer.sign(method, url, body, date=header_time(SystemClock().now())),
            **(headers or {}),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        request = f"{method} {slash}{path} HTTP/1.1\r\n{head}\r\n".encode() + body
        status, answer, seconds = self._connections.ask(request)
        if status not in (200, 206):
            raise EnvironmentFault(f"{method} {path} was answered {status}: {answer[-500:]!r}")
        return answer, seconds


def _request(**values: str) -> bytes:
    nothing = dict.fromkeys(("datetimeFrom", "datetimeTo", "eventCode", "MPAN", "version"))
    return orjson.dumps(nothing | values)


def _moment(seconds: float) -> str:
    return message_time(datetime.fromtimestamp(int(seconds), UTC))
