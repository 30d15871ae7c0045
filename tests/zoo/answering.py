"""Animals that answer a valid publication wrongly, or a batch."""

# ruff: noqa: D102, ARG002 - overridden methods

from __future__ import annotations

import socket
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from harness.clock import message_time
from tests.zoo.dens import Den, Gone
from tests.zoo.keeping import DIP_ID, ROLE, animal
from tests.zoo.minds import Answer, Mind, Request, block

HTML = {"Content-Type": "text/html"}
PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
_TWO_ROLES = {DIP_ID: ROLE, "1800000077": "MDS"}


@animal("silent", "webhook.answers")
class Silent(Den):
    """Reads the call and hangs up."""

    def answer(self, request: Request, stream: socket.socket) -> Answer:
        raise Gone


@animal("answers-200", "webhook.created")
class AnswersOk(Mind):
    """Answers 200 in place of 201."""

    created = 200


@animal("html-page", "webhook.standard-response")
class AnswersPage(Mind):
    """Answers 201 with a web page."""

    def said(self, status: int, entries: list[dict[str, Any]]) -> Answer:
        return Answer(status, PAGE, HTML) if status == 201 else super().said(status, entries)


@animal("nine-keys", "webhook.standard-response")
class NineKeys(Mind):
    """Leaves keys out that are null."""

    def entry(self, payload: Any, code: str, request: Request) -> dict[str, Any]:
        return {key: each for key, each in super().entry(payload, code, request).items() if each is not None}


@animal("says-text", "webhook.content-type")
class SaysText(Mind):
    """Calls its JSON text/plain."""

    def said(self, status: int, entries: list[dict[str, Any]]) -> Answer:
        return Answer(status, super().said(status, entries).body, {"Content-Type": "text/plain"})


@animal("speaks-as-dip", "webhook.success-code")
class SpeaksAsDip(Mind):
    """Says MSG0000, the DIP's code."""

    def message(self, code: str) -> str:
        return super().message(code).replace("RCP0000", "MSG0000")


class Item(Mind):
    """Answers one item wrongly."""

    item = ""

    def value(self, payload: Any) -> object:
        """Return the wrong value."""
        return None

    def entry(self, payload: Any, code: str, request: Request) -> dict[str, Any]:
        return {**super().entry(payload, code, request), self.item: self.value(payload)}


@animal("own-transaction", "webhook.transaction-id")
class OwnTransaction(Item):
    """Answers with a transaction id of its own."""

    item = "transactionID"

    def value(self, payload: Any) -> object:
        return str(uuid.uuid4())


@animal("no-reference", "webhook.sender-reference")
class NoReference(Item):
    """Answers without the sender's reference."""

    item = "senderUniqueReference"


@animal("wrong-correlation", "webhook.correlation-id")
class WrongCorrelation(Item):
    """Takes the transaction id for the correlation id."""

    item = "correlationID"

    def value(self, payload: Any) -> object:
        return block(payload, "D0").get("transactionID")


@animal("not-turned-round", "webhook.identities")
class NotTurnedRound(Item):
    """Answers in the name of the message's sender."""

    item = "senderID"

    def value(self, payload: Any) -> object:
        return block(payload, "S1").get("senderDIPID")


@animal("mixes-roles", "webhook.identities", parties=_TWO_ROLES)
class FirstRole(Item):
    """Answers for both of its roles as the first."""

    item = "senderID"

    def value(self, payload: Any) -> object:
        return next(iter(self.home.parties))


@animal("summer-time", "webhook.answer-clock")
class SummerTime(Mind):
    """Writes local time as UTC."""

    def time(self) -> str:
        return message_time(datetime.now(UTC) + timedelta(hours=1))


@animal("slow", "webhook.answer-time")
class Slow(Mind):
    """Works before it answers."""

    def answer(self, request: Request) -> Answer:
        time.sleep(1.6)
        return super().answer(request)


@animal("only-one", "webhook.batch")
class OnlyOne(Mind):
    """Refuses a call with more than one message."""

    def read(self, body: bytes) -> list[Any] | None:
        found = super().read(body)
        return None if found is None or len(found) > 1 else found


@animal("first-entry", "webhook.batch-entries")
class FirstEntry(Mind):
    """Answers a batch with one entry."""

    def entries(self, payloads: list[Any], codes: list[str], request: Request) -> list[dict[str, Any]]:
        return super().entries(payloads, codes, request)[:1]


@animal("all-or-nothing", "webhook.mixed-batch")
class AllOrNothing(Mind):
    """Refuses a batch for one bad message."""

    def answer(self, request: Request) -> Answer:
        found = super().answer(request)
        return Answer(400, found.body) if found.status == 207 else found


@animal("fifty", "webhook.many-messages")
class Fifty(Mind):
    """Takes at most fifty messages a call."""

    def answer(self, request: Request) -> Answer:
        return Answer(413) if request.body.count(b'"payload":') > 50 else super().answer(request)


@animal("megabyte-is-too-much", "webhook.largest-message")
class HundredKilobytes(Mind):
    """Has a limit of 100 kB."""

    def answer(self, request: Request) -> Answer:
        return Answer(413) if len(request.body) > 100_000 else super().answer(request)


@animal("no-provider", "webhook.provider-carried")
class NoProvider(Mind):
    """Refuses senders with a connection provider."""

    def judge(self, payload: Any, request: Request) -> str:
        carried = block(payload, "S1").get("DIPConnectionProviderID") is not None
        return "RCP1022" if carried else super().judge(payload, request)
