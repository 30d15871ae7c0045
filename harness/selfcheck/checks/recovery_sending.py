"""Recovery: the participant's own messages in an outage; its own certificates and keys that change."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from harness.security.certificates import first_certificate
from harness.security.profiles import Profile
from harness.selfcheck.check import Finding, Omit, check, failed, held
from harness.selfcheck.checks.recovery_rotation import RENEWAL
from harness.selfcheck.conduct.rotating import call_hook
from harness.selfcheck.conduct.sending import Sending, any_sent, send
from harness.selfcheck.context import Context
from harness.selfcheck.inbox import Heard, inbox
from harness.transport.signature import API_KEY
from harness.writing import PRIVATE, write_whole

_REFUSALS = 2
_CREATED = 201


def _references(heard: Heard) -> set[str]:
    sent = (each["CommonBlock"].get("S1") or {} for each in heard.payloads)
    return {str(each.get("senderUniqueReference")) for each in sent}


@check(
    id="recovery.sends-again",
    part="recovery",
    title="What the DIP can't take now is sent again",
    rule="API, retry classes of HTTP statuses: 408, 429, 500, 502, 503, 504; what a sender does is assumed",
    basis="assumed",
    after=["interfaces.sent-accepted"],
)
def sends_again(context: Context) -> Iterator[Finding]:
    """During an outage the DIP answers 503: who sends keeps the message and tries again."""
    if not context.profile.hooks.send:
        raise Omit("the profile has no send hook")
    box, before = inbox(context), len(inbox(context).heard)
    box.refusing = _REFUSALS
    party, interface, event = any_sent(context)
    try:
        first = send(context, party, interface, event).heard
        again = box.wait(
            lambda each: each.channel == interface and each.status == _CREATED,
            after=before,
            seconds=context.settings.number("selfcheck.resend_seconds"),
        )
    finally:
        box.refusing = 0
    title = f"{party.role} {party.dip_id}: {interface} [{event}] comes again after 503"
    if first is None or again is None:
        yield failed(
            title,
            expected="the same message again until it is answered 201",
            actual=f"{len(box.heard) - before} attempts, none after the outage",
            hint="Keep what was not answered 201, and send it again with back-off.",
        )
    elif _references(again) != _references(first):
        yield failed(
            title,
            expected="the same senderUniqueReference",
            actual="another senderUniqueReference",
            hint="Send the stored message again: a new reference makes a new message of it, and a double.",
        )
    else:
        yield held(title, f"after {len(box.heard) - before} attempts")


def _rotated(
    context: Context, what: str, cert: Path, key: Path, *, back: tuple[Path, Path]
) -> tuple[Sending, Callable[[], None]]:
    """Have a credential changed and something sent; returns that, and what changes the credential back."""
    if not (context.profile.hooks.rotate and context.profile.hooks.send):
        raise Omit("the profile has no rotate and send hooks")
    call_hook(context, what, cert, key)
    try:
        sending = send(context, *any_sent(context))
    except BaseException:
        call_hook(context, what, *back)
        raise
    return sending, lambda: call_hook(context, what, *back)


def _certificate(
    context: Context, what: str, profile: Profile, seen: Callable[[Heard], bytes | None], *, hint: str
) -> Iterator[Finding]:
    own = context.profile.tls if what == "tls" else context.profile.signing
    if own.key is None:
        raise Omit(f"the key of [{what}] is no file, so it could not be changed back")
    party = any_sent(context)[0]
    issued = context.authority.issue(
        f"selfcheck-{what}", profile, organisation=party.organisation, dip_ids=(party.dip_id,), replace=True
    )
    sending, restore = _rotated(context, what, issued.cert, issued.key, back=(own.cert, own.key))
    restore()
    title = f"{sending.title} is sent with the new certificate"
    heard = sending.heard
    wanted = first_certificate(issued.cert)[0].public_bytes(Encoding.DER)
    wrong = ""
    if heard is None:
        wrong = sending.trouble or "nothing came"
    elif seen(heard) != wanted:
        wrong = "another certificate came"
    elif heard.status != _CREATED:
        wrong = f"the DIP answered {heard.status}: {heard.verification.reason}"
    if wrong:
        yield failed(
            title, expected="the certificate that the rotate hook was given", actual=wrong, hint=hint
        )
    else:
        yield held(title)


@check(
    id="recovery.tls-certificate",
    part="recovery",
    title="The participant's client certificate can be changed",
    rule=RENEWAL,
    basis="assumed",
    after=["interfaces.sent-accepted"],
)
def tls_certificate(context: Context) -> Iterator[Finding]:
    """A connection pool that lives on keeps the certificate with which it was opened."""
    return _certificate(
        context,
        "tls",
        "tls-client",
        lambda heard: heard.client,
        hint="Open new connections after the change: pools and TLS contexts keep the old certificate.",
    )


def _signer(heard: Heard) -> bytes | None:
    found = heard.verification.certificate
    return found.public_bytes(Encoding.DER) if found else None


@check(
    id="recovery.signing-certificate",
    part="recovery",
    title="The participant's signing certificate can be changed",
    rule=RENEWAL,
    basis="assumed",
    after=["interfaces.sent-accepted"],
)
def signing_certificate(context: Context) -> Iterator[Finding]:
    """Key and certificate change together, or each signature fails."""
    return _certificate(
        context,
        "signing",
        "signing",
        _signer,
        hint="Change key and certificate in one step, and read both again.",
    )


@check(
    id="recovery.api-key",
    part="recovery",
    title="The participant's API key can be changed",
    rule="API keys are managed per DIP id (ONB-7); that they are changed in time is assumed",
    basis="assumed",
    after=["interfaces.sent-accepted"],
)
def api_key(context: Context) -> Iterator[Finding]:
    """A key that stands in code is changed with the next release only."""
    party = any_sent(context)[0]
    known = context.network.by_dip_id(party.dip_id).api_key()
    new, old = context.private / "api-key.new", context.private / "api-key.old"
    key = secrets.token_urlsafe(24)
    write_whole(new, key.encode() + b"\n", mode=PRIVATE)
    write_whole(old, known.encode() + b"\n", mode=PRIVATE)
    sending, restore = _rotated(context, "api-key", new, new, back=(old, old))
    restore()
    title = f"{sending.title} is sent with the new API key"
    came = sending.heard.headers.get(API_KEY.lower(), "") if sending.heard else None
    if came == key:
        yield held(title)
        return
    actual = "nothing came" if came is None else "the old one" if came == known else "none, or another one"
    yield failed(
        title,
        expected="the key that the rotate hook was given",
        actual=actual,
        hint="Read the key where it is kept each time, or again when it changes.",
    )
