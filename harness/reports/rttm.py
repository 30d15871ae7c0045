"""The requirements-to-test trace matrix of one run: content of `rttm.json` and `rttm.xlsx`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from harness.evidence.events import MessageSent
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus, Verdict
from harness.reports.gaps import Gap, gaps
from harness.reports.rttm_layout import (
    GAPS,
    LISTS,
    OURS,
    OUTSIDE,
    PHASE_OF_STAGE,
    REQUIREMENTS,
    ROLL_UP_RULES,
    STATUS_ORDER,
    TESTS,
    TRACE,
    Column,
)
from harness.reports.run import Instance, Run
from harness.reports.tally import RequirementResult, requirements
from harness.scenarios.requirements import Register

FORMAT = 1
HUB = "DIP"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: columns in order, rows by column key; a key that is absent is an empty cell."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the summary: how many rows of a sheet hold these values; an empty mapping counts all."""

    title: str
    sheet: str
    where: Mapping[str, str]
    value: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole matrix; the workbook and the JSON file are two writings of it."""

    run: str
    evidence_class: EvidenceClass
    control: tuple[tuple[str, str, bool], ...]
    """Name, value, and whether the harness fills it."""
    sheets: tuple[Sheet, ...]
    figures: tuple[Figure, ...]

    @property
    def title(self) -> str:
        """Its heading."""
        return f"Trace matrix: {self.evidence_class}"

    @property
    def stamp(self) -> str:
        """What stands in the header of every printed sheet."""
        return f"{self.evidence_class} · run {self.run} · a run's trace, no completion report"

    @property
    def lists(self) -> Mapping[str, Mapping[str, str]]:
        """Allowed values and what they mean."""
        return {name: {str(key): text for key, text in values.items()} for name, values in LISTS.items()}

    @property
    def rules(self) -> tuple[str, ...]:
        """The roll-up rules."""
        return ROLL_UP_RULES

    def sheet(self, name: str) -> Sheet:
        """Return a sheet by name."""
        return next(sheet for sheet in self.sheets if sheet.name == name)

    def as_dict(self) -> dict[str, Any]:
        """Return the content of `rttm.json`."""
        return {
            "format": FORMAT,
            "layout": OURS,
            "run": self.run,
            "evidence_class": self.evidence_class.value,
            "control": {name: value for name, value, _ in self.control},
            "columns": {
                sheet.name: [
                    {
                        "key": column.key,
                        "title": column.title,
                        "group": column.group,
                        "filled_by": column.filled_by,
                    }
                    for column in sheet.columns
                ]
                for sheet in self.sheets
            },
            **{sheet.name.lower(): [dict(row) for row in sheet.rows] for sheet in self.sheets},
            "summary": [
                {
                    "title": figure.title,
                    "sheet": figure.sheet,
                    "where": dict(figure.where),
                    "value": figure.value,
                }
                for figure in self.figures
            ],
            "lists": self.lists,
            "roll_up_rules": list(ROLL_UP_RULES),
        }


def roll_up(statuses: Iterable[ExecutionStatus]) -> ExecutionStatus:
    """Return the worst status; those that leave the denominator count only where there is nothing else.

    Nothing at all is ``not started``.
    """
    listed = list(statuses)
    counted = [status for status in listed if status not in OUTSIDE]
    if not counted:
        return listed[0] if listed else ExecutionStatus.NOT_STARTED
    return min(counted, key=STATUS_ORDER.index)


def overall(
    status: ExecutionStatus, *, phase: str, phases: Iterable[str], evidence: EvidenceClass
) -> ExecutionStatus:
    """Return a requirement's status over the phases that it needs.

    The run speaks for its own phase alone, and a rehearsal speaks for none.
    """
    counts = evidence is not EvidenceClass.REHEARSAL
    return roll_up(status if counts and needed == phase else ExecutionStatus.NOT_STARTED for needed in phases)


def roles_of(instance: Instance, part: str = "") -> tuple[str, ...]:
    """Return who took part in a case: the sender's role, the roles that received, and the hub.

    With ``part`` sender or recipient, those alone and the hub: receiving proves nothing of how a role sends.
    """
    sender = [instance.started.role] if part != "recipient" else []
    received = [*(each.role for each in instance.publications), *(each.role for each in instance.deliveries)]
    recipients = received if part != "sender" else []
    return tuple(dict.fromkeys([*sender, *recipients, HUB]))


def trace_matrix(run: Run, register: Register) -> Matrix:
    """Trace a run's cases to the register (pure)."""
    by_requirement = requirements(run, register)
    requirement_rows = tuple(
        row for result in by_requirement for row in _requirement_rows(run, register, result)
    )
    sheets = (
        Sheet("Requirements", REQUIREMENTS, requirement_rows),
        Sheet("Tests", TESTS, tuple(_test_row(run, instance) for instance in run.instances)),
        Sheet("Trace", TRACE, tuple(row for result in by_requirement for row in _trace_rows(run, result))),
        Sheet("Gaps", GAPS, tuple(_gap_row(gap) for gap in gaps(run, by_requirement))),
    )
    return Matrix(
        run=run.header.run,
        evidence_class=run.evidence_class,
        control=_control(run, register),
        sheets=sheets,
        figures=tuple(_figures(sheets)),
    )


