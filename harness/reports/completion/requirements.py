"""The requirements of a completion report: from a trace matrix, or from the tests themselves (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.errors import ConfigurationError
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus
from harness.reports.completion.given import Given
from harness.reports.completion.model import Coverage, RequirementLine
from harness.reports.rttm import phase_of, roll_up
from harness.reports.rttm_layout import OUTSIDE
from harness.reports.standing.model import Standing, Test
from harness.scenarios.requirements import Register, Requirement

NO_TEST = "no test cites it"
_STATUS = ("overall_status", "sit_qt_status", "status_in_this_run")


def of_tests(
    held: Standing, register: Register, stage: str, given: Given, roles: Iterable[str] = ()
) -> tuple[tuple[RequirementLine, ...], str]:
    """Return the requirements that the stage's phase has to show, by evidence class, and where they are from.

    With ``roles`` only requirements of these roles that no test cites are listed as not tested.
    """
    phase, wanted = phase_of(stage), set(roles)
    citing: dict[str, list[Test]] = {}
    for test in held.tests:
        for identifier in test.started.requirements:
            citing.setdefault(identifier, []).append(test)
    lines = []
    for identifier in dict.fromkeys([*register, *sorted(citing)]):
        requirement = register.get(identifier)
        tests = citing.get(identifier, [])
        if not tests and (
            requirement is None
            or phase not in requirement.phases
            or (wanted and not wanted & set(requirement.concrete_roles))
        ):
            continue
        for evidence in dict.fromkeys(test.evidence for test in tests) or (None,):
            own = [test for test in tests if test.evidence is evidence]
            lines.append(_line(identifier, requirement, register, evidence, own, given))
    return tuple(
        lines
    ), "worked out from the runs: each requirement that a test cites, or that the phase needs"


def _line(
    identifier: str,
    requirement: Requirement | None,
    register: Register,
    evidence: EvidenceClass | None,
    tests: Sequence[Test],
    given: Given,
) -> RequirementLine:
    status = roll_up(test.status for test in tests)
    reason = "" if tests else NO_TEST
    if status is ExecutionStatus.NOT_STARTED and tests:
        reason = next((test.last.reason for test in tests if test.last.reason), "")
    source = register.sources[requirement.source].title if requirement else "not in the register"
    said = _said(given, identifier)
    return RequirementLine(
        id=identifier,
        external="; ".join(f"{k} {v}" for k, v in requirement.external_ids.items()) if requirement else "",
        title=requirement.title if requirement else "",
        type=requirement.type if requirement else "",
        moscow=requirement.priority if requirement else "",
        source=source,
        role="",
        evidence=evidence,
        status=status,
        tests=tuple(test.id for test in tests),
        reason=said.get("reason") or reason,
        owner=said.get("owner", ""),
    )


def _said(given: Given, identifier: str) -> Mapping[str, str]:
    return next((row for row in given.rows("not_tested") if row["requirement"] == identifier), {})


def of_matrix(matrix: Mapping[str, Any], given: Given, name: str) -> tuple[tuple[RequirementLine, ...], str]:
    """Return the requirements of an ``rttm.json``; raises ConfigurationError for what is none."""
    rows = matrix.get("requirements")
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise ConfigurationError("holds no requirements", where=name, mend="Give an rttm.json.")
    lines = []
    for number, row in enumerate(rows, start=1):
        try:
            status = ExecutionStatus(next((row[key] for key in _STATUS if row.get(key)), "not started"))
            evidence = EvidenceClass(row["evidence_class"]) if row.get("evidence_class") else None
            identifier = str(row["our_id"])
        except (KeyError, ValueError) as error:
            raise ConfigurationError(
                f"requirement {number}: {error}",
                where=name,
                mend="Give an rttm.json as the harness writes it.",
            ) from error
        if evidence is EvidenceClass.REHEARSAL:
            raise ConfigurationError(
                f"requirement {identifier} rests on a rehearsal, which proves nothing here",
                where=name,
                mend="Give a matrix of runs that count.",
            )
        said = _said(given, identifier)
        tests = ", ".join(str(row[key]) for key in ("pit_scenario_ids", "sit_or_qt_test_ids") if row.get(key))
        lines.append(
            RequirementLine(
                id=identifier,
                external=str(row.get("req_id_external", "")),
                title=str(row.get("requirement_text", "")),
                type=str(row.get("type", "")),
                moscow=str(row.get("moscow", "")),
                source=str(row.get("source_document", "")),
                role=str(row.get("role", "")),
                evidence=evidence,
                status=status,
                tests=tuple(filter(None, (each.strip() for each in tests.split(",")))),
                reason=said.get("reason") or str(row.get("not_tested_reason", "")),
                owner=said.get("owner") or str(row.get("owner", "")),
            )
        )
    return tuple(lines), f"the trace matrix {name}"


def coverage(
    lines: Iterable[RequirementLine], classes: Iterable[EvidenceClass]
) -> dict[EvidenceClass, Coverage]:
    """Count requirements for each evidence class alone; those that it did not test are in its scope too."""
    listed = list(lines)
    found = {}
    for evidence in classes:
        own = [line for line in listed if line.evidence is evidence]
        keys = {(line.id, line.role) for line in own}
        untested = {
            (line.id, line.role)
            for line in listed
            if line.evidence is not evidence and line.status not in OUTSIDE
        } - keys
        inside = [line for line in own if line.status not in OUTSIDE]
        found[evidence] = Coverage(
            in_scope=len(inside) + len(untested),
            covered=sum(bool(line.tests) for line in inside),
            met=sum(line.status is ExecutionStatus.PASSED for line in inside),
            with_work_off=sum(line.status is ExecutionStatus.PASSED_WITH_WORK_OFF for line in inside),
            apart=len(own)
            - len(inside)
            + sum(not line.evidence and line.status in OUTSIDE for line in listed),
        )
    return found
