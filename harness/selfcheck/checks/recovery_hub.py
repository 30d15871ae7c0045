"""Recovery: the embedded DIP holds back what counterparties send, and catches up after its outage."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Any

from harness.messages.build import encode
from harness.selfcheck.check import Finding, Omit, check, failed, held, untried
from harness.selfcheck.checks.recovery_outage import OUTAGE
from harness.selfcheck.conduct import passing
from harness.selfcheck.conduct.asking import named, trials
from harness.selfcheck.conduct.backlog import read
from harness.selfcheck.conduct.counterparty import (
    DELIVERED,
    counterparty,
    deliveries,
    messages,
    reference_of,
    sendable,
)
from harness.selfcheck.conduct.passing import STEPS
from harness.selfcheck.conduct.publications import Pair
from harness.selfcheck.conduct.recovery_report import tell
from harness.selfcheck.conduct.trial import Trial
from harness.selfcheck.context import Context
from harness.transport.admin import Admin

_CREATED = 201
_OUTAGE_SECONDS = 0.2
"""How long the outage lasts in real time when all is sent: what counts is what waits, not how long."""
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
        return untried(title, f"the DIP answered {told.status} when the webhook was set")
    hours = context.settings.number("selfcheck.backlog_hours")
    payloads: list[dict[str, Any]] = []
    with passing.outage(context, hours) as onward:
        admin.set_faults([{"fault": "outage", "at": "delivery", "party": own.dip_id}], tag=tag)
        try:
            for step in range(STEPS):
                share = count * (step + 1) // STEPS - count * step // STEPS
                made = messages(context, admin, trial, pair, tag=tag, count=share, now=context.clock.now())
                payloads += made
                answer = client.send(sender, pair.interface, encode(made))
                if answer.status != _CREATED:
                    said = ", ".join(answer.codes)
                    return untried(title, f"the DIP answered {answer.status} to {sender.role}: {said}")
                onward(step + 1)
            time.sleep(_OUTAGE_SECONDS)
        finally:
            admin.clear_faults(tag=tag)
    started = time.perf_counter()
    settled = admin.settle(tag, timeout=_SETTLE_SECONDS)
    seconds = time.perf_counter() - started
    mine = deliveries(settled, own.dip_id)
    books = None
    if trial.ledger is not None:
        store_seconds = context.settings.number("selfcheck.store_seconds")
        books = read(trial.ledger, [reference_of(each) for each in payloads], seconds=store_seconds)
    facts: dict[str, object] = {
        "role": trial.addressee.role,
        "hours": hours,
        "clock": passing.said(context, hours),
        "messages": len(payloads),
        "deliveries": len(mine),
        "seconds": round(seconds, 3),
        "messages_per_s": round(len(mine) / seconds, 1),
    }
    tell(context, "deliveries of the DIP", own.dip_id, facts, books)
    context.met.add("participant")
    wrong = [each for each in mine if each["status"] != DELIVERED]
    if not mine:
        return untried(title, "the DIP addressed nothing to the party")
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
    if books is not None and (books.missing or books.doubled):
        return failed(
            title,
            expected="each message in the ledger once",
            actual=f"{books.missing} are missing, {books.doubled} are there more than once",
            hint="Store each message before 201, and keep transaction ids longer than the longest outage.",
            key="ledger",
        )
    said = passing.said(context, hours)
    return held(title, f"in {seconds:.1f} s, {len(mine) / seconds:.0f} a second; clock: {said}")
