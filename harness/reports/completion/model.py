"""What a completion report says, as values: everything counted, nothing worded.

It is a pure function of where the tests stand, the plan, the registers, the trace matrix, the sealed packs
and the title block (`harness.reports.completion.building`). Evidence classes stay apart throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus, Verdict
from harness.registers.model import Registers
from harness.reports.completion.given import Given
from harness.reports.completion.load_results import LoadResult
from harness.reports.run import Assumption
from harness.reports.standing.model import Standing, Test, Totals
from harness.stages.plan.exemptions import Standing as ExemptionStanding
from harness.stages.plan.gate import Decision
from harness.stages.plan.model import Place, Stage

NOT_PASSED = (Verdict.FAIL, Verdict.ERROR, Verdict.INCONCLUSIVE)
"""Verdicts that need somebody's move."""


@dataclass(frozen=True, slots=True)
class Lack:
    """One reason why the report can't be final; ``kind`` groups them."""

    kind: str
    what: str


@dataclass(frozen=True, slots=True)
class RequirementLine:
    """One requirement (for one role, where the matrix tells roles) in one evidence class.

    ``evidence`` is None where nothing tested it.
    """

    id: str
    external: str
    title: str
    type: str
    moscow: str
    source: str
    role: str
    evidence: EvidenceClass | None
    status: ExecutionStatus
    tests: tuple[str, ...]
    reason: str
    owner: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """Requirements of one evidence class: in scope, covered by a test, met; ``apart`` leave the scope."""

    in_scope: int
    covered: int
    met: int
    with_work_off: int
    apart: int


@dataclass(frozen=True, slots=True)
class EventLine:
    """One interface and event on one release, over the last attempt of each test of one evidence class."""

    evidence: EvidenceClass
    release: str
    interface: str
    event: str
    sent: int
    received: int
    refused: Mapping[str, int]
    """Code, or HTTP status where no code came, and how often."""
    negatives: int
    """Negative tests: a refusal was expected."""
    negatives_met: int


@dataclass(frozen=True, slots=True)
class PackLine:
    """A sealed pack as it was verified; ``differences`` say what is not as it was sealed."""

    name: str
    run: str
    kind: str
    evidence: str
    root: str
    entries: int
    size: int
    signer: str
    signed_at: str
    differences: tuple[str, ...]

    @property
    def intact(self) -> bool:
        """Whether all is as it was sealed, and is what the run's folder holds."""
        return not self.differences


@dataclass(frozen=True, slots=True)
class PartyLine:
    """Somebody who took part in a run that counts."""

    name: str
    organisation: str
    role: str
    dip_id: str
    mpid: str
    real: bool
    builds: tuple[str, ...]
    shown: str
    """As the report calls it."""
    declared: bool
    """Whether the title block declares it as simulated; only asked of simulated ones."""


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run; ``counts`` is false where it proves nothing: it is open."""

    run: str
    cycle: str
    releases: tuple[str, ...]
    evidence: EvidenceClass
    reason: str
    environment: str
    target: str
    began: str
    ended: str
    selected: int
    never_started: int
    open: bool
    harness: str
    catalogue: str


@dataclass(frozen=True)
class Completion:
    """Everything that a completion report of a stage (of one party, or of all) says."""

    stage: Stage
    party: str
    """As it was asked for; empty: all parties."""
    as_of: date
    draft: bool
    lacks: tuple[Lack, ...]
    given: Given
    standing: Standing
    """The tests of runs that count, of the party alone where one was asked for."""
    runs: tuple[RunLine, ...]
    parties: tuple[PartyLine, ...]
    entry: Decision | None
    exit: Decision | None
    exemptions: tuple[ExemptionStanding, ...]
    places: tuple[Place, ...]
    registers: Registers
    requirements: tuple[RequirementLine, ...]
    requirements_from: str
    coverage: Mapping[EvidenceClass, Coverage]
    events: tuple[EventLine, ...]
    loads: tuple[LoadResult, ...]
    codes_unseen: tuple[tuple[str, str], ...]
    """Codes that the DIP or a recipient may send and none did: code, meaning."""
    assumptions: tuple[Assumption, ...]
    packs: tuple[PackLine, ...]
    registers_digest: str
    """SHA-256 of the requirement register, the baseline of the requirements."""
    plan: str

    @property
    def classes(self) -> tuple[EvidenceClass, ...]:
        """The evidence classes that the report tells of, most real first."""
        return self.standing.classes

    @property
    def totals(self) -> Mapping[EvidenceClass, Totals]:
        """Counts of tests, each class by itself."""
        return self.standing.totals

    @property
    def failed(self) -> tuple[Test, ...]:
        """Tests that failed or are blocked, whatever a person made of them."""
        wanted = {ExecutionStatus.FAILED, ExecutionStatus.BLOCKED}
        return tuple(
            test for test in self.standing.tests if test.status in wanted or test.verdict in NOT_PASSED
        )
