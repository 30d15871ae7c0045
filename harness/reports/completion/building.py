"""Runs, plan, registers, trace matrix, packs and title block -> the completion report (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from harness.errors import ConfigurationError, nearest
from harness.evidence.evidence_class import EvidenceClass
from harness.registers.model import Registers
from harness.reports.completion.given import Given
from harness.reports.completion.lacking import lacks
from harness.reports.completion.load_results import load_results
from harness.reports.completion.model import (
    Completion,
    EventLine,
    PackLine,
    PartyLine,
    RunLine,
)
from harness.reports.completion.requirements import coverage, of_matrix, of_tests
from harness.reports.completion.traffic import Traffic
from harness.reports.run import Assumption, Party, Run
from harness.reports.standing.merging import standing
from harness.reports.standing.model import Standing, Test
from harness.scenarios.requirements import Register
from harness.spec.codes import codes
from harness.stages.plan.exemptions import standing as exemption_standing
from harness.stages.plan.gate import Decision, decide
from harness.stages.plan.model import Per, Plan, Point
from harness.stages.plan.runs import RunFacts

HUB = "DIP"
_TRANSPORT_CODES = ("MSG", "RCP")


@dataclass(frozen=True)
class Inputs:
    """All that a completion report is made of; ``runs`` are lean, ``facts`` those of the ones that ended."""

    plan: Plan
    stage: str
    runs: Sequence[Run]
    facts: Sequence[RunFacts]
    registers: Registers
    register: Register
    as_of: date
    given: Given = field(default_factory=Given)
    party: str = ""
    matrix: Mapping[str, Any] | None = None
    matrix_name: str = ""
    packs: tuple[PackLine, ...] = ()
    traffic: Mapping[tuple[str, str], Traffic] = field(default_factory=dict)
    """By run and case."""


def refuse(plan: Plan, stage: str, runs: Sequence[Run]) -> None:
    """Raise ConfigurationError where these runs make no completion report: rehearsals above all."""
    if stage not in plan.stages:
        raise ConfigurationError(
            f"'{stage}' is no stage of this plan", where=plan.where, mend=nearest(stage, plan.stages)
        )
    for run in runs:
        if run.header.stage != stage:
            raise ConfigurationError(
                f"is a run of stage '{run.header.stage}', and the report is of '{stage}'",
                where=str(run.folder),
                mend="Give runs of one stage.",
            )
    rehearsed = [run for run in runs if run.end and run.evidence_class is EvidenceClass.REHEARSAL]
    if rehearsed:
        names = ", ".join(run.header.run for run in rehearsed)
        raise ConfigurationError(
            f"no completion report is made of a rehearsal: {rehearsed[0].evidence_class_reason}",
            where=names,
            mend="Leave rehearsals out. Their own report is run-report.html.",
        )
    if not any(run.end for run in runs):
        raise ConfigurationError(
            "no run has ended, and an open run proves nothing more than a rehearsal",
            where=", ".join(run.header.run for run in runs),
            mend="Go on with it: dip run --resume RUN.",
        )


def completion(inputs: Inputs, *, final: bool = False) -> Completion:
    """Build the report; raises ConfigurationError for rehearsals and for a party that took part nowhere.

    ``final`` asks for the final report: it stays a draft while `Completion.lacks` names anything.
    """
    refuse(inputs.plan, inputs.stage, inputs.runs)
    counted = [run for run in inputs.runs if run.end]
    whole = standing(counted, inputs.registers, inputs.plan, as_of=inputs.as_of)
    ids = _ids(inputs.party, inputs.plan, counted)
    held = (
        whole if ids is None else replace(whole, tests=tuple(t for t in whole.tests if _takes_part(t, ids)))
    )
    stage = inputs.plan.stages[inputs.stage]
    cases = {test.case for test in held.tests}
    facts = [_of_tests(each, cases) for each in inputs.facts]
    if inputs.matrix is not None:
        lines, source = of_matrix(inputs.matrix, inputs.given, inputs.matrix_name)
    else:
        roles = {party.role for run in counted for party in run.parties if ids and party.dip_id in ids}
        lines, source = of_tests(held, inputs.register, inputs.stage, inputs.given, roles)
    made = Completion(
        stage=stage,
        party=inputs.party,
        as_of=inputs.as_of,
        draft=True,
        lacks=(),
        given=inputs.given,
        standing=held,
        runs=tuple(_run(run) for run in sorted(inputs.runs, key=lambda each: each.header.at)),
        parties=_parties(counted, held, inputs.given),
        entry=_decision(inputs, Point.ENTRY, facts),
        exit=_decision(inputs, Point.EXIT, facts),
        exemptions=tuple(exemption_standing(each, inputs.as_of) for each in inputs.plan.exemptions),
        places=tuple(
            place
            for place in inputs.plan.places
            if place.environment == stage.environment and (ids is None or _place_of(place.party, inputs))
        ),
        registers=_own_registers(inputs.registers, held, everything=ids is None),
        requirements=lines,
        requirements_from=source,
        coverage=coverage(lines, held.classes),
        events=tuple(_events(held, inputs.traffic)),
        loads=load_results(held, inputs.traffic),
        codes_unseen=_unseen(held, inputs.traffic),
        assumptions=_assumptions(counted),
        packs=inputs.packs,
        registers_digest=inputs.register.digest,
        plan=f"{inputs.plan.title or inputs.plan.name} ({inputs.plan.where})",
    )
    against = lacks(made)
    return replace(made, lacks=against, draft=bool(against) or not final)


def _place_of(party: str, inputs: Inputs) -> bool:
    known = inputs.plan.parties.get(party)
    return inputs.party in {party, known.organisation if known else ""}


def _ids(asked: str, plan: Plan, runs: Iterable[Run]) -> frozenset[str] | None:
    """Return the DIP ids of a party named by id, MPID, name, organisation or as the plan names it.

    Raises ConfigurationError for one that took part nowhere, and for runs in which its system was simulated:
    for that party they are rehearsals, whatever they prove of others.
    """
    if not asked:
        return None
    planned = plan.parties.get(asked)
    known: dict[str, None] = {}
    found = set()
    simulated: dict[str, None] = {}
    for run, party in [(each, party) for each in runs for party in each.parties]:
        names = {party.name, party.organisation, party.mpid, party.dip_id} - {""}
        known.update(dict.fromkeys(sorted({party.name, party.organisation} - {""})))
        if asked in names or (
            planned and (planned.organisation, planned.role) == (party.organisation, party.role)
        ):
            found.add(party.dip_id)
            if not party.real:
                simulated[run.header.run] = None
    if simulated:
        raise ConfigurationError(
            f"the system of '{asked}' was simulated: for it this is a rehearsal",
            where=", ".join(simulated),
            mend="Leave these runs out of its report.",
        )
    if not found:
        raise ConfigurationError(
            f"'{asked}' took part in none of these runs", where="--party", mend=nearest(asked, known)
        )
    return frozenset(found)


def _takes_part(test: Test, ids: frozenset[str]) -> bool:
    return bool(ids & set(test.started.parties))


def _of_tests(facts: RunFacts, cases: set[str]) -> RunFacts:
    return replace(facts, results=tuple(each for each in facts.results if each.key in cases))


def _decision(inputs: Inputs, point: Point, facts: Sequence[RunFacts]) -> Decision | None:
    plan = inputs.plan
    if not any(each.stage == inputs.stage and each.at is point for each in plan.criteria.values()):
        return None
    alone = inputs.party in plan.parties and plan.stages[inputs.stage].per is Per.PARTY
    party = inputs.party if alone else ""
    return decide(plan, inputs.stage, point, facts, inputs.as_of, party=party)


def _run(run: Run) -> RunLine:
    header = run.header
    return RunLine(
        run=header.run,
        cycle=header.cycle,
        releases=tuple(header.releases),
        evidence=run.evidence_class,
        reason=run.evidence_class_reason,
        environment=header.environment,
        target=header.target,
        began=header.at,
        ended=run.end.at if run.end else "",
        selected=header.selected,
        never_started=run.not_started,
        open=run.interrupted,
        harness=header.harness_version,
        catalogue=header.catalogue,
    )


def _parties(runs: Sequence[Run], held: Standing, given: Given) -> tuple[PartyLine, ...]:
    """Return who took part in a test of the report, and the hub where it was simulated."""
    seen = {dip_id for test in held.tests for dip_id in test.started.parties}
    found: dict[tuple[str, bool], Party] = {}
    builds: dict[str, dict[str, None]] = {}
    for run in runs:
        for party in run.parties:
            if party.dip_id in seen:
                found[party.dip_id, party.real] = party
                for name in (party.name, party.dip_id):
                    if build := run.header.builds.get(name):
                        builds.setdefault(party.dip_id, {})[build] = None
    lines = [
        PartyLine(
            name=party.name,
            organisation=party.organisation,
            role=party.role,
            dip_id=party.dip_id,
            mpid=party.mpid,
            real=real,
            builds=tuple(builds.get(dip_id, ())),
            shown=held.party_name(dip_id),
            declared=_declared(given, party.name, party.organisation, dip_id, party.mpid),
        )
        for (dip_id, real), party in found.items()
    ]
    simulated = [run for run in runs if not run.hub_real]
    hub_builds = tuple(dict.fromkeys(b for run in runs if (b := run.header.builds.get(HUB))))
    hub = PartyLine(HUB, HUB, HUB, "", "", not simulated, hub_builds, HUB, _declared(given, HUB))
    return (*sorted(lines, key=lambda each: (not each.real, each.organisation, each.role, each.name)), hub)


def _declared(given: Given, *names: str) -> bool:
    said = {row["party"] for row in given.rows("simulated_parties")}
    return bool(said & {name for name in names if name})


def _own_registers(registers: Registers, held: Standing, *, everything: bool) -> Registers:
    """Leave out defects and queries of cases that are not in the report."""
    if everything:
        return registers
    cases = {test.id for test in held.tests}

    def of_these(entry: Any) -> bool:
        return bool(cases & {*entry.cases, *entry.blocks})

    return replace(
        registers,
        defects=tuple(filter(of_these, registers.defects)),
        design_queries=tuple(filter(of_these, registers.design_queries)),
    )


def _events(held: Standing, traffic: Mapping[tuple[str, str], Traffic]) -> Iterable[EventLine]:
    """Count messages by interface and event, over the last attempt of each test; classes apart."""
    for evidence in held.classes:
        sent: Counter[tuple[str, str, str]] = Counter()
        received: Counter[tuple[str, str, str]] = Counter()
        refused: dict[tuple[str, str, str], Counter[str]] = {}
        negative: Counter[tuple[str, str, str]] = Counter()
        met: Counter[tuple[str, str, str]] = Counter()
        for test in held.of(evidence):
            own = (test.release, test.started.interface, test.started.event_code)
            if test.started.polarity == "negative":
                negative[own] += 1
                met[own] += test.verdict.value == "pass"
            seen = traffic.get((test.last.run, test.case))
            if seen is None:
                continue
            sent.update({(test.release, *pair): count for pair, count in seen.sent.items()})
            received.update({(test.release, *pair): count for pair, count in seen.received.items()})
            for (pair, code), count in seen.refused.items():
                refused.setdefault((test.release, *pair), Counter())[code] += count
        for key in sorted({*sent, *received, *refused, *negative}):
            yield EventLine(
                evidence,
                *key,
                sent=sent[key],
                received=received[key],
                refused=dict(sorted(refused.get(key, Counter()).items())),
                negatives=negative[key],
                negatives_met=met[key],
            )


def _unseen(held: Standing, traffic: Mapping[tuple[str, str], Traffic]) -> tuple[tuple[str, str], ...]:
    seen: set[str] = set()
    for test in held.tests:
        if (found := traffic.get((test.last.run, test.case))) is not None:
            seen |= found.codes
    return tuple(
        (code.code, code.meaning)
        for code in codes().values()
        if code.code.startswith(_TRANSPORT_CODES) and code.code not in seen
    )


def _assumptions(runs: Iterable[Run]) -> tuple[Assumption, ...]:
    """Return what verdicts lean on; of several runs the one in which most cases do."""
    found: dict[str, Assumption] = {}
    for run in runs:
        for each in run.assumptions:
            if each.name not in found or each.cases > found[each.name].cases:
                found[each.name] = each
    return tuple(sorted(found.values(), key=lambda each: (-each.cases, each.name)))
