"""Reading what registration answered: accepted or refused, by which code, and to whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from simulators.participants.behaviours import Outgoing
from simulators.registration.rule import RULES


def code_of(sent: list[Outgoing]) -> str | None:
    """Return the REG code of the answer that was sent, None for an acceptance; there is one answer."""
    answers = [verdict for message in sent if (verdict := _verdict(message)) is not None]
    assert len(answers) == 1, sent
    answer = answers[0]
    assert answer["responseCode"] == ("R" if answer["responseMessages"] else "A")
    return str(answer["responseMessages"][0]).partition(" ")[0] if answer["responseMessages"] else None


def _verdict(message: Outgoing) -> Any:
    return message.common.get("R0") or message.custom.get("B099")


def codes_of(process: str) -> set[str]:
    """Return the codes that a process's rules give."""
    return {rule.code for rule in RULES[process]}


def covers(process: str, codes: Iterable[str]) -> None:
    """Fail where a table of tests lacks a code of the process, or has one that the process never gives."""
    assert set(codes) == codes_of(process)
