"""Words and colours that several sections share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus, Verdict
from harness.reports.completion.document import BAD, GOOD, IDLE, OPEN, Cell
from harness.stages.plan.gate import State
from harness.stages.plan.gate import Verdict as Gate

_STATUS: Mapping[str, str] = {
    ExecutionStatus.PASSED: GOOD,
    ExecutionStatus.PASSED_WITH_WORK_OFF: OPEN,
    ExecutionStatus.FAILED: BAD,
    ExecutionStatus.BLOCKED: BAD,
    ExecutionStatus.IN_PROGRESS: OPEN,
    Verdict.PASS: GOOD,
    Verdict.FAIL: BAD,
    Verdict.ERROR: BAD,
    Verdict.INCONCLUSIVE: OPEN,
    State.MET: GOOD,
    State.WITH_WORK_OFF: OPEN,
    State.NOT_MET: BAD,
    State.NO_EVIDENCE: BAD,
    Gate.GO: GOOD,
    Gate.WITH_WORK_OFF: OPEN,
    Gate.NO_GO: BAD,
}


def status(value: ExecutionStatus | Verdict | State | Gate) -> Cell:
    """Return a status, verdict or state in its colour; what is not named is grey."""
    return Cell(value.value, _STATUS.get(value, IDLE))


def code(text: str) -> Cell:
    """Return an id."""
    return Cell(text, code=True)


def listed(values: Iterable[str], *, most: int = 6, none: str = "none") -> str:
    """Return names in one line, the first few and how many more."""
    names = list(values)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) + more) or none


def classes(values: Iterable[EvidenceClass]) -> str:
    """Return evidence classes in one line."""
    return ", ".join(value.value for value in values) or "none"


def of(part: int, whole: int) -> str:
    """Return ``7 of 9``."""
    return f"{part:,} of {whole:,}"


def plural(count: int, one: str, many: str = "") -> str:
    """Return ``1 test`` or ``2 tests``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def moment(value: str) -> str:
    """Return a UTC time to the minute."""
    return f"{value[:10]} {value[11:16]}" if value else "not ended"
