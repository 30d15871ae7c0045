"""The steps ``requeue`` and ``replay``: a recipient asks the hub for what it missed, or had."""

from __future__ import annotations

from harness.errors import ConfigurationError
from harness.scenarios import asking_again
from harness.scenarios.model import Replay, Requeue
from harness.scenarios.play import Play
from harness.scenarios.settling import settle
from harness.scenarios.steps import performs


@performs(Requeue)
def requeue(step: Requeue, play: Play) -> None:
    """Have everything of an interface pushed again that a party missed; if it missed nothing, all it had."""
    party = play.cast.party(step.by)
    publications = settle(play)
    had = [p.transaction for p in publications if (p.party, p.interface) == (party.dip_id, step.interface)]
    transactions = asking_again.missed(play, party).get(step.interface) or list(dict.fromkeys(had))
    if not transactions:
        raise _nothing(play, party.name, step.interface)
    asking_again.requeue(play, party, step.interface, transactions)
    play.settled = None


@performs(Replay)
def replay(step: Replay, play: Play) -> None:
    """Have all of an interface replayed that a party had; a simulated party takes it in once more."""
    party = play.cast.party(step.by)
    had = {p.transaction: p for p in settle(play) if (p.party, p.interface) == (party.dip_id, step.interface)}
    if not had:
        raise _nothing(play, party.name, step.interface)
    asking_again.replay(play, party, step.interface, had)
    play.settled = None


def _nothing(play: Play, name: str, interface: str) -> ConfigurationError:
    return ConfigurationError(
        f"there was nothing of {interface} for {name} that it could ask for again",
        where=str(play.cast.case.scenario.file),
    )
