"""What a recipient's answer to a webhook call means for the deliveries in it. Pure.

Published: 201 and 207 carry a StandardResponse, some statuses are tried again, others are not. Assumed: a 207
is read entry by entry by transaction id, an entry that is missing is ``UnknownDeliveryStatus``, and so is any
other 2xx.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from simulators.dip.rules import Rules
from simulators.dip.store import Waiting


@dataclass(frozen=True, slots=True)
class Reply:
    """The recipient's answer, or why there was none (``status`` None)."""

    status: int | None
    body: bytes = b""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one delivery, in the words of the published journal."""

    waiting: Waiting
    status: str
    http_status: int | None
    detail: str


def is_retried(reply: Reply, rules: Rules) -> bool:
    """Say whether the call is made again: no answer at all, or a status of ``delivery.retry_statuses``."""
    return reply.status is None or reply.status in rules.retry_statuses


def judge(batch: Sequence[Waiting], reply: Reply) -> list[Result]:
    """Return the final status of each delivery of a call that is not made again."""
    match reply.status:
        case 201:
            return all_of(batch, "Delivered", reply)
        case 207:
            return _one_by_one(batch, reply)
        case 400:
            return all_of(batch, "RejectedByRecipient", reply)
        case int(status) if 200 <= status < 300:
            return all_of(batch, "UnknownDeliveryStatus", reply)
        case _:
            return all_of(batch, "DeliveryFailure", reply)


def all_of(batch: Sequence[Waiting], status: str, reply: Reply) -> list[Result]:
    """Give every delivery of a call the same status."""
    detail = reply.error or "; ".join(dict.fromkeys(text for _, text in _entries(reply.body)))[:500]
    return [Result(waiting, status, reply.status, detail) for waiting in batch]


def _one_by_one(batch: Sequence[Waiting], reply: Reply) -> list[Result]:
    told = dict(_entries(reply.body))
    results = []
    for waiting in batch:
        text = told.get(waiting.transaction)
        if text is None:
            status = "UnknownDeliveryStatus"
        else:
            status = "Delivered" if text[3:7] == "0000" else "RejectedByRecipient"
        results.append(Result(waiting, status, reply.status, text or "no entry for this transaction"))
    return results


def _entries(body: bytes) -> list[tuple[str | None, str]]:
    """Take (transaction id, message text) out of a StandardResponse; empty for anything else."""
    try:
        answer: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    entries = answer.get("messageArray") if isinstance(answer, dict) else None
    found: list[tuple[str | None, str]] = []
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("message"), str):
            transaction = entry.get("transactionID")
            found.append((transaction if isinstance(transaction, str) else None, entry["message"]))
    return found
