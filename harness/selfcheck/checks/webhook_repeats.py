"""Webhook conduct: the same message again, out of order, replayed; and how often the participant took it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.selfcheck.check import Finding, check
from harness.selfcheck.checks.webhook_answers import ASSUMED
from harness.selfcheck.conduct import judging
from harness.selfcheck.conduct.asking import each_party, ledger_of
from harness.selfcheck.conduct.trial import Trial, Tried
from harness.selfcheck.context import Context

AT_LEAST_ONCE = (
    "API: retry classes of HTTP statuses; that a call without an answer is made again, "
    "with the same transaction, is assumed"
)
IDEMPOTENT = (
    "Keep the transaction ids that you have taken, and answer a repeat as before without processing it again."
)


@check(
    id="webhook.repeat",
    part="webhook",
    title="A repeated transaction is answered as taken",
    rule=AT_LEAST_ONCE,
    basis="assumed",
    after=["webhook.created"],
)
def repeat(context: Context) -> Iterator[Finding]:
    """A call whose answer was lost comes again: refused, the sender hears of a failure that isn't one."""
    return each_party(
        context,
        "the same call again is answered",
        lambda trial: trial.repeat,
        lambda _, tried: judging.repeated(tried.reply),
        expected="201 again, or RCP1006",
        hint=IDEMPOTENT,
    )


@check(
    id="webhook.repeat-after-cut",
    part="webhook",
    title="A call that broke off can be made again",
    rule=AT_LEAST_ONCE,
    basis="assumed",
    after=["webhook.created"],
)
def repeat_after_cut(context: Context) -> Iterator[Finding]:
    """A line breaks in the middle of a body: what was there must not count as the message."""
    return each_party(
        context,
        "the whole call after a cut one is taken",
        lambda trial: trial.after_cut,
        lambda _, tried: judging.created(tried.reply),
        expected="201",
        hint="Throw away a body that is shorter than its Content-Length, and remember nothing of it.",
    )


@check(
    id="webhook.repeat-after-lost-answer",
    part="webhook",
    title="A call whose answer was lost can be made again",
    rule=AT_LEAST_ONCE,
    basis="assumed",
    after=["webhook.created"],
)
def repeat_after_lost_answer(context: Context) -> Iterator[Finding]:
    """The caller hangs up before the answer and calls again."""
    return each_party(
        context,
        "the same call after a lost answer is answered",
        lambda trial: trial.after_lost_answer,
        lambda _, tried: judging.repeated(tried.reply),
        expected="201, or RCP1006",
        hint=IDEMPOTENT,
    )


@check(
    id="webhook.out-of-order",
    part="webhook",
    title="An older message after a newer one is taken",
    rule=f"delivery.order: {ASSUMED}",
    basis="assumed",
    after=["webhook.created"],
)
def out_of_order(context: Context) -> Iterator[Finding]:
    """Nothing promises an order: retries and outages turn messages round."""
    return each_party(
        context,
        "a message that the DIP took a minute earlier is taken",
        lambda trial: trial.disordered,
        lambda _, tried: judging.all_created(tried.replies),
        expected="201 for both",
        hint="Do not refuse a message for a transactionTimestamp that lies before the last one's.",
    )


@check(
    id="webhook.replay",
    part="webhook",
    title="A replay of a message that was taken is answered",
    rule="API D0.replayIndicator: set by the DIP on replayed transactions",
    basis="published",
    after=["webhook.created"],
)
def replay(context: Context) -> Iterator[Finding]:
    """After a requeue the same transaction comes again, marked as a replay."""
    return each_party(
        context,
        "the replay of a taken message is answered",
        lambda trial: trial.replay,
        lambda _, tried: judging.repeated(tried.reply),
        expected="201, or RCP1006",
        hint="Take replayIndicator true as well as false, and recognise the transaction.",
    )


@check(
    id="webhook.replay-of-missed",
    part="webhook",
    title="A replay of a message that was missed is taken",
    rule="API D0.replayIndicator: set by the DIP on replayed transactions",
    basis="published",
    after=["webhook.created"],
)
def replay_of_missed(context: Context) -> Iterator[Finding]:
    """A replay is how a missed message comes back: it is new to the receiver."""
    return each_party(
        context,
        "the replay of a missed message is taken",
        lambda trial: trial.replay_of_missed,
        lambda _, tried: judging.created(tried.reply),
        expected="201",
        hint="Do not drop what is marked as a replay: look whether the transaction is known.",
    )


