"""A run in a few fields, and the bytes that its events cite, gathered while somebody else reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

from harness.errors import ConfigurationError
from harness.evidence.events import (
    AnswerReceived,
    Event,
    MessageSent,
    PublicationReceived,
    RunFinished,
    RunStarted,
    from_dict,
)
from harness.evidence.evidence_class import EvidenceClass

Derive = Callable[[Iterable[Event]], dict[str, Any]]
"""Folds events into what `results.json` has to say; the rooms above know how."""


class Facts:
    """What passes by: the run's first and last event, and every digest with the line that cites it first."""

    def __init__(self) -> None:
        self._started: RunStarted | None = None
        self._finished: RunFinished | None = None
        self._last = ""
        self.cited: dict[str, int] = {}

    def watch(self, events: Iterable[Event]) -> Iterator[Event]:
        """Pass events on and keep what is wanted of them."""
        for number, event in enumerate(events, start=1):
            self._last = max(self._last, event.at)
            if isinstance(event, MessageSent | AnswerReceived | PublicationReceived):
                if event.body:
                    self.cited.setdefault(event.body, number)
            elif isinstance(event, RunStarted):
                self._started = event
            elif isinstance(event, RunFinished):
                self._finished = event
            yield event

    def run(self) -> dict[str, Any]:
        """Return the run in the fields that a seal carries; raises ConfigurationError where none began."""
        begun, end = self._started, self._finished
        if begun is None:
            raise ConfigurationError("holds no run", mend="Give the folder of a run (runs/<run-id>).")
        return {
            "run": begun.run,
            "stage": begun.stage,
            "environment": begun.environment,
            "target": begun.target,
            "releases": list(begun.releases),
            "seed": begun.seed,
            "selected": begun.selected,
            "catalogue": begun.catalogue,
            "harness_version": begun.harness_version,
            "evidence_class": end.evidence_class if end else EvidenceClass.REHEARSAL.value,
            "evidence_class_reason": end.evidence_class_reason if end else "the run did not end",
            "started": begun.at,
            "finished": end.at if end else self._last,
            "interrupted": end is None or end.interrupted,
        }


def parse_lines(lines: Iterable[bytes], where: str) -> Iterator[Event]:
    """Read events from lines; raises ConfigurationError naming the line of what is none."""
    for number, line in enumerate(lines, start=1):
        try:
            yield from_dict(orjson.loads(line))
        except (ValueError, TypeError) as error:
            raise ConfigurationError(f"is no event: {error}", where=f"{where}, line {number}") from error


def differences(expected: Any, actual: Any, pointer: str = "", limit: int = 20) -> list[tuple[str, Any, Any]]:
    """Return where two JSON values differ, as pointer, expected and actual; at most ``limit`` places."""
    found: list[tuple[str, Any, Any]] = []
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in {**expected, **actual}:
            if len(found) >= limit:
                break
            if key not in expected or key not in actual:
                found.append((f"{pointer}/{key}", expected.get(key, "(absent)"), actual.get(key, "(absent)")))
            else:
                found += differences(expected[key], actual[key], f"{pointer}/{key}", limit - len(found))
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            found.append((pointer, f"{len(expected)} items", f"{len(actual)} items"))
        for index, (left, right) in enumerate(zip(expected, actual, strict=False)):
            if len(found) >= limit:
                break
            found += differences(left, right, f"{pointer}/{index}", limit - len(found))
    elif type(expected) is not type(actual) or expected != actual:
        if {type(expected), type(actual)} == {int, float} and expected == actual:
            return found
        found.append((pointer, expected, actual))
    return found
