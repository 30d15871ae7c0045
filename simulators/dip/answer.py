"""What an operation answers: a status, a body, and the headers that an operation of its own may add."""

from __future__ import annotations

from typing import NamedTuple

from simulators.dip.model import Refusal

JSON = "application/json"


class Answer(NamedTuple):
    """An HTTP answer; an empty ``media_type`` means no body."""

    status: int
    body: bytes = b""
    media_type: str = ""
    reason: str = ""
    """Why it was refused, for the log."""
    headers: tuple[tuple[str, str], ...] = ()


def bare(refusal: Refusal) -> Answer:
    """Answer a refusal: the status and one line of text (assumed; the published answers have no body)."""
    return Answer(
        refusal.status, refusal.reason.encode("utf-8", "replace"), "text/plain; charset=utf-8", refusal.reason
    )