def _requirement_rows(run: Run, register: Register, result: RequirementResult) -> Iterable[Row]:
    requirement = result.requirement
    if requirement is None:
        status = _status(run, result, "")
        notes = ("cited by tests, not in the register", status["coverage_note"])
        yield _row(our_id=result.id, **{**status, "coverage_note": "; ".join(filter(None, notes))})
        return
    source = register.sources[requirement.source]
    for role in requirement.concrete_roles or ("",):
        yield _row(
            req_id_external="; ".join(
                f"{scheme} {value}" for scheme, value in requirement.external_ids.items()
            ),
            our_id=requirement.id,
            parent=requirement.parent,
            source_document=f"{source.title} ({requirement.basis})",
            clause_or_process_step=requirement.clause,
            requirement_text=requirement.text,
            type=requirement.type,
            role=role,
            interfaces=", ".join(requirement.interfaces) or "all",
            phases_required=", ".join(requirement.phases),
            method=requirement.method,
            **_status(run, result, role),
        )


def _status(run: Run, result: RequirementResult, role: str) -> dict[str, Any]:
    """Return the columns that depend on what was run for this role."""
    part = result.requirement.part if result.requirement else ""
    cases = [each for each in result.instances if not role or role in roles_of(each, part)]
    if not cases:
        return {
            "coverage": "" if result.instances else "none",
            "coverage_note": "tested, never with this role" if result.instances else "",
            "status_in_this_run": ExecutionStatus.NOT_STARTED.value,
            "overall_status": ExecutionStatus.NOT_STARTED.value,
            "not_tested_reason": "no test cites it" if not result.instances else "no test reached this role",
        }
    status = roll_up(case.status for case in cases)
    requirement = result.requirement
    notes = []
    if run.evidence_class is EvidenceClass.REHEARSAL:
        notes.append("rehearsal evidence only")
    if not any(case.positive for case in cases) and not (requirement and requirement.refusal):
        notes.append("negative tests only")
    shown = [case.id for case in cases[:8]]
    return {
        "sit_or_qt_test_ids": ", ".join(dict.fromkeys(shown))
        + (f" and {len(cases) - 8} more, see Trace" if len(cases) > 8 else ""),
        "mapped_by": "harness",
        "coverage_note": "; ".join(notes),
        "status_in_this_run": status.value,
        "overall_status": overall(
            status,
            phase=phase_of(run.header.stage),
            phases=requirement.phases if requirement else (),
            evidence=run.evidence_class,
        ).value,
        "as_of": run.finished[:19],
        "evidence_class": run.evidence_class.value,
        "release": ", ".join(sorted({case.started.release for case in cases})),
        "evidence_refs": f"run {run.header.run}",
        "executed_by": "harness",
        "not_tested_reason": _left_out(cases),
    }


def _left_out(cases: list[Instance]) -> str:
    left_out = [case for case in cases if case.verdict in {Verdict.OMITTED, Verdict.SKIPPED}]
    if not left_out:
        return ""
    return f"{len(left_out)} of {len(cases)} tests left out: {left_out[0].reason}"


def phase_of(stage: str) -> str:
    """Return the phase that a stage's results belong to."""
    return PHASE_OF_STAGE.get(stage, stage.upper())


def _test_row(run: Run, instance: Instance) -> Row:
    started = instance.started
    sent = next((step.body for step in instance.steps if isinstance(step, MessageSent)), "")
    real = [name for name in started.parties if (party := run.party(name)) and party.real]
    return _row(
        our_test_id=instance.id,
        programme_or_qt_id="; ".join(f"{scheme} {value}" for scheme, value in started.external_ids.items()),
        title=started.title,
        stage=started.stage,
        theme=started.theme,
        process_area=started.area,
        type=f"perturbed ({started.twin})" if started.twin else started.polarity,
        roles=", ".join(roles_of(instance)),
        expected_result="; ".join(dict.fromkeys(check.title for check in instance.checks)),
        release=started.release,
        parties_real_or_simulated=f"real: {', '.join(map(run.party_name, real))}"
        if real
        else "all simulated",
        executed_by="harness",
        actual_start=started.at[:19],
        actual_end=instance.finished_at[:19],
        attempts=instance.attempts,
        first_run_result=instance.first_verdict.value,
        final_result=instance.verdict.value,
        execution_status=instance.status.value,
        blame_class=instance.blame.cause.value if instance.blame else "",
        blame_party=run.party_name(instance.blame.party) if instance.blame else "",
        assumptions_leaned_on=", ".join(instance.assumptions),
        evidence_ref=_reference(run, instance),
        sha_256=sent,
    )


