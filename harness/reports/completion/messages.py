"""The messages of tests that did not pass: their text up to a cap, and of all others hash and place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from harness.errors import ConfigurationError
from harness.evidence.events import AnswerReceived, CheckMade, MessageSent, PublicationReceived
from harness.evidence.store import EvidenceStore
from harness.reports.completion.document import Message
from harness.reports.completion.traffic import Step
from harness.reports.standing.model import Standing

LARGEST = 64 * 1024
"""Bytes of a message that is embedded whole."""
MOST = 3 * 1024 * 1024
"""Bytes of all embedded messages, so that the page stays under 10 MB."""
MOST_TESTS = 500
"""Tests that are shown one by one; all others have their line in the table, the first `MOST_ROWS` of them."""
MOST_LISTED = 5_000
"""Messages that are listed with hash and place; of the rest a test says how many there are."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a test that did not pass: conditions that did not hold, and its messages."""

    checks: tuple[tuple[str, str, str], ...]
    """What was judged, expected, actual."""
    messages: tuple[Message, ...]


def shown(
    held: Standing,
    steps: Mapping[tuple[str, str], Iterable[Step]],
    stores: Mapping[str, EvidenceStore],
    packs: Mapping[str, str],
) -> dict[tuple[str, str], Shown]:
    """Return, by run and case, what is shown; ``stores`` by run, ``packs`` names of packs by run.

    Messages are embedded in the order given until the cap is met. Bytes that are missing or no text are not
    embedded, and the reason stands with them.
    """
    left, listed = MOST, MOST_LISTED
    found = {}
    for (run, case), taken in list(steps.items())[:MOST_TESTS]:
        checks, messages, more = [], [], 0
        for step in taken:
            if isinstance(step, CheckMade):
                if not step.passed and step.severity == "error":
                    checks.append((step.title, step.expected, step.actual))
                continue
            message = _message(held, step, run, packs)
            if listed == 0:
                more += 1
                continue
            listed -= 1
            data = _bytes(stores[run], message.sha256)
            if data is not None:
                message = replace(message, size=len(data))
                text = _text(data) if len(data) <= min(left, LARGEST) else ""
                left -= len(text.encode())
                message = replace(message, text=text)
            messages.append(message)
        if more:
            messages.append(Message(f"{more:,} more messages, in events.ndjson of run {run}", 0, "", ""))
        found[run, case] = Shown(tuple(checks), tuple(messages))
    return found


def _message(
    held: Standing,
    step: MessageSent | AnswerReceived | PublicationReceived,
    run: str,
    packs: Mapping[str, str],
) -> Message:
    match step:
        case MessageSent():
            title = f"Sent by {held.party_name(step.sender)}: {step.interface} [{step.event_code}]"
        case AnswerReceived():
            title = f"Answered {step.status or step.error or 'nothing'} {' '.join(step.codes)}".rstrip()
        case PublicationReceived():
            signed = "signature verified" if step.signature_valid else "signature does not verify"
            title = (
                f"Received by {held.party_name(step.party)}: {step.publication} [{step.event_code}], {signed}"
            )
    if not step.body:
        return Message(f"{title}, no body", 0, "", "")
    where = f"pack {packs[run]}" if run in packs else f"folder of run {run}, not sealed"
    return Message(title, 0, step.body, f"{where}, evidence/{step.body[:2]}")


def _bytes(store: EvidenceStore, digest: str) -> bytes | None:
    if not digest:
        return None
    try:
        return store.get(digest)
    except ConfigurationError:
        return None


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
