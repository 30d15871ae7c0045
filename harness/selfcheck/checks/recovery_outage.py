"""Recovery: three days of messages at once after an outage, and a receiver that was stopped and started."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from weakref import WeakKeyDictionary

from harness.errors import ConfigurationError
from harness.selfcheck.check import Finding, Omit, advised, check, failed, held
from harness.selfcheck.checks.webhook_answers import ASSUMED
from harness.selfcheck.checks.webhook_repeats import AT_LEAST_ONCE, IDEMPOTENT
from harness.selfcheck.conduct import judging, passing
from harness.selfcheck.conduct.asking import ledger_of, named, trials
from harness.selfcheck.conduct.backlog import Books, Recovery, read, rehearse
from harness.selfcheck.conduct.recovery_report import tell
from harness.selfcheck.conduct.trial import Trial, Tried
from harness.selfcheck.context import Context

OUTAGE = "Programme NFR: a participant copes with a DIP outage of 72 hours"
_HOOK_SECONDS = 60.0
_KEPT: WeakKeyDictionary[Trial, Recovery] = WeakKeyDictionary()
_READ: WeakKeyDictionary[Trial, Books] = WeakKeyDictionary()


def _recovery(context: Context, trial: Trial) -> Recovery:
    found = _KEPT.get(trial)
    if found is None:
        settings = context.settings
        hours = settings.number("selfcheck.backlog_hours")
        with passing.outage(context, hours) as onward:
            begins = trial.now() if passing.moves(context) else trial.now() - timedelta(hours=hours)
            found = rehearse(
                trial,
                count=settings.integer("selfcheck.backlog_messages"),
                hours=hours,
                begins=begins,
                onward=onward,
            )
        _KEPT[trial] = found
        _report(context, trial, found)
    return found


def _books(context: Context, trial: Trial) -> Books:
    found = _READ.get(trial)
    if found is None:
        ledger, recovery = ledger_of(trial), _recovery(context, trial)
        seconds = context.settings.number("selfcheck.store_seconds")
        references = [each.reference for each in recovery.publications]
        found = _READ[trial] = read(ledger, references, seconds=seconds, again=True)
        _report(context, trial, recovery)
    return found


def _report(context: Context, trial: Trial, recovery: Recovery) -> None:
    facts: dict[str, object] = {
        "role": trial.addressee.role,
        "hours": recovery.hours,
        "clock": passing.said(context, recovery.hours),
        "messages": len(recovery.publications),
        "calls": recovery.calls,
        "repeated_calls": recovery.repeats,
        "refused_calls": len(recovery.refused),
        "seconds": round(recovery.seconds, 3),
        "messages_per_s": round(recovery.rate, 1),
    }
    tell(context, "calls of the check", trial.addressee.dip_id, facts, _READ.get(trial))


def _each(
    context: Context,
    title: str,
    judge: Callable[[Trial], str],
    *,
    expected: str,
    hint: str,
    advice: bool = False,
    told: Callable[[Trial], str] = lambda _: "",
) -> Iterator[Finding]:
    for trial in trials(context):
        name = named(trial, title)
        wrong = judge(trial)
        if not wrong:
            yield held(name, told(trial))
        elif advice:
            yield advised(name, expected=expected, actual=wrong, hint=hint, key=title)
        else:
            yield failed(name, expected=expected, actual=wrong, hint=hint, key=title)


@check(
    id="recovery.backlog",
    part="recovery",
    title="The backlog of an outage is taken",
    rule=OUTAGE,
    basis="published",
    after=["webhook.batch"],
)
def backlog(context: Context) -> Iterator[Finding]:
    """After three days everything comes at once, and the oldest of it is three days old."""

    def judge(trial: Trial) -> str:
        found = _recovery(context, trial)
        if not found.refused:
            return ""
        calls = found.calls - found.repeats
        return f"{len(found.refused)} of {calls} calls failed; the first {found.refused[0]}"

    def told(trial: Trial) -> str:
        found = _recovery(context, trial)
        return (
            f"{len(found.publications)} messages of {found.hours:g} hours in {found.seconds:.1f} s, "
            f"{found.repeats} calls made again; clock: {passing.said(context, found.hours)}"
        )

    return _each(
        context,
        "every call of the backlog is taken",
        judge,
        expected="201 for each, at the latest after the DIP's own retries",
        hint="Do not refuse a message for its age; for too much at once answer 429 with Retry-After.",
        told=told,
    )


@check(
    id="recovery.late-duplicate",
    part="recovery",
    title="A duplicate from before the outage is answered",
    rule=AT_LEAST_ONCE,
    basis="assumed",
    after=["recovery.backlog"],
)
def late_duplicate(context: Context) -> Iterator[Finding]:
    """The call that the outage cut off is made again when it is over, perhaps more than once."""

    def judge(trial: Trial) -> str:
        return judging.repeated(_recovery(context, trial).late)

    return _each(
        context,
        "the first message again, after the backlog, is answered",
        judge,
        expected="201, or RCP1006",
        hint=IDEMPOTENT,
    )


@check(
    id="recovery.nothing-lost",
    part="recovery",
    title="Nothing of the backlog is lost",
    rule=OUTAGE,
    basis="published",
    after=["recovery.backlog", "webhook.stored-before-answer"],
)
def nothing_lost(context: Context) -> Iterator[Finding]:
    """A queue that overflows after its messages were answered loses them."""

    def judge(trial: Trial) -> str:
        missing, count = _books(context, trial).missing, len(_recovery(context, trial).publications)
        return f"{missing} of {count} messages are not in the ledger" if missing else ""

    return _each(
        context,
        "the ledger holds every message",
        judge,
        expected="each message once",
        hint="Answer 201 for what is stored only; when the queue is full, answer 429 or 503.",
    )


@check(
    id="recovery.nothing-doubled",
    part="recovery",
    title="Nothing of the backlog is taken twice",
    rule=AT_LEAST_ONCE,
    basis="assumed",
    after=["recovery.late-duplicate", "webhook.repeat-taken-once"],
)
def nothing_doubled(context: Context) -> Iterator[Finding]:
    """A memory of the last few transactions forgets the one that comes again after three days."""

    def judge(trial: Trial) -> str:
        doubled = _books(context, trial).doubled
        return f"{doubled} messages are in the ledger more than once" if doubled else ""

    return _each(
        context,
        "the ledger holds no message twice",
        judge,
        expected="each message once",
        hint="Keep transaction ids in the store, longer than the longest outage, not in a small cache.",
    )


@check(
    id="recovery.order",
    part="recovery",
    title="The backlog is taken in the order of its delivery",
    rule=f"delivery.order: {ASSUMED}",
    basis="assumed",
    after=["recovery.nothing-lost"],
)
def order(context: Context) -> Iterator[Finding]:
    """Where two messages concern one metering point, the later one must win."""
    known = False

    def judge(trial: Trial) -> str:
        nonlocal known
        found = _books(context, trial).disordered
        known = known or found is not None
        return f"{found} messages were taken before one that came earlier" if found else ""

    findings = list(
        _each(
            context,
            "the ledger's places follow the delivery",
            judge,
            expected="places that grow",
            hint="Take the messages of a call in their order, or order by D0.transactionTimestamp.",
            advice=True,
        )
    )
    if not known:
        raise Omit("the ledger tells no places")
    yield from findings


@check(
    id="recovery.catch-up-rate",
    part="recovery",
    title="The receiver catches up",
    rule="selfcheck.catch_up_per_s; the Programme's figure is not public",
    basis="assumed",
    after=["recovery.backlog"],
)
def catch_up_rate(context: Context) -> Iterator[Finding]:
    """Who takes messages hardly faster than they come never catches up."""
    least = context.settings.number("selfcheck.catch_up_per_s")

    def judge(trial: Trial) -> str:
        rate = _recovery(context, trial).rate
        return f"{rate:.1f} messages a second" if rate < least else ""

    return _each(
        context,
        "messages a second",
        judge,
        expected=f"{least:g} messages a second at least",
        hint="Store the messages of a call together; process them after the answer.",
        advice=True,
        told=lambda trial: f"{_recovery(context, trial).rate:.0f} messages a second",
    )


@dataclass(frozen=True, slots=True)
class _Restart:
    before: Tried
    during: Tried
    after: Tried
    seconds: float


_RESTARTS: WeakKeyDictionary[Trial, _Restart] = WeakKeyDictionary()


def _restart(context: Context, trial: Trial) -> _Restart:
    """Take a message, stop the receiver, call it, start it again and call until it answers."""
    found = _RESTARTS.get(trial)
    if found is None:
        hooks = context.profile.hooks
        if not (hooks.stop and hooks.start):
            raise Omit("the profile has no stop and start hooks")
        before = trial.send(trial.new())
        waiting = trial.new()
        _hook(hooks.stop, "stop")
        try:
            during = trial.send(waiting)
        finally:
            _hook(hooks.start, "start")
        started = time.perf_counter()
        until = started + context.settings.number("selfcheck.restart_seconds")
        after = trial.send(waiting)
        while after.reply.status != judging.CREATED and time.perf_counter() < until:
            time.sleep(0.1)
            after = trial.send(waiting)
        found = _RESTARTS[trial] = _Restart(before, during, after, time.perf_counter() - started)
    return found


def _hook(command: tuple[str, ...], name: str) -> None:
    try:
        subprocess.run(command, capture_output=True, timeout=_HOOK_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise ConfigurationError(f"the command failed: {error}", where=f"hooks.{name}") from error


@check(
    id="recovery.restart",
    part="recovery",
    title="A receiver that was stopped takes messages again",
    rule=f"selfcheck.restart_seconds; {ASSUMED}",
    basis="assumed",
    after=["webhook.created"],
)
def restart(context: Context) -> Iterator[Finding]:
    """A release, a failover or a crash stops a receiver: it must come back by itself."""
    return _each(
        context,
        "the call that found it stopped is taken after the start",
        lambda trial: judging.created(_restart(context, trial).after.reply),
        expected="201",
        hint="See what the start hook starts, and how long it takes until the webhook listens.",
        told=lambda trial: f"after {_restart(context, trial).seconds:.1f} s",
    )


@check(
    id="recovery.restart-remembers",
    part="recovery",
    title="A receiver that was stopped remembers what it took",
    rule=AT_LEAST_ONCE,
    basis="assumed",
    after=["recovery.restart", "webhook.repeat-taken-once"],
)
def restart_remembers(context: Context) -> Iterator[Finding]:
    """A receiver that keeps transactions in memory loses them, or takes them twice, when it is started."""
    seconds = context.settings.number("selfcheck.store_seconds")

    def judge(trial: Trial) -> str:
        before = _restart(context, trial).before
        trial.send(before.publications)
        count = ledger_of(trial).wait(before.publication.reference, 2, seconds=seconds).count
        return "" if count == 1 else f"a message from before the stop is there {count} times, not once"

    return _each(
        context,
        "a message from before the stop, sent again, is there once",
        judge,
        expected="count 1",
        hint="Keep messages and transaction ids in durable storage.",
    )
