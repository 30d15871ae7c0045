"""Webhook conduct: legal calls in unusual manners, and many of them."""

from __future__ import annotations

from collections.abc import Iterator

from harness.selfcheck.check import Finding, check
from harness.selfcheck.checks.webhook_answers import ASSUMED
from harness.selfcheck.conduct import judging
from harness.selfcheck.conduct.asking import each_party, ledger_of
from harness.selfcheck.conduct.trial import Trial, Tried
from harness.selfcheck.context import Context

STANDING = "webhook.created"


@check(
    id="webhook.slow-body",
    part="webhook",
    title="A body that comes slowly is taken",
    rule=f"RFC 9112 6.3: the length ends a body, not a pause; how slow: {ASSUMED}",
    basis="assumed",
    after=[STANDING],
)
def slow_body(context: Context) -> Iterator[Finding]:
    """Large bodies over busy lines come in pieces."""
    return each_party(
        context,
        "a body in ten pieces is taken",
        lambda trial: trial.slow,
        lambda _, tried: judging.created(tried.reply),
        expected="201",
        hint="Read until Content-Length bytes are there; raise the limit of the time for a body.",
    )


@check(
    id="webhook.chunked",
    part="webhook",
    title="A chunked body is taken",
    rule="RFC 9112 7.1: a recipient must be able to parse the chunked transfer coding",
    basis="published",
    after=[STANDING],
)
def chunked(context: Context) -> Iterator[Finding]:
    """A gateway in between may turn a length into chunks."""
    return each_party(
        context,
        "Transfer-Encoding: chunked is taken",
        lambda trial: trial.chunked,
        lambda _, tried: judging.created(tried.reply),
        expected="201",
        hint="Use an HTTP server that decodes chunks; the hash is of the decoded body.",
    )


@check(
    id="webhook.expect-continue",
    part="webhook",
    title="A body that waits for 100 Continue is taken",
    rule="RFC 9110 10.1.1: Expect: 100-continue is answered with 100 or a final status",
    basis="published",
    after=[STANDING],
)
def expect_continue(context: Context) -> Iterator[Finding]:
    """Clients announce large bodies this way; who never answers makes each call wait."""

    def judge(_: Trial, tried: Tried) -> str:
        wrong = judging.created(tried.reply)
        return wrong or ("" if tried.reply.interim else "no 100 Continue came: the client waited in vain")

    return each_party(
        context,
        "100 Continue comes, then 201",
        lambda trial: trial.expecting,
        judge,
        expected="100, then 201",
        hint="Send the interim answer 100 Continue, or let a server do it that knows HTTP/1.1.",
    )


@check(
    id="webhook.header-case",
    part="webhook",
    title="Header names are found in any case",
    rule="RFC 9110 5.1: field names are case-insensitive",
    basis="published",
    after=[STANDING],
)
def header_case(context: Context) -> Iterator[Finding]:
    """A gateway that speaks HTTP/2 writes every header name in lower case."""
    return each_party(
        context,
        "x-dip-signature in lower case is found",
        lambda trial: trial.lower_names,
        lambda _, tried: judging.created(tried.reply),
        expected="201",
        hint="Look headers up without regard to case.",
    )


@check(
    id="webhook.organisation-header",
    part="webhook",
    title="The header X-DIP-MPO is accepted",
    rule="API: X-DIP-MPO is optional on calls of the DIP to a webhook (DIN-925)",
    basis="published",
    after=[STANDING],
)
def organisation_header(context: Context) -> Iterator[Finding]:
    """A gateway that knows four X-DIP headers may stumble over the fifth."""
    return each_party(
        context,
        "a call with X-DIP-MPO is taken",
        lambda trial: trial.with_organisation,
        lambda _, tried: judging.created(tried.reply),
        expected="201",
        hint="Let unknown headers pass; X-DIP-MPO is not part of the string-to-sign.",
    )


@check(
    id="webhook.steady",
    part="webhook",
    title="Every one of many calls is answered",
    rule=f"selfcheck.steady_calls; {ASSUMED}",
    basis="assumed",
    after=[STANDING],
)
def steady(context: Context) -> Iterator[Finding]:
    """What fails now and then hides behind one good call."""
    return each_party(
        context,
        "calls one after the other on one connection",
        lambda trial: trial.steady,
        lambda _, tried: judging.all_created(tried.replies),
        expected="201 for each",
        hint="Look for a worker that hangs or dies, a pool that runs dry, a connection cut without notice.",
    )


@check(
    id="webhook.burst",
    part="webhook",
    title="A burst over several connections is taken",
    rule=f"selfcheck.burst_calls; {ASSUMED}",
    basis="assumed",
    after=["webhook.steady"],
)
def burst(context: Context) -> Iterator[Finding]:
    """When an outage ends, or a file of reads is sent, calls come at once."""
    seconds = context.settings.number("delivery.timeout_seconds")
    return each_party(
        context,
        "calls at once are all taken in time",
        lambda trial: trial.burst,
        lambda _, tried: judging.all_created(tried.replies) or judging.in_time(tried.replies, seconds),
        expected="201 for each",
        hint="Let the receiver serve several connections; a single thread that processes serves one.",
    )


@check(
    id="webhook.burst-stored",
    part="webhook",
    title="What a burst brought is stored once",
    rule="API, retry classes of HTTP statuses: what was answered 201 is not sent again",
    basis="published",
    after=["webhook.burst", "webhook.stored-before-answer"],
)
def burst_stored(context: Context) -> Iterator[Finding]:
    """Two threads at the same file or table lose a message, or write one twice."""

    def judge(trial: Trial, tried: Tried) -> str:
        ledger = ledger_of(trial)
        wrong = [one for one in tried.publications if ledger.look(one.reference).count != 1]
        return f"{len(wrong)} of {len(tried.publications)} messages are not there once" if wrong else ""

    return each_party(
        context,
        "the ledger holds each message of the burst once",
        lambda trial: trial.burst if ledger_of(trial) else None,
        judge,
        expected="count 1 for each",
        hint="Make the look for a known transaction and the store one step (a unique index).",
    )
