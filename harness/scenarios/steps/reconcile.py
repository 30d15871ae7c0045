"""The step ``reconcile``: reports that were received add up, and hold the consumption that was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.errors import ConfigurationError
from harness.scenarios.blame import of_party
from harness.scenarios.model import Reconcile
from harness.scenarios.play import Play
from harness.scenarios.publications import Publication, within
from harness.scenarios.reconciling import (
    consumed_watt_hours,
    departures,
    opened,
    reported_watt_hours,
)
from harness.scenarios.settling import settle
from harness.scenarios.steps import performs

_SHOWN = 5


@performs(Reconcile)
def reconcile(step: Reconcile, play: Play) -> None:
    """Open each report of the kind once, add it up, and compare its volume with what settlement was sent.

    With ``day`` only reports of that settlement day count, and their volumes are compared.
    """
    publications = settle(play)
    name, day = play.words.text(step.report), play.words.text(step.day) if step.day else ""
    found = {each.transaction: each for each in publications if each.interface == name}
    bodies: list[Mapping[str, Any]] = []
    for publication in found.values():
        body = _opened(step, play, publication)
        if body is not None and (not day or str(within(body, "R002.settlementDate"))[:10] == day):
            bodies.append(body)
            wrong = departures(body)
            play.check(
                f"{name} adds up",
                not wrong,
                expected="each total is the sum of its parts",
                actual="; ".join(wrong[:_SHOWN]) or "each is",
                rule=step.rule or "totals are named after their parts; no public source gives the formulas",
                blame=_sender(play, publication),
                key=f"{name} does not add up",
            )
    _judge_presence(step, play, name, day, bodies)
    if day and bodies:
        _judge_volume(step, play, name, day, bodies, next(iter(found.values())))


def _opened(step: Reconcile, play: Play, publication: Publication) -> Mapping[str, Any] | None:
    try:
        return opened(publication)
    except ConfigurationError as error:
        play.check(
            f"{publication.interface} can be opened",
            False,
            expected="base64 of zlib of a JSON object",
            actual=error.what,
            rule=step.rule or "P03.compressedReport",
            blame=_sender(play, publication),
            key=f"{publication.interface} can't be opened",
        )
        return None


def _judge_presence(
    step: Reconcile, play: Play, name: str, day: str, bodies: list[Mapping[str, Any]]
) -> None:
    play.check(
        f"{name}{f' of {day}' if day else ''} was received",
        bool(bodies),
        expected="one report at least",
        actual=f"{len(bodies)}",
        rule=step.rule or "the scenario's choreography",
        blame=None if bodies else of_party(play.cast.party(step.by)),
        key=f"{name} was not received",
    )


def _judge_volume(
    step: Reconcile,
    play: Play,
    name: str,
    day: str,
    bodies: list[Mapping[str, Any]],
    publication: Publication,
) -> None:
    messages = (play.settled or {})["messages"]
    taken = {message["transaction_id"]: place for place, message in enumerate(messages)}
    in_order = sorted(play.publications, key=lambda each: taken.get(each.transaction, 0))
    sent = consumed_watt_hours(in_order, day, play.cast.party(step.by).dip_id)
    said = reported_watt_hours(bodies)
    play.check(
        f"{name} of {day} holds the consumption of the day, no more and no less",
        said == sent,
        expected=f"{sent:,} Wh, as the data services sent it",
        actual=f"{said:,} Wh",
        rule=step.rule or "every value that was taken counts once",
        blame=_sender(play, publication),
        key=f"{name} holds another volume than was sent",
    )


def _sender(play: Play, publication: Publication) -> Any:
    party = next(
        (each for each in play.bench.target.network.parties if each.dip_id == publication.sender), None
    )
    return of_party(party) if party is not None else None
