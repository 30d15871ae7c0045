"""Simulated counterparties send to the participant through the embedded DIP, which addresses and delivers."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from harness.messages.build import Context as Around
from harness.messages.build import build
from harness.messages.identifiers import mpan, sender_unique_reference
from harness.selfcheck.conduct.publications import Pair
from harness.selfcheck.conduct.trial import Trial
from harness.selfcheck.context import Context
from harness.spec.release import load
from harness.transport.admin import Admin
from harness.transport.network import Party

DELIVERED = "Delivered"
"""The status of a delivery that the recipient answered with 201."""
_UNIQUE = 10**9


def counterparty(context: Context, pair: Pair) -> Party | None:
    """Return a simulated party that sends a pair, None where there is none."""
    return next((each for each in context.network.with_role(pair.sender_role) if each.simulated), None)


def sendable(context: Context, trial: Trial) -> Pair | None:
    """Return the first pair of a trial's party that a simulated party sends."""
    return next((each for each in trial.press.pairs if counterparty(context, each) is not None), None)


def messages(
    context: Context, admin: Admin, trial: Trial, pair: Pair, *, tag: str, count: int, now: datetime
) -> list[dict[str, Any]]:
    """Build what a counterparty sends, addressed to the party in the tier that its role has.

    ``tag`` goes into S1.subText, so that the DIP can be asked about the messages; ``now`` is their time.
    """
    release, own, sender = load(context.release), trial.addressee, counterparty(context, pair)
    assert sender is not None
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


def reference_of(payload: Mapping[str, Any]) -> str:
    """Return a message's senderUniqueReference."""
    return str(payload["CommonBlock"]["S1"]["senderUniqueReference"])


def deliveries(settled: Mapping[str, Any], dip_id: str) -> list[Mapping[str, Any]]:
    """Return the deliveries to one party of what `Admin.settle` told, in the order of acceptance."""
    return [
        each for message in settled["messages"] for each in message["recipients"] if each["dip_id"] == dip_id
    ]
