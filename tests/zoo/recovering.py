"""Animals that don't get over an outage, a restart or a change of certificates, addresses or providers."""

# ruff: noqa: D102 - overridden methods

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.zoo.dens import Den
from tests.zoo.keeping import Nest, animal
from tests.zoo.minds import Answer, Home, Mind, Request, block


def _taken(payload: Any) -> tuple[str, str]:
    return str(block(payload, "D0").get("transactionID")), str(
        block(payload, "S1").get("senderUniqueReference")
    )


@animal("nothing-old", "recovery.backlog")
class NothingOld(Mind):
    """Refuses messages that are more than a day old."""

    def judge(self, payload: Any, request: Request) -> str:
        at = datetime.fromisoformat(str(block(payload, "D0").get("transactionTimestamp")))
        old = datetime.now(UTC) - at > timedelta(days=1)
        return "RCP1044" if old else super().judge(payload, request)


@animal("known-is-error", "recovery.late-duplicate")
class KnownIsError(Mind):
    """Answers 422 to what it took more than fifty messages ago."""

    def answer(self, request: Request) -> Answer:
        payloads = self.read(request.body) or []
        for each in payloads:
            held = self.book.told(_taken(each)[1])
            if held["place"] is not None and len(self.book._taken) - held["place"] > 50:
                return Answer(422)
        return super().answer(request)


@animal("full-queue", "recovery.nothing-lost")
class FullQueue(Mind):
    """Has a queue of 40 messages and drops what doesn't fit."""

    def store(self, payload: Any) -> None:
        if len(self.book._taken) < 40:
            super().store(payload)


@animal("short-memory", "recovery.nothing-doubled")
class ShortMemory(Mind):
    """Remembers the last thirty transactions."""

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self.last: list[str] = []

    def store(self, payload: Any) -> None:
        transaction, reference = _taken(payload)
        if transaction not in self.last[-30:]:
            self.last.append(transaction)
            self.book.write(transaction, reference)


def _simulated(nest: Nest) -> None:
    nest.tables["hooks"]["clock"] = nest.clock_hook


@animal("day-long-memory", "recovery.nothing-doubled", settle=_simulated)
class DayLongMemory(Mind):
    """Forgets each transaction after a day, by its simulated clock."""

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self.known: dict[str, datetime] = {}

    def store(self, payload: Any) -> None:
        transaction, reference = _taken(payload)
        now = self.home.clock.now()
        if now - self.known.get(transaction, datetime.min.replace(tzinfo=UTC)) > timedelta(days=1):
            self.book.write(transaction, reference)
        self.known.setdefault(transaction, now)


@animal("last-first", "recovery.order", verdict="advisory", blame=None)
class LastFirst(Mind):
    """Works a call off from its end."""

    def answer(self, request: Request) -> Answer:
        self.waiting: list[Any] = []
        found = super().answer(request)
        for each in reversed(self.waiting):
            super().store(each)
        return found

    def store(self, payload: Any) -> None:
        self.waiting.append(payload)


@animal("plodding", "recovery.catch-up-rate", verdict="advisory", blame=None)
class Plodding(Mind):
    """Takes its time over a batch."""

    def answer(self, request: Request) -> Answer:
        time.sleep(0.7 if request.body.count(b'"payload":') > 1 else 0)
        return super().answer(request)


@animal("stays-down", "recovery.restart")
class StaysDown(Den):
    """Comes back without its configuration, and answers 503."""

    down = False

    def start(self) -> None:
        self.down = True
        super().start()

    def answer(self, request: Request, stream: Any) -> Answer:
        return Answer(503) if self.down else super().answer(request, stream)


@animal("forgets", "recovery.restart-remembers")
class Forgets(Den):
    """Knows no transaction any more after it was stopped, and takes a repeat again."""

    def stop(self) -> None:
        super().stop()
        self.mind.book._known.clear()


class Pinning(Mind):
    """Believes the first certificate that it sees."""

    client: bytes | None = None
    signer: bytes | None = None


@animal("pins-client", "recovery.new-client-certificate")
class PinsClient(Pinning):
    """Pins the DIP's old client certificate."""

    def let_in(self, request: Request) -> bool:
        self.client = self.client or request.client
        return self.client == request.client and super().let_in(request)


@animal("pins-signer", "recovery.new-signing-certificate")
class PinsSigner(Pinning):
    """Pins the DIP's old signing certificate."""

    def signed(self, request: Request) -> bool:
        shown = request.headers.get("x-dip-signature-certificate", "").encode()
        self.signer = self.signer or shown
        return self.signer == shown and super().signed(request)


@animal("only-newest", "recovery.certificate-overlap")
class OnlyNewest(Mind):
    """Drops the old signing certificate when it sees a new one."""

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self.gone: set[str] = set()
        self.now = ""

    def signed(self, request: Request) -> bool:
        shown = request.headers.get("x-dip-signature-certificate", "")
        if shown in self.gone:
            return False
        if self.now and self.now != shown:
            self.gone.add(self.now)
        self.now = shown
        return super().signed(request)


@animal("good-for-ever", "recovery.revoked-later")
class GoodForEver(Mind):
    """Caches for ever that a certificate is not revoked."""

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self.good: set[bytes | None] = set()

    def let_in(self, request: Request) -> bool:
        if request.client not in self.good and super().let_in(request):
            self.good.add(request.client)
        return request.client in self.good


@animal("ties-provider", "recovery.provider-changes")
class TiesProvider(Mind):
    """Ties a sender to the provider of its first message with one."""

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self.providers: dict[str, str] = {}

    def judge(self, payload: Any, request: Request) -> str:
        sent = block(payload, "S1")
        provider = sent.get("DIPConnectionProviderID")
        if provider is not None:
            known = self.providers.setdefault(str(sent.get("senderDIPID")), str(provider))
            if known != provider:
                return "RCP1009"
        return super().judge(payload, request)


@animal("old-host", "recovery.webhook-host")
class OldHost(Mind):
    """Keeps the old webhook host when it verifies."""

    host = ""

    def verified(self, request: Request) -> Any:
        scheme, _, rest = request.url.partition("://")
        host, slash, path = rest.partition("/")
        self.host = self.host or host
        configured = Request(
            request.method,
            f"{scheme}://{self.host}{slash}{path}",
            request.headers,
            request.body,
            request.client,
        )
        return super().verified(configured)


@animal("never-reloads", "recovery.webhook-certificate")
class NeverReloads(Den):
    """Has the new certificate on its disk and shows the old one."""

    def rotate(self, cert: str, key: str) -> None:
        pass


@animal("restarts-for-it", "recovery.webhook-certificate-traffic")
class RestartsForIt(Den):
    """Restarts to take a new certificate."""

    def rotate(self, cert: str, key: str) -> None:
        super().stop()
        time.sleep(0.1)
        super().rotate(cert, key)
        super().start()


@animal("ten-at-a-time", "recovery.dip-outage")
class TenAtATime(Mind):
    """Refuses the DIP's full calls after an outage, which hold more than thirty messages."""

    def answer(self, request: Request) -> Answer:
        return Answer(413) if request.body.count(b'"payload":') > 30 else super().answer(request)
