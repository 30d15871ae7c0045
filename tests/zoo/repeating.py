"""Animals that lose or double messages, or stumble over an unusual call."""

# ruff: noqa: D102 - overridden methods

from __future__ import annotations

import socket
import threading
import time
from typing import Any

from harness.security.signing import HEADERS
from tests.zoo.dens import Den, Gone, Reader
from tests.zoo.keeping import animal
from tests.zoo.minds import SUCCESS, Answer, Home, Mind, Request, block


@animal("duplicate-key", "webhook.repeat")
class DuplicateKey(Mind):
    """Answers a repeat with the database's error."""

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self.seen: set[str] = set()

    def store(self, payload: Any) -> None:
        transaction = str(block(payload, "D0").get("transactionID"))
        if transaction in self.seen:
            raise KeyError(transaction)
        self.seen.add(transaction)
        super().store(payload)

    def answer(self, request: Request) -> Answer:
        try:
            return super().answer(request)
        except KeyError:
            return Answer(500)


@animal("in-progress", "webhook.repeat-after-lost-answer")
class InProgress(Mind):
    """Answers 409 while it works on a message."""

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self.until: dict[str, float] = {}

    def answer(self, request: Request) -> Answer:
        payloads = self.read(request.body) or []
        for payload in payloads:
            transaction = str(block(payload, "D0").get("transactionID"))
            if time.monotonic() < self.until.get(transaction, 0):
                return Answer(409)
            self.until[transaction] = time.monotonic() + 1
        return super().answer(request)


@animal("jammed", "webhook.repeat-after-cut")
class Jammed(Den):
    """Never gets over a call that broke off."""

    jammed = False

    def body(self, reader: Reader, headers: dict[str, str]) -> bytes:
        try:
            return super().body(reader, headers)
        except Gone:
            self.jammed = True
            raise

    def answer(self, request: Request, stream: socket.socket) -> Answer:
        return Answer(503) if self.jammed else super().answer(request, stream)


@animal("only-forward", "webhook.out-of-order")
class OnlyForward(Mind):
    """Refuses what is older than the last."""

    last = ""

    def judge(self, payload: Any, request: Request) -> str:
        found = super().judge(payload, request)
        at = str(block(payload, "D0").get("transactionTimestamp"))
        if found == SUCCESS and at < self.last:
            return "RCP1044"
        self.last = max(at, self.last)
        return found


@animal("no-replay", "webhook.replay")
class NoReplay(Mind):
    """Refuses the replay of what it knows."""

    def answer(self, request: Request) -> Answer:
        payloads = self.read(request.body) or []
        known = [
            self.book.told(str(block(each, "S1").get("senderUniqueReference")))["count"] for each in payloads
        ]
        replayed = any(block(each, "D0").get("replayIndicator") for each in payloads)
        return Answer(409) if replayed and any(known) else super().answer(request)


@animal("never-replay", "webhook.replay-of-missed")
class NeverReplay(Mind):
    """Refuses every replay."""

    def judge(self, payload: Any, request: Request) -> str:
        replayed = block(payload, "D0").get("replayIndicator")
        return "RCP1047" if replayed else super().judge(payload, request)


@animal("stores-later", "webhook.stored-before-answer")
class StoresLater(Mind):
    """Answers before it stores."""

    def store(self, payload: Any) -> None:
        threading.Timer(0.3, super().store, (payload,)).start()


@animal("twice-over", "webhook.repeat-taken-once")
class TwiceOver(Mind):
    """Is not idempotent."""

    def store(self, payload: Any) -> None:
        self.book.write(
            str(block(payload, "D0").get("transactionID")),
            str(block(payload, "S1").get("senderUniqueReference")),
        )


@animal("replay-is-new", "webhook.replay-taken-once")
class ReplayIsNew(TwiceOver):
    """Takes a replay for a new message."""

    def store(self, payload: Any) -> None:
        if block(payload, "D0").get("replayIndicator"):
            super().store(payload)
        else:
            Mind.store(self, payload)


@animal("first-of-batch", "webhook.batch-stored")
class FirstOfBatch(Mind):
    """Stores the first message of a call."""

    def answer(self, request: Request) -> Answer:
        self._stored = False
        return super().answer(request)

    def store(self, payload: Any) -> None:
        if not self._stored:
            super().store(payload)
        self._stored = True


@animal("stores-first", "webhook.refused-not-stored")
class StoresFirst(Mind):
    """Stores before it verifies."""

    def answer(self, request: Request) -> Answer:
        for payload in self.read(request.body) or []:
            self.store(payload)
        return super().answer(request)


@animal("impatient", "webhook.slow-body")
class Impatient(Den):
    """Gives a body 0.3 seconds."""

    def body(self, reader: Reader, headers: dict[str, str]) -> bytes:
        started = time.monotonic()
        found = super().body(reader, headers)
        if time.monotonic() - started > 0.3:
            raise Gone
        return found


@animal("no-chunks", "webhook.chunked")
class NoChunks(Den):
    """Wants a Content-Length."""

    def answer(self, request: Request, stream: socket.socket) -> Answer:
        if "transfer-encoding" in request.headers:
            return Answer(411)
        return super().answer(request, stream)


@animal("first-chunk", "webhook.chunked")
class FirstChunk(Den):
    """Takes the first chunk for the body."""

    def body(self, reader: Reader, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            first, *_ = reader.chunks()
            return first
        return super().body(reader, headers)


@animal("never-continues", "webhook.expect-continue")
class NeverContinues(Den):
    """Ignores Expect: 100-continue."""

    def go_on(self, stream: socket.socket) -> None:
        pass


@animal("exact-headers", "webhook.header-case")
class Exact(Den):
    """Looks headers up with regard to case."""

    def request(self, reader: Reader, stream: socket.socket, client: bytes | None) -> Request:
        found = super().request(reader, stream, client)
        kept = {
            name: value
            for name, value in found.headers.items()
            if not name.startswith("x-dip-") or any(each in reader.names for each in HEADERS)
        }
        return Request(found.method, found.url, kept, found.body, found.client)


@animal("four-headers", "webhook.organisation-header")
class FourHeaders(Mind):
    """Refuses the header X-DIP-MPO."""

    def answer(self, request: Request) -> Answer:
        return Answer(400) if "x-dip-mpo" in request.headers else super().answer(request)


@animal("every-third", "webhook.steady")
class EveryThird(Den):
    """Drops every third call."""

    count = 0

    def answer(self, request: Request, stream: socket.socket) -> Answer:
        self.count += 1
        if self.count % 3 == 0:
            raise Gone
        return super().answer(request, stream)


@animal("one-at-a-time", "webhook.burst")
class OneAtATime(Mind):
    """Is busy with one call."""

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self._turn = threading.Lock()

    def answer(self, request: Request) -> Answer:
        if not self._turn.acquire(blocking=False):
            return Answer(503)
        try:
            time.sleep(0.01)
            return super().answer(request)
        finally:
            self._turn.release()


@animal("racing", "webhook.burst-stored")
class Racing(Mind):
    """Loses messages where two threads meet."""

    def store(self, payload: Any) -> None:
        before = self.book._taken.copy()
        time.sleep(0.005)
        self.book._taken = [*before, str(block(payload, "S1").get("senderUniqueReference"))]
