"""From a check's context to the trials of the participant's webhooks, and from a judge to findings."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from weakref import WeakKeyDictionary

from harness.evidence.verdicts import Blame, BlameClass
from harness.selfcheck.check import Finding, Omit, Skip, advised, failed, held
from harness.selfcheck.conduct.identities import Identities
from harness.selfcheck.conduct.ledger import Ledger
from harness.selfcheck.conduct.publications import Addressee
from harness.selfcheck.conduct.trial import Trial, Tried
from harness.selfcheck.context import Context
from harness.spec.release import load
from harness.spec.routing import load_routing
from harness.transport.client import Answer
from harness.transport.network import Party

Probe = Callable[[Trial], Tried | None]
Judge = Callable[[Trial, Tried], str]
_MADE: WeakKeyDictionary[Context, tuple[Trial, ...]] = WeakKeyDictionary()


def trials(context: Context) -> tuple[Trial, ...]:
    """Return a trial per party with a webhook and something to receive, the same ones for every check.

    Raises Omit where there is none.
    """
    if context.offline:
        raise Skip("the check runs offline")
    found = _MADE.get(context)
    if found is None:
        found = _MADE[context] = tuple(_made(context))
    if not found:
        raise Omit("no party of the profile has a webhook and receives anything in this release")
    return found


def identities(context: Context) -> Identities:
    """Return the identities of the test DIP that the trials call with."""
    return trials(context)[0].identities


def _made(context: Context) -> Iterator[Trial]:
    who = Identities(context.network, context.authority, (context.webhook_ca(),))
    source = context.profile.hooks.ledger
    for party in context.profile.parties:
        if party.simulated:
            continue
        ledger = Ledger(source) if source else None
        if ledger is not None:
            context.also_close(ledger.close)
        trial = Trial(
            Addressee(party.dip_id, party.role, party.mpid, party.connection_provider),
            party.webhook,
            load(context.release),
            load_routing(),
            who,
            context.clock,
            context.settings,
            environment=context.profile.environment,
            seed=secrets.randbits(32),
            ledger=ledger,
            channels=party.webhooks,
            record=lambda answer, departure: _record(context, answer, departure),
        )
        if trial.press.usual() is not None:
            yield trial


def _record(context: Context, answer: Answer, departure: str) -> tuple[str, ...]:
    if answer.status is not None or answer.refused_in_handshake:
        context.met.add("participant")
    return context.record(answer, departure=departure)


def party_of(context: Context, trial: Trial) -> Party:
    """Return the profile's party of a trial."""
    return next(each for each in context.profile.parties if each.dip_id == trial.addressee.dip_id)


def named(trial: Trial, title: str) -> str:
    """Return a finding's title with the party that it is about."""
    return f"{trial.addressee.role} {trial.addressee.dip_id}: {title}"


def each_party(
    context: Context,
    title: str,
    probe: Probe,
    judge: Judge,
    *,
    expected: str,
    hint: str | Callable[[Tried], str],
    advice: bool = False,
) -> Iterator[Finding]:
    """Judge the same probe of every party's webhook: one finding each.

    A probe that returns None doesn't concern the party's role; Omit is raised where it concerns nobody.
    """
    asked = False
    for trial in trials(context):
        tried = probe(trial)
        if tried is None:
            continue
        asked = True
        name = named(trial, title)
        wrong = judge(trial, tried)
        mend = hint if isinstance(hint, str) else hint(tried)
        if not wrong:
            yield held(name)
        elif advice:
            yield advised(name, expected=expected, actual=wrong, hint=mend, key=title)
        else:
            yield failed(
                name,
                expected=expected,
                actual=wrong,
                hint=mend,
                key=title,
                blame=Blame(BlameClass.PARTICIPANT, trial.addressee.dip_id),
            )
    if not asked:
        raise Omit("none of the profile's roles receives what this check sends")


def ledger_of(trial: Trial) -> Ledger:
    """Return the participant's ledger; raises Omit where the profile names none."""
    if trial.ledger is None:
        raise Omit(
            "the profile has no ledger hook: only the participant can tell how often it took a message"
        )
    return trial.ledger
