"""Connectivity: what a body and a URL meet on their way to the receiver: sizes, gateways, other hosts."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

from harness.clock import header_time
from harness.selfcheck.check import Finding, Omit, check, failed, held
from harness.selfcheck.conduct import judging
from harness.selfcheck.conduct.asking import named, trials
from harness.selfcheck.conduct.calling import Manner, Reply
from harness.selfcheck.conduct.publications import encode
from harness.selfcheck.conduct.trial import Trial
from harness.selfcheck.context import Context
from harness.selfcheck.reaching import TIMEOUT_SETTING, connect, endpoint

_EDGE = 100_000
"""Bytes at which a published simulator's host refuses a body (DIP Simulator notes, 100 K and 403)."""
_LIMIT = "limits.body_bytes"
_ANSWERS = ("webhook.created",)


@check(
    id="connectivity.body-sizes",
    part="connectivity",
    title="Bodies around 100 kB and up to the limit reach the receiver",
    rule="413 is published, the DIP's limit is not: the profile's body_limit, or 1 MB",
    basis="assumed",
    after=_ANSWERS,
)
def body_sizes(context: Context) -> Iterator[Finding]:
    """Gateways and TLS renegotiation often stop bodies at some size, long before the receiver sees them."""
    limit = context.profile.body_limit or min(1_000_000, context.settings.integer(_LIMIT))
    sizes = sorted({_EDGE - 1_000, _EDGE + 1_000, limit - 1})
    for trial in trials(context):
        for size in sizes:
            found = trial.new()
            body = encode(found)
            padded = body[:-1] + b" " * (size - len(body)) + body[-1:]
            reply = trial.send(found, body=padded).reply
            title = named(trial, f"a body of {size:,} bytes is taken")
            wrong = judging.created(reply)
            if wrong:
                yield failed(
                    title,
                    expected="201, as for a small body",
                    actual=wrong,
                    hint=_too_large(reply),
                    key=str(size),
                )
                break
            yield held(title)


def _too_large(reply: Reply) -> str:
    if reply.status == 413:
        return "Raise the limit of the receiver, or of the gateway before it (413)."
    if reply.status == 403:
        return (
            "Some hosts answer 403 where TLS renegotiates for the client certificate: ask for it in the "
            "first handshake, or honour Expect: 100-continue."
        )
    return "Look at the limits of what stands before the receiver: gateway, proxy, firewall."


@check(
    id="connectivity.public-url",
    part="connectivity",
    title="Signatures hold behind the gateway",
    rule="the signature is over the full URL that the DIP calls, lower-cased: two public clients agree",
    basis="third-party",
    after=_ANSWERS,
)
def public_url(context: Context) -> Iterator[Finding]:
    """A gateway that changes the host changes what the receiver thinks was signed."""
    webhook = context.profile.webhook
    if not webhook.public_url:
        raise Omit("the profile names no public_url: the DIP calls the webhook itself")
    public = urlsplit(webhook.public_url)
    for trial in trials(context):
        for host in webhook.forwarded_hosts or (public.netloc,):
            signed = urlunsplit(public._replace(netloc=host))
            reply = _forwarded(context, trial, signed, host)
            yield _judged(named(trial, f"a call for {signed} that the gateway forwards is taken"), reply)
        where = endpoint("public_url", webhook.public_url, "webhook")
        try:
            connect(where, context.settings.number(TIMEOUT_SETTING)).close()
        except OSError:
            continue
        reply = trial.send(trial.new(), url=webhook.public_url).reply
        yield _judged(named(trial, f"a call of {webhook.public_url} is taken"), reply)


def _forwarded(context: Context, trial: Trial, signed: str, host: str) -> Reply:
    """Call the webhook as a gateway does that took the DIP's call for ``signed``."""
    found = trial.new()
    date = header_time(context.clock.now())
    signature = trial.caller.identity.signer.sign("POST", signed, encode(found), date=date)
    forwarded = {"X-Forwarded-Host": host, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    return trial.send(found, Manner(headers={**signature, **forwarded})).reply


def _judged(title: str, reply: Reply) -> Finding:
    wrong = judging.created(reply)
    if not wrong:
        return held(title)
    return failed(
        title,
        expected="201: the signature is verified over the public URL",
        actual=wrong,
        hint="Let the receiver build the URL from public_url, or from X-Forwarded-Host where that comes from "
        "the gateway, and not from the Host that the gateway wrote.",
        key="public-url",
    )
