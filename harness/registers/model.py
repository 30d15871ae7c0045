"""What the registers hold. Days are calendar days; a field that nobody filled is empty, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import Blame, ExecutionStatus


class DefectStatus(StrEnum):
    """Where a defect stands; `harness.registers.lifecycle` says what may follow."""

    NEW = "new"
    OPEN = "open"
    FIXED = "fixed"
    RETEST = "retest"
    CLOSED = "closed"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"


class QueryStatus(StrEnum):
    """Where a design query stands."""

    RAISED = "raised"
    UNDER_REVIEW = "under review"
    CLARIFIED = "clarified"
    """The specification stands, and was explained."""
    CHANGE_RAISED = "change raised"
    """The specification is to change; a link names the change."""
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Severity:
    """One value of a severity scale, worst first in its scale."""

    id: str
    title: str
    definition: str


@dataclass(frozen=True, slots=True)
class SeverityScale:
    """The scale that severities are on, and whose it is; ``basis`` is ``assumed`` for the shipped one."""

    basis: str
    source: str
    values: Mapping[str, Severity]


@dataclass(frozen=True, slots=True)
class Link:
    """Something elsewhere that an entry belongs to: ``kind`` is design-query, change-request, defect..."""

    kind: str
    ref: str


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody's leave: who, when, and where it is written down."""

    by: str
    day: date
    reference: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One run in which the failure was met, and what that run can prove."""

    run: str
    evidence: EvidenceClass
    release: str
    day: date


@dataclass(frozen=True, slots=True)
class Retest:
    """The run that tried a fixed defect again, and what came of it: pass or fail."""

    run: str
    verdict: str
    evidence: EvidenceClass
    day: date


@dataclass(frozen=True, slots=True)
class Move:
    """One step of an entry's history; ``before`` is empty for the first."""

    day: date
    by: str
    before: str
    after: str
    note: str = ""
    run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What defects and design queries have in common."""

    id: str
    title: str
    key: str = ""
    """The stable key of the failed verdict (`harness.registers.raising.key_of`); empty: raised by hand."""
    owner: str = ""
    raised_by: str = ""
    """The organisation that raised it."""
    raised: date | None = None
    closed: date | None = None
    environment: str = ""
    interface: str = ""
    cases: tuple[str, ...] = ()
    """Ids of the cases that fail by it."""
    blocks: tuple[str, ...] = ()
    """Ids of the cases that can't be run because of it."""
    requirements: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    seen: tuple[Seen, ...] = ()
    history: tuple[Move, ...] = ()
    external_ids: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    @property
    def evidence(self) -> frozenset[EvidenceClass]:
        """The evidence classes of the runs in which it was met; none where no run showed it."""
        return frozenset(each.evidence for each in self.seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect(Entry):
    """Something that does not work as it should, and whose move it is."""

    status: DefectStatus
    severity: str = ""
    """An id of the register's severity scale; empty: nobody has assessed it yet."""
    blame: Blame | None = None
    release_found: str = ""
    release_fixed: str = ""
    build_found: str = ""
    build_fixed: str = ""
    root_cause: str = ""
    deferral: Approval | None = None
    retest: Retest | None = None

    @property
    def open(self) -> bool:
        """Whether somebody still has to act: neither closed, rejected nor a duplicate (deferred is open)."""
        return self.status not in {DefectStatus.CLOSED, DefectStatus.REJECTED, DefectStatus.DUPLICATE}


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignQuery(Entry):
    """A question to the owner of the specification: a verdict contradicts what is written."""

    status: QueryStatus
    specification: str = ""
    """The rule that the verdict contradicts: a clause, a release."""
    answer: str = ""

    @property
    def open(self) -> bool:
        """Whether it waits for an answer."""
        return self.status in {QueryStatus.RAISED, QueryStatus.UNDER_REVIEW}


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A person's execution status in place of the one that follows from the verdict, which stays visible.

    ``cases`` is a case id or a pattern with ``*``; ``release``, ``run`` and ``evidence`` narrow it, and at
    least one of ``run`` and ``evidence`` is given.
    """

    id: str
    cases: str
    status: ExecutionStatus
    reason: str
    by: str
    second: str
    """The second person, another one than ``by``."""
    day: date
    approval: str
    release: str = ""
    run: str = ""
    evidence: EvidenceClass | None = None
    withdrawn: date | None = None
    external_ids: Mapping[str, str] = field(default_factory=dict)

    def covers(self, case: str, *, release: str, run: str, evidence: EvidenceClass) -> bool:
        """Say whether it is in force for a case (its id without the release) of a run."""
        return (
            self.withdrawn is None
            and fnmatchcase(case, self.cases)
            and self.release in {"", release}
            and self.run in {"", run}
            and self.evidence in {None, evidence}
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a reliance statement rests on: a run, or a sealed pack with its root hash."""

    run: str
    pack: str
    """Path of the pack, relative to the register's folder; empty: only the run is named."""
    root: str
    """Root hash of the pack's seal (SHA-256, hex)."""
    declared: EvidenceClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliance:
    """One party relies on what another has proved, for a scope, a build and a time."""

    id: str
    relying: str
    relied_on: str
    requirements: tuple[str, ...]
    interfaces: tuple[str, ...]
    roles: tuple[str, ...]
    system: str
    build: str
    evidence: Evidence
    start: date
    until: date
    residual_tests: tuple[str, ...]
    """Ids of the cases that the relying party still runs itself."""
    agreed_by: str = ""
    reference: str = ""
    note: str = ""
    external_ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registers:
    """All registers of one folder; every list is empty where its file is absent."""

    folder: Path | None
    severities: SeverityScale
    defects: tuple[Defect, ...] = ()
    design_queries: tuple[DesignQuery, ...] = ()
    overrides: tuple[Override, ...] = ()
    reliance: tuple[Reliance, ...] = ()
    test_ids: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Ids that tests have in other systems: scheme to id, by scenario, or by scenario and variant."""

    @property
    def entries(self) -> tuple[Defect | DesignQuery, ...]:
        """Defects, then design queries."""
        return (*self.defects, *self.design_queries)

    def defects_of(self, case: str) -> tuple[Defect, ...]:
        """Return the defects by which a case (its id without the release) fails or is blocked."""
        return tuple(each for each in self.defects if case in each.cases or case in each.blocks)

    def override_of(self, case: str, *, release: str, run: str, evidence: EvidenceClass) -> Override | None:
        """Return the latest override in force for a case of a run; of one day the last in the file."""
        found = [
            each for each in self.overrides if each.covers(case, release=release, run=run, evidence=evidence)
        ]
        return max(enumerate(found), key=lambda each: (each[1].day, each[0]))[1] if found else None

    def ids_of_test(self, scenario: str, variant: str = "") -> Mapping[str, str]:
        """Return the ids of a scenario, or of a variant of it, in other systems."""
        return self.test_ids.get(f"{scenario}.{variant}" if variant else scenario, {})

    def severity_title(self, severity: str) -> str:
        """Return words for a severity; ``not assessed`` where there is none."""
        known = self.severities.values.get(severity)
        return known.title if known else severity or "not assessed"
