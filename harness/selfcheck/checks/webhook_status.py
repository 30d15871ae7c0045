"""Webhook conduct: the status webhook, where the DIP and recipients tell what became of a message."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import orjson

from harness.clock import header_time, message_time
from harness.security.signing import SIGNATURE
from harness.selfcheck.check import Finding, check
from harness.selfcheck.conduct import judging
from harness.selfcheck.conduct.asking import each_party, party_of
from harness.selfcheck.conduct.calling import USUAL, Manner
from harness.selfcheck.conduct.trial import Trial, Tried
from harness.selfcheck.context import Context
from harness.spec.codes import text

API = (
    "API statusmessage config, callback: an array of status messages is answered 201 with a StandardResponse"
)


def _status_message(trial: Trial) -> bytes:
    """Return a body with one status message: a recipient refused what the party had sent."""
    now, own = trial.now(), trial.addressee
    day, token = now.strftime("%Y%m%d"), secrets.token_hex(8)
    return orjson.dumps(
        [
            {
                "transactionID": f"T-IF-031-{own.dip_id}-{own.role}-{day}-{token}",
                "senderUniqueReference": f"S-IF-031-{own.dip_id}-{own.role}-{day}-{token}",
                "correlationID": f"CI-{day}-{token}",
                "sentTimestamp": message_time(now),
                "senderID": trial.identities.hub.dip_id,
                "recipientID": own.dip_id,
                "DIPConnectionProviderID": None,
                "message": text("RCP1062"),
                "help": "a status message of the self-check",
                "serviceTicketURL": None,
            }
        ]
    )


def _told(context: Context, trial: Trial, *, spoiled: bool = False) -> Tried | None:
    """Send a status message to the party's status webhook; None where it has none."""
    url = party_of(context, trial).status_webhook
    if not url:
        return None
    body, manner = _status_message(trial), USUAL
    if spoiled:
        other = trial.identities.usual.signer.sign("POST", url, body + b" ", date=header_time(trial.now()))
        manner = Manner(headers={SIGNATURE: other[SIGNATURE]})
    return trial.send((), manner, body=body, url=url, departure="a spoiled signature" if spoiled else "")


@check(
    id="webhook.status-message",
    part="webhook",
    title="A status message is taken",
    rule=API,
    basis="published",
    after=["webhook.answers"],
)
def status_message(context: Context) -> Iterator[Finding]:
    """What a recipient refuses later comes back here: a sender that does not listen believes it was taken."""
    return each_party(
        context,
        "the status webhook takes a status message",
        lambda trial: _told(context, trial),
        lambda trial, tried: (
            judging.created(tried.reply) or judging.standard_response(tried.reply, trial.release)
        ),
        expected="201 with a StandardResponse",
        hint="The body is a bare array of entries, without payload. Name its URL in status_webhook.",
    )


@check(
    id="webhook.status-signature",
    part="webhook",
    title="A status message with a bad signature is refused",
    rule="API statusmessage config, callback: the four signature headers are required",
    basis="published",
    after=["webhook.status-message"],
)
def status_signature(context: Context) -> Iterator[Finding]:
    """Whoever reaches the status webhook could else tell the sender that anything failed."""
    return each_party(
        context,
        "a status message whose signature does not verify is refused",
        lambda trial: _told(context, trial, spoiled=True),
        lambda trial, tried: judging.refused(tried.reply, trial.retried),
        expected="400 (401 or 403), which the DIP does not send again",
        hint="Verify status messages as publications are verified: the same headers, the same rule.",
    )
