"""Making and ending overrides (pure): none without a reason, a bound and a second person."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from harness.errors import ConfigurationError, nearest
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus
from harness.registers.model import Override, Registers
from harness.registers.reading import same_person

PREFIX = "DH-OVR-"


def added(
    registers: Registers,
    *,
    cases: str,
    status: ExecutionStatus,
    reason: str,
    by: str,
    second: str,
    day: date,
    approval: str,
    run: str = "",
    evidence: EvidenceClass | None = None,
    release: str = "",
) -> Override:
    """Return a new override with the next id; raises ConfigurationError for what makes it no decision."""
    where = "override"
    for name, value in (("reason", reason), ("by", by), ("second", second), ("approval", approval)):
        if not value.strip():
            raise ConfigurationError(f"'{name}' is empty", where=where, mend="An override says why and who.")
    if same_person(by, second):
        raise ConfigurationError(
            f"'{second}' is the first person too", where=where, mend="Another person has to agree."
        )
    if not run and evidence is None:
        raise ConfigurationError(
            "names neither a run nor an evidence class", where=where, mend="Add --run or --evidence."
        )
    numbers = [
        int(each.id.removeprefix(PREFIX))
        for each in registers.overrides
        if each.id.startswith(PREFIX) and each.id.removeprefix(PREFIX).isdecimal()
    ]
    return Override(
        id=f"{PREFIX}{max(numbers, default=0) + 1:04d}",
        cases=cases,
        status=status,
        reason=reason,
        by=by,
        second=second,
        day=day,
        approval=approval,
        run=run,
        evidence=evidence,
        release=release,
    )


def withdrawn(registers: Registers, identifier: str, day: date) -> Override:
    """Return an override that ends on a day; raises ConfigurationError for an unknown one."""
    known = {each.id: each for each in registers.overrides}
    if identifier not in known:
        raise ConfigurationError(
            f"'{identifier}' is no override",
            where=str(registers.folder or "registers"),
            mend=nearest(identifier, known),
        )
    return replace(known[identifier], withdrawn=day)
