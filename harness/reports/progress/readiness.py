"""What can start on a day and what the rest waits for (pure values): plan, runs, day -> readiness."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from harness.calendars.working_days import Calendar
from harness.errors import ConfigurationError, nearest
from harness.reports.progress.self_checks import SelfCheck, judged
from harness.reports.standing.model import Standing
from harness.stages.plan.checking import Finding, check
from harness.stages.plan.cohorts import Shortage, shortages, through
from harness.stages.plan.due import Due, due
from harness.stages.plan.gate import Decision, decide
from harness.stages.plan.model import Kind, Milestone, Party, Per, Place, Plan, Point, Stage
from harness.stages.plan.places import unready
from harness.stages.plan.runs import RunFacts
from harness.stages.plan.starting import Candidate, candidates

CONNECTIVITY = ("connectivity-a", "connectivity-b")
"""Ids of the stages of connectivity proving, as the shipped template has them."""
WEEKS_AHEAD = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """A stage with its entry gate; None where the plan gives it no entry criteria."""

    stage: Stage
    decision: Decision | None
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class PlaceState:
    """One line of places, and what it lacks on the day."""

    place: Place
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Readiness:
    """The whole of a readiness report."""

    plan: Plan
    as_of: date
    entries: tuple[Entry, ...]
    places: tuple[PlaceState, ...]
    due: tuple[Due, ...]
    milestones: tuple[Milestone, ...]
    """Those not reached, by their day."""
    shortages: tuple[Shortage, ...]
    findings: tuple[Finding, ...]
    standing: Standing
    self_checks: tuple[SelfCheck, ...] = ()

    @property
    def ready(self) -> tuple[Candidate, ...]:
        """What can start."""
        return tuple(each for entry in self.entries for each in entry.candidates if each.ready)

    @property
    def per_party(self) -> tuple[Stage, ...]:
        """The stages that each party passes by itself."""
        return tuple(entry.stage for entry in self.entries if entry.stage.per is Per.PARTY)

    def candidate(self, stage: str, party: str) -> Candidate | None:
        """Return a party's next step into a stage; None where it is behind it, or the plan is silent."""
        found = (each for entry in self.entries for each in entry.candidates)
        return next((each for each in found if each.stage == stage and each.party == party), None)

    def as_dict(self) -> dict[str, Any]:
        """Return it for a program."""
        return {
            "format": 1,
            "kind": "readiness-report",
            "plan": self.plan.name,
            "as_of": self.as_of.isoformat(),
            "can_start": [each.as_dict() for each in self.ready],
            "stages": [
                {
                    "stage": entry.stage.id,
                    "entry": entry.decision.as_dict() if entry.decision else None,
                    "waiting": [each.as_dict() for each in entry.candidates if not each.ready],
                }
                for entry in self.entries
            ],
            "places": [
                {
                    "environment": each.place.environment,
                    "party": each.place.party,
                    "build": each.place.build,
                    "release": each.place.release,
                    "data_load": each.place.data_load,
                    "lacks": list(each.lacks),
                }
                for each in self.places
            ],
            "due": [each.as_dict() for each in self.due],
            "milestones": [
                {"id": each.id, "title": each.title, "day": str(each.day) if each.day else None}
                for each in self.milestones
            ],
            "cohort_lacks": [str(each) for each in self.shortages],
            "findings": [each.as_dict() for each in self.findings],
            "self_checks": [each.as_dict() for each in self.self_checks],
            "runs": self.standing.as_dict()["runs"],
            "totals": self.standing.as_dict()["totals"],
        }


def readiness(
    plan: Plan,
    calendar: Calendar,
    as_of: date,
    *,
    facts: Sequence[RunFacts] = (),
    standing: Standing,
    stages: Iterable[str] = (),
    self_checks: Iterable[SelfCheck] = (),
) -> Readiness:
    """Return where everything stands on a day; ``stages`` narrows to these (default: all not yet left).

    Raises ConfigurationError for a stage that the plan doesn't have.
    """
    asked = list(stages)
    for name in asked:
        if name not in plan.stages:
            raise ConfigurationError(
                f"'{name}' is no stage of this plan", where=plan.where, mend=nearest(name, plan.stages)
            )
    shown = [
        stage
        for stage in plan.stages.values()
        if (stage.id in asked if asked else not plan.left(stage, as_of))
    ]
    steps = candidates(plan, as_of)
    before = {name for stage in shown for name in stage.after}
    waiting = [each for each in plan.milestones.values() if not plan.reached(each, as_of)]
    return Readiness(
        plan=plan,
        as_of=as_of,
        entries=tuple(
            Entry(
                stage,
                _entry(plan, stage, facts, as_of),
                tuple(each for each in steps if each.stage == stage.id),
            )
            for stage in shown
        ),
        places=tuple(PlaceState(place, tuple(_lacks(plan, place, as_of))) for place in plan.places),
        due=due(plan, calendar, as_of, WEEKS_AHEAD * 7),
        milestones=tuple(sorted(waiting, key=lambda each: (each.day is None, each.day or as_of))),
        shortages=shortages(plan, _counted(plan, before, as_of)),
        findings=check(plan, calendar, as_of),
        standing=standing,
        self_checks=judged(self_checks, plan, as_of),
    )


def _entry(plan: Plan, stage: Stage, facts: Sequence[RunFacts], as_of: date) -> Decision | None:
    if not any(each.stage == stage.id and each.at is Point.ENTRY for each in plan.criteria.values()):
        return None
    return decide(plan, stage.id, Point.ENTRY, facts, as_of)


def _counted(plan: Plan, before: Iterable[str], as_of: date) -> Iterable[Party]:
    """Return the parties that count in the cohort: through the stages before, or all of a silent record."""
    silent = plan.kind is Kind.RECORD and not any(party.reached for party in plan.parties.values())
    return plan.parties.values() if silent else through(plan, before, as_of)


def _lacks(plan: Plan, place: Place, as_of: date) -> list[str]:
    """Say what one line of places lacks, whatever other lines its party has there."""
    alone = replace(plan, places=(place,))
    start = f"{place.environment}: {place.party} lacks "
    return [each.removeprefix(start) for each in unready(alone, place.environment, as_of, place.party)]
