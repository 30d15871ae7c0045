"""Webhook conduct: calls that a recipient must not take, and what it says to them."""

from __future__ import annotations

from collections.abc import Iterator

from harness.selfcheck.check import Finding, check
from harness.selfcheck.checks.webhook_answers import ASSUMED, CODES
from harness.selfcheck.conduct import judging
from harness.selfcheck.conduct.asking import each_party
from harness.selfcheck.conduct.trial import Trial, Tried
from harness.selfcheck.context import Context

SIGNED = "API: the four signature headers are required on webhook calls"
CLASSES = "API, retry classes of HTTP statuses"
NOT_SENT_AGAIN = "400 (401 or 403), which the DIP does not send again"
_SCHEMA = ("RCP1001", "RCP1021", "RCP1022")
_UNKNOWN = ("RCP1002", "RCP1003", "RCP1042", "RCP1043", *_SCHEMA)
_UNWANTED = ("RCP1002", "RCP1003", "RCP1010", "RCP1041", "RCP1042", *_SCHEMA)


def _refused(trial: Trial, tried: Tried) -> str:
    return judging.refused(tried.reply, trial.retried)


@check(
    id="webhook.unknown-publication",
    part="webhook",
    title="A publication that there isn't is refused",
    rule=f"{CODES}: RCP1002, RCP1003, RCP1042; {CLASSES}; when they are said is assumed",
    basis="assumed",
    after=["webhook.created"],
)
def unknown_publication(context: Context) -> Iterator[Finding]:
    """What is taken without being understood is lost without anybody noticing."""
    return each_party(
        context,
        "an unknown interface is refused for good",
        lambda trial: trial.unknown,
        _refused,
        expected=NOT_SENT_AGAIN,
        hint="Answer 400 with a StandardResponse. A 5xx makes the DIP send the same message again.",
    )


@check(
    id="webhook.refusal-code",
    part="webhook",
    title="A refusal names an RCP code",
    rule=f"{CODES}; a 400 carries a StandardResponse (DIN-931); that recipients say RCP codes is assumed",
    basis="assumed",
    after=["webhook.unknown-publication"],
)
def refusal_code(context: Context) -> Iterator[Finding]:
    """Without a code the sender can't tell what to mend."""
    return each_party(
        context,
        "the refusal of an unknown interface has a code",
        lambda trial: trial.unknown,
        lambda _, tried: judging.refusal_code(tried.reply),
        expected="an entry whose message begins with an RCP code",
        hint="Answer a StandardResponse with 400 too: message 'RCP1002 - Interface ID Invalid'.",
    )


@check(
    id="webhook.unknown-code",
    part="webhook",
    title="The code fits what is wrong",
    rule=f"{CODES}: RCP1002 interface, RCP1003 event, RCP1042 publication; which is meant is assumed",
    basis="assumed",
    after=["webhook.refusal-code"],
)
def unknown_code(context: Context) -> Iterator[Finding]:
    """A code for something else sends the sender on a wrong track."""
    return each_party(
        context,
        "an unknown interface has one of its codes",
        lambda trial: trial.unknown,
        lambda _, tried: judging.refusal_code(tried.reply, _UNKNOWN),
        expected=" or ".join(_UNKNOWN),
        hint="Say RCP1002 for an interface that the release lacks.",
        advice=True,
    )


@check(
    id="webhook.not-its-role",
    part="webhook",
    title="Another role's publication is refused",
    rule=f"{CODES}: RCP1041 recipient, RCP1010 role; that it is refused is assumed",
    basis="assumed",
    after=["webhook.unknown-publication"],
)
def not_its_role(context: Context) -> Iterator[Finding]:
    """A system of several roles that takes whatever comes mixes its customers up."""
    return each_party(
        context,
        "a publication for another role is refused",
        lambda trial: trial.foreign_pair,
        lambda trial, tried: _refused(trial, tried) or judging.refusal_code(tried.reply, _UNWANTED),
        expected="400 with RCP1041, or the code of interface, event or publication",
        hint="Look at A0 and at the interface: take what is addressed to this DIP id and role.",
    )


@check(
    id="webhook.not-addressed",
    part="webhook",
    title="A publication for somebody else is refused",
    rule=f"{CODES}: RCP1041 Recipient ID Invalid, Unexpected or Missing; its condition is assumed",
    basis="assumed",
    after=["webhook.unknown-publication"],
)
def not_addressed(context: Context) -> Iterator[Finding]:
    """A publication that names other recipients only was misdelivered: it may be somebody else's data."""
    return each_party(
        context,
        "a publication whose A0 lists another DIP id is refused",
        lambda trial: trial.misaddressed,
        lambda trial, tried: _refused(trial, tried) or judging.refusal_code(tried.reply, ("RCP1041",)),
        expected="400 with RCP1041",
        hint="Compare A0 (primaryRecipients, secondaryRecipients, always) with your DIP id.",
    )


@check(
    id="webhook.other-environment",
    part="webhook",
    title="A publication of another environment is refused",
    rule=f"{CODES}: RCP1004 Environment Code Invalid or Unexpected; its condition is assumed",
    basis="assumed",
    after=["webhook.unknown-publication"],
)
def other_environment(context: Context) -> Iterator[Finding]:
    """Test messages that reach another environment's system change data there."""
    return each_party(
        context,
        "another environmentTag is refused",
        lambda trial: trial.other_environment,
        lambda trial, tried: _refused(trial, tried) or judging.refusal_code(tried.reply, ("RCP1004",)),
        expected="400 with RCP1004",
        hint="Compare S1.environmentTag with the environment that the system runs in.",
    )