def _trace_rows(run: Run, result: RequirementResult) -> Iterable[Row]:
    requirement = result.requirement
    wanted = set(requirement.concrete_roles) if requirement else set()
    part = requirement.part if requirement else ""
    for instance in result.instances:
        met = [role for role in roles_of(instance, part) if role in wanted]
        if not wanted:
            met = [instance.started.role]
        for role in met:
            yield _row(
                req_id=result.id,
                test_id=instance.id,
                party=_party_in(run, instance, role),
                role=role,
                release=instance.started.release,
                link="verifies",
                verdict=instance.verdict.value,
                run=run.header.run,
                evidence_ref=_reference(run, instance),
            )


def _party_in(run: Run, instance: Instance, role: str) -> str:
    """Return the DIP ids that played a role in a case."""
    seen = [each.party for each in instance.publications if each.role == role]
    seen += [
        step.sender
        for step in instance.steps
        if isinstance(step, MessageSent) and (party := run.party(step.sender)) and party.role == role
    ]
    return ", ".join(dict.fromkeys(seen))


def _reference(run: Run, instance: Instance) -> str:
    return f"{run.header.run}/events.ndjson#{instance.case}"


def _gap_row(gap: Gap) -> Row:
    return _row(
        gap=gap.kind, subject=gap.subject, role=gap.role, release=gap.release, what_is_missing=gap.text
    )


def _control(run: Run, register: Register) -> tuple[tuple[str, str, bool], ...]:
    header = run.header
    real = sum(party.real for party in run.parties)
    filled = {
        "Document": "Requirements-to-test trace matrix of one run",
        "Run": header.run,
        "Stage": header.stage,
        "Evidence class": run.evidence_class.value,
        "Why this evidence class": run.evidence_class_reason,
        "What this proves": "This is a run's trace, no completion report.",
        "API releases": ", ".join(header.releases),
        "Requirement register": f"SHA-256 {register.digest}",
        "Scenario catalogue": f"SHA-256 {header.catalogue}",
        "Environment": f"{header.environment} at {header.target}",
        "Parties": f"{len(run.parties)} in the network, {real} of them real",
        "Evidence cut-off": run.finished,
        "Harness version": header.harness_version,
        "Seed": str(header.seed),
        "Layout": OURS,
    }
    party = (
        "Party", "Legal entity", "MPID", "DIP id", "Role", "Connection or managed service provider", "Route",
        "Submission point", "Version", "Date", "Author", "Reviewer", "Approver", "Code or design baseline",
        "Assuring body", "Changes since last submission",
    )  # fmt: skip
    return (*((name, value, True) for name, value in filled.items()), *((name, "", False) for name in party))


def _figures(sheets: tuple[Sheet, ...]) -> Iterable[Figure]:
    by_name = {sheet.name: sheet for sheet in sheets}
    yield _figure("Requirements x roles", by_name["Requirements"], {})
    for column, title in (("status_in_this_run", "in this run"), ("overall_status", "overall")):
        for status in ExecutionStatus:
            yield _figure(
                f"Requirements x roles {title}: {status}", by_name["Requirements"], {column: status.value}
            )
    yield _figure("Tests", by_name["Tests"], {})
    for verdict in Verdict:
        yield _figure(f"Tests: {verdict}", by_name["Tests"], {"final_result": verdict.value})
    yield _figure("Trace links", by_name["Trace"], {})
    yield _figure("Gaps", by_name["Gaps"], {})


def _figure(title: str, sheet: Sheet, where: Mapping[str, str]) -> Figure:
    count = sum(all(row.get(key) == value for key, value in where.items()) for row in sheet.rows)
    return Figure(title, sheet.name, where, count)


@cache
def _known_keys() -> frozenset[str]:
    return frozenset(column.key for columns in (REQUIREMENTS, TESTS, TRACE, GAPS) for column in columns)


def _row(**cells: Any) -> Row:
    """Drop empty cells; a key that no column has is a mistake of ours."""
    assert cells.keys() <= _known_keys(), cells.keys() - _known_keys()
    return {key: value for key, value in cells.items() if value != ""}
