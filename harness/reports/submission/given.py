"""What a submission is made from, as one value that its sheets read (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from harness.evidence.evidence_class import EvidenceClass
from harness.registers.model import Defect, Registers
from harness.registers.reliance import Checked, Coverage, EvidenceFacts, Row, check
from harness.reports.rttm_layout import PHASE_OF_STAGE
from harness.reports.run import Instance
from harness.reports.standing.model import Standing
from harness.reports.submission.impacts import SystemChange
from harness.reports.submission.links import Link, PartyTest, Result, links_of, tests_of
from harness.reports.submission.part import Part, Parts
from harness.reports.submission.planned import Catalogue
from harness.reports.submission.subject import Subject
from harness.scenarios.requirements import Register, Requirement
from harness.stages.plan import exemptions
from harness.stages.plan.exemptions import State
from harness.stages.plan.measures import RANK
from harness.stages.plan.model import Plan, WorkOff

ALL_STAGES = "all"
PHASES = ("PIT", "CIT", "SIT-F", "SIT-M", "SIT-NF", "SIT-O", "QT", "QAD")
QUALIFICATION = ("PIT", "QT", "QAD")
"""A qualification matrix spans them (published); so it is handed in again at entry and exit of each."""


def phases_of(stage: str) -> tuple[str, ...]:
    """Return the phases that the matrix of a stage (of a run, of the plan, or `ALL_STAGES`) is for."""
    if stage == ALL_STAGES:
        return PHASES
    if stage in {"qualification", "qt"}:
        return QUALIFICATION
    if stage.startswith("pit"):
        return ("PIT",)
    return (PHASE_OF_STAGE.get(stage, stage.upper()),)


@dataclass(frozen=True, slots=True)
class Point:
    """Which submission it is: stage, point (``pit-exit``), version from 1, and the day that it speaks for."""

    stage: str
    submission: str
    version: int
    as_of: date
    least: EvidenceClass
    """The least class of evidence that counts."""
    least_because: str


@dataclass(frozen=True)
class Given:
    """Everything that a submission is made from. Nothing in it is read from a file any more."""

    subject: Subject
    point: Point
    standing: Standing
    register: Register
    """Every requirement that a test may cite or that may cover another."""
    baseline: Register
    """Those that the submission is for: all of ``register``, or somebody's own."""
    catalogue: Catalogue
    parts: Parts
    plan: Plan | None
    registers: Registers
    facts: Mapping[str, EvidenceFacts | None]
    """What each reliance statement's evidence really is, by statement."""
    packs: Mapping[str, str]
    """Root hash of the sealed pack of a run, by run."""
    changes: tuple[SystemChange, ...] = ()
    """Changes of systems with what they touch."""

    @cached_property
    def phases(self) -> tuple[str, ...]:
        """The phases that the matrix is for."""
        return phases_of(self.point.stage)

    @cached_property
    def exemptions(self) -> tuple[exemptions.Standing, ...]:
        """The party's exemptions as they stand on the day."""
        if self.plan is None:
            return ()
        return tuple(
            exemptions.standing(each, self.point.as_of)
            for each in self.plan.exemptions
            if each.legal_entity in self.subject.names
        )

    @cached_property
    def exempt(self) -> Mapping[str, str]:
        """Exempt segments with the reason."""
        return {
            each.exemption.segment: f"{each.exemption.segment}: {each.exemption.reference}, "
            f"granted by {each.exemption.grantor}, until {each.exemption.until}"
            for each in self.exemptions
            if each.state is State.IN_FORCE
        }

    @cached_property
    def tests(self) -> tuple[PartyTest, ...]:
        """The party's tests: those that were run with it, and planned ones that show it something."""
        linked = {link.test.id for links in self.linked.values() for link in links}
        return tuple(test for test in self._tests if test.results or test.id in linked)

    @cached_property
    def _tests(self) -> tuple[PartyTest, ...]:
        """Every test of the role in the phases of the submission."""
        found = tests_of(self.standing, self.parts, self.catalogue, self.subject, self.exempt)
        return tuple(test for test in found if test.phase in self.phases)

    @cached_property
    def links(self) -> Mapping[str, tuple[Link, ...]]:
        """The tests of each requirement."""
        asked = {run.header.run: run.header.register for run in self.standing.runs}
        return links_of(self.register, self._tests, self.parts, self.subject, asked, self._touched)

    def _touched(self, result: Result, requirement: str) -> tuple[str, ...]:
        """Return the changes of systems that touch a result, in words."""
        if not self.changes:
            return ()
        test = result.test
        part = self.parts.get((test.last.run, test.case), Part())
        parties = {name: self.standing.parties.get(name) for name in (*part.senders, *part.recipients)}
        names = {
            name
            for key, each in parties.items()
            for name in (key, *((each.organisation, each.mpid, each.name) if each else ()))
        }
        return tuple(
            f"{each.words}, in from {each.start}"
            for each in self.changes
            if each.touches(
                day=date.fromisoformat(test.last.at[:10]),
                interfaces={test.started.interface, *(interface for interface, _ in part.pairs)},
                roles={test.started.role, *(each.role for each in parties.values() if each)},
                parties=names | {"DIP"},
                requirement=requirement,
            )
        )

    @cached_property
    def linked(self) -> Mapping[str, tuple[Link, ...]]:
        """The tests of each requirement that concerns the party, and of ids that nobody registered."""
        return {
            name: found
            for name, found in self.links.items()
            if (name in self.baseline and self.applies(self.baseline[name])[0] != "N")
            or name not in self.register
        }

    @cached_property
    def instances(self) -> Mapping[tuple[str, str], Instance]:
        """Every instance, by run and case."""
        return {(run.header.run, each.case): each for run in self.standing.runs for each in run.instances}

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """Requirements by their parent."""
        found: dict[str, list[str]] = {}
        for each in self.baseline.values():
            if each.parent:
                found.setdefault(each.parent, []).append(each.id)
        return {parent: tuple(listed) for parent, listed in found.items()}

    def applies(self, requirement: Requirement) -> tuple[str, str]:
        """Return Y, N or Exempt, and why it is not Y."""
        subject = self.subject
        if requirement.concrete_roles and subject.role not in requirement.concrete_roles:
            return "N", f"for {', '.join(requirement.roles)}"
        if requirement.id not in self.children and not self.required(requirement):
            needed, asked = ", ".join(requirement.phases), ", ".join(self.phases)
            return "N", f"needed in {needed}; this submission is for {asked}"
        segments = set(requirement.segments)
        if not segments:
            own = [link.test.segments for link in self.links.get(requirement.id, ()) if link.decides]
            segments = set().union(*own) if own and all(own) else set()
        if segments and segments <= set(self.exempt):
            return "Exempt", "; ".join(dict.fromkeys(self.exempt[each] for each in sorted(segments)))
        return "Y", ""

    def required(self, requirement: Requirement) -> tuple[str, ...]:
        """Return the phases of the submission that a requirement needs; else those in which tests show it."""
        needed = tuple(phase for phase in requirement.phases if phase in self.phases)
        if needed:
            return needed
        shown = {link.test.phase for link in self.links.get(requirement.id, ()) if link.decides}
        return tuple(phase for phase in self.phases if phase in shown)

    @cached_property
    def reliance(self) -> tuple[Checked, ...]:
        """The party's reliance statements, checked row by row for the requirements that they name."""
        found = []
        for statement in self.registers.reliance:
            if statement.relying not in self.subject.names:
                continue
            rows = [
                Row(each.id, _asked(each.interfaces, statement.interfaces), (self.subject.role,))
                for name in statement.requirements
                if (each := self.baseline.get(name)) is not None and self.applies(each)[0] == "Y"
            ]
            checked = check(
                statement, rows, self.facts.get(statement.id), builds=self.builds_now, as_of=self.point.as_of
            )
            found.append(self._enough(checked))
        return tuple(found)

    def _enough(self, checked: Checked) -> Checked:
        """Return a checked statement whose evidence is held to the least that counts here."""
        declared, least = checked.statement.evidence.declared, self.point.least
        if checked.refused or RANK.index(declared) >= RANK.index(least):
            return checked
        reason = f"its evidence is {declared}, what counts here is {least} or more real"
        return replace(
            checked, rows=tuple(replace(each, reasons=(*each.reasons, reason)) for each in checked.rows)
        )

    @cached_property
    def relied(self) -> Mapping[str, tuple[Checked, Coverage]]:
        """The statement that is asked for a requirement; one that covers it before one that does not."""
        found: dict[str, tuple[Checked, Coverage]] = {}
        for checked in self.reliance:
            for row in checked.rows:
                name = row.row.requirement
                if name not in found or (row.covered and not found[name][1].covered):
                    found[name] = (checked, row)
        return found

    @cached_property
    def builds_now(self) -> Mapping[str, tuple[str, ...]]:
        """The builds in use as the plan has them, by everything that a party is called."""
        if self.plan is None:
            return {}
        found: dict[str, dict[str, None]] = {}
        for place in self.plan.places:
            party = self.plan.parties.get(place.party)
            names = {place.party, *({party.organisation} if party else ())}
            for name in names if place.build else ():
                found.setdefault(name, {})[place.build] = None
        return {name: tuple(builds) for name, builds in found.items()}

    @cached_property
    def work_off(self) -> tuple[WorkOff, ...]:
        """Work-off items of the plan that cover a test of the party or carry a criterion of the stage."""
        if self.plan is None:
            return ()
        covering = {name for test in self.tests for each in test.all for name in each.test.work_off}
        criteria = self.plan.criteria
        return tuple(
            each
            for each in self.plan.work_off
            if each.id in covering or (not each.covers and criteria[each.criterion].stage == self.point.stage)
        )

    @cached_property
    def defects(self) -> tuple[Defect, ...]:
        """Defects of the party's tests, and those that name a requirement that applies to it."""
        own = {each.id for test in self.tests for result in test.all for each in result.test.defects}
        cases = {test.id for test in self.tests}
        named = {name for name, listed in self.linked.items() if listed}
        return tuple(
            each
            for each in self.registers.defects
            if each.id in own
            or cases & {*each.cases, *each.blocks}
            or (not each.cases and named & set(each.requirements))
        )

    def defects_of(self, requirement: str) -> tuple[Defect, ...]:
        """Return the defects of a requirement: of its tests, or that name it and no test."""
        ids = {link.test.id for link in self.links.get(requirement, ())}
        return tuple(
            each
            for each in self.defects
            if ids & {*each.cases, *each.blocks} or (not each.cases and requirement in each.requirements)
        )

    def name_of(self, name_or_id: str) -> str:
        """Return words for a party."""
        return self.standing.party_name(name_or_id)


def _asked(needed: tuple[str, ...], granted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the interfaces that a row is about: the requirement's, or where it is for all, those granted."""
    return needed or granted


def row(columns: tuple[Any, ...], **cells: Any) -> Mapping[str, Any]:
    """Return a row without its empty cells; a key that no column has is a mistake of ours."""
    known = {column.key for column in columns}
    assert cells.keys() <= known, cells.keys() - known
    return {key: value for key, value in cells.items() if value not in ("", None)}
