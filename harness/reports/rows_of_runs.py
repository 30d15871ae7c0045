"""What runs showed of each id that a workbook's rows are looked up by; evidence classes stay apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from harness.errors import ConfigurationError, nearest
from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus
from harness.reports.fill_map import Fill, FillMap
from harness.reports.rttm import phase_of, roles_of, roll_up
from harness.reports.run import Instance, Run
from harness.scenarios.requirements import Register

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Case:
    """One case of one run, for one id; ``finished`` is the run's end."""

    key: str
    status: ExecutionStatus
    evidence: EvidenceClass
    phase: str
    roles: tuple[str, ...]
    release: str
    run: str
    finished: str

    @property
    def reference(self) -> str:
        """Where its events lie."""
        return f"{self.run}/events.ndjson#{self.key}"


@dataclass(frozen=True, slots=True)
class Shown:
    """Cases by id, the ids that a row may have, and our ids that have none in the scheme."""

    cases: Mapping[str, tuple[Case, ...]]
    known: frozenset[str]
    without_id: tuple[str, ...]


def shown(runs: Iterable[Run], register: Register, columns: FillMap) -> Shown:
    """Gather the runs' cases by id (pure); of a case that ran again in its class and phase, the last counts.

    Raises ConfigurationError for a scheme that nothing has.
    """
    ordered = sorted(runs, key=lambda run: run.finished)
    schemes = _schemes(ordered, register, columns.subject)
    if columns.scheme and columns.scheme not in schemes:
        raise ConfigurationError(
            f"no {columns.subject.removesuffix('s')} has an id of scheme '{columns.scheme}'",
            where=f"{columns.where}, match",
            mend=nearest(columns.scheme, schemes) or "Leave 'scheme' out to match our own ids.",
        )
    found: dict[str, dict[tuple[str, ...], Case]] = {}
    without: dict[str, None] = {}
    covered: dict[str, list[str]] = {}
    for requirement in register.values():
        for each in requirement.covered_by:
            covered.setdefault(each, []).append(requirement.id)
    for run in ordered:
        for instance in run.instances:
            for ours, identifier, roles in _ids(instance, register, covered, columns):
                if not identifier:
                    without[ours] = None
                    continue
                case = _case(run, instance, roles)
                place = (case.evidence.value, case.phase, case.key, *roles)
                found.setdefault(identifier, {})[place] = case
    known = set(found)
    if columns.subject == "requirements":
        known |= {
            each.external_ids.get(columns.scheme, "") if columns.scheme else each.id
            for each in register.values()
        } - {""}
    return Shown(
        {key: tuple(cases.values()) for key, cases in found.items()}, frozenset(known), tuple(without)
    )


def _schemes(runs: Iterable[Run], register: Register, subject: str) -> set[str]:
    if subject == "requirements":
        return {scheme for each in register.values() for scheme in each.external_ids}
    return {scheme for run in runs for each in run.instances for scheme in each.started.external_ids}


def _ids(
    instance: Instance, register: Register, covered: Mapping[str, Sequence[str]], columns: FillMap
) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    """Yield our id, the id to match (empty for none) and the roles that took part.

    ``covered`` gives the requirements whose tests are those of one that a case cites.
    """
    started = instance.started
    if columns.subject == "tests":
        roles = roles_of(instance)
        if columns.scheme:
            yield started.scenario, started.external_ids.get(columns.scheme, ""), roles
        else:
            for identifier in dict.fromkeys((started.scenario, instance.id)):
                yield identifier, identifier, roles
        return
    for cited in started.requirements:
        own = register.get(cited)
        part = own.part if own else ""
        listed = []
        for ours in (cited, *covered.get(cited, ())):
            requirement = register.get(ours)
            roles = roles_of(instance, (requirement.part if requirement else "") or part)
            external = requirement.external_ids.get(columns.scheme, "") if requirement else ""
            listed.append((ours, external if columns.scheme else ours, roles))
        yield from [each for each in listed if each[1]] or listed[:1]


def _case(run: Run, instance: Instance, roles: tuple[str, ...]) -> Case:
    return Case(
        key=instance.case,
        status=instance.status,
        evidence=run.evidence_class,
        phase=phase_of(run.header.stage),
        roles=roles,
        release=instance.started.release,
        run=run.header.run,
        finished=run.finished,
    )


def value(fill: Fill, cases: Sequence[Case], role: str) -> str | date | None:
    """Return what a cell takes; None where no case is of the column's classes, phases and role.

    Each evidence class is worked out alone. A rehearsal is always named; another class is named unless the
    column is for it alone. Only the date of one class that is no rehearsal is a date; all else is text.
    """
    parts: list[tuple[EvidenceClass, str]] = []
    for evidence in fill.classes:
        counted = [
            case
            for case in cases
            if case.evidence is evidence
            and (not fill.phases or case.phase in fill.phases)
            and (not role or role in case.roles)
        ]
        if counted:
            parts.append((evidence, _of_one_class(fill.value, counted)))
    if not parts:
        return None
    if fill.value == "date" and len(parts) == 1 and parts[0][0] is not EvidenceClass.REHEARSAL:
        return date.fromisoformat(parts[0][1])
    if fill.value == "class":
        texts = [text for _, text in parts]
    else:
        alone = len(fill.classes) == 1
        texts = [
            text if alone and evidence is not EvidenceClass.REHEARSAL else f"{evidence}: {text}"
            for evidence, text in parts
        ]
    return "; ".join(fill.words.get(text, text) for text in texts)


def _of_one_class(value: str, cases: Sequence[Case]) -> str:
    match value:
        case "status":
            return roll_up(case.status for case in cases).value
        case "counts":
            passed = sum(case.status is ExecutionStatus.PASSED for case in cases)
            return f"{passed} of {len(cases)} passed"
        case "evidence":
            more = f" and {len(cases) - _SHOWN} more" if len(cases) > _SHOWN else ""
            return ", ".join(case.reference for case in cases[:_SHOWN]) + more
        case "runs":
            return ", ".join(dict.fromkeys(case.run for case in cases))
        case "date":
            return max(case.finished for case in cases)[:10]
        case "releases":
            return ", ".join(sorted({case.release for case in cases}))
        case _:
            return cases[0].evidence.value
