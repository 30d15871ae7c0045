"""What can start on a day (pure), and what the rest waits for.

A party that is ready starts: the interval that it was labelled with is never asked.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from harness.stages.plan.building import OF_RUNS
from harness.stages.plan.cohorts import shortages, through
from harness.stages.plan.measures import of_plan
from harness.stages.plan.model import Automatic, Criterion, Kind, Party, Per, Plan, Point, Stage
from harness.stages.plan.places import unready


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stage for a party (or for all: empty), and what it waits for; nothing means that it can start."""

    stage: str
    party: str
    interval: str
    waits_for: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether it can start."""
        return not self.waits_for

    def as_dict(self) -> dict[str, object]:
        """Return the candidate for a program."""
        return {**asdict(self), "waits_for": list(self.waits_for), "ready": self.ready}


def candidates(plan: Plan, as_of: date) -> tuple[Candidate, ...]:
    """Return every stage that is still ahead of a party or of the programme; the ready ones first."""
    found = []
    for stage in plan.stages.values():
        if plan.left(stage, as_of) or _undated(plan, stage):
            continue
        parties = list(plan.parties.values()) if stage.per is Per.PARTY and _tracked(plan) else []
        if parties:
            found += [
                Candidate(
                    stage.id,
                    party.id,
                    party.interval,
                    (*_of_party(plan, stage, party, as_of), *_shared(plan, stage, as_of, party.id)),
                )
                for party in parties
                if not _reached(party, stage.id, as_of)
            ]
        elif not plan.started(stage, as_of):
            found.append(
                Candidate(stage.id, "", "", (*_of_all(plan, stage, as_of), *_shared(plan, stage, as_of, "")))
            )
    return tuple(sorted(found, key=lambda each: not each.ready))


def _undated(plan: Plan, stage: Stage) -> bool:
    """Say whether a record is silent on when a stage began and ended."""
    return plan.kind is Kind.RECORD and not stage.start and not stage.exit


def _unended(plan: Plan, stage: Stage) -> bool:
    """Say whether a record is silent on when a stage ended."""
    return plan.kind is Kind.RECORD and not stage.exit


def _tracked(plan: Plan) -> bool:
    """Say whether the plan follows parties one by one."""
    return plan.kind is not Kind.RECORD or any(party.reached for party in plan.parties.values())


def _reached(party: Party, stage: str, as_of: date) -> bool:
    return stage in party.reached and party.reached[stage] <= as_of


def _of_party(plan: Plan, stage: Stage, party: Party, as_of: date) -> list[str]:
    """List what keeps one party from a stage."""
    waits = []
    for name in stage.after:
        before = plan.stages[name]
        if before.per is Per.PARTY and not _reached(party, name, as_of):
            waits.append(f"{name}: not yet left by this party")
        elif before.per is not Per.PARTY and not plan.left(before, as_of):
            waits.append(f"{name}: not yet left")
    if stage.environment:
        waits += unready(plan, stage.environment, as_of, party.id)
    return waits


def _of_all(plan: Plan, stage: Stage, as_of: date) -> list[str]:
    """List what keeps the programme, or the cohort, from a stage."""
    waits = []
    for name in stage.after:
        before = plan.stages[name]
        by_party = before.per is Per.PARTY and _tracked(plan) and not before.exit
        if not by_party and not _unended(plan, before) and not plan.left(before, as_of):
            waits.append(f"{name}: not yet left")
    if stage.per is Per.COHORT and _tracked(plan):
        ready = through(plan, stage.after, as_of)
        waits += [f"minimum viable cohort, {short}" for short in shortages(plan, ready)]
    return waits


def _shared(plan: Plan, stage: Stage, as_of: date, party: str) -> list[str]:
    """List the milestones that the start of a stage needs, and its entry criteria, that are still open."""
    waits = []
    if stage.start:
        waits += [
            f"milestone {name}"
            for name in plan.milestones[stage.start].needs
            if not plan.reached(plan.milestones[name], as_of)
        ]
    for criterion in plan.criteria.values():
        if (
            criterion.stage == stage.id
            and criterion.at is Point.ENTRY
            and (why := _open(plan, stage, criterion, as_of, party))
        ):
            waits.append(f"criterion {criterion.id}: {why}")
    return waits


def _open(plan: Plan, stage: Stage, criterion: Criterion, as_of: date, party: str) -> str:
    """Say why an entry criterion still bars; what runs show is the gate's to decide."""
    check = criterion.check
    if isinstance(check, Automatic):
        if check.measure == "minimum-cohort":
            return ""  # said role by role for a stage of the cohort
        if check.measure in OF_RUNS:
            return "" if plan.kind is Kind.RECORD else f"measured by 'dip gate {stage.id} --at entry'"
        if check.measure == "environment-ready" and party:
            others = [name for name in check.of if name != stage.environment]
            return "; ".join(lack for name in others for lack in unready(plan, name, as_of, party))
        measured = of_plan(plan, stage, check, as_of)
        return "" if measured.met else measured.said
    if party and party in check.met_for:
        return ""
    if check.met is None:
        return "" if plan.kind is Kind.RECORD else f"not yet assessed ({check.owner})"
    return "" if check.met else f"not met ({check.owner})"
