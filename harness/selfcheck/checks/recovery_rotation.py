"""Recovery: certificates, addresses and providers change while messages go on."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from cryptography.hazmat.primitives.serialization import Encoding

from harness.security.certificates import first_certificate
from harness.selfcheck.check import Finding, Omit, check, failed, held
from harness.selfcheck.checks.webhook_answers import ASSUMED
from harness.selfcheck.conduct import judging
from harness.selfcheck.conduct.asking import each_party, identities, named, trials
from harness.selfcheck.conduct.calling import Caller, Identity, Reply
from harness.selfcheck.conduct.publications import encode
from harness.selfcheck.conduct.rotating import call_hook
from harness.selfcheck.conduct.trial import Trial, Tried
from harness.selfcheck.context import Context

RENEWAL = "certificates end and are renewed; that old and new overlap is assumed"
_TURNS = 3
_PAUSE = 0.02
_PROVIDERS = (None, "1099000001", "1099000002")


def _all(tried: list[Tried]) -> Tried:
    """Return several calls as one."""
    return Tried(tuple(each.publication for each in tried), tuple(each.reply for each in tried), tried[0].at)


@check(
    id="recovery.new-client-certificate",
    part="recovery",
    title="The DIP's renewed client certificate is accepted",
    rule=RENEWAL,
    basis="assumed",
    after=["webhook.created"],
)
def new_client_certificate(context: Context) -> Iterator[Finding]:
    """A receiver that pins the certificate it knows is deaf on the day of the renewal."""
    return each_party(
        context,
        "a call with a new client certificate of the DIP is taken",
        lambda trial: trial.send(trial.new(), identity=identities(context).renewed_client),
        lambda _, tried: judging.created(tried.reply),
        expected="201",
        hint="Trust the authority and look whom the certificate names; do not pin the certificate itself.",
    )


@check(
    id="recovery.new-signing-certificate",
    part="recovery",
    title="The DIP's renewed signing certificate is accepted",
    rule=RENEWAL,
    basis="assumed",
    after=["webhook.created"],
)
def new_signing_certificate(context: Context) -> Iterator[Finding]:
    """The signing certificate travels with each call, so that it can change without notice."""
    return each_party(
        context,
        "a call signed with a new certificate of the DIP is taken",
        lambda trial: trial.send(trial.new(), identity=identities(context).renewed_signer),
        lambda _, tried: judging.created(tried.reply),
        expected="201",
        hint="Take the certificate from X-DIP-Signature-Certificate and verify it against the authority.",
    )


@check(
    id="recovery.certificate-overlap",
    part="recovery",
    title="Old and new certificates of the DIP are accepted side by side",
    rule=RENEWAL,
    basis="assumed",
    after=["recovery.new-client-certificate", "recovery.new-signing-certificate"],
)
def certificate_overlap(context: Context) -> Iterator[Finding]:
    """Not all servers of a service change at the same moment."""

    def turns(trial: Trial) -> Tried:
        who: list[Identity] = [identities(context).renewed_client, identities(context).renewed_signer]
        who.append(identities(context).usual)
        return _all([trial.send(trial.new(), identity=each) for _ in range(_TURNS) for each in who])

    return each_party(
        context,
        "calls with old and new certificates in turn are taken",
        turns,
        lambda _, tried: judging.all_created(tried.replies),
        expected="201 for each",
        hint="Let a new certificate stand beside the old one until that has ended or is revoked.",
    )


@check(
    id="recovery.revoked-later",
    part="recovery",
    title="A certificate that is revoked later is refused",
    rule="CoCo 6.1.3, certificate revocation; selfcheck.revocation_seconds is assumed",
    basis="assumed",
    after=["webhook.revoked-certificate"],
)
def revoked_later(context: Context) -> Iterator[Finding]:
    """Who reads the revocation list once, at the start, lets a stolen key in for ever."""
    seconds = context.settings.number("selfcheck.revocation_seconds")

    def revoked(trial: Trial) -> Tried:
        identity, issued = identities(context).revocable()
        first = trial.send(trial.new(), identity=identity)
        identities(context).authority.revoke(issued)
        until = time.monotonic() + seconds
        last = trial.send(trial.new(), identity=identity)
        while judging.not_taken(last.reply) and time.monotonic() < until:
            time.sleep(min(seconds / 20, 1.0))
            last = trial.send(trial.new(), identity=identity)
        return _all([first, last])

    return each_party(
        context,
        f"{seconds:g} s after its revocation a client certificate is refused",
        revoked,
        lambda _, tried: judging.created(tried.replies[0]) or judging.not_taken(tried.reply),
        expected="201 before, refused after",
        hint="Read the list again when it changes or ends, or ask by OCSP; keep no answer for ever.",
    )


@check(
    id="recovery.provider-changes",
    part="recovery",
    title="A counterparty may nominate another connection provider",
    rule="API S1.DIPConnectionProviderID: nullable, ten characters; nomination per DIP id (ONB-7)",
    basis="published",
    after=["webhook.provider-carried"],
)
def provider_changes(context: Context) -> Iterator[Finding]:
    """The sender stays the same, and what it connects through changes."""

    def carried(trial: Trial) -> Tried:
        press, now = trial.press, trial.now()
        return _all([trial.send((press.publication(trial.pair, now, provider=each),)) for each in _PROVIDERS])

    return each_party(
        context,
        "one sender without a provider, with one, with another",
        carried,
        lambda _, tried: judging.all_created(tried.replies),
        expected="201 for each",
        hint="Do not tie a sender to the provider that its first message named.",
    )


@check(
    id="recovery.webhook-host",
    part="recovery",
    title="The webhook moves to another host",
    rule="API pubconfig: callbackURL can be set at any time",
    basis="published",
    after=["webhook.created"],
)
def webhook_host(context: Context) -> Iterator[Finding]:
    """The signature covers the URL with its host: who verifies with the old name refuses every call."""
    following = context.profile.webhook.next_url
    if not following:
        raise Omit("the profile names no next_url for the webhook")

    def moved(trial: Trial) -> Tried:
        parts, there = urlsplit(trial.url(trial.pair.interface)), urlsplit(following)
        url = parts._replace(scheme=there.scheme, netloc=there.netloc).geturl()
        return trial.send(trial.new(), url=url)

    return each_party(
        context,
        f"a call to {urlsplit(following).netloc} is taken",
        moved,
        lambda _, tried: judging.created(tried.reply),
        expected="201",
        hint="Build the string-to-sign from the Host header (or the forwarded host), not from configuration; "
        "both names must be in the certificate while both are called.",
    )


@dataclass(frozen=True, slots=True)
class _Rotated:
    replies: tuple[Reply, ...]
    """Of the calls that went on meanwhile."""
    before: bytes
    after: bytes
    wanted: bytes


_ROTATIONS: WeakKeyDictionary[Context, _Rotated] = WeakKeyDictionary()


def _rotate(context: Context) -> _Rotated:
    """Have the webhook's certificate changed under traffic, by the participant's hook."""
    found = _ROTATIONS.get(context)
    if found is not None:
        return found
    if not context.profile.hooks.rotate:
        raise Omit("the profile has no rotate hook")
    trial = trials(context)[0]
    url = trial.url(trial.pair.interface)
    host, port = urlsplit(url).hostname or "", urlsplit(url).port or 443
    issued = identities(context).authority.issue(
        "webhook-rotated", "tls-server", organisation=context.profile.name, hosts=(host,), replace=True
    )
    before = _served(trial.caller, host, port)
    replies: list[Reply] = []
    over = threading.Event()

    def traffic() -> None:
        while not over.is_set():
            replies.append(trial.caller.call(url, encode(trial.new())))
            time.sleep(_PAUSE)

    going = threading.Thread(target=traffic, daemon=True)
    going.start()
    try:
        call_hook(context, "webhook", issued.cert, issued.key)
        wanted = first_certificate(issued.cert)[0].public_bytes(Encoding.DER)
        after = _served(trial.caller, host, port)
        until = time.monotonic() + context.settings.number("selfcheck.rotation_seconds")
        while after != wanted and time.monotonic() < until:
            time.sleep(_PAUSE)
            after = _served(trial.caller, host, port)
    finally:
        over.set()
        going.join()
    found = _ROTATIONS[context] = _Rotated(tuple(replies), before, after, wanted)
    return found


def _served(caller: Caller, host: str, port: int) -> bytes:
    """Return the certificate that the webhook shows to a new connection; empty where it can't be had."""
    try:
        with (
            socket.create_connection((host, port), timeout=5) as plain,
            caller.identity.context.wrap_socket(plain, server_hostname=host) as stream,
        ):
            return stream.getpeercert(True) or b""
    except (OSError, ssl.SSLError):
        return b""


