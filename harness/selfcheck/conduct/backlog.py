"""The rehearsal of an outage: what the DIP held back for three days goes out at once, oldest first.

The times in the messages span the outage, the delivery doesn't: it takes as long as the receiver needs. The
message whose answer the outage cut off comes first, and once more at the end, as a late duplicate. Where
clocks can be moved (`passing`), it comes when the outage begins, and the clocks go through the hours before
the backlog comes.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from harness.selfcheck.conduct import judging
from harness.selfcheck.conduct.calling import CUT_ANSWER, Manner, Reply
from harness.selfcheck.conduct.ledger import Held, Ledger
from harness.selfcheck.conduct.passing import STEPS, Onward
from harness.selfcheck.conduct.publications import Publication
from harness.selfcheck.conduct.trial import Trial

_BATCH = 25
_LONGEST_WAIT = 2.0


@dataclass(frozen=True, slots=True)
class Recovery:
    """How a receiver caught up."""

    publications: tuple[Publication, ...]
    """In the order in which they were delivered."""
    hours: float
    calls: int
    repeats: int
    """Calls that were made again, after an answer that the DIP retries."""
    refused: tuple[str, ...]
    """What was answered in place of 201, one sentence a call."""
    late: Reply
    """The answer to the duplicate at the end."""
    seconds: float

    @property
    def rate(self) -> float:
        """Messages a second."""
        return len(self.publications) / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Books:
    """What the participant's ledger says of a backlog."""

    missing: int
    doubled: int
    disordered: int | None
    """How many messages stand before one that was delivered earlier; None where the ledger tells no place."""


def rehearse(
    trial: Trial, *, count: int, hours: float, begins: datetime, onward: Onward = lambda _: None
) -> Recovery:
    """Deliver a backlog of ``count`` messages to one webhook, of every pair that the role receives.

    The outage ``begins`` at a moment and lasts so many ``hours``; ``onward`` lets them pass.
    """
    publications = _backlog(trial, count, hours, begins)
    first = publications[0]
    trial.send((first,), Manner(cut=CUT_ANSWER))
    for step in range(1, STEPS + 1):
        onward(step)
    calls = repeats = 0
    refused: list[str] = []
    started = time.perf_counter()
    for batch in _batches(publications):
        reply, again = _delivered(trial, batch)
        calls, repeats = calls + 1 + again, repeats + again
        wrong = judging.created(reply)
        if wrong and not (first in batch and not judging.repeated(reply)):
            refused.append(wrong)
    seconds = time.perf_counter() - started
    late = trial.send((first,)).reply
    return Recovery(publications, hours, calls, repeats, tuple(refused), late, seconds)


def read(ledger: Ledger, references: Sequence[str], *, seconds: float, again: bool = False) -> Books:
    """Ask the ledger about messages in the order of delivery, after it had ``seconds`` for the last one.

    ``again``: the first one came once more at the end, and has that time as well.
    """
    ledger.wait(references[-1], 1, seconds=seconds)
    if again:
        ledger.wait(references[0], 2, seconds=seconds)
    held = [ledger.look(each) for each in references]
    return Books(
        missing=sum(1 for each in held if each.count == 0),
        doubled=sum(1 for each in held if each.count > 1),
        disordered=_disordered(held),
    )


def _disordered(held: Sequence[Held]) -> int | None:
    places = [each.place for each in held if each.place is not None]
    if len(places) < 2:
        return None
    return sum(1 for before, after in itertools.pairwise(places) if after < before)


def _backlog(trial: Trial, count: int, hours: float, begins: datetime) -> tuple[Publication, ...]:
    pairs = [each for each in trial.press.pairs if each.interface.startswith("IF-")]
    span = timedelta(hours=hours)
    return tuple(
        trial.press.publication(pairs[at * len(pairs) // count], begins + span * (at / count))
        for at in range(count)
    )


def _batches(publications: Sequence[Publication]) -> Iterator[tuple[Publication, ...]]:
    """Give publications of one interface together, in order."""
    batch: list[Publication] = []
    for each in publications:
        if batch and (each.interface != batch[0].interface or len(batch) >= _BATCH):
            yield tuple(batch)
            batch = []
        batch.append(each)
    if batch:
        yield tuple(batch)


def _delivered(trial: Trial, batch: Sequence[Publication]) -> tuple[Reply, int]:
    """Deliver a batch as the hub does: again after an answer that it retries. Returns how often, too."""
    settings = trial.settings
    wait = settings.number("delivery.backoff_seconds")
    reply = trial.send(batch).reply
    for again in range(settings.integer("delivery.attempts") - 1):
        if reply.status is not None and reply.status not in trial.retried:
            return reply, again
        time.sleep(min(wait, _LONGEST_WAIT))
        wait *= 2
        reply = trial.send(batch).reply
    return reply, settings.integer("delivery.attempts") - 1
