"""What a plan file says. Dates are calendar days; names refer to one another by id within the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from harness.evidence.evidence_class import EvidenceClass


class Kind(StrEnum):
    """What a plan file is for."""

    PLAN = "plan"
    TEMPLATE = "template"
    """Relative dates: each track waits for the date that anchors it."""
    RECORD = "record"
    """Something that happened: a date that has passed counts as reached."""


class Per(StrEnum):
    """Who goes through a stage: each party by itself, the cohort together, or the programme."""

    PARTY = "party"
    COHORT = "cohort"
    PROGRAMME = "programme"


class Point(StrEnum):
    """The two gates of a stage."""

    ENTRY = "entry"
    EXIT = "exit"


@dataclass(frozen=True, slots=True)
class When:
    """A timing rule: ``at least 12 weeks before final-report``; bound is exactly, at least, at most or on."""

    bound: str
    amount: int
    unit: str
    """days, weeks or working days."""
    before: bool
    of: str
    text: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """Something due again and again: every so many weeks (or months), and weekly over the last weeks."""

    every: int
    unit: str
    until: str
    weekday: str = ""
    weekly_in_last: int = 0


@dataclass(frozen=True, slots=True)
class Artefact:
    """A paper or event of a PIT track, and the rule that times it."""

    id: str
    title: str
    issued_by: str
    when: When | None
    repeat: Repeat | None
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class Track:
    """The dates of one group of parties, by artefact; ``interval`` is a label that holds nobody back."""

    id: str
    title: str
    interval: str
    dates: Mapping[str, date]
    note: str


@dataclass(frozen=True, slots=True)
class Rag:
    """A status, never without the scale that it is on."""

    scale: str
    value: str

    def __str__(self) -> str:
        return f"{self.value} (scale: {self.scale})"


@dataclass(frozen=True, slots=True)
class Scale:
    """A RAG scale: its values, best first."""

    id: str
    title: str
    values: tuple[str, ...]
    basis: str


@dataclass(frozen=True, slots=True)
class Milestone:
    """A dated decision or event; ``needs`` are milestones that come no later."""

    id: str
    title: str
    tier: int | None
    forum: str
    baseline: date | None
    forecast: date | None
    actual: date | None
    needs: tuple[str, ...]
    rag: Rag | None
    note: str

    @property
    def day(self) -> date | None:
        """The best known date: actual, else forecast, else baseline."""
        return self.actual or self.forecast or self.baseline


@dataclass(frozen=True, slots=True)
class Forum:
    """Who decides."""

    id: str
    title: str
    decides: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the programme. ``start`` and ``exit`` are milestones, ``after`` the stages before it."""

    id: str
    title: str
    purpose: str
    per: Per
    after: tuple[str, ...]
    environment: str
    start: str
    exit: str
    rag: Rag | None
    note: str


@dataclass(frozen=True, slots=True)
class Place:
    """One party in one environment: its build, release, certificates and data load.

    ``design`` is the design release that the build follows, ``release`` the DIP API release.
    """

    environment: str
    party: str
    build: str
    design: str
    release: str
    certificates: str
    data_load: str
    data_loaded: date | None
    ready: date | None
    note: str


@dataclass(frozen=True, slots=True)
class Party:
    """One organisation in one market role. ``reached`` says which stages it left, and when."""

    id: str
    organisation: str
    role: str
    interval: str
    reached: Mapping[str, date]
    rag: Rag | None
    dip_id: str = ""
    """As the network file has it; empty: it is found by organisation and role."""


@dataclass(frozen=True, slots=True)
class Pairing:
    """Parties that test with one another."""

    id: str
    cohort: str
    parties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cycle:
    """One pass through the tests of a stage. What it leaves empty narrows nothing.

    ``tests`` is how many it holds; ``planned`` how many of them are to have passed by which day.
    """

    id: str
    title: str
    stage: str
    start: date | None
    end: date | None
    themes: tuple[str, ...]
    areas: tuple[str, ...]
    tests: int | None
    planned: tuple[tuple[date, int], ...]


@dataclass(frozen=True, slots=True)
class MinimumCohort:
    """The minimum viable cohort: how many organisations each role needs."""

    roles: Mapping[str, int]
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class Manual:
    """A criterion that a person assesses; ``met`` is None until somebody did.

    ``met_for`` names parties that meet it already, so that they need not wait for the others.
    """

    owner: str
    evidence: tuple[str, ...]
    met: bool | None
    met_for: tuple[str, ...]
    assessed: date | None


@dataclass(frozen=True, slots=True)
class Automatic:
    """A criterion that the harness measures; exactly one bound is set where the measure is of runs.

    ``of`` names what is measured (milestones, stages...), ``evidence`` the least class that counts.
    """

    measure: str
    at_least: Fraction | None
    at_most: Fraction | None
    evidence: EvidenceClass | None
    of: tuple[str, ...]
    phase: str
    owner: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One entry or exit criterion of a stage."""

    id: str
    stage: str
    at: Point
    text: str
    check: Manual | Automatic
    may_work_off: bool
    basis: str
    source: str


@dataclass(frozen=True, slots=True)
class WorkOff:
    """What remains to be done after a conditional go. ``covers`` are case ids, ``*`` as a wildcard."""

    id: str
    criterion: str
    item: str
    owner: str
    due: date
    approved_by: str
    covers: tuple[str, ...]
    closed: date | None


@dataclass(frozen=True, slots=True)
class Observed:
    """Metering points of an exempt segment that were seen on a day."""

    day: date
    metering_points: int
    reference: str


@dataclass(frozen=True, slots=True)
class Exemption:
    """A legal entity's leave not to test a market segment, in which it then may serve nobody."""

    legal_entity: str
    segment: str
    grantor: str
    reference: str
    start: date | None
    until: date | None
    cap: int
    observed: tuple[Observed, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole plan file."""

    name: str
    title: str
    kind: Kind
    where: str
    calendar: str
    notes: tuple[str, ...]
    roles: Mapping[str, str]
    scales: Mapping[str, Scale]
    gate_scale: str
    forums: Mapping[str, Forum]
    stages: Mapping[str, Stage]
    environments: Mapping[str, str]
    places: tuple[Place, ...]
    milestones: Mapping[str, Milestone]
    artefacts: Mapping[str, Artefact]
    tracks: Mapping[str, Track]
    parties: Mapping[str, Party]
    pairings: tuple[Pairing, ...]
    cohort: MinimumCohort | None
    cycles: Mapping[str, Cycle]
    criteria: Mapping[str, Criterion]
    work_off: tuple[WorkOff, ...]
    exemptions: tuple[Exemption, ...]

    def reached(self, milestone: Milestone, as_of: date) -> bool:
        """Say whether a milestone is behind us. In a record a date that has passed was reached."""
        day = milestone.day if self.kind is Kind.RECORD else milestone.actual
        return day is not None and day <= as_of

    def left(self, stage: Stage, as_of: date) -> bool:
        """Say whether the programme has left a stage: its exit milestone is reached."""
        return bool(stage.exit) and self.reached(self.milestones[stage.exit], as_of)

    def started(self, stage: Stage, as_of: date) -> bool:
        """Say whether the programme has begun a stage: its start milestone is reached."""
        return bool(stage.start) and self.reached(self.milestones[stage.start], as_of)
