"""Animals that take what they should refuse, or refuse it wrongly, and some that verify wrongly."""

# ruff: noqa: D102, ARG002 - overridden methods

from __future__ import annotations

import base64
import json
from typing import Any

from harness.security.trust import Trust
from harness.security.verifying import verify
from tests.zoo.answering import HTML, PAGE
from tests.zoo.keeping import animal
from tests.zoo.minds import SUCCESS, Answer, Home, Mind, Request


@animal("html-error-page", "webhook.unknown-publication")
class Refusing(Mind):
    """Answers a refusal with 500 and a web page."""

    def said(self, status: int, entries: list[dict[str, Any]]) -> Answer:
        return super().said(status, entries) if status in (201, 207) else self.no()

    def no(self) -> Answer:
        """Refuse."""
        return Answer(500, PAGE, HTML)


@animal("bare-refusal", "webhook.refusal-code")
class BareRefusal(Refusing):
    """Refuses without a response code."""

    def no(self) -> Answer:
        return Answer(400)


class Blind(Mind):
    """Does not look at a thing."""

    blind_to: tuple[str, ...] = ()

    def judge(self, payload: Any, request: Request) -> str:
        found = super().judge(payload, request)
        return SUCCESS if found in self.blind_to else found


@animal("takes-unknown", "webhook.unknown-publication")
class TakesUnknown(Blind):
    """Takes an interface that there isn't."""

    blind_to = ("RCP1002",)


@animal("any-environment", "webhook.other-environment")
class AnyEnvironment(Blind):
    """Takes messages of another environment."""

    blind_to = ("RCP1004",)


@animal("any-recipient", "webhook.not-addressed")
class AnyRecipient(Mind):
    """Takes what is addressed to somebody else."""

    def addressed(self, payload: Any) -> set[str]:
        return {*super().addressed(payload), *self.home.parties}


@animal("any-role", "webhook.not-its-role")
class AnyRole(Mind):
    """Takes what another role receives."""

    def judge(self, payload: Any, request: Request) -> str:
        found = super().judge(payload, request)
        mine = self.recipient(payload, request) in self.addressed(payload)
        return SUCCESS if found == "RCP1041" and mine else found


@animal("wrong-code", "webhook.unknown-code", verdict="advisory", blame=None)
class WrongCode(Mind):
    """Calls an unknown interface an unknown MPAN."""

    def message(self, code: str) -> str:
        return super().message("RCP1061" if code == "RCP1002" else code)


@animal("parser-crash", "webhook.malformed")
class Crashes(Mind):
    """Answers 500 to a body that is no JSON."""

    def answer(self, request: Request) -> Answer:
        return Answer(500) if self.read(request.body) is None else super().answer(request)


@animal("unsuspecting", "webhook.bad-signature")
class Unsuspecting(Mind):
    """Accepts a bad signature."""

    def signed(self, request: Request) -> bool:
        return True


@animal("other-signature-code", "webhook.signature-code")
class OtherSignatureCode(Mind):
    """Says RCP1001 to a bad signature."""

    def message(self, code: str) -> str:
        return super().message("RCP1001" if code == "RCP9999" else code)


@animal("trusts-hash", "webhook.altered-body")
class TrustsHash(Mind):
    """Does not compare the hash with the body."""

    def signed(self, request: Request) -> bool:
        if super().signed(request):
            return True
        claimed = request.headers.get("x-dip-content-hash", "")
        stated = Request(request.method, request.url, request.headers, b"", request.client)
        return bool(claimed) and self._over(stated, claimed)

    def _over(self, request: Request, claimed: str) -> bool:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding, rsa

        from harness.security.certificates import parse_header
        from harness.security.signing import string_to_sign

        try:
            certificate = parse_header(request.headers["x-dip-signature-certificate"]).certificate
            text = string_to_sign("POST", request.url, request.headers["x-dip-signature-date"], claimed)
            key = certificate.public_key()
            assert isinstance(key, rsa.RSAPublicKey)
            signature = base64.b64decode(request.headers["x-dip-signature"])
            key.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except Exception:
            return False
        return True


@animal("verifies-what-is-there", "webhook.unsigned")
class VerifiesWhatIsThere(Mind):
    """Lets calls without a signature in."""

    def signed(self, request: Request) -> bool:
        return "x-dip-signature" not in request.headers or super().signed(request)


@animal("any-signer", "webhook.other-signer")
class AnySigner(Mind):
    """Believes every signer of the authority."""

    def signed(self, request: Request) -> bool:
        return self.verified(request).valid


@animal("no-clock", "webhook.old-signature", verdict="advisory", blame=None)
class NoClock(Mind):
    """Does not look at the signature's date."""

    def verified(self, request: Request) -> Any:
        return verify("POST", request.url, request.body, request.headers, trust=self.trust, explained=False)


@animal("no-list", "webhook.revoked-certificate")
class NoList(Mind):
    """Never loads the revocation list."""

    def __init__(self, home: Home) -> None:
        super().__init__(home)
        self.trust = Trust.load(home.ca)


class Verifying(Mind):
    """Verifies over something else than what was signed."""

    def other(self, request: Request) -> Request:
        """Return the request as it sees it."""
        return request

    def verified(self, request: Request) -> Any:
        return super().verified(self.other(request))


def _seen(request: Request, *, url: str | None = None, body: bytes | None = None, **headers: str) -> Request:
    return Request(
        request.method,
        request.url if url is None else url,
        {**request.headers, **{name.replace("_", "-"): value for name, value in headers.items()}},
        request.body if body is None else body,
        request.client,
    )


@animal("verifies-path", "webhook.created")
class PathOnly(Verifying):
    """Verifies over the path, not the whole URL."""

    def other(self, request: Request) -> Request:
        return _seen(request, url="/" + request.url.split("/", 3)[3])


@animal("not-lowered", "webhook.created", url=lambda den: den.url + "/Webhook")
class NotLowered(Mind):
    """Verifies over the URL as it is written."""

    def signed(self, request: Request) -> bool:
        return request.url == request.url.lower() and super().signed(request)


@animal("re-serialised", "webhook.created")
class Reserialised(Verifying):
    """Hashes the body after it was parsed and written again."""

    def other(self, request: Request) -> Request:
        return _seen(request, body=json.dumps(json.loads(request.body)).encode())


@animal("expects-hex-hash", "webhook.created")
class HexHash(Mind):
    """Expects the hash in hexadecimal."""

    def signed(self, request: Request) -> bool:
        claimed = request.headers.get("x-dip-content-hash", "")
        return len(claimed) == 64 and super().signed(request)


@animal("strips-date", "webhook.created")
class StripsDate(Verifying):
    """Its gateway takes a signature header away."""

    def other(self, request: Request) -> Request:
        kept = {name: each for name, each in request.headers.items() if name != "x-dip-signature-date"}
        return Request(request.method, request.url, kept, request.body, request.client)


@animal("deaf-to-status", "webhook.status-message")
class DeafToStatus(Mind):
    """Answers 404 to status messages."""

    def told(self, request: Request) -> Answer:
        return Answer(404)


@animal("status-from-anybody", "webhook.status-signature")
class StatusFromAnybody(Mind):
    """Verifies publications, and no status messages."""

    def signed(self, request: Request) -> bool:
        return request.url.endswith("/status") or super().signed(request)


@animal("sends-never-receives", "webhook.created")
class SendsNeverReceives(Mind):
    """Is an adapter that sends: every call to it is answered 404."""

    def answer(self, request: Request) -> Answer:
        return Answer(404)