def _held(trial: Trial, tried: Tried, seconds: float) -> str:
    """Return what is wrong with how often the first publication was taken."""
    reference = tried.publication.reference
    ledger = ledger_of(trial)
    held = ledger.wait(reference, 2, seconds=seconds) if len(tried.replies) > 1 else ledger.look(reference)
    return "" if held.count == 1 else f"the ledger holds {reference} {held.count} times, not once"


@check(
    id="webhook.stored-before-answer",
    part="webhook",
    title="What is answered 201 is stored",
    rule="API, retry classes of HTTP statuses: what was answered 201 is not sent again",
    basis="published",
    after=["webhook.created"],
)
def stored_before_answer(context: Context) -> Iterator[Finding]:
    """A crash between answer and store loses the message for good."""

    def stored(trial: Trial) -> Tried:
        ledger_of(trial)
        return trial.send(trial.new())

    return each_party(
        context,
        "the ledger shows the message at once",
        stored,
        lambda trial, tried: _held(trial, tried, 0),
        expected="count 1 when the answer is there",
        hint="Write the message to durable storage first, then answer 201.",
    )


@check(
    id="webhook.repeat-taken-once",
    part="webhook",
    title="A repeated transaction is taken once",
    rule=AT_LEAST_ONCE,
    basis="assumed",
    after=["webhook.repeat", "webhook.stored-before-answer"],
)
def repeat_taken_once(context: Context) -> Iterator[Finding]:
    """Delivery is at least once, so whoever receives has to sort out what came twice."""
    seconds = context.settings.number("selfcheck.store_seconds")
    return each_party(
        context,
        "the ledger holds a repeated message once",
        lambda trial: trial.repeat if ledger_of(trial) else None,
        lambda trial, tried: _held(trial, tried, seconds),
        expected="count 1",
        hint=IDEMPOTENT,
    )


@check(
    id="webhook.replay-taken-once",
    part="webhook",
    title="A replayed transaction is taken once",
    rule="API D0.replayIndicator: the transaction keeps its id",
    basis="published",
    after=["webhook.replay", "webhook.stored-before-answer"],
)
def replay_taken_once(context: Context) -> Iterator[Finding]:
    """A replay covers a period, with what was received in it as well as what was missed."""
    seconds = context.settings.number("selfcheck.store_seconds")
    return each_party(
        context,
        "the ledger holds a replayed message once",
        lambda trial: trial.replay if ledger_of(trial) else None,
        lambda trial, tried: _held(trial, tried, seconds),
        expected="count 1",
        hint="Recognise a transaction by its id, whatever replayIndicator says.",
    )


@check(
    id="webhook.batch-stored",
    part="webhook",
    title="Every message of a batch is stored",
    rule="API: the body is an array of messages",
    basis="published",
    after=["webhook.batch", "webhook.stored-before-answer"],
)
def batch_stored(context: Context) -> Iterator[Finding]:
    """A receiver that answers for all and stores the first loses messages without anybody noticing."""

    def judge(trial: Trial, tried: Tried) -> str:
        counts = [ledger_of(trial).look(each.reference).count for each in tried.publications]
        return "" if set(counts) == {1} else f"the ledger holds the messages {counts} times, each not once"

    return each_party(
        context,
        "the ledger holds each message of a batch once",
        lambda trial: trial.batch if ledger_of(trial) else None,
        judge,
        expected="count 1 for each",
        hint="Store every element of the array before the answer.",
    )


@check(
    id="webhook.refused-not-stored",
    part="webhook",
    title="What is refused is not stored",
    rule="CoCo 8.5: signatures are verified; what does not verify has no effect is assumed",
    basis="assumed",
    after=["webhook.bad-signature", "webhook.stored-before-answer"],
)
def refused_not_stored(context: Context) -> Iterator[Finding]:
    """A receiver that stores first and verifies afterwards lets anybody write into its system."""

    def judge(trial: Trial, tried: Tried) -> str:
        count = ledger_of(trial).look(tried.publication.reference).count
        return f"the ledger holds a message with a bad signature {count} times" if count else ""

    return each_party(
        context,
        "the ledger knows nothing of a message with a bad signature",
        lambda trial: trial.spoiled if ledger_of(trial) else None,
        judge,
        expected="count 0",
        hint="Verify the signature before anything else is done with the body.",
    )
