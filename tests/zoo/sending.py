"""Animals that send wrongly, or nothing; and some that don't know all they receive."""

# ruff: noqa: D102, ARG002 - overridden methods

from __future__ import annotations

import base64
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from harness.clock import header_time, message_time
from harness.security.keys import load_private_key, sign_with
from harness.security.signing import Signer
from tests.zoo.keeping import animal
from tests.zoo.minds import SUCCESS, Mind, Request, block
from tests.zoo.senders import Announcing, Sender


@animal("receives-only", "signing.requests")
class ReceivesOnly(Sender):
    """Receives, and never sends."""

    def send(self, interface: str, event: str, url: str) -> None:
        pass


@animal("gives-up-at-417", "connectivity.expect-continue")
class GivesUpAt417(Announcing):
    """Announces its bodies, and takes a refused announcement for a refused message."""

    def without(self, url: str, body: bytes) -> int:
        return 417


@animal("never-told-to-go-on", "connectivity.expect-continue")
class NeverToldToGoOn(Announcing):
    """Sends through a proxy that keeps 100 Continue for itself, and gives up."""

    def body(self, line: socket.socket, body: bytes) -> None:
        line.close()
        raise TimeoutError


class Headers(Sender):
    """Sends other headers."""

    def headers(self, url: str, body: bytes) -> dict[str, str]:
        return self.other(super().headers(url, body), url, body)

    def other(self, headers: dict[str, str], url: str, body: bytes) -> dict[str, str]:
        """Change the headers."""
        return headers


def _signed_over(sender: Sender, text: str, headers: dict[str, str]) -> dict[str, str]:
    signature = sign_with(load_private_key(sender.own.signing_key))(text.encode())
    return {**headers, "X-DIP-Signature": base64.b64encode(signature).decode()}


@animal("signs-as-written", "signing.string-to-sign")
class SignsAsWritten(Headers):
    """Signs the URL without lower-casing it."""

    def other(self, headers: dict[str, str], url: str, body: bytes) -> dict[str, str]:
        date, hashed = headers["X-DIP-Signature-Date"], headers["X-DIP-Content-Hash"]
        return _signed_over(self, f"POST;{url};{date};{hashed}", headers)


@animal("other-key", "signing.string-to-sign")
class OtherKey(Headers):
    """Signs with a key that is not the certificate's."""

    def other(self, headers: dict[str, str], url: str, body: bytes) -> dict[str, str]:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        signer = Signer(key, self.own.signing_cert.read_bytes())
        return {**headers, **signer.sign("POST", url, body, date=headers["X-DIP-Signature-Date"])}


@animal("clock-ahead", "signing.date")
class ClockAhead(Headers):
    """Has a clock that is an hour ahead."""

    def other(self, headers: dict[str, str], url: str, body: bytes) -> dict[str, str]:
        ahead = header_time(datetime.now(UTC) + timedelta(hours=1))
        return {**headers, **self.signed(url, body, date=ahead)}


@animal("sends-some", "interfaces.sent")
class SendsSome(Sender):
    """Sends one of the interfaces of its role."""

    def send(self, interface: str, event: str, url: str) -> None:
        if interface == "IF-022":
            super().send(interface, event, url)


@animal("other-event", "interfaces.sent-event")
class OtherEvent(Sender):
    """Sends another message than it was asked for."""

    def payload(self, interface: str, event: str) -> dict[str, Any]:
        return super().payload("IF-023", "LSSTotalsData")


@animal("other-role", "interfaces.sent-identity")
class OtherRole(Sender):
    """Mixes up its roles when it sends."""

    def payload(self, interface: str, event: str) -> dict[str, Any]:
        found = super().payload(interface, event)
        found["CommonBlock"]["S1"]["senderRoleID"] = "MDS"
        return found