@check(
    id="webhook.malformed",
    part="webhook",
    title="A body that is no JSON is refused for good",
    rule=f"{CLASSES}: 400 is not sent again, 5xx is",
    basis="published",
    after=["webhook.created"],
)
def malformed(context: Context) -> Iterator[Finding]:
    """A parser that fails with 500 gets the same body until the attempts are used up."""
    return each_party(
        context,
        "half a body's JSON is refused for good",
        lambda trial: trial.malformed,
        _refused,
        expected="400",
        hint="Catch the parser's error and answer 400.",
    )


@check(
    id="webhook.bad-signature",
    part="webhook",
    title="A bad signature is refused",
    rule=f"{SIGNED}; {CODES}: RCP9999",
    basis="published",
    after=["webhook.created"],
)
def bad_signature(context: Context) -> Iterator[Finding]:
    """The signature is what tells the DIP from anybody who reaches the address."""
    return each_party(
        context,
        "a signature that does not verify is refused",
        lambda trial: trial.spoiled,
        _refused,
        expected=NOT_SENT_AGAIN,
        hint="Verify X-DIP-Signature over METHOD;url;date;hash with the certificate of the header.",
    )


@check(
    id="webhook.signature-code",
    part="webhook",
    title="A bad signature is answered RCP9999",
    rule=f"{CODES}: RCP9999 Message Signature Invalid",
    basis="published",
    after=["webhook.bad-signature"],
)
def signature_code(context: Context) -> Iterator[Finding]:
    """The code of its own lets the DIP see that its signing, and not the message, is in doubt."""
    return each_party(
        context,
        "RCP9999 is said",
        lambda trial: trial.spoiled,
        lambda _, tried: judging.refusal_code(tried.reply, ("RCP9999",)),
        expected="an entry with RCP9999",
        hint="Answer 400 with RCP9999 for each message of the call.",
    )


@check(
    id="webhook.altered-body",
    part="webhook",
    title="A body that was changed after signing is refused",
    rule=f"{SIGNED}: X-DIP-Content-Hash is the body's SHA-256",
    basis="published",
    after=["webhook.bad-signature"],
)
def altered_body(context: Context) -> Iterator[Finding]:
    """The signature covers the hash: who does not compare the hash with the body takes any body."""
    return each_party(
        context,
        "another body under a sound signature is refused",
        lambda trial: trial.altered,
        _refused,
        expected=NOT_SENT_AGAIN,
        hint="Compute the SHA-256 of the bytes as received and compare it with X-DIP-Content-Hash.",
    )


@check(
    id="webhook.unsigned",
    part="webhook",
    title="A call without a signature is refused",
    rule=SIGNED,
    basis="published",
    after=["webhook.created"],
)
def unsigned(context: Context) -> Iterator[Finding]:
    """A receiver that verifies what is there and lets through what isn't verifies nothing."""
    return each_party(
        context,
        "no signature headers: refused",
        lambda trial: trial.unsigned,
        _refused,
        expected=NOT_SENT_AGAIN,
        hint="Refuse a call that lacks one of the four X-DIP headers.",
    )


@check(
    id="webhook.other-signer",
    part="webhook",
    title="A call that another party signed is refused",
    rule=f"CoCo 8.5, verifying: its text is not public; {ASSUMED}",
    basis="assumed",
    after=["webhook.bad-signature"],
)
def other_signer(context: Context) -> Iterator[Finding]:
    """Every party has a signing certificate of the same authority: only the DIP's may sign publications."""
    return each_party(
        context,
        "a signature with another party's certificate is refused",
        lambda trial: trial.stranger,
        _refused,
        expected=NOT_SENT_AGAIN,
        hint="Look whom the signing certificate names, not only who issued it.",
    )


@check(
    id="webhook.old-signature",
    part="webhook",
    title="A signature of yesterday is refused",
    rule="signing.skew_seconds; the Code of Connection's window is not public",
    basis="assumed",
    after=["webhook.bad-signature"],
)
def old_signature(context: Context) -> Iterator[Finding]:
    """A recorded call that is played again later carries a sound signature with an old date."""
    return each_party(
        context,
        "a signature date of a day ago is refused",
        lambda trial: trial.stale,
        _refused,
        expected=NOT_SENT_AGAIN,
        hint="Compare X-DIP-Signature-Date with the clock, and allow a few minutes.",
        advice=True,
    )


@check(
    id="webhook.revoked-certificate",
    part="webhook",
    title="A revoked client certificate is refused",
    rule="CoCo 6.1.3, certificate revocation: its text is not public",
    basis="assumed",
    after=["webhook.created"],
)
def revoked_certificate(context: Context) -> Iterator[Finding]:
    """A stolen key is worth nothing once its certificate is revoked, if receivers look."""
    return each_party(
        context,
        "a call with a revoked client certificate is not taken",
        lambda trial: trial.revoked,
        lambda _, tried: judging.not_taken(tried.reply),
        expected="refused in the handshake, or 401 or 403",
        hint="Load the authority's revocation list (crl.pem beside ca.pem), or ask by OCSP, and read it "
        "again when it changes.",
    )
