"""The sheets Tests and Trace: every test of the party in each evidence class, and what it verifies (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from harness.reports.rttm import Row
from harness.reports.standing.model import Test
from harness.reports.submission.given import Given, row
from harness.reports.submission.layout import TESTS, TRACE
from harness.reports.submission.links import Link, PartyTest, Result

_ADO = ("ado", "azure")


def test_rows(given: Given) -> tuple[Row, ...]:
    """Return a row per test and evidence class; a test that was never run with the party has one without."""
    found: list[Row] = []
    for test in given.tests:
        results = [listed[0] for listed in test.results.values()]
        found += [_run(given, test, each) for each in results] or [_not_run(given, test)]
    return tuple(found)


def _not_run(given: Given, test: PartyTest) -> Row:
    assert test.planned is not None, test.id
    case = test.planned.case
    return row(
        TESTS,
        **_known(test, _ids(given, case.scenario.id, case.scenario.variant, case.scenario.external_ids)),
        title=case.title,
        stage=case.scenario.stage,
        theme=case.scenario.theme,
        process_area=case.scenario.area,
        type=case.scenario.polarity,
        roles=", ".join(_roles(test)),
        release=case.release,
        pairing=_pairing(given),
        planned_date=_planned(given, case.scenario.stage, case.scenario.theme, case.scenario.area),
        execution_status="descoped" if test.exempt else "not started",
    )


def _run(given: Given, test: PartyTest, result: Result) -> Row:
    standing, last = result.test, result.test.last
    started = standing.started
    instance = given.instances.get((last.run, standing.case))
    part = given.parts.get((last.run, standing.case))
    flaky = standing.flaky
    override = standing.override
    return row(
        TESTS,
        **_known(test, _ids(given, started.scenario, started.variant, started.external_ids)),
        title=started.title,
        stage=started.stage,
        theme=started.theme,
        process_area=started.area,
        type=f"perturbed ({started.twin})" if started.twin else started.polarity,
        roles=", ".join(_roles(test) or [started.role]),
        profile=f"{last.conditions.target}, {last.conditions.environment}, seed {last.conditions.seed}",
        release=standing.release,
        evidence_class=result.evidence.value,
        cycle=last.cycle,
        pairing=_pairing(given),
        parties_real_or_simulated=_who(given, standing),
        executed_by="harness",
        planned_date=_planned(given, started.stage, started.theme, started.area, last.cycle),
        actual_start=last.began[:19],
        actual_end=last.at[:19],
        attempts=len(standing.attempts),
        first_run_result=standing.first.verdict.value,
        final_result=standing.verdict.value,
        execution_status="descoped" if test.exempt else standing.status.value,
        override_who_why=f"{override.by} and {override.second}: {override.reason}" if override else "",
        flaky=f"passed and failed under equal conditions: {', '.join(each.run for each in flaky)}"
        if flaky
        else "",
        stale_reason="; ".join(result.stale),
        blame_class=last.blame.cause.value if last.blame else "",
        blame_party=given.name_of(last.blame.party) if last.blame else "",
        assumptions_leaned_on=", ".join(instance.assumptions) if instance else "",
        defects=", ".join(each.id for each in standing.defects),
        evidence_ref=reference(standing),
        sha_256=part.first_body if part else "",
    )


def _ids(given: Given, scenario: str, variant: str, own: Mapping[str, str]) -> Mapping[str, str]:
    """Return the ids of a test elsewhere: those of its file, and those that the registers have."""
    return {**own, **given.registers.ids_of_test(scenario, variant)}


def _known(test: PartyTest, external: Mapping[str, str]) -> Mapping[str, Any]:
    ado = [value for scheme, value in external.items() if scheme.lower().startswith(_ADO)]
    others = [f"{scheme} {value}" for scheme, value in external.items() if value not in ado]
    return {
        "our_test_id": test.id,
        "programme_or_qt_id": "; ".join(others),
        "ado_id": "; ".join(ado),
        "preconditions": test.planned.preconditions if test.planned else "",
        "expected_result": test.planned.expected if test.planned else "",
    }


def _roles(test: PartyTest) -> list[str]:
    if test.planned is None:
        return []
    return sorted(test.planned.senders | test.planned.recipients)


def _pairing(given: Given) -> str:
    plan, own = given.plan, given.subject.plan_id
    if plan is None or not own:
        return ""
    return ", ".join(each.id for each in plan.pairings if own in each.parties)


def _planned(given: Given, stage: str, theme: str, area: str, cycle: str = "") -> str:
    """Say when the plan has a test: the days of the cycle that it was run in, or that comes next, or last.

    Without a dated cycle, those of the stage's milestones; empty where the plan gives no day.
    """
    plan = given.plan
    if plan is None:
        return ""
    dated = sorted(
        (each.start or each.end or date.min, each.end or each.start or date.max)
        for each in plan.cycles.values()
        if each.stage == stage
        and (each.start or each.end)
        and cycle in {"", each.id}
        and (not each.themes or theme in each.themes)
        and (not each.areas or area in each.areas)
    )
    if dated:
        ahead = [each for each in dated if each[1] >= given.point.as_of]
        return _days(*(ahead[0] if ahead else dated[-1]))
    found = plan.stages.get(stage)
    if found is None:
        return ""
    start = plan.milestones[found.start].day if found.start else None
    end = plan.milestones[found.exit].day if found.exit else None
    return _days(start or end, end or start)


def _days(start: date | None, end: date | None) -> str:
    if start is None or end is None:
        return ""
    return str(start) if start == end else f"{start} to {end}"


def _who(given: Given, test: Test) -> str:
    """Say whose systems were real, of the parties of the test."""
    names = [name for name in test.started.parties if name in test.last.conditions.real]
    if not test.last.conditions.real:
        return "all simulated"
    return f"real: {', '.join(map(given.name_of, names)) or 'none of this test'}"


def reference(test: Test) -> str:
    """Name where a test's events lie."""
    return f"{test.last.run}/events.ndjson#{test.case}"


def trace_rows(given: Given) -> tuple[Row, ...]:
    """Return a row per requirement, test and evidence class; a test that was not run has one without."""
    return tuple(each for listed in given.linked.values() for link in listed for each in _traced(given, link))


def _traced(given: Given, link: Link) -> Iterator[Row]:
    subject = given.subject
    common: Mapping[str, Any] = {
        "req_id": link.requirement,
        "test_id": link.test.id,
        "party": subject.mpid or subject.organisation,
        "role": subject.role,
        "link": link.kind,
        "part_of_clause": link.part,
    }
    if not link.test.results:
        yield row(TRACE, **common, execution_status=link.planned_status.value)
    for evidence, results in link.test.results.items():
        test = results[0].test
        yield row(
            TRACE,
            **common,
            release=test.release,
            evidence_class=evidence.value,
            cycle=test.last.cycle,
            verdict=test.verdict.value,
            execution_status=link.status(evidence).value,
            run=test.last.run,
            evidence_ref=reference(test),
            stale_reason="; ".join(link.stale.get(evidence, ())),
        )
