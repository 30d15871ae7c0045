"""Recovery: the embedded DIP holds back what counterparties send, and catches up after its outage."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from harness.evidence.verdicts import Blame, BlameClass
from harness.messages.build import encode
from harness.selfcheck.check import Finding, Omit, check, failed, held, unclear
from harness.selfcheck.checks.recovery_outage import OUTAGE
from harness.selfcheck.conduct.asking import named, trials
from harness.selfcheck.conduct.counterparty import DELIVERED, counterparty, deliveries, messages, sendable
from harness.selfcheck.conduct.publications import Pair
from harness.selfcheck.conduct.trial import Trial
from harness.selfcheck.context import Context
from harness.transport.admin import Admin

_CREATED = 201
_OUTAGE_SECONDS = 0.2
"""How long the outage lasts when all is sent: what counts is what waits, not how long."""
_SETTLE_SECONDS = 120.0


@check(
    id="recovery.dip-outage",
    part="recovery",
    title="What the DIP held back during its outage is delivered",
    rule=f"{OUTAGE}; batches, retries and order are those of the simulated DIP",
    basis="assumed",
    after=["recovery.backlog"],
)
def dip_outage(context: Context) -> Iterator[Finding]:
    """Simulated counterparties send while the embedded DIP delivers nothing; then it catches up."""
    admin = context.hub().admin
    if admin is None:
        raise Omit("the DIP has no admin API")
    asked = False
    for trial in trials(context):
        pair = sendable(context, trial)
        if pair is None:
            continue
        asked = True
        yield _rehearsed(context, admin, trial, pair)
    if not asked:
        raise Omit("nobody in the simulated network sends what the profile's roles receive")


def _rehearsed(context: Context, admin: Admin, trial: Trial, pair: Pair) -> Finding:
    client, sender = context.client(), counterparty(context, pair)
    assert sender is not None
    own = context.network.by_dip_id(trial.addressee.dip_id)
    tag = f"selfcheck-outage-{secrets.token_hex(6)}"
    count = context.settings.integer("selfcheck.backlog_messages")
    title = named(trial, f"{count} messages that waited are delivered")
    told = client.configure_webhook(own, pair.interface, trial.url(pair.interface))
    if told.status != _CREATED:
        return _untried(title, f"the DIP answered {told.status} when the webhook was set")
    payloads = messages(context, admin, trial, pair, tag=tag, count=count, now=context.clock.now())
    admin.set_faults([{"fault": "outage", "at": "delivery", "party": own.dip_id}], tag=tag)
    try:
        answer = client.send(sender, pair.interface, encode(payloads))
        time.sleep(_OUTAGE_SECONDS)
    finally:
        admin.clear_faults(tag=tag)
    if answer.status != _CREATED:
        return _untried(
            title, f"the DIP answered {answer.status} to {sender.role}: {', '.join(answer.codes)}"
        )
    started = time.perf_counter()
    settled = admin.settle(tag, timeout=_SETTLE_SECONDS)
    seconds = time.perf_counter() - started
    mine = deliveries(settled, own.dip_id)
    context.met.add("participant")
    wrong = [each for each in mine if each["status"] != DELIVERED]
    if not mine:
        return _untried(title, "the DIP addressed nothing to the party")
    if wrong:
        first = f"{wrong[0]['status']}, last answered {wrong[0]['http_status'] or 'not at all'}"
        return failed(
            title,
            expected=DELIVERED,
            actual=f"{len(wrong)} of {len(mine)} were not: {first}",
            hint="The DIP delivers a backlog in calls of many messages: see webhook.many-messages and the "
            "limits of what stands before the receiver.",
            key=str(wrong[0]["status"]),
        )
    return held(title, f"in {seconds:.1f} s, {len(mine) / seconds:.0f} a second")


def _untried(title: str, why: str) -> Finding:
    return unclear(
        title,
        actual=why,
        hint="See the log of the simulated DIP.",
        blame=Blame(BlameClass.HARNESS),
    )
