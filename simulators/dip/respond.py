"""StandardResponse bodies as published: one entry of ten keys per message, or per fault of a batch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import orjson

from harness.spec.codes import text as code_text
from simulators.dip.model import Accepted, Fault

HELP_LENGTH = 500
MESSAGE_LENGTH = 200
SUCCESS = code_text("MSG0000")
FAULTS_NAMED = 100
"""A refusal names at most this many faults, so that a small bad request can't cause a large answer."""


def accepted(messages: Sequence[Accepted], *, hub: str, at: str) -> bytes:
    """Return the body of a 201: ``MSG0000`` for every message of the batch."""
    return _body(
        [
            {
                **_ACCEPTED,
                "transactionID": message.transaction,
                "senderUniqueReference": message.draft.reference,
                "correlationID": message.correlation,
                "sentTimestamp": at,
                "senderID": hub,
                "recipientID": message.draft.sender,
                "DIPConnectionProviderID": message.draft.provider,
            }
            for message in messages
        ],
        at,
    )


def refused(
    faults: Sequence[Fault],
    *,
    hub: str,
    at: str,
    recipient: str | None,
    provider: str | None = None,
    reference: re.Pattern[str] | None = None,
) -> bytes:
    """Return the body of a 400: one entry per fault, code in ``message``, place and cause in ``help``.

    A reference that breaks the release's own pattern is given as null, so that the answer keeps to its
    schema.
    """
    entries = [
        entry(
            transaction=None,
            reference=_legal_reference(fault.reference, reference),
            correlation=None,
            at=at,
            hub=hub,
            recipient=recipient,
            provider=provider,
            message=code_text(fault.code),
            help_text=f"{fault.pointer or '/'}: {fault.text}",
        )
        for fault in faults[:FAULTS_NAMED]
    ]
    return _body(entries, at)


def _legal_reference(value: str | None, pattern: re.Pattern[str] | None) -> str | None:
    if value is None or not 1 <= len(value) <= 200 or (pattern and not pattern.fullmatch(value)):
        return None
    return value


def entry(
    *,
    transaction: str | None,
    reference: str | None,
    correlation: str | None,
    at: str,
    hub: str,
    recipient: str | None,
    provider: str | None,
    message: str,
    help_text: str | None = None,
) -> dict[str, Any]:
    """Return one entry of ten keys, as the hub says it."""
    return {
        "transactionID": transaction,
        "senderUniqueReference": reference,
        "correlationID": correlation,
        "sentTimestamp": at,
        "senderID": hub,
        "recipientID": recipient,
        "DIPConnectionProviderID": provider,
        "message": cut(message, MESSAGE_LENGTH),
        "help": cut(help_text, HELP_LENGTH) if help_text else None,
        "serviceTicketURL": None,
    }


def cut(text: str, length: int) -> str:
    """Shorten to ``length`` characters; what can't be written as UTF-8 (a lone surrogate) becomes ``?``."""
    text = text if len(text) <= length else text[: length - 1] + "…"
    return text.encode("utf-8", "replace").decode("utf-8")


_ACCEPTED = entry(
    transaction=None,
    reference=None,
    correlation=None,
    at="",
    hub="",
    recipient=None,
    provider=None,
    message=SUCCESS,
)
"""What every message that was accepted is told, in the order of the published keys."""


def _body(entries: list[dict[str, Any]], at: str) -> bytes:
    return orjson.dumps({"messageArray": entries, "timestamp": at})
