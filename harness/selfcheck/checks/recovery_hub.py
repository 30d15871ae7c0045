"""Recovery: the embedded DIP holds back what counterparties send, and catches up after its outage."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Any

from harness.evidence.verdicts import Blame, BlameClass
from harness.messages.build import Context as Around
from harness.messages.build import build, encode
from harness.messages.identifiers import mpan, sender_unique_reference
from harness.selfcheck.check import Finding, Omit, check, failed, held, unclear
from harness.selfcheck.checks.recovery_outage import OUTAGE
from harness.selfcheck.conduct.asking import named, trials
from harness.selfcheck.conduct.publications import Pair
from harness.selfcheck.conduct.trial import Trial
from harness.selfcheck.context import Context
from harness.spec.release import load
from harness.transport.admin import Admin
from harness.transport.network import Party

_CREATED = 201
_DELIVERED = "Delivered"
_OUTAGE_SECONDS = 0.2
"""How long the outage lasts when all is sent: what counts is what waits, not how long."""
_SETTLE_SECONDS = 120.0
_UNIQUE = 10**9


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
        pair = next((each for each in trial.press.pairs if _sender(context, each) is not None), None)
        if pair is None:
            continue
        asked = True
        yield _rehearsed(context, admin, trial, pair)
    if not asked:
        raise Omit("nobody in the simulated network sends what the profile's roles receive")


def _sender(context: Context, pair: Pair) -> Party | None:
    """Return a simulated party that sends a pair."""
    return next((each for each in context.network.with_role(pair.sender_role) if each.simulated), None)


def _rehearsed(context: Context, admin: Admin, trial: Trial, pair: Pair) -> Finding:
    client, sender = context.client(), _sender(context, pair)
    assert sender is not None
    own = context.network.by_dip_id(trial.addressee.dip_id)
    tag = f"selfcheck-outage-{secrets.token_hex(6)}"
    count = context.settings.integer("selfcheck.backlog_messages")
    title = named(trial, f"{count} messages that waited are delivered")
    told = client.configure_webhook(own, pair.interface, trial.url(pair.interface))
    if told.status != _CREATED:
        return _untried(title, f"the DIP answered {told.status} when the webhook was set")
    payloads = _messages(context, admin, trial, pair, sender, tag, count)
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
    mine = [
        each
        for message in settled["messages"]
        for each in message["recipients"]
        if each["dip_id"] == own.dip_id
    ]
    context.met.add("participant")
    wrong = [each for each in mine if each["status"] != _DELIVERED]
    if not mine:
        return _untried(title, "the DIP addressed nothing to the party")
    if wrong:
        first = f"{wrong[0]['status']}, last answered {wrong[0]['http_status'] or 'not at all'}"
        return failed(
            title,
            expected=_DELIVERED,
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


def _messages(
    context: Context, admin: Admin, trial: Trial, pair: Pair, sender: Party, tag: str, count: int
) -> list[dict[str, Any]]:
    """Build what a counterparty sends, addressed to the party in the tier that its role has."""
    release, now, own = load(context.release), context.clock.now(), trial.addressee
    parties = {each.role: (each.dip_id, each.mpid) for each in reversed(context.network.parties)}
    parties |= {sender.role: (sender.dip_id, sender.mpid), own.role: (own.dip_id, own.mpid)}
    distributor = context.network.with_role("LDSO")[0]
    points = [mpan(distributor.distributor_id or "10", secrets.randbelow(_UNIQUE)) for _ in range(count)]
    if pair.tier == "secondary":
        admin.set_addresses(
            release.name, [{"mpan": each, "role": own.role, "dip_id": own.dip_id} for each in points]
        )
    return [
        build(
            release,
            pair.interface,
            pair.event,
            Around(
                seed=int(point),
                now=now,
                environment=context.profile.environment,
                sender_dip_id=sender.dip_id,
                sender_role=sender.role,
                connection_provider=None,
                sub_text=tag,
                mpan=point,
                distributor_dip_id=distributor.dip_id,
                primary_recipients=(own.dip_id,) if pair.tier == "primary" else (),
                parties=parties,
                reference=sender_unique_reference(
                    release.name, pair.interface, sender.dip_id, sender.role, now, secrets.token_hex(8)
                ),
            ),
        )
        for point in points
    ]
