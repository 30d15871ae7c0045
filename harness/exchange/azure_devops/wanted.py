"""Scenarios as test cases, and who plays in them, as they are to stand in a test plan (pure)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from harness.exchange.azure_devops.steps import TestStep
from harness.scenarios.given import pick
from harness.scenarios.model import (
    Case,
    Check,
    ExpectNone,
    ExpectStatus,
    InOrder,
    Receive,
    ReceiveStatus,
    Scenario,
    Step,
)
from harness.scenarios.saying import WORD_OF, said
from harness.transport.network import Network

TAG = "dip-harness"
"""On every test case of ours."""
ID_TAG = "dip-id:"
"""Begins the tag that holds our id, by which a test case is found again."""
LONGEST_TITLE = 128
"""Characters that Azure Test Plans takes of a title when it imports a file."""
_EXPECTING = (ExpectStatus, Receive, ReceiveStatus, ExpectNone, InOrder, Check)


@dataclass(frozen=True, slots=True)
class TestCase:
    """A test case; ``key`` is our id: the scenario's, with its variant where it has some."""

    __test__ = False

    key: str
    title: str
    description: str
    steps: tuple[TestStep, ...]
    stage: str
    area: str
    tags: tuple[str, ...]

    @property
    def suite(self) -> tuple[str, str]:
        """The suite below the plan's root that it belongs to: stage, then area."""
        return (self.stage, self.area)

    @property
    def digest(self) -> str:
        """SHA-256 of what is held in step: title and steps."""
        return content_digest(self.title, self.steps)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Test cases, and the parties (test configurations) by key of the test case."""

    cases: tuple[TestCase, ...]
    parties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def content_digest(title: str, steps: Iterable[TestStep]) -> str:
    """Return the SHA-256 of a test case's title and steps as plain text."""
    content = [title, [[each.action, each.expected] for each in steps]]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def key_of(scenario: Scenario) -> str:
    """Return our id of a scenario or variant."""
    return f"{scenario.id}.{scenario.variant}" if scenario.variant else scenario.id


def test_case(scenario: Scenario) -> TestCase:
    """Return a scenario as a test case. What stands in braces is filled for each of its cases."""
    key = key_of(scenario)
    title = " ".join(f"{key}: {scenario.title}".split())
    if len(title) > LONGEST_TITLE:
        title = f"{title[: LONGEST_TITLE - 1].rstrip()}…"
    requirements = ", ".join(scenario.requirements)
    return TestCase(
        key=key,
        title=title,
        description="\n".join(
            text
            for text in (scenario.title, scenario.why, _parties(scenario), f"Verifies: {requirements}")
            if text
        ),
        steps=tuple(_steps(scenario.steps)),
        stage=scenario.stage,
        area=scenario.area,
        tags=(TAG, f"{ID_TAG}{key}", scenario.polarity),
    )


test_case.__test__ = False  # type: ignore[attr-defined]


def _parties(scenario: Scenario) -> str:
    """Name who plays, as the scenario does: alias and role."""
    played = [f"{alias} {role}" for alias, role in scenario.given.parties.items()]
    return f"Parties: {', '.join(played)}" if played else ""


def parties_of(case: Case, network: Network) -> tuple[str, ...]:
    """Name the parties of a network that play in a case: its sender, and whom the scenario names."""
    named = case.scenario.given.parties
    parties = [
        pick(network, role.partition("#")[0], int(role.partition("#")[2] or 1)) for role in named.values()
    ]
    if "sender" not in named:
        parties.insert(0, pick(network, case.role))
    return tuple(dict.fromkeys(party.name for party in parties))


def _steps(steps: Iterable[Step]) -> Iterable[TestStep]:
    """Put what is expected beside the step that it follows."""
    action, expected = "", list[str]()
    for step in steps:
        if isinstance(step, _EXPECTING):
            expected.append(_words(step))
            continue
        if action or expected:
            yield TestStep(action or "Watch", "\n".join(expected))
        action, expected = _words(step), []
    if action or expected:
        yield TestStep(action or "Watch", "\n".join(expected))


def _words(step: Step) -> str:
    word, fields = WORD_OF[type(step)].replace("_", " "), said(step)
    return " ".join((f"{word}: {fields}" if fields else word).split())
