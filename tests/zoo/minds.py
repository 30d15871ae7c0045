"""What a sound participant makes of a webhook call, apart from how its server carries it.

Animals deviate by overriding one method. The mind is written on its own, not with the simulated parties'
code, so that the self-check isn't judged by the code that it stands on.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from cryptography import x509

from harness.clock import OffsetClock, message_time
from harness.security.certificates import identity_of
from harness.security.trust import Trust
from harness.security.verifying import Verification, verify
from harness.spec.codes import text
from harness.spec.release import load
from harness.spec.routing import load_routing

SUCCESS = "RCP0000"


@dataclass(frozen=True)
class Request:
    """One webhook call as the server hands it over."""

    method: str
    url: str
    """Full URL as the client wrote it."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    client: bytes | None = None
    """The client's TLS certificate in DER."""


@dataclass
class Answer:
    """What goes back."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


@dataclass(frozen=True)
class Home:
    """What a participant was given: who it is, whom it trusts."""

    parties: Mapping[str, str]
    """Role by DIP id."""
    hub: str
    """The DIP's own DIP id."""
    ca: Path
    crl: Path
    environment: str = "SIT"
    release: str = "2.1.0"
    clock: OffsetClock = field(default_factory=OffsetClock)
    """The participant's own, moved by its clock hook where it has one."""


