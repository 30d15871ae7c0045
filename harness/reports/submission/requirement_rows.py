"""The sheet Requirements: one row per requirement of the register, for the party's role (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.evidence.verdicts import ExecutionStatus
from harness.reports.rttm import Row, roll_up
from harness.reports.rttm_layout import OUTSIDE
from harness.reports.submission.given import Given, row
from harness.reports.submission.layout import REQUIREMENTS
from harness.reports.submission.links import Link
from harness.reports.submission.statuses import MET, Status, by_class, of_phase, overall
from harness.scenarios.requirements import Requirement

_SHOWN = 8
_REGRESSION = "regression"
NO_TEST = "no test of this role cites it"


def requirement_rows(given: Given) -> tuple[Row, ...]:
    """Return the rows in the order of the register, then ids that tests cite and the register lacks."""
    rows: dict[str, dict[str, Any]] = {}
    for requirement in given.baseline.values():
        rows[requirement.id] = _row_of(given, requirement)
    for parent, children in given.children.items():
        if rows[parent].get("applies_to_this_party") == "Y":
            rows[parent] |= _parent(rows[parent], [rows[child] for child in children if child in rows])
    for identifier in given.linked:
        if identifier not in rows:
            rows[identifier] = {"our_id": identifier, "role": given.subject.role} | dict(
                row(REQUIREMENTS, coverage_note="cited by tests, not in the register")
            )
    return tuple(rows.values())


def _row_of(given: Given, requirement: Requirement) -> dict[str, Any]:
    source = given.baseline.sources[requirement.source]
    applies, why = given.applies(requirement)
    known = row(
        REQUIREMENTS,
        req_id_external="; ".join(f"{scheme} {value}" for scheme, value in requirement.external_ids.items()),
        our_id=requirement.id,
        parent=requirement.parent,
        source_document=f"{source.title} ({requirement.basis})",
        source_version=requirement.version,
        clause_or_process_step=requirement.clause,
        requirement_text=requirement.text,
        type=requirement.type,
        process_area=requirement.area,
        moscow=requirement.priority,
        level="parent" if requirement.id in given.children else "requirement",
        role=given.subject.role,
        segment_or_feature_condition=", ".join(requirement.segments),
        interfaces=", ".join(requirement.interfaces) or "all",
        data_items=", ".join(requirement.data_items),
        applies_to_this_party=applies,
        reason_or_exemption_ref=why,
        phases_required=", ".join(requirement.phases),
        method=requirement.method,
    )
    if applies != "Y":
        return {**known, "overall_status": ExecutionStatus.NOT_APPLICABLE.value}
    links = given.links.get(requirement.id, ())
    required = given.required(requirement)
    phases, basis = _phases(given, requirement, links, required)
    return {
        **known,
        **basis,
        **_plan(requirement, links, required),
        **_status(given, links, phases),
        **_exceptions(given, requirement, links, phases),
    }


def _phases(
    given: Given, requirement: Requirement, links: Sequence[Link], required: Iterable[str]
) -> tuple[dict[str, Status], Mapping[str, Any]]:
    """Return where each required phase stands, and the reliance columns."""
    missing = parts_without_test(requirement, links)
    least = given.point.least
    phases = {}
    for phase in required:
        own = [link for link in links if link.test.phase == phase]
        status = of_phase(own, least)
        refused_only = not requirement.refusal and not any(link.test.positive for link in own if link.decides)
        if (missing or refused_only) and status.status in MET:
            status = Status(ExecutionStatus.NOT_STARTED, status.evidence)
        phases[phase] = status
    asked = given.relied.get(requirement.id)
    if asked is None:
        return phases, row(REQUIREMENTS, basis_of_reliance="own")
    checked, coverage = asked
    statement = checked.statement
    residual = [link for link in links if link.test.id in statement.residual_tests]
    if coverage.covered and not checked.refused:
        for phase in phases:
            kept = [link for link in residual if link.test.phase == phase]
            phases[phase] = (
                of_phase(kept, least) if kept else Status(ExecutionStatus.PASSED, statement.evidence.declared)
            )
        basis = "split" if residual else "relied"
    else:
        basis = "not covered"
    return phases, row(
        REQUIREMENTS,
        basis_of_reliance=basis,
        relied_on_party=statement.relied_on,
        reliance_ref=statement.id,
        expiry=statement.until.isoformat(),
        part_kept=_some(each.test.id for each in residual),
    )


def parts_without_test(requirement: Requirement, links: Iterable[Link]) -> tuple[str, ...]:
    """Return the requirements that cover a part of this one and have no deciding test."""
    cited = {name for link in links if link.decides for name in link.test.cited}
    return tuple(each for each in requirement.covered_by if each not in cited)


def _plan(requirement: Requirement, links: Sequence[Link], required: Sequence[str]) -> Mapping[str, Any]:
    deciding = [link for link in links if link.decides]
    events = {
        each.test.planned.case.event if each.test.planned else each.test.all[0].test.started.event_code
        for each in deciding
    }
    coverage, note = _coverage(requirement, deciding, required)
    notes = [note] if note else []
    counted = [result for link in deciding for result in link.test.all]
    if counted and all(result.evidence.value == "rehearsal" for result in counted):
        notes.append("rehearsal evidence only")
    simulated = {result.test.last.run for result in counted if result.simulated}
    if simulated:
        notes.append(f"its own system was simulated in run {_some(sorted(simulated))}")
    if not set(required) & set(requirement.phases):
        notes.append(f"beyond what is needed: tests of {', '.join(required)} verify it too")
    if required and coverage != "full" and requirement.method != "execute":
        notes.append(f"to be shown by method '{requirement.method}', not by a test")
    return row(
        REQUIREMENTS,
        event_codes=", ".join(requirement.events) or _some(sorted(events - {""})),
        pit_scenario_ids=_some(link.test.id for link in deciding if link.test.phase == "PIT"),
        sit_or_qt_test_ids=_some(link.test.id for link in deciding if link.test.phase != "PIT"),
        mapped_by="harness" if deciding else "",
        coverage=coverage,
        coverage_note="; ".join(notes),
    )


def _coverage(requirement: Requirement, deciding: Sequence[Link], required: Sequence[str]) -> tuple[str, str]:
    """Return full, partial or none, and what is missing."""
    if not deciding:
        return "none", ""
    lacking = [phase for phase in required if not any(link.test.phase == phase for link in deciding)]
    notes = [f"no test in {', '.join(lacking)}"] if lacking else []
    if missing := parts_without_test(requirement, deciding):
        notes.append(f"no test for the part {', '.join(missing)}")
    if not requirement.refusal and not any(link.test.positive for link in deciding):
        notes.append("negative tests only")
    return ("partial" if notes else "full"), "; ".join(notes)


def _status(given: Given, links: Sequence[Link], phases: Mapping[str, Status]) -> Mapping[str, Any]:
    deciding = [link for link in links if link.decides]
    whole = overall(phases)
    shown = [each for link in deciding if whole.evidence and (each := link.result(whole.evidence))]
    counted = [link for link in deciding if link.planned_status not in OUTSIDE]
    met = sum(link.status(whole.evidence) in MET for link in counted) if whole.evidence else 0
    stale = {reason for link in deciding for reasons in link.stale.values() for reason in reasons}
    later = {name: each for name, each in phases.items() if name != "PIT"}
    return row(
        REQUIREMENTS,
        pit_status=phases["PIT"].status.value if "PIT" in phases else "",
        sit_or_qt_status=overall(later).status.value if later else "",
        regression_status=_regression(deciding),
        overall_status=whole.status.value,
        met=f"{met} of {len(counted)}" if counted else "",
        by_evidence_class=by_class(deciding),
        as_of=max((each.test.last.at[:19] for each in shown), default=""),
        evidence_class=whole.evidence.value if whole.evidence else "",
        release=_some(sorted({each.test.release for each in shown})),
        builds=_some(
            dict.fromkeys(
                f"{given.name_of(name)}: {build}"
                for each in shown
                for name, build in each.test.last.conditions.builds
            )
        ),
        stale_reason="; ".join(sorted(stale)),
        evidence_refs=_some(dict.fromkeys(f"run {each.test.last.run}" for each in shown)),
        pack_hash=_some(
            dict.fromkeys(
                given.packs[each.test.last.run] for each in shown if each.test.last.run in given.packs
            )
        ),
        executed_by="harness" if shown else "",
    )


def _regression(links: Iterable[Link]) -> str:
    """Return where the tests that were run in a regression cycle stand; empty where none was."""
    found = [
        result.test.status
        for link in links
        for result in link.test.all
        if _REGRESSION in result.test.last.cycle.lower() or result.test.started.stage == _REGRESSION
    ]
    return roll_up(found).value if found else ""


def _exceptions(
    given: Given, requirement: Requirement, links: Sequence[Link], phases: Mapping[str, Status]
) -> Mapping[str, Any]:
    defects = [each for each in given.defects_of(requirement.id) if each.open]
    severities = Counter(given.registers.severity_title(each.severity) for each in defects)
    order = [each.title for each in given.registers.severities.values.values()]
    names = dict.fromkeys(
        name for link in links if link.decides for each in link.test.all for name in each.test.work_off
    )
    items = [each for each in given.work_off if each.id in names]
    status = overall(phases).status
    open_ = status not in MET and status not in OUTSIDE
    owners = [each.owner for each in items] + [each.owner for each in defects if each.owner]
    return row(
        REQUIREMENTS,
        open_defects_by_severity=", ".join(
            f"{name} {severities[name]}" for name in dict.fromkeys([*order, *severities]) if severities[name]
        ),
        defect_ids=_some(each.id for each in defects),
        work_off_ref=_some(each.id for each in items),
        target_date=max((each.due.isoformat() for each in items), default=""),
        not_tested_reason=_why_not(links) if open_ and status is not ExecutionStatus.FAILED else "",
        owner=", ".join(dict.fromkeys(owners)) if open_ or items else "",
    )


def _why_not(links: Sequence[Link]) -> str:
    """Say why a requirement has no result that counts."""
    deciding = [link for link in links if link.decides]
    if not deciding:
        return NO_TEST
    never = sum(not link.test.results for link in deciding)
    left_out = [each for link in deciding for each in link.test.all if each.test.last.left_out]
    stale = sum(bool(link.stale) for link in deciding)
    said = [f"{never} of {len(deciding)} tests not run with this party"] if never else []
    if left_out:
        said.append(f"{len(left_out)} left out: {left_out[0].test.last.reason}")
    if stale:
        said.append(f"{stale} stale")
    blocked = [
        each
        for link in deciding
        for each in link.test.all
        if each.test.status in {ExecutionStatus.BLOCKED, ExecutionStatus.IN_PROGRESS}
    ]
    if blocked:
        said.append(f"{len(blocked)} {blocked[0].test.status}: {blocked[0].test.last.reason}")
    return "; ".join(said) or "no result of an evidence class that counts"


def _parent(own: Mapping[str, Any], children: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return a parent's status: the worst of its own and its children's, and how many of them are met."""
    inside = [each for each in children if each.get("applies_to_this_party") == "Y"]
    statuses = [ExecutionStatus(each["overall_status"]) for each in inside]
    if own.get("sit_or_qt_test_ids") or own.get("pit_scenario_ids"):
        statuses.append(ExecutionStatus(own["overall_status"]))
    met = sum(ExecutionStatus(each["overall_status"]) in MET for each in inside)
    whole = roll_up(statuses) if statuses else ExecutionStatus.NOT_APPLICABLE
    return {"overall_status": whole.value, "met": f"{met} of {len(inside)} requirements"}


def _some(names: Iterable[str]) -> str:
    """Join names; of many the first ones and how many more."""
    listed = list(names)
    more = f" and {len(listed) - _SHOWN} more, see Trace" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
