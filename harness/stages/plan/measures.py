"""Measures that criteria are decided by (pure): of the plan itself, and of what runs showed.

Evidence classes are never added up: each class that counts is measured alone. One of them must reach a lower
bound; none of them may pass an upper one. A rehearsal counts only where a criterion asks for no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from harness.evidence.evidence_class import EvidenceClass
from harness.stages.plan.cohorts import shortages, through
from harness.stages.plan.model import Automatic, Party, Per, Plan, Stage
from harness.stages.plan.places import unready
from harness.stages.plan.runs import Result, RunFacts

RANK = (
    EvidenceClass.REHEARSAL,
    EvidenceClass.SELF_TEST,
    EvidenceClass.PAIRED,
    EvidenceClass.INTEGRATED,
)
"""From least real to most real."""
OPEN_RUNS = "open-runs"
_OUTSIDE = {"not applicable", "descoped"}
_LEFT_OUT = {"omitted", "skipped"}
_NOT_RUN = {"omitted", "skipped", "inconclusive", "error"}


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured: whether the bound is met, in words, what speaks against it, and on which runs.

    ``evidence`` is None when nothing of the class that counts was there to measure.
    """

    met: bool
    said: str
    against: tuple[str, ...]
    evidence: EvidenceClass | None
    runs: tuple[str, ...]
    measurable: bool = True


def of_plan(plan: Plan, stage: Stage, check: Automatic, as_of: date, party: Party | None = None) -> Measured:
    """Measure what the plan itself knows, of the stages and places of one ``party`` where it is given."""
    match check.measure:
        case "milestones-reached":
            against = [name for name in check.of if not plan.reached(plan.milestones[name], as_of)]
            said = f"{len(check.of) - len(against)} of {len(check.of)} milestones reached"
        case "stages-left":
            against = [name for name in check.of if not _left(plan, plan.stages[name], as_of, party)]
            said = f"{len(check.of) - len(against)} of {len(check.of)} stages left"
        case "environment-ready":
            one = party.id if party else ""
            against = [lack for name in check.of for lack in unready(plan, name, as_of, one)]
            empty = [n for n in check.of if not any(place.environment == n for place in plan.places)]
            against += [f"{name}: the plan names no party there" for name in empty]
            everybody = party.id if party else "every party"
            said = f"{everybody} ready" if not against else f"{len(against)} not ready"
        case _:
            parties = through(plan, stage.after, as_of)
            against = [str(short) for short in shortages(plan, parties)]
            if plan.cohort is None:
                against = ["the plan has no 'cohort'"]
            said = "the minimum viable cohort is there" if not against else f"{len(against)} roles short"
    return Measured(not against, said, tuple(against), None, ())


def _left(plan: Plan, stage: Stage, as_of: date, party: Party | None) -> bool:
    """Say whether a stage is behind the programme, or, where it has no exit milestone, behind every party.

    A stage per party is behind one ``party`` when that party has left it.
    """
    if party is not None and stage.per is Per.PARTY:
        return stage.id in party.reached and party.reached[stage.id] <= as_of
    if stage.exit or not plan.parties:
        return plan.left(stage, as_of)
    return all(
        stage.id in party.reached and party.reached[stage.id] <= as_of for party in plan.parties.values()
    )


def of_runs(stage: Stage, check: Automatic, runs: Iterable[RunFacts]) -> Measured:
    """Measure what runs of a stage showed, in each evidence class that counts by itself."""
    asked = check.evidence or EvidenceClass.INTEGRATED
    own = [run for run in runs if run.stage == stage.id]
    if check.measure == OPEN_RUNS and (cut := [run for run in own if not run.ended]):
        # What never ended has no class yet, so it is in the way of whichever is asked for.
        return _of_open_runs(
            check, cut[0].evidence, [each for each in own if each in cut or _counts(each, asked)]
        )
    by_class = [
        (kind, [run for run in own if run.evidence is kind]) for kind in RANK[RANK.index(asked) :][::-1]
    ]
    measured = [_MEASURES[check.measure](check, kind, chosen) for kind, chosen in by_class if chosen]
    holding = [each for each in measured if each.measurable]
    if measured and not holding:
        what = f"requirement of phase {check.phase}" if check.phase else "case or requirement"
        return Measured(False, f"the runs that count hold no {what}", (), None, ())
    if not holding:
        lesser = sorted({run.evidence.value for run in own if RANK.index(run.evidence) < RANK.index(asked)})
        said = f"no run with {asked.value} evidence or better was given"
        if lesser:
            said += f"; {', '.join(lesser)} results don't count"
        return Measured(False, said, (), None, ())
    wanted = check.at_least is not None
    return next((each for each in holding if each.met is wanted), holding[0])


