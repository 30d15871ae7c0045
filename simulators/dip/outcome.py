"""What a recipient's answer to a webhook call means for the deliveries in it. Pure.

Published: 201 and 207 carry a StandardResponse, some statuses are tried again, others are not. Assumed: a 207
is read entry by entry by transaction id, an entry that is missing is ``UnknownDeliveryStatus``, and so is any
other 2xx.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from simulators.dip.rules import Rules
from simulators.dip.waiting import Result, Waiting

_WITH_BODY = (201, 207, 400)


@dataclass(frozen=True, slots=True)
class Reply:
    """The recipient's answer, or why there was none (``status`` None)."""

    status: int | None
    body: bytes = b""
    error: str = ""
    seconds: float = 0.0
    retry_after: float = 0.0
    """Seconds that the recipient asks to be left alone for."""


@dataclass(frozen=True, slots=True)
class _Entry:
    transaction: str | None
    message: str
    help: str


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
    """Give every delivery of a call the same status; each keeps what the answer says of it."""
    entries = _entries(reply.body) if reply.status in _WITH_BODY else []
    detail = reply.error or "; ".join(dict.fromkeys(entry.message for entry in entries))[:500]
    named, unnamed = _sorted(entries)
    return [
        _result(waiting, status, reply, detail, named.get(waiting.transaction, unnamed)) for waiting in batch
    ]


def _one_by_one(batch: Sequence[Waiting], reply: Reply) -> list[Result]:
    named, _ = _sorted(_entries(reply.body))
    results = []
    for waiting in batch:
        entry = named.get(waiting.transaction)
        if entry is None:
            status, detail = "UnknownDeliveryStatus", "no entry for this transaction"
        else:
            status = "Delivered" if entry.message[3:7] == "0000" else "RejectedByRecipient"
            detail = entry.message
        results.append(_result(waiting, status, reply, detail, entry))
    return results


def _result(waiting: Waiting, status: str, reply: Reply, detail: str, entry: _Entry | None) -> Result:
    message, help_text = (entry.message, entry.help) if entry else ("", "")
    return Result(waiting, status, reply.status, detail, message, help_text, reply.seconds)


def _sorted(entries: Iterable[_Entry]) -> tuple[dict[str, _Entry], _Entry | None]:
    """Return the entries by transaction, and the first that names none: it speaks of all the others."""
    entries = list(entries)
    named = {entry.transaction: entry for entry in entries if entry.transaction is not None}
    return named, next((entry for entry in entries if entry.transaction is None), None)


def _entries(body: bytes) -> list[_Entry]:
    """Read the entries of a StandardResponse; empty for anything else."""
    try:
        answer: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    entries = answer.get("messageArray") if isinstance(answer, dict) else None
    found: list[_Entry] = []
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("message"), str):
            transaction, help_text = entry.get("transactionID"), entry.get("help")
            found.append(
                _Entry(
                    transaction if isinstance(transaction, str) else None,
                    entry["message"],
                    help_text if isinstance(help_text, str) else "",
                )
            )
    return found
