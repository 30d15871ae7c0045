"""Perturbed twins: a scenario run again, as it stands, while the hub or a recipient misbehaves in one way.

A twin is made of faults that the target is asked for towards the case's messages alone, and of what is done
before a message goes out and before the case waits. What each perturbation is, is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from harness.calendars.local_time import clock_midnight, local_date
from harness.errors import EnvironmentFault
from harness.scenarios.arrange import set_clock
from harness.scenarios.asking_again import missed, replay, requeue
from harness.scenarios.given import Recipient
from harness.scenarios.play import Play
from harness.scenarios.publications import Publication, of_receipts

_HELD = {"fault": "outage", "at": "delivery"}
_PAST = timedelta(minutes=1)
_DOWN_STATUS = 404
"""An answer that the hub does not try again (published): the delivery comes to its end undelivered."""


def _nothing_sent(_play: Play, _recipients: Sequence[Recipient]) -> None:
    """Do nothing before a message is sent."""


def _nothing_waited(_play: Play) -> None:
    """Do nothing before the case waits."""


def _nothing(_play: Play) -> bool:
    """Do nothing; say that there is no reason to wait again."""
    return False


@dataclass(frozen=True, slots=True)
class Twin:
    """One way in which a scenario is run again."""

    name: str
    summary: str
    faults: Callable[[Play], Sequence[Mapping[str, Any]]] = lambda _: ()
    """What the target is asked for from the start, as its fault list has it."""
    before_send: Callable[[Play, Sequence[Recipient]], None] = _nothing_sent
    before_wait: Callable[[Play], None] = _nothing_waited
    after_wait: Callable[[Play], bool] = _nothing
    """Returns whether something is under way again."""


def begin(play: Play) -> None:
    """Ask the target for what the twin of the case needs from its start."""
    twin = TWINS.get(play.cast.case.twin)
    if twin is not None:
        _ask(play, [*play.faults, *twin.faults(play)])


def before_send(play: Play, recipients: Sequence[Recipient]) -> None:
    """Let the twin act before a message is sent to its recipients."""
    twin = TWINS.get(play.cast.case.twin)
    if twin is not None:
        twin.before_send(play, recipients)


def before_wait(play: Play) -> None:
    """Let the twin act before the case waits for its deliveries."""
    twin = TWINS.get(play.cast.case.twin)
    if twin is not None:
        twin.before_wait(play)


def after_wait(play: Play) -> bool:
    """Let the twin act on what was settled; returns whether something is under way again."""
    twin = TWINS.get(play.cast.case.twin)
    return twin is not None and twin.after_wait(play)


def _ask(play: Play, faults: Sequence[Mapping[str, Any]]) -> None:
    admin = play.bench.target.admin
    if admin is None:
        raise EnvironmentFault("the target has no admin API", mend="Give it the capability 'admin'.")
    play.faults = [dict(fault) for fault in faults]
    play.perturbed = True
    admin.set_faults(play.faults, tag=play.cast.tag)


def _window(play: Play) -> float:
    play.setting("twins.window_seconds")
    return play.bench.settings.number("twins.window_seconds")


def _hold(play: Play, _recipients: Sequence[Recipient]) -> None:
    if _HELD not in play.faults:
        _ask(play, [*play.faults, _HELD])


def _release_past_midnight(play: Play) -> None:
    if _HELD not in play.faults:
        return
    tomorrow = local_date(play.bench.clock.now()) + timedelta(days=1)
    set_clock(play.bench, clock_midnight(tomorrow) + _PAST)
    _ask(play, [fault for fault in play.faults if fault != _HELD])


def _take_down(play: Play, recipients: Sequence[Recipient]) -> None:
    """Let the first simulated recipient of the case's first message answer that it is not there."""
    if play.down is not None:
        return
    down = next((recipient.party for recipient in recipients if recipient.party.simulated), None)
    if down is not None:
        play.down = down
        _ask(
            play,
            [
                *play.faults,
                {"fault": "status", "at": "webhook", "status": _DOWN_STATUS, "party": down.dip_id},
            ],
        )


def _requeue(play: Play) -> bool:
    """Once something could not be delivered, bring the recipient up and let it ask for what it missed."""
    down = play.down
    if down is None or play.settled is None or play.back:
        return False
    waiting = missed(play, down)
    if not waiting:
        return False
    play.back = True
    _ask(play, [fault for fault in play.faults if fault.get("party") != down.dip_id])
    admin = play.bench.target.admin
    for number, (interface, transactions) in enumerate(waiting.items()):
        if number and admin is not None:  # a recipient may have one requeue under way
            admin.settle(play.cast.tag, timeout=play.bench.settings.number("scenario.settle_seconds"))
        requeue(play, down, interface, transactions)
    return True


def _replay(play: Play) -> bool:
    """Let every simulated recipient ask for what it had, and take it in once more."""
    if play.settled is None:
        return False
    fresh: dict[tuple[str, str], dict[str, Publication]] = {}
    for publication in of_receipts(play.settled["receipts"], play.cast.tag):
        if (publication.transaction, publication.party) not in play.replayed:
            play.replayed.add((publication.transaction, publication.party))
            same = fresh.setdefault((publication.party, publication.interface), {})
            same[publication.transaction] = publication
    for (dip_id, interface), had in sorted(fresh.items()):
        replay(play, play.bench.target.network.by_dip_id(dip_id), interface, had)
    return bool(fresh)


TWINS: dict[str, Twin] = {
    twin.name: twin
    for twin in (
        Twin(
            "duplicate",
            "every delivery is made twice",
            lambda _: ({"fault": "duplicate", "at": "delivery", "copies": 1},),
        ),
        Twin(
            "reorder",
            "deliveries to a party that gather within a short while go out latest first",
            lambda play: ({"fault": "reorder", "at": "delivery", "seconds": _window(play)},),
        ),
        Twin(
            "midnight",
            "what the scenario sends is delivered after the next clock midnight",
            before_send=_hold,
            before_wait=_release_past_midnight,
        ),
        Twin(
            "recipient-down",
            "the first recipient is not there, comes back and asks for a requeue",
            before_send=_take_down,
            after_wait=_requeue,
        ),
        Twin("replay", "every recipient asks for a replay of what it had", after_wait=_replay),
        Twin(
            "batch-one",
            "every call to a recipient holds one message",
            lambda _: ({"fault": "batch", "at": "delivery", "messages": 1},),
        ),
        Twin(
            "batch-many",
            "messages to a recipient gather and go out in one call",
            lambda play: ({"fault": "batch", "at": "delivery", "seconds": _window(play)},),
        ),
    )
}
"""By name, in the order in which they are run and shown."""