class Book:
    """What was taken, in order: the ledger."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: list[str] = []
        self._known: set[str] = set()

    def write(self, transaction: str, reference: str) -> None:
        """Write a message down, whether it is known or not."""
        with self._lock:
            self._known.add(transaction)
            self._taken.append(reference)

    def write_once(self, transaction: str, reference: str) -> None:
        """Write a message down unless its transaction is known."""
        with self._lock:
            if transaction not in self._known:
                self._known.add(transaction)
                self._taken.append(reference)

    def told(self, reference: str) -> dict[str, int | None]:
        """Return count and place as the ledger hook answers them."""
        with self._lock:
            count = Counter(self._taken)[reference]
            return {"count": count, "place": self._taken.index(reference) if count else None}


def block(payload: Any, name: str) -> dict[str, Any]:
    """Return a common block, empty where there is none."""
    found = payload.get("CommonBlock", {}).get(name) if isinstance(payload, dict) else None
    return found if isinstance(found, dict) else {}


class Mind:
    """A sound participant."""

    created: ClassVar[int] = 201
    refused: ClassVar[int] = 400

    def __init__(self, home: Home) -> None:
        self.home = home
        self.book = Book()
        self.trust = Trust.load(home.ca, [home.crl])
        self.release = load(home.release)
        self._routing = load_routing()

    def answer(self, request: Request) -> Answer:
        """Answer a call."""
        if request.method != "POST":
            return Answer(405)
        if not self.let_in(request):
            return Answer(403)
        if request.url.endswith("/status"):
            return self.told(request)
        payloads = self.read(request.body)
        if payloads is None:
            return self.said(self.refused, [self.entry(None, "RCP1001", request)])
        if not self.signed(request):
            return self.said(self.refused, [self.entry(each, "RCP9999", request) for each in payloads])
        codes = [self.judge(each, request) for each in payloads]
        for payload, code in zip(payloads, codes, strict=True):
            if code == SUCCESS:
                self.store(payload)
        entries = self.entries(payloads, codes, request)
        good = codes.count(SUCCESS)
        status = self.created if good == len(codes) else 207 if good else self.refused
        return self.said(status, entries)

    def told(self, request: Request) -> Answer:
        """Answer status messages: a bare array of entries."""
        try:
            entries = json.loads(request.body)
        except ValueError:
            return self.said(self.refused, [self.entry(None, "RCP1001", request)])
        good = isinstance(entries, list) and all("transactionID" in each for each in entries)
        code = "RCP1001" if not good else SUCCESS if self.signed(request) else "RCP9999"
        answered = [
            {**self.entry(None, code, request), "transactionID": each["transactionID"]}
            for each in (entries if good else [])
        ]
        return self.said(self.created if code == SUCCESS else self.refused, answered)

    def let_in(self, request: Request) -> bool:
        """Say whether the client certificate is the DIP's and not revoked."""
        if request.client is None:
            return False
        certificate = x509.load_der_x509_certificate(request.client)
        standing = self.trust.standing(certificate, "tls-client")
        return standing.trusted and self.home.hub in identity_of(certificate).dip_ids

    def signed(self, request: Request) -> bool:
        """Say whether the DIP signed the call."""
        found = self.verified(request)
        return (
            found.valid
            and found.certificate is not None
            and self.home.hub in identity_of(found.certificate).dip_ids
        )

    def verified(self, request: Request) -> Verification:
        """Verify the signature over the URL that the DIP called."""
        return verify(
            "POST",
            request.url,
            request.body,
            request.headers,
            trust=self.trust,
            now=self.home.clock.now(),
            explained=False,
        )

    def read(self, body: bytes) -> list[Any] | None:
        """Return the payloads of a body, None where it is no array of publications."""
        try:
            document = json.loads(body)
        except ValueError:
            return None
        if not isinstance(document, list) or not document:
            return None
        if any(not isinstance(each, dict) or "payload" not in each for each in document):
            return None
        return [each["payload"] for each in document]

    def judge(self, payload: Any, request: Request) -> str:
        """Return the code that a publication is answered with."""
        interface = block(payload, "S0").get("interfaceID")
        event = str(block(payload, "S0").get("eventCode")).strip("[]")
        if interface not in self.release.interfaces:
            return "RCP1002"
        if event not in self.release.events(str(interface)):
            return "RCP1003"
        if block(payload, "S1").get("environmentTag") != self.home.environment:
            return "RCP1004"
        recipient = self.recipient(payload, request)
        if recipient not in self.addressed(payload):
            return "RCP1041"
        sender = str(block(payload, "S1").get("senderRoleID"))
        roles = {row.role for row in self._routing.receivers(str(interface), event, sender=sender)}
        return SUCCESS if self.home.parties[recipient] in roles else "RCP1041"

    def addressed(self, payload: Any) -> set[str]:
        """Return everybody whom a publication is for."""
        return {dip_id for tier in block(payload, "A0").values() for dip_id in tier}

    def recipient(self, payload: Any, request: Request) -> str:  # noqa: ARG002 - others look at it
        """Return which of the participant's DIP ids a call is for: the one in its path."""
        return next(
            (each for each in self.home.parties if f"/{each}" in request.url), next(iter(self.home.parties))
        )

    def store(self, payload: Any) -> None:
        """Write a publication down, once."""
        self.book.write_once(
            str(block(payload, "D0").get("transactionID")),
            str(block(payload, "S1").get("senderUniqueReference")),
        )

    def entries(self, payloads: list[Any], codes: list[str], request: Request) -> list[dict[str, Any]]:
        """Return an entry per publication."""
        return [self.entry(each, code, request) for each, code in zip(payloads, codes, strict=True)]

    def entry(self, payload: Any, code: str, request: Request) -> dict[str, Any]:
        """Return the entry that answers a publication."""
        sent, added = block(payload, "S1"), block(payload, "D0")
        return {
            "transactionID": added.get("transactionID"),
            "senderUniqueReference": sent.get("senderUniqueReference"),
            "correlationID": added.get("initialCorrelationID"),
            "sentTimestamp": self.time(),
            "senderID": self.recipient(payload, request),
            "recipientID": sent.get("senderDIPID"),
            "DIPConnectionProviderID": None,
            "message": self.message(code),
            "help": None,
            "serviceTicketURL": None,
        }

    def message(self, code: str) -> str:
        """Return the text of an entry."""
        return text(code)

    def time(self) -> str:
        """Return now as messages write it."""
        return message_time(self.home.clock.now())

    def said(self, status: int, entries: list[dict[str, Any]]) -> Answer:
        """Return an answer with a StandardResponse."""
        return Answer(status, json.dumps({"messageArray": entries, "timestamp": self.time()}).encode())