@animal("other-api-key", "interfaces.sent-identity")
class OtherApiKey(Headers):
    """Sends another party's API key."""

    def other(self, headers: dict[str, str], url: str, body: bytes) -> dict[str, str]:
        return {**headers, "X-API-Key": "another-key-0123456789"}


@animal("signs-first-only", "interfaces.sent-signature")
class SignsFirstOnly(Headers):
    """Signs one interface with the wrong URL."""

    def other(self, headers: dict[str, str], url: str, body: bytes) -> dict[str, str]:
        right = url.endswith("IF-022")
        return headers if right else {**headers, **self.signed(url.replace("023", "022"), body)}


@animal("number-for-text", "interfaces.sent-valid")
class NumberForText(Sender):
    """Sends numbers where the definition says text, and leaves a field out."""

    def payload(self, interface: str, event: str) -> dict[str, Any]:
        found = super().payload(interface, event)
        del found["CommonBlock"]["S1"]["senderTimestamp"]
        return found


@animal("one-reference", "interfaces.sent-accepted")
class OneReference(Sender):
    """Uses one sender's reference for every message."""

    def reference(self, interface: str, now: datetime) -> str:
        return f"S-IF-022-{self.own.dip_id}-LSS-20260101-0000000000000001"


@animal("sent-tomorrow", "interfaces.sent-delivered")
class SentTomorrow(Sender):
    """Says that it sent its messages two hours from now."""

    def payload(self, interface: str, event: str) -> dict[str, Any]:
        found = super().payload(interface, event)
        ahead = message_time(datetime.now(UTC) + timedelta(hours=2))
        found["CommonBlock"]["S1"]["senderTimestamp"] = ahead
        return found


@animal("gives-up", "recovery.sends-again")
class GivesUp(Sender):
    """Gives a message up at the first 503."""

    attempts = 1


@animal("new-message-each-time", "recovery.sends-again")
class NewEachTime(Sender):
    """Makes a new message, with a new reference, of each attempt."""

    attempts = 1

    def send(self, interface: str, event: str, url: str) -> None:
        for _ in range(4):
            super().send(interface, event, url)


class Rotating(Sender):
    """Rotates one thing wrongly."""

    deaf_to = ""

    def rotate(self, what: str, cert: Path, key: Path, provider: str = "") -> None:
        if what != self.deaf_to:
            super().rotate(what, cert, key, provider)


@animal("keeps-tls", "recovery.tls-certificate")
class KeepsTls(Rotating):
    """Keeps its old client certificate."""

    deaf_to = "tls"


@animal("key-of-the-old", "recovery.signing-certificate")
class KeyOfTheOld(Sender):
    """Shows its new signing certificate and signs with the old key."""

    def rotate(self, what: str, cert: Path, key: Path, provider: str = "") -> None:
        super().rotate(what, cert, self.own.signing_key if what == "signing" else key, provider)

    def headers(self, url: str, body: bytes) -> dict[str, str]:
        signer = Signer(load_private_key(self.own.signing_key), self.own.signing_cert.read_bytes())
        signed = signer.sign("POST", url, body, date=header_time(datetime.now(UTC)))
        return {**signed, "Content-Type": "application/json", "X-API-Key": self.own.api_key}


@animal("keeps-api-key", "recovery.api-key")
class KeepsApiKey(Rotating):
    """Has its API key in its code."""

    deaf_to = "api-key"


@animal("knows-some", "interfaces.received")
class KnowsSome(Mind):
    """Refuses the interfaces that it was not built for."""

    def judge(self, payload: Any, request: Request) -> str:
        found = super().judge(payload, request)
        known = block(payload, "S0").get("interfaceID") == "IF-021"
        return found if known or found != SUCCESS else "RCP1062"


@animal("drops-unknown", "interfaces.received-stored")
class DropsUnknown(Mind):
    """Answers for every interface and stores the ones that it was built for."""

    def store(self, payload: Any) -> None:
        if block(payload, "S0").get("interfaceID") == "IF-021":
            super().store(payload)
