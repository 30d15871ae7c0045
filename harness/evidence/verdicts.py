"""The machine's verdict, kept apart from execution status, and whose move it is.

A verdict says what the harness saw. The execution status says where a test stands in a test manager's plan.
Every verdict but ``pass`` carries blame: a class and, where one can be named, a party.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What the machine concluded of one scenario instance."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    OMITTED = "omitted"
    """Left out before it began, because the target lacks a capability that it needs."""
    SKIPPED = "skipped"
    """Selected, and left out by a person's or a precondition's decision."""
    ERROR = "error"
    """The harness itself failed; says nothing of the system under test."""


class ExecutionStatus(StrEnum):
    """Where a test stands for the people who run it."""

    NOT_STARTED = "not started"
    IN_PROGRESS = "in progress"
    BLOCKED = "blocked"
    PASSED = "passed"
    FAILED = "failed"
    PASSED_WITH_WORK_OFF = "passed with work-off"
    NOT_APPLICABLE = "not applicable"
    DESCOPED = "descoped"


class BlameClass(StrEnum):
    """Where the cause of a non-pass lies."""

    CONFIGURATION = "configuration"
    ENVIRONMENT = "environment"
    TEST_DATA = "test-data"
    CONNECTION_PROVIDER = "connection-provider"
    CENTRAL_SYSTEM = "central-system"
    COUNTERPARTY = "counterparty"
    PARTICIPANT = "participant"
    SPECIFICATION = "specification"
    TEST_CASE = "test-case"
    HARNESS = "harness"


@dataclass(frozen=True, slots=True)
class Blame:
    """Whose move it is: a class and the party's name or DIP id, empty where none can be named."""

    cause: BlameClass
    party: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return it as events and programs read it: ``class`` and ``party``."""
        return {"class": self.cause.value, "party": self.party}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict of one scenario instance with its reason; ``blame`` is None only for a pass."""

    verdict: Verdict
    reason: str = ""
    blame: Blame | None = None

    def __post_init__(self) -> None:
        if self.verdict is not Verdict.PASS and self.blame is None:
            raise ValueError(f"a {self.verdict} verdict names whose move it is")


def status_of(outcome: Outcome, *, precondition_failed: bool = False) -> ExecutionStatus:
    """Return the execution status that follows from a machine verdict when no person has said otherwise.

    A failed precondition is ``blocked``, never ``failed``.
    """
    if precondition_failed:
        return ExecutionStatus.BLOCKED
    match outcome.verdict:
        case Verdict.PASS:
            return ExecutionStatus.PASSED
        case Verdict.FAIL:
            return ExecutionStatus.FAILED
        case Verdict.INCONCLUSIVE:
            return ExecutionStatus.IN_PROGRESS
        case Verdict.ERROR:
            return ExecutionStatus.BLOCKED
        case Verdict.OMITTED | Verdict.SKIPPED:
            return ExecutionStatus.NOT_STARTED
