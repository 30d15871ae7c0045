"""Animals whose own certificates, API key or connection provider change badly while messages go on."""

# ruff: noqa: D102, ARG001, ARG002 - overridden methods

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from harness.clock import header_time
from harness.evidence.verdicts import BlameClass
from harness.security.keys import load_private_key
from harness.security.signing import Signer
from tests.zoo.dens import Den
from tests.zoo.keeping import DIP_ID, Animal, Nest, animal, broken
from tests.zoo.minds import Answer, Book, Mind, Request
from tests.zoo.senders import Credentials, Sender

_PATIENCE = 10.0


@animal("in-two-steps", "recovery.own-overlap")
class InTwoSteps(Sender):
    """Loads its new signing certificate, and its key a message later."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__(credentials)
        self.first, self.between = credentials.signing_cert, threading.Event()

    def rotate(self, what: str, cert: Path, key: Path, provider: str = "") -> None:
        if what == "signing" and cert != self.first:
            self.between.clear()
            self.own = replace(self.own, signing_cert=cert)
            self.between.wait(_PATIENCE)
        super().rotate(what, cert, key, provider)

    def signed(self, url: str, body: bytes, *, date: str = "") -> dict[str, str]:
        own = self.own
        signer = Signer(load_private_key(own.signing_key), own.signing_cert.read_bytes())
        if own.signing_cert != self.first:
            self.between.set()
        return signer.sign("POST", url, body, date=date or header_time(datetime.now(UTC)))


@animal("forgotten-adapter", "recovery.own-cut")
class ForgottenAdapter(Sender):
    """Sends by two adapters in turn, and one keeps the old certificates and key."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__(credentials)
        self.old, self.count = credentials, 0

    def send(self, interface: str, event: str, url: str) -> None:
        self.count += 1
        if self.count % 2:
            Sender(self.old).send(interface, event, url)
        else:
            super().send(interface, event, url)


def _next_of_another(nest: Nest) -> None:
    issued = nest.certs.flawed("signing", "wrong-party")
    nest.tables["signing"].update(next_cert=str(issued.cert), next_key=str(issued.key))


broken(
    Animal(
        "next-of-another",
        "Has received a next signing certificate that names another party.",
        "recovery.next-certificates",
        blame=BlameClass.CONFIGURATION,
        settle=_next_of_another,
    )
)


@animal("pins-provider-id", "recovery.provider-sends")
class PinsProviderId(Sender):
    """Has the connection provider's DIP id in its adapter, none, and goes on naming it."""

    def rotate(self, what: str, cert: Path, key: Path, provider: str = "") -> None:
        super().rotate("tls" if what == "provider" else what, cert, key)


@animal("old-line", "recovery.provider-sends", blame=BlameClass.CONNECTION_PROVIDER)
class OldLine(Sender):
    """Is carried over the old connection by its new provider."""

    def rotate(self, what: str, cert: Path, key: Path, provider: str = "") -> None:
        if what == "provider":
            self.own = replace(self.own, provider=provider or None)
        else:
            super().rotate(what, cert, key)


def _closed(nest: Nest, den: Den) -> None:
    nest.tables["next_provider"]["webhook"] = f"https://127.0.0.1:9/{DIP_ID}"


broken(
    Animal(
        "unopened-provider",
        "Nominates a connection provider whose webhook is not open yet.",
        "recovery.provider-receives",
        blame=BlameClass.CONNECTION_PROVIDER,
        housed=_closed,
    )
)


@animal("keeps-for-itself", "recovery.provider-receives", blame=BlameClass.CONNECTION_PROVIDER)
class KeepsForItself(Mind):
    """Nominates a connection provider that answers 201 and passes nothing on."""

    def answer(self, request: Request) -> Answer:
        if "by-provider" not in request.url:
            return super().answer(request)
        book, self.book = self.book, Book()
        try:
            return super().answer(request)
        finally:
            self.book = book
