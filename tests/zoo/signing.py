"""Animals that sign wrongly: recorded requests with one mistake each, and senders that lack something."""

# ruff: noqa: D102, ARG002 - overridden methods

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from harness.clock import header_time
from harness.evidence.verdicts import BlameClass
from harness.security.signing import CERTIFICATE, CONTENT_HASH, SIGNATURE, Signer
from tests.zoo.configuring import issued, unfit
from tests.zoo.keeping import Nest, animal
from tests.zoo.senders import Sender

URL = "https://dip.zoo.example/2.1.0/dip-channel/IF-024"
BODY = b'[{"payload": {"CommonBlock": {}}}]'
Headers = dict[str, str]


def signed(nest: Nest, url: str = URL, body: bytes = BODY, date: str = "") -> Headers:
    """Return the headers that the animal's own key makes."""
    own = nest.tables["signing"]
    signer = Signer.load(Path(str(own["cert"])), Path(str(own["key"])))
    return signer.sign("POST", url, body, date=date or header_time(datetime.now(UTC)))


def records(
    name: str,
    check: str,
    fault: str,
    make: Callable[[Nest], Headers],
    *,
    body: bytes = BODY,
    blame: BlameClass = BlameClass.PARTICIPANT,
) -> None:
    """Take an animal into the zoo whose recorded request has these headers."""

    def settle(nest: Nest) -> None:
        path = nest.folder / "sent.json"
        entry = {"method": "POST", "url": URL, "headers": make(nest), "body": body.decode()}
        path.write_text(json.dumps(entry), encoding="utf-8")
        nest.top["captures"] = [str(path)]

    unfit(name, check, fault, settle, blame=blame)


def _stripped(nest: Nest) -> Headers:
    found = signed(nest)
    del found[CERTIFICATE]
    return found


def _der(nest: Nest) -> Headers:
    own = nest.tables["signing"]
    signer = Signer.load(Path(str(own["cert"])), Path(str(own["key"])))
    der = base64.b64encode(signer.certificate.public_bytes(Encoding.DER)).decode()
    return signed(nest) | {CERTIFICATE: der}


def _foreign(nest: Nest) -> Headers:
    """Sign with a certificate of another authority, while the profile names the right one."""
    own = dict(nest.tables["signing"])
    issued(nest, "signing", flaw="foreign")
    found = signed(nest)
    nest.tables["signing"] = own
    return found


def _spoiled(nest: Nest) -> Headers:
    found = signed(nest)
    return found | {SIGNATURE: base64.b64encode(b"0" * 256).decode()}


records("strips-a-header", "signing.headers", "Its gateway strips the certificate header.", _stripped)
records("sends-der", "signing.certificate-header", "Sends its certificate in DER.", _der)
records(
    "hex-hash",
    "signing.content-hash",
    "Sends the hash in hexadecimal.",
    lambda nest: signed(nest) | {CONTENT_HASH: hashlib.sha256(BODY).hexdigest()},
)
records(
    "serialises-again",
    "signing.content-hash",
    "Serialises the body once more after it was signed.",
    signed,
    body=json.dumps(json.loads(BODY), separators=(",", ":")).encode(),
)
records(
    "path-only",
    "signing.string-to-sign",
    "Signs the path in place of the full URL.",
    lambda nest: signed(nest, "/2.1.0/dip-channel/IF-024"),
)
records("noise", "signing.string-to-sign", "Its signature is no signature.", _spoiled)
records(
    "local-date",
    "signing.date",
    "Writes the date of signing as people do.",
    lambda nest: signed(nest, date="22/11/2026 10:15"),
)
records(
    "signs-as-before",
    "signing.certificate-trusted",
    "Still signs with the certificate of another authority.",
    _foreign,
    blame=BlameClass.CONFIGURATION,
)


@animal("without-api-key", "signing.caller", blame=BlameClass.CONFIGURATION)
class WithoutApiKey(Sender):
    """Sends no API key."""

    def headers(self, url: str, body: bytes) -> Headers:
        return {name: value for name, value in super().headers(url, body).items() if name != "X-API-Key"}


@animal("sends-nothing", "signing.requests", blame=BlameClass.CONFIGURATION)
class SendsNothing(Sender):
    """Its send hook fails."""

    def send(self, interface: str, event: str, url: str) -> None:
        raise RuntimeError("nothing to send with")


def _revoked(nest: Nest) -> None:
    issued(nest, "signing", flaw="revoked")


unfit(
    "revoked-signer",
    "signing.own-key",
    "Signs with a revoked certificate.",
    _revoked,
)
