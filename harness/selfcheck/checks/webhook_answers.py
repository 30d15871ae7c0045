"""Webhook conduct: what is answered to valid publications, one by one and in batches."""

from __future__ import annotations

from collections.abc import Iterator

from harness.selfcheck.check import Finding, check
from harness.selfcheck.conduct import judging
from harness.selfcheck.conduct.asking import each_party
from harness.selfcheck.conduct.trial import Tried
from harness.selfcheck.context import Context

API = "API SubmitEvents, webhook callback"
RESPONSE = "API StandardResponse"
CODES = "API ResponseCodes"
ASSUMED = "no public source says it"


@check(
    id="webhook.answers",
    part="webhook",
    title="A call to the webhook gets an HTTP answer",
    rule=f"{API}: every call is answered",
    basis="published",
)
def answers(context: Context) -> Iterator[Finding]:
    """Without an answer the DIP tries again until its attempts are used up, and the message is lost."""
    return each_party(
        context,
        "the webhook answers",
        lambda trial: trial.single,
        lambda _, tried: judging.no_answer(tried.reply),
        expected="an HTTP answer",
        hint="See the checks of connectivity: the receiver must listen, and trust the test DIP's authority.",
    )


_SIGNATURE = "RCP9999"
_SUCCESSES = range(200, 300)


def _why_not_created(tried: Tried) -> str:
    """Return the likeliest way out for a valid publication that wasn't answered 201."""
    said = [judging.code_of(entry) for entry in judging.entries(tried.reply)]
    if _SIGNATURE in said:
        return (
            "The DIP's signature holds, so the receiver builds another string-to-sign. It is POST;the full "
            "URL that was called, all in lower case;X-DIP-Signature-Date;base64 SHA-256 of the body's bytes "
            "as they came. Behind a gateway use the public URL, and let all X-DIP headers through. "
            "See `dip verify`."
        )
    if tried.reply.status in _SUCCESSES:
        return "Answer 201 (not 200, 202 or 204) once the message is stored."
    if tried.reply.status in (401, 403):
        return "The receiver refuses the test DIP's certificate: it must trust the test authority (ca.pem)."
    return "The publication is valid for this role: see the receiver's log for why it refuses it."


@check(
    id="webhook.created",
    part="webhook",
    title="A valid publication is answered 201",
    rule=f"{API}: 201 for messages taken, 207 for a mixed batch",
    basis="published",
    after=["webhook.answers"],
)
def created(context: Context) -> Iterator[Finding]:
    """Another success status is no published answer, so the DIP can't count the message as delivered."""
    return each_party(
        context,
        "a valid publication is taken",
        lambda trial: trial.single,
        lambda _, tried: judging.created(tried.reply),
        expected="201",
        hint=_why_not_created,
    )


@check(
    id="webhook.standard-response",
    part="webhook",
    title="The answer is a StandardResponse",
    rule=f"{RESPONSE}: messageArray with ten keys an entry, and timestamp",
    basis="published",
    after=["webhook.answers"],
)
def standard_response(context: Context) -> Iterator[Finding]:
    """The DIP reads what became of each message from the body of the answer."""
    return each_party(
        context,
        "the body has the published shape",
        lambda trial: trial.single,
        lambda trial, tried: judging.standard_response(tried.reply, trial.release),
        expected='{"messageArray": [...], "timestamp": "..."}',
        hint="Answer with a JSON StandardResponse; an error page of a web server or a gateway is none.",
    )


@check(
    id="webhook.content-type",
    part="webhook",
    title="The answer says that it is JSON",
    rule=f"{API}: content application/json",
    basis="published",
    after=["webhook.answers"],
)
def content_type(context: Context) -> Iterator[Finding]:
    """A body of another type than the declared one may not be read."""
    return each_party(
        context,
        "the content type is JSON",
        lambda trial: trial.single,
        lambda _, tried: judging.content_type(tried.reply),
        expected="Content-Type: application/json",
        hint="Set the header Content-Type of answers to application/json.",
    )


@check(
    id="webhook.success-code",
    part="webhook",
    title="Success is said with RCP0000",
    rule=f"{CODES}: RCP0000 Message Success; that recipients say it is assumed",
    basis="assumed",
    after=["webhook.standard-response"],
)
def success_code(context: Context) -> Iterator[Finding]:
    """Codes tell the parties apart: MSG codes are the DIP's, RCP codes a recipient's."""
    return each_party(
        context,
        "the entry says RCP0000",
        lambda trial: trial.single,
        lambda _, tried: judging.success_code(tried.reply),
        expected="message: RCP0000 - Message Success",
        hint="Begin each entry's message with a recipient's code: RCP0000 for success.",
    )


