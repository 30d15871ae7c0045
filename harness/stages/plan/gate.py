"""Go, go with work-off, or no-go (pure): plan, facts of runs, date -> decision."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase

from harness.errors import ConfigurationError, nearest
from harness.evidence.evidence_class import EvidenceClass
from harness.stages.plan.building import OF_RUNS
from harness.stages.plan.exemptions import Standing, standing
from harness.stages.plan.measures import Measured, of_plan, of_runs
from harness.stages.plan.model import (
    Automatic,
    Criterion,
    Manual,
    Party,
    Per,
    Plan,
    Point,
    Rag,
    Stage,
    WorkOff,
)
from harness.stages.plan.one_party import of_party
from harness.stages.plan.runs import RunFacts


class Verdict(StrEnum):
    """What a gate says."""

    GO = "go"
    WITH_WORK_OFF = "go with work-off"
    NO_GO = "no-go"


class State(StrEnum):
    """How a criterion stands."""

    MET = "met"
    WITH_WORK_OFF = "met with work-off"
    NOT_MET = "not met"
    NO_EVIDENCE = "no evidence"


@dataclass(frozen=True, slots=True)
class Assessed:
    """A criterion as it stands: what was measured or said, what is against it, which work-off carries it."""

    criterion: Criterion
    state: State
    said: str
    against: tuple[str, ...] = ()
    evidence: EvidenceClass | None = None
    refs: tuple[str, ...] = ()
    work_off: tuple[WorkOff, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the criterion for a program."""
        check = self.criterion.check
        return {
            "criterion": self.criterion.id,
            "text": self.criterion.text,
            "basis": self.criterion.basis,
            "state": self.state.value,
            "said": self.said,
            "against": list(self.against),
            "asks_for_evidence": check.evidence.value
            if isinstance(check, Automatic) and check.evidence
            else None,
            "evidence_class": self.evidence.value if self.evidence else None,
            "evidence": list(self.refs),
            "owner": check.owner,
            "work_off": [item.id for item in self.work_off],
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """What a gate decided, on what, and on which RAG scale it is shown."""

    stage: Stage
    at: Point
    as_of: date
    verdict: Verdict
    rag: Rag
    scale_basis: str
    criteria: tuple[Assessed, ...]
    exemptions: tuple[Standing, ...]
    not_counted: tuple[str, ...]
    party: str = ""
    """The party that it was decided for; empty: for all."""

    @property
    def work_off(self) -> tuple[WorkOff, ...]:
        """Every work-off item that the decision rests on, once."""
        return tuple({item.id: item for each in self.criteria for item in each.work_off}.values())

    def as_dict(self) -> dict[str, object]:
        """Return the decision for a program."""
        return {
            "stage": self.stage.id,
            "party": self.party or None,
            "at": self.at.value,
            "as_of": self.as_of.isoformat(),
            "verdict": self.verdict.value,
            "rag": {"scale": self.rag.scale, "value": self.rag.value, "basis": self.scale_basis},
            "stage_rag": {"scale": self.stage.rag.scale, "value": self.stage.rag.value}
            if self.stage.rag
            else None,
            "criteria": [each.as_dict() for each in self.criteria],
            "work_off": [
                {
                    "id": item.id,
                    "criterion": item.criterion,
                    "item": item.item,
                    "owner": item.owner,
                    "due": item.due.isoformat(),
                    "approved_by": item.approved_by,
                }
                for item in self.work_off
            ],
            "exemptions": [each.as_dict() for each in self.exemptions],
            "not_counted": list(self.not_counted),
        }


def decide(
    plan: Plan, stage: str, at: Point, runs: Iterable[RunFacts], as_of: date, *, party: str = ""
) -> Decision:
    """Decide a gate, of a stage that is per party also for one ``party`` alone (its id in the plan).

    Raises ConfigurationError for an unknown stage or party, for a party of a stage that is not decided party
    by party, and for a gate without criteria.
    """
    if stage not in plan.stages:
        raise ConfigurationError(
            f"'{stage}' is no stage of this plan", where=plan.where, mend=nearest(stage, plan.stages)
        )
    given = list(runs)
    one = _party(plan, plan.stages[stage], party) if party else None
    counted = [shown for run in given if (shown := of_party(run, one))] if one else given
    asked = [each for each in plan.criteria.values() if each.stage == stage and each.at is at]
    if not asked:
        raise ConfigurationError(
            f"stage '{stage}' has no {at.value} criteria, so nothing says what a go is",
            where=plan.where,
            mend="Add some under 'criteria'.",
        )
    criteria = tuple(_assess(plan, plan.stages[stage], each, counted, as_of, one) for each in asked)
    exemptions = tuple(
        standing(each, as_of) for each in plan.exemptions if one is None or _entity(each.legal_entity, one)
    )
    verdict = _verdict(criteria, exemptions)
    scale = plan.scales[plan.gate_scale]
    return Decision(
        stage=plan.stages[stage],
        at=at,
        as_of=as_of,
        verdict=verdict,
        rag=Rag(scale.id, scale.values[min(list(Verdict).index(verdict), len(scale.values) - 1)]),
        scale_basis=scale.basis,
        criteria=criteria,
        exemptions=exemptions,
        not_counted=(
            *(f"{run.run}: a run of stage '{run.stage}'" for run in given if run.stage != stage),
            *(f"{run.run}: {one.id} took no part" for run in given if one and of_party(run, one) is None),
        ),
        party=party,
    )


def _party(plan: Plan, stage: Stage, name: str) -> Party:
    if name not in plan.parties:
        raise ConfigurationError(
            f"'{name}' is no party of this plan", where=plan.where, mend=nearest(name, plan.parties)
        )
    if stage.per is not Per.PARTY:
        per_party = [each.id for each in plan.stages.values() if each.per is Per.PARTY]
        raise ConfigurationError(
            f"stage '{stage.id}' is decided for the {stage.per.value}, not party by party",
            where="--party",
            mend=f"Per party are: {', '.join(per_party) or 'none'}.",
        )
    return plan.parties[name]


def _entity(legal_entity: str, party: Party) -> bool:
    """Say whether a legal entity is the party's organisation, whatever follows its name (Ltd, plc)."""
    return legal_entity == party.organisation or legal_entity.startswith(f"{party.organisation} ")


def _verdict(criteria: Iterable[Assessed], exemptions: Iterable[Standing]) -> Verdict:
    states = {each.state for each in criteria}
    if states & {State.NOT_MET, State.NO_EVIDENCE} or any(each.problems for each in exemptions):
        return Verdict.NO_GO
    return Verdict.WITH_WORK_OFF if State.WITH_WORK_OFF in states else Verdict.GO


def _assess(
    plan: Plan, stage: Stage, criterion: Criterion, runs: list[RunFacts], as_of: date, party: Party | None
) -> Assessed:
    items = [each for each in plan.work_off if each.criterion == criterion.id and holds(each, as_of)]
    if isinstance(criterion.check, Manual):
        return _said(plan, criterion, criterion.check, items, as_of, party)
    if criterion.check.measure in OF_RUNS:
        measured = of_runs(stage, criterion.check, runs)
        if measured.evidence is None:
            return Assessed(criterion, State.NO_EVIDENCE, measured.said)
        return _carried(criterion, measured, items)
    return _carried(criterion, of_plan(plan, stage, criterion.check, as_of, party), items)


def holds(item: WorkOff, as_of: date) -> bool:
    """Say whether a work-off item is approved, open, and in time."""
    still_open = item.closed is None or item.closed > as_of
    return bool(item.approved_by) and still_open and item.due >= as_of


def _said(
    plan: Plan,
    criterion: Criterion,
    check: Manual,
    items: list[WorkOff],
    as_of: date,
    party: Party | None,
) -> Assessed:
    """Take a person's word, when there is evidence for it; for one party, what was said of it."""
    asked = plan.parties if party is None else [party.id]
    waiting = tuple(name for name in asked if name not in check.met_for)
    met = check.met
    if met is None and check.met_for and not waiting:
        met = True
    if met is None or (check.assessed and check.assessed > as_of):
        some = f"met for {len(check.met_for)} of {len(plan.parties)} parties" if check.met_for else ""
        some += f", not for {party.id}" if some and party else ""
        said = f"{some or 'not assessed yet'}; {check.owner} does"
        return Assessed(criterion, State.NO_EVIDENCE, said, waiting if some else ())
    if met and not check.evidence:
        return Assessed(criterion, State.NO_EVIDENCE, f"{check.owner} says met, and names no evidence")
    state = f"{check.owner} says {'met' if met else 'not met'}"
    said = f"{state}{f' on {check.assessed}' if check.assessed else ''}"
    if met:
        return Assessed(criterion, State.MET, said, refs=check.evidence)
    if items and criterion.may_work_off:
        return Assessed(criterion, State.WITH_WORK_OFF, said, refs=check.evidence, work_off=tuple(items))
    return Assessed(criterion, State.NOT_MET, said, refs=check.evidence)


def _carried(criterion: Criterion, measured: Measured, items: list[WorkOff]) -> Assessed:
    """See whether approved work-off items cover all that speaks against a criterion."""
    uncovered = [
        each
        for each in measured.against
        if not any(fnmatchcase(each, cover) for item in items for cover in item.covers)
    ]
    carrying = tuple(
        item
        for item in items
        if any(fnmatchcase(each, cover) for each in measured.against for cover in item.covers)
    )
    state, against = State.NOT_MET, tuple(uncovered) or measured.against
    if measured.met:
        state, against = State.MET, measured.against
    elif criterion.may_work_off and measured.against and not uncovered:
        state, against = State.WITH_WORK_OFF, measured.against
    return Assessed(
        criterion,
        state,
        measured.said,
        against,
        measured.evidence,
        measured.runs,
        carrying if state is State.WITH_WORK_OFF else (),
    )