@check(
    id="recovery.webhook-certificate",
    part="recovery",
    title="The webhook's certificate can be changed",
    rule=f"{RENEWAL}; selfcheck.rotation_seconds",
    basis="assumed",
    after=["webhook.created"],
)
def webhook_certificate(context: Context) -> Iterator[Finding]:
    """A certificate that was renewed on the disk and not in the server ends all the same."""
    found = _rotate(context)
    title = named(trials(context)[0], "new connections see the new certificate")
    if found.after == found.wanted:
        yield held(title)
        return
    yield failed(
        title,
        expected="the certificate that the rotate hook was given",
        actual="the old one" if found.after == found.before else "another one, or no connection",
        hint="Let the server load the new certificate: by a reload, or for each new connection.",
    )


@check(
    id="recovery.webhook-certificate-traffic",
    part="recovery",
    title="No call is lost while the webhook's certificate changes",
    rule=f"{RENEWAL}; {ASSUMED}",
    basis="assumed",
    after=["recovery.webhook-certificate"],
)
def webhook_certificate_traffic(context: Context) -> Iterator[Finding]:
    """Calls come at any time: a restart for a certificate is a small outage."""
    found = _rotate(context)
    title = named(trials(context)[0], "the calls that went on meanwhile were taken")
    wrong = judging.all_created(found.replies)
    if not wrong:
        yield held(title, f"{len(found.replies)} calls")
        return
    yield failed(
        title,
        expected="201 for each",
        actual=wrong,
        hint="Change the certificate without closing the listening socket.",
    )