@check(
    id="webhook.transaction-id",
    part="webhook",
    title="The answer names the transaction that it answers",
    rule=f"{RESPONSE}: transactionID; that it repeats D0.transactionID is assumed",
    basis="assumed",
    after=["webhook.standard-response"],
)
def transaction_id(context: Context) -> Iterator[Finding]:
    """The DIP finds the delivery by the transaction: with a wrong one the outcome is nobody's."""
    return each_party(
        context,
        "transactionID repeats D0.transactionID",
        lambda trial: trial.single,
        lambda _, tried: judging.echoes(tried.reply, "transactionID", tried.publication.transaction),
        expected="the publication's D0.transactionID",
        hint="Copy D0.transactionID of the publication, not an id of your own.",
    )


@check(
    id="webhook.sender-reference",
    part="webhook",
    title="The answer repeats the sender's reference",
    rule=f"{RESPONSE}: senderUniqueReference; that it repeats S1's is assumed",
    basis="assumed",
    after=["webhook.standard-response"],
)
def sender_reference(context: Context) -> Iterator[Finding]:
    """The original sender finds its message by its own reference."""
    return each_party(
        context,
        "senderUniqueReference repeats S1",
        lambda trial: trial.single,
        lambda _, tried: judging.echoes(tried.reply, "senderUniqueReference", tried.publication.reference),
        expected="the publication's S1.senderUniqueReference",
        hint="Copy S1.senderUniqueReference of the publication as it stands.",
    )


@check(
    id="webhook.correlation-id",
    part="webhook",
    title="The answer repeats the correlation id",
    rule=f"{RESPONSE}: correlationID; that it repeats D0.initialCorrelationID is assumed",
    basis="assumed",
    after=["webhook.standard-response"],
)
def correlation_id(context: Context) -> Iterator[Finding]:
    """The correlation id ties the steps of a process together."""
    return each_party(
        context,
        "correlationID repeats D0.initialCorrelationID",
        lambda trial: trial.single,
        lambda _, tried: judging.echoes(tried.reply, "correlationID", tried.publication.correlation),
        expected="the publication's D0.initialCorrelationID",
        hint="Copy D0.initialCorrelationID of the publication.",
    )


@check(
    id="webhook.identities",
    part="webhook",
    title="The answer is from the party, to the message's sender",
    rule=f"{RESPONSE}: recipientID is the logical recipient, the sender of the original",
    basis="published",
    after=["webhook.standard-response"],
)
def identities(context: Context) -> Iterator[Finding]:
    """The DIP passes an answer on to the original sender, in the name of the party that answers."""
    return each_party(
        context,
        "senderID is the party, recipientID the message's sender",
        lambda trial: trial.single,
        lambda trial, tried: judging.identities(tried.publication, tried.reply, trial.addressee),
        expected="senderID: your DIP id; recipientID: S1.senderDIPID",
        hint="An answer turns the message round: you are its sender, the message's sender its recipient. "
        "A receiver with several roles answers with the DIP id that the publication was for.",
    )


@check(
    id="webhook.answer-clock",
    part="webhook",
    title="The times in the answer are right",
    rule=f"{RESPONSE}: sentTimestamp, timestamp; how far they may be off is assumed",
    basis="assumed",
    after=["webhook.standard-response"],
)
def answer_clock(context: Context) -> Iterator[Finding]:
    """A local time that is written as UTC, or a clock that is off, shows in the answer first."""
    seconds = context.settings.number("signing.skew_seconds")
    return each_party(
        context,
        "sentTimestamp and timestamp are now",
        lambda trial: trial.single,
        lambda _, tried: judging.answer_clock(tried.reply, tried.at, seconds),
        expected=f"within {seconds:g} s of the harness's clock",
        hint="Write UTC with +00:00, 25 characters, and let NTP set the clock.",
    )