def _counts(run: RunFacts, asked: EvidenceClass) -> bool:
    return RANK.index(run.evidence) >= RANK.index(asked)


def latest(runs: Iterable[RunFacts]) -> Mapping[str, Result]:
    """Return the last result of each case. One that was left out replaces nothing; descoped cases leave."""
    found: dict[str, Result] = {}
    for run in sorted(runs, key=lambda each: each.started):
        for result in run.results:
            if result.key not in found or result.verdict not in _LEFT_OUT:
                found[result.key] = result
    return {key: result for key, result in found.items() if result.status not in _OUTSIDE}


def _of_cases(check: Automatic, kind: EvidenceClass, runs: list[RunFacts]) -> Measured:
    results = latest(runs).values()
    against: list[Result]
    match check.measure:
        case "passed-share":
            against = [each for each in results if each.verdict != "pass"]
            said = f"{len(results) - len(against)} of {len(results)} cases passed{_at_first(runs)}"
            value = Fraction(len(results) - len(against), len(results) or 1)
        case "open-failures":
            against = [each for each in results if each.verdict == "fail"]
            said, value = f"{len(against)} of {len(results)} cases fail", Fraction(len(against))
        case _:
            against = [each for each in results if each.verdict in _NOT_RUN]
            said, value = f"{len(against)} of {len(results)} cases have no result", Fraction(len(against))
    names = tuple(sorted(each.key for each in against))
    return _judged(check, kind, runs, value, said, names, measurable=bool(results))


def _at_first(runs: list[RunFacts]) -> str:
    """Say how many cases passed the first time, where there was a second."""
    if len(runs) < 2:
        return ""
    first: dict[str, Result] = {}
    for run in sorted(runs, key=lambda each: each.started):
        first = {result.key: result for result in run.results if result.verdict not in _LEFT_OUT} | first
    return f", {sum(each.verdict == 'pass' for each in first.values())} of them at first"


def _of_open_runs(check: Automatic, kind: EvidenceClass, runs: list[RunFacts]) -> Measured:
    still = [run for run in runs if run.open]
    why = "".join(f"; {run.run} {', '.join(run.open)}" for run in still)
    said = f"{len(still)} of {len(runs)} runs open{why}"
    return _judged(check, kind, runs, Fraction(len(still)), said, tuple(run.run for run in still))


def _of_requirements(check: Automatic, kind: EvidenceClass, runs: list[RunFacts]) -> Measured:
    found: dict[str, str] = {}
    for run in sorted(runs, key=lambda each: each.started):
        for row in run.requirements:
            if check.phase and check.phase not in row.phases:
                continue
            key = f"{row.id} {row.role}".strip()
            if row.status != "not started" or key not in found:
                found[key] = row.status
    against = tuple(sorted(key for key, status in found.items() if status not in {"passed", *_OUTSIDE}))
    passed = len(found) - len(against)
    said = f"{passed} of {len(found)} requirements (each role counted) passed"
    value = Fraction(passed, len(found) or 1)
    return _judged(check, kind, runs, value, said, against, measurable=bool(found))


def _judged(
    check: Automatic,
    kind: EvidenceClass,
    runs: list[RunFacts],
    value: Fraction,
    said: str,
    against: tuple[str, ...],
    *,
    measurable: bool = True,
) -> Measured:
    met = value >= check.at_least if check.at_least is not None else value <= (check.at_most or 0)
    names = tuple(run.run for run in runs)
    return Measured(met, f"{said} ({kind.value})", () if met else against, kind, names, measurable)


_MEASURES: Mapping[str, Callable[[Automatic, EvidenceClass, list[RunFacts]], Measured]] = {
    "passed-share": _of_cases,
    "open-failures": _of_cases,
    "not-run": _of_cases,
    OPEN_RUNS: _of_open_runs,
    "requirements-passed": _of_requirements,
}
