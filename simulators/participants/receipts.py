"""What the simulated parties received: webhook calls with bytes and answer, bounded, found by tag."""

from __future__ import annotations

import base64
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Receipt:
    """One webhook call; ``url`` and ``body`` are what was signed."""

    party: str
    """DIP id"""
    role: str
    release: str
    url: str
    received_at: datetime
    headers: Mapping[str, str]
    body: bytes
    answer_status: int
    answer: bytes
    tags: frozenset[str]
    """S1.subText of the publications in it; empty text where one has none."""
    transactions: tuple[str, ...]
    references: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the receipt as the admin interface gives it out."""
        return {
            "party": self.party,
            "role": self.role,
            "release": self.release,
            "url": self.url,
            "received_at": self.received_at.isoformat(timespec="milliseconds"),
            "headers": dict(self.headers),
            "body_base64": base64.b64encode(self.body).decode(),
            "answer_status": self.answer_status,
            "answer_base64": base64.b64encode(self.answer).decode(),
            "transactions": list(self.transactions),
            "references": list(self.references),
        }

    @property
    def size(self) -> int:
        """Return about how many bytes it keeps in memory."""
        return len(self.body) + len(self.answer) + sum(len(name) + len(v) for name, v in self.headers.items())


class Receipts:
    """The latest receipts: at most so many and so many bytes, the oldest go first."""

    def __init__(self, *, count: int, size: int) -> None:
        self._count, self._room = count, size
        self._kept: OrderedDict[int, Receipt] = OrderedDict()
        self._by_tag: dict[str, list[int]] = {}
        self._size = 0
        self._next = 0

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, receipt: Receipt) -> None:
        """Keep a receipt, and let go of the oldest where there is no room."""
        self._kept[self._next] = receipt
        for tag in receipt.tags:
            self._by_tag.setdefault(tag, []).append(self._next)
        self._next += 1
        self._size += receipt.size
        while len(self._kept) > self._count or (self._size > self._room and len(self._kept) > 1):
            self._forget()

    def with_tag(self, tag: str) -> list[Receipt]:
        """Return the receipts that hold a publication with ``tag``, in order of arrival."""
        return [self._kept[number] for number in self._by_tag.get(tag, ())]

    def _forget(self) -> None:
        number, receipt = self._kept.popitem(last=False)
        self._size -= receipt.size
        for tag in receipt.tags:
            numbers = self._by_tag[tag]
            numbers.remove(number)
            if not numbers:
                del self._by_tag[tag]


class Remembered(OrderedDict[Any, Any]):
    """A mapping that holds a bounded number of the latest keys."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self._limit = limit

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        if len(self) > self._limit:
            self.popitem(last=False)