@check(
    id="webhook.answer-time",
    part="webhook",
    title="The answer comes soon",
    rule="selfcheck.answer_seconds; the DIP's own limit is not public",
    basis="assumed",
    after=["webhook.answers"],
)
def answer_time(context: Context) -> Iterator[Finding]:
    """What is answered too late is sent again."""
    seconds = context.settings.number("selfcheck.answer_seconds")
    return each_party(
        context,
        "one publication is answered in time",
        lambda trial: trial.single,
        lambda _, tried: judging.in_time(tried.replies, seconds),
        expected=f"within {seconds:g} s",
        hint="Store the message and answer; process it afterwards.",
    )


@check(
    id="webhook.batch",
    part="webhook",
    title="A batch is taken in one call",
    rule=f"{API}: the body is an array of messages",
    basis="published",
    after=["webhook.created"],
)
def batch(context: Context) -> Iterator[Finding]:
    """The DIP puts several messages into a call when they wait."""
    return each_party(
        context,
        "a batch of three is taken",
        lambda trial: trial.batch,
        lambda _, tried: judging.created(tried.reply),
        expected="201",
        hint="The body is always an array: take every element, not only the first.",
    )


@check(
    id="webhook.batch-entries",
    part="webhook",
    title="A batch's answer has one entry for each message",
    rule=f"{RESPONSE}: messageArray; one entry per message is assumed",
    basis="assumed",
    after=["webhook.batch", "webhook.transaction-id"],
)
def batch_entries(context: Context) -> Iterator[Finding]:
    """A message without an entry has no known outcome."""
    return each_party(
        context,
        "each transaction of a batch is answered once",
        lambda trial: trial.batch,
        lambda _, tried: judging.each_once(tried.publications, tried.reply),
        expected="as many entries as messages, each transaction once",
        hint="Add an entry to messageArray for each message of the call.",
    )


@check(
    id="webhook.mixed-batch",
    part="webhook",
    title="A batch with one bad message is answered message by message",
    rule=f"{API}: 207 carries a StandardResponse; when it is given is assumed",
    basis="assumed",
    after=["webhook.batch", "webhook.unknown-publication"],
)
def mixed_batch(context: Context) -> Iterator[Finding]:
    """One bad message must not cost the good ones, nor pass with them."""
    return each_party(
        context,
        "a good and a bad message have their own outcomes",
        lambda trial: trial.mixed,
        lambda _, tried: judging.mixed(tried.publications[0], tried.publications[1], tried.reply),
        expected="207, RCP0000 for the good one and another code for the bad one",
        hint="Judge each message by itself; answer 207 where the outcomes differ.",
    )


@check(
    id="webhook.many-messages",
    part="webhook",
    title="A call with as many messages as the hub batches is taken",
    rule="delivery.batch_messages; the DIP's own figure is not public",
    basis="assumed",
    after=["webhook.batch"],
)
def many_messages(context: Context) -> Iterator[Finding]:
    """After a pause the calls are full."""
    count = context.settings.integer("delivery.batch_messages")
    return each_party(
        context,
        f"{count} messages in one call are taken",
        lambda trial: trial.many,
        lambda _, tried: judging.created(tried.reply) or judging.each_once(tried.publications, tried.reply),
        expected="201 with an entry for each",
        hint="Raise the limits of the receiver and of what stands before it (gateway, proxy).",
    )


@check(
    id="webhook.largest-message",
    part="webhook",
    title="The largest legal message is taken",
    rule="API B900, B901: IF-021 holds up to 200 settlement days of 48 periods",
    basis="published",
    after=["webhook.created"],
)
def largest_message(context: Context) -> Iterator[Finding]:
    """A legal consumption message has up to about 742 kB; usual body limits are lower."""
    return each_party(
        context,
        "an IF-021 of 200 days is taken",
        lambda trial: trial.largest,
        lambda _, tried: judging.created(tried.reply),
        expected="201",
        hint="Raise the limit of the body's size in the receiver, the gateway and the proxy.",
    )


@check(
    id="webhook.provider-carried",
    part="webhook",
    title="A message that a connection provider carried is taken",
    rule="API S1.DIPConnectionProviderID: nullable, ten characters",
    basis="published",
    after=["webhook.created"],
)
def provider_carried(context: Context) -> Iterator[Finding]:
    """Counterparties may use a connection provider, and change it."""
    return each_party(
        context,
        "a sender with a connection provider is accepted",
        lambda trial: trial.carried,
        lambda _, tried: judging.created(tried.reply),
        expected="201",
        hint="DIPConnectionProviderID may hold a DIP id: do not want null, nor a known provider.",
    )
