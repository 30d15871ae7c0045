"""What a simulated party answers to a webhook call: a StandardResponse as published, ten keys an entry."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from harness.clock import message_time
from harness.spec.codes import text
from harness.spec.release import Release
from harness.spec.validators import ascii_digits
from simulators.participants.judging import Judgement

_MESSAGE_LENGTH = 200
_HELP_LENGTH = 500


def block(payload: object, name: str) -> Mapping[str, Any]:
    """Return a common block of a payload, or an empty mapping where there is none."""
    common = payload.get("CommonBlock") if isinstance(payload, dict) else None
    found = common.get(name) if isinstance(common, dict) else None
    return found if isinstance(found, dict) else {}


def _within(value: object, length: int) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= length else None


def entry(
    release: Release, dip_id: str, payload: object, reasons: Sequence[Judgement], now: datetime
) -> dict[str, Any]:
    """Answer one publication: RCP0000, or the first reason with all of them in ``help``.

    The sender of the answer is the party that received; the answer's recipient is the original sender. What
    the publication says is repeated where the published shape of an answer allows it, else null.
    """
    sent, added = block(payload, "S1"), block(payload, "D0")
    explained = "; ".join(f"{reason.code} {reason.pointer} {reason.detail}" for reason in reasons)
    return {
        "transactionID": _within(added.get("transactionID"), 65),
        "senderUniqueReference": _reference(release, sent.get("senderUniqueReference")),
        "correlationID": _within(added.get("initialCorrelationID"), 60),
        "sentTimestamp": message_time(now),
        "senderID": dip_id,
        "recipientID": _dip_id(sent.get("senderDIPID")),
        "DIPConnectionProviderID": _dip_id(sent.get("DIPConnectionProviderID")),
        "message": text(reasons[0].code if reasons else "RCP0000")[:_MESSAGE_LENGTH],
        "help": explained[:_HELP_LENGTH] or None,
        "serviceTicketURL": None,
    }


def _reference(release: Release, value: object) -> str | None:
    reference, pattern = _within(value, 200), _pattern(release)
    return reference if reference and (pattern is None or pattern.fullmatch(reference)) else None


@cache
def _pattern(release: Release) -> re.Pattern[str] | None:
    shape = release.api_schema("StandardResponse")["properties"]["messageArray"]["items"]["properties"]
    pattern = shape["senderUniqueReference"].get("pattern")
    return re.compile(ascii_digits(pattern)) if pattern else None


def _dip_id(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) == 10 else None


def status(good: int, bad: int) -> int:
    """Return 201 when all publications are good, 400 when none is, 207 when some are.

    Basis: 201, 207 and 400 are published as the answers with a body; when which is given is assumed.
    """
    if not bad:
        return 201
    return 207 if good else 400


def body(entries: Sequence[Mapping[str, Any]], now: datetime) -> bytes:
    """Write the answer's bytes."""
    document = {"messageArray": list(entries), "timestamp": message_time(now)}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
