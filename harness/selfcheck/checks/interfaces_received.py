"""Interfaces: every publication that the participant's roles receive is delivered and answered."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import WeakKeyDictionary

from harness.selfcheck.check import Finding, check, failed, held
from harness.selfcheck.conduct import judging
from harness.selfcheck.conduct.asking import ledger_of, named, trials
from harness.selfcheck.conduct.publications import Pair
from harness.selfcheck.conduct.trial import Trial, Tried
from harness.selfcheck.context import Context

EVERY = "DSD002 Annex 2, 9.1.1: every service sends and receives all its interfaces as the Swagger says"
ROUTING = "who receives what: swagger/routing.yaml"
_KEPT: WeakKeyDictionary[Trial, dict[Pair, Tried]] = WeakKeyDictionary()


def _received(context: Context, trial: Trial) -> dict[Pair, Tried]:
    """Deliver one publication of every pair that a party receives, once."""
    found = _KEPT.get(trial)
    if found is None:
        exempt = {each.interface for each in context.profile.exemptions}
        pairs = [pair for pair in trial.press.pairs if pair.interface not in exempt]
        found = _KEPT[trial] = {pair: trial.receive(pair) for pair in pairs}
    return found


@check(
    id="interfaces.received",
    part="interfaces",
    title="Every publication of the participant's roles is taken",
    rule=f"{EVERY}; {ROUTING}",
    basis="published",
    after=["webhook.created"],
)
def received(context: Context) -> Iterator[Finding]:
    """A system that was built for some of its interfaces refuses the others on the day that they come."""
    for trial in trials(context):
        for pair, tried in _received(context, trial).items():
            title = named(trial, f"{pair.interface} [{pair.event}] is taken")
            wrong = judging.created(tried.reply) or judging.standard_response(tried.reply, trial.release)
            if not wrong:
                yield held(title)
                continue
            yield failed(
                title,
                expected="201 with a StandardResponse",
                actual=wrong,
                hint="See the receiver's log. If the role does not receive this event, exempt the interface "
                "with the reason, or correct swagger/routing.yaml.",
                key=pair.interface,
            )


@check(
    id="interfaces.received-stored",
    part="interfaces",
    title="Every publication of the participant's roles is stored",
    rule=EVERY,
    basis="published",
    after=["interfaces.received", "webhook.stored-before-answer"],
)
def received_stored(context: Context) -> Iterator[Finding]:
    """What is answered and not understood is often dropped behind the answer."""
    for trial in trials(context):
        ledger = ledger_of(trial)
        for pair, tried in _received(context, trial).items():
            title = named(trial, f"{pair.interface} [{pair.event}] is in the ledger")
            count = ledger.look(tried.publication.reference).count
            if count == 1:
                yield held(title)
                continue
            yield failed(
                title,
                expected="count 1",
                actual=f"count {count}",
                hint="See what the receiver does with an event that it has no handler for.",
                key=pair.interface,
            )
