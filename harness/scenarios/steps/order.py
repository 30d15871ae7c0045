"""The step ``in_order``: the order in which the hub took messages."""

from __future__ import annotations

from typing import Any

from harness.evidence.verdicts import Blame, BlameClass
from harness.scenarios.blame import HUB, of_party
from harness.scenarios.model import InOrder
from harness.scenarios.play import Play
from harness.scenarios.settling import settle
from harness.scenarios.steps import performs


@performs(InOrder)
def in_order(step: InOrder, play: Play) -> None:
    """Judge that the first of each of these messages came to the hub in the order that the step gives."""
    publications = settle(play)
    point = play.cast.point(step.point) if step.point else None
    of_point = {p.transaction for p in publications if point is None or p.mpan == point.mpan}
    taken: list[dict[str, Any]] = [
        message
        for message in (play.settled or {}).get("messages", [])
        if message["transaction_id"] in of_point
    ]
    wanted = [(message["interface"], message["event"]) for message in step.messages]
    places = []
    for pair in wanted:
        fitting = [n for n, m in enumerate(taken) if (m["interface"], m["event"].strip("[]")) == pair]
        places.append(fitting[0] if fitting else None)
    right = places == sorted(place for place in places if place is not None)
    shown = [f"{m['interface']} [{m['event'].strip('[]')}]" for m in taken]
    culprit = next((m for m in taken if (m["interface"], m["event"].strip("[]")) in wanted), None)
    sender = next(
        (p for p in play.bench.target.network.parties if culprit and p.dip_id == culprit.get("sender")), None
    )
    play.check(
        "The messages come in this order: " + ", ".join(f"{i} [{e}]" for i, e in wanted),
        right,
        expected=" before ".join(f"{i} [{e}]" for i, e in wanted),
        actual=", ".join(shown),
        rule=step.rule or "the scenario's choreography",
        blame=of_party(sender) if sender is not None else Blame(BlameClass.CENTRAL_SYSTEM, HUB),
        key=f"order of {' '.join(i for i, _ in wanted)}",
    )
