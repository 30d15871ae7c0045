"""Status messages as a simulated party takes them: an array of StandardResponse entries about what it sent.

Judged as any webhook call is: the hub must have connected and signed, and every entry must have the published
shape. Nothing acts on them; they are kept by the transactions that they name.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from harness.clock import message_time
from harness.spec.codes import text
from harness.spec.release import Release
from harness.spec.validators import validators

CHANNEL = "status"
"""The last part of a status webhook's path."""
SUCCESS = "RCP0000"
_ECHOED = ("transactionID", "senderUniqueReference", "correlationID", "DIPConnectionProviderID")
_ANSWERED = 100
"""Entries of an answer to a body that is refused, at most."""


def fault(release: Release, document: Any) -> str:
    """Return what is wrong with the body of a call; an empty text when it has the published shape."""
    for wrong in validators(release).shape("StandardResponseArray").iter_errors(document):
        place = "".join(f"/{part}" for part in wrong.instance_path)
        return f"{place or '/'}: {wrong.message}"[:300]
    return ""


def answer(dip_id: str, document: Any, code: str, reason: str, now: datetime) -> list[dict[str, Any]]:
    """Answer each entry with ``code``: repeating its ids when it is good, with nulls when it is refused."""
    if code == SUCCESS:
        return [_entry(dip_id, entry, code, reason, now) for entry in document]
    count = len(document) if isinstance(document, list) else 1
    return [_entry(dip_id, {}, code, reason, now)] * max(1, min(count, _ANSWERED))


def _entry(dip_id: str, entry: Mapping[str, Any], code: str, reason: str, now: datetime) -> dict[str, Any]:
    return {
        **{name: entry.get(name) for name in _ECHOED},
        "sentTimestamp": message_time(now),
        "senderID": dip_id,
        "recipientID": entry.get("senderID"),
        "message": text(code),
        "help": reason[:500] or None,
        "serviceTicketURL": None,
    }


def texts(document: Any, item: str) -> tuple[str, ...]:
    """Return an item of every entry that has it as text."""
    entries = document if isinstance(document, list) else ()
    values = (entry.get(item) for entry in entries if isinstance(entry, Mapping))
    return tuple(value for value in values if isinstance(value, str))
