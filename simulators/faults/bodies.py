"""What a body speaks of: publications by what is in them, status messages by the message they are about."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Named:
    """The tags (S1.subText), sender's references and transactions of a body, each once and in its order."""

    tags: tuple[str, ...]
    references: tuple[str, ...]
    transactions: tuple[str, ...]


def named(body: bytes, tag_of: Callable[[str, str], str | None]) -> Named:
    """Read a body; ``tag_of`` gets transaction and reference of a status message, which holds no tag.

    A body that is neither an array of publications nor one of status messages names nothing.
    """
    tags, references, transactions = [], [], []
    for entry in _entries(body):
        common = _object(_object(entry.get("payload")).get("CommonBlock"))
        if common:
            sent, added = _object(common.get("S1")), _object(common.get("D0"))
            tags.append(sent.get("subText"))
            references.append(sent.get("senderUniqueReference"))
            transactions.append(added.get("transactionID"))
        else:
            transaction, reference = entry.get("transactionID"), entry.get("senderUniqueReference")
            if isinstance(transaction, str) or isinstance(reference, str):
                tags.append(tag_of(_text(transaction), _text(reference)))
            references.append(reference)
            transactions.append(transaction)
    return Named(_texts(tags), _texts(references), _texts(transactions))


def _entries(body: bytes) -> list[dict[str, Any]]:
    try:
        entries = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if isinstance(value, str)))
