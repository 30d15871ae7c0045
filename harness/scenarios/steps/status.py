"""The step ``receive_status``: what the sender is told afterwards about what it sent."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import orjson

from harness.evidence.verdicts import Blame, BlameClass
from harness.scenarios.blame import HUB
from harness.scenarios.model import ReceiveStatus
from harness.scenarios.play import Play
from harness.scenarios.settling import settle
from harness.scenarios.steps import performs


@performs(ReceiveStatus)
def receive_status(step: ReceiveStatus, play: Play) -> None:
    """Judge that a status message about the last message sent reached the party, with a code of the list."""
    settle(play)
    party = play.cast.party(step.by)
    codes = tuple(play.resolve(code) for code in step.codes)
    reference = play.instance.sent[-1].reference if play.instance.sent else ""
    told = [
        str(entry.get("message", "")).partition(" ")[0]
        for entry in _entries((play.settled or {}).get("status_receipts", []), party.dip_id)
        if entry.get("senderUniqueReference") == reference
    ]
    play.check(
        f"{party.name} is told {' or '.join(codes)} about {reference or 'what it sent'}",
        bool(set(codes) & set(told)),
        expected=" or ".join(codes),
        actual=", ".join(told) or "no status message",
        rule=step.rule or f"status messages of API release {play.release.name}",
        blame=Blame(BlameClass.CENTRAL_SYSTEM, HUB),
        key=f"status message {'/'.join(codes)}",
        hint="Is the party's status webhook configured, and does it answer?",
    )


def _entries(receipts: list[dict[str, Any]], dip_id: str) -> Iterator[dict[str, Any]]:
    for receipt in receipts:
        if receipt["party"] != dip_id:
            continue
        try:
            document = orjson.loads(base64.b64decode(receipt["body_base64"]))
        except orjson.JSONDecodeError:
            continue
        yield from (entry for entry in document if isinstance(entry, dict))
