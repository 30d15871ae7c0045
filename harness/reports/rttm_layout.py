"""The layout of the trace matrix: sheets, columns, who fills them, and the rules that it prints.

The layout is this project's own. The programme's columns are not public; a team maps these onto its template.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import BlameClass, ExecutionStatus, Verdict

OURS = (
    "This layout is the harness's own. The programme's template is not public; map these columns onto it. "
    "Columns marked 'party' are for people: the harness can't know them and leaves them empty."
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``by_harness`` is false where a person fills it."""

    key: str
    title: str
    group: str
    by_harness: bool

    @property
    def filled_by(self) -> str:
        """Who fills the column: harness or party."""
        return "harness" if self.by_harness else "party"


def columns(group: str, titles: str) -> tuple[Column, ...]:
    """Read columns from ``Title | *Title``: a star marks those that the harness fills."""
    found = []
    for title in titles.split("|"):
        name = title.strip().lstrip("*")
        key = "".join(letter if letter.isalnum() else "_" for letter in name.lower()).strip("_")
        found.append(Column(key.replace("__", "_"), name, group, title.strip().startswith("*")))
    return tuple(found)


REQUIREMENTS = (
    *columns(
        "identity",
        "*Req ID (external)|*Our ID|*Parent|*Source document|Source version|*Clause or process step|"
        "*Requirement text|*Type|Process area|MoSCoW",
    ),
    *columns(
        "applicability",
        "*Role|Segment or feature condition|*Interfaces|Event codes|Data items|Applies to this party|"
        "Reason or exemption ref",
    ),
    *columns("reliance", "Basis of reliance|Relied-on party|Reliance ref|Expiry|Part kept"),
    *columns(
        "coverage plan",
        "*Phases required|*Method|PIT scenario ids|*SIT or QT test ids|*Mapped by|*Coverage|*Coverage note",
    ),
    *columns(
        "status",
        "*Status in this run|PIT status|SIT or QT status|Regression status|*Overall status|*As of|"
        "*Evidence class|*Release|Builds|Stale (reason)",
    ),
    *columns("evidence", "*Evidence refs|Pack hash|*Executed by|Witness"),
    *columns(
        "exceptions",
        "Open defects by severity|Defect ids|Work-off ref|Target date|*Not-tested reason|Owner",
    ),
    *columns(
        "review",
        "Change since last submission|Party comment|Assurer comment|Assurer decision|Assurer|Date",
    ),
)

TESTS = columns(
    "test",
    "*Our test id|*Programme or QT id|ADO id|*Title|*Stage|*Theme|*Process area|*Type|*Roles|Profile|"
    "Preconditions|"
    "*Expected result|*Release|Cycle|Pairing|*Parties real or simulated|*Executed by|Witness|Planned date|"
    "*Actual start|*Actual end|*Attempts|*First-run result|*Final result|*Execution status|"
    "Override (who, why)|"
    "*Blame class|*Blame party|*Assumptions leaned on|Defects|*Evidence ref|*SHA-256",
)

TRACE = columns(
    "trace",
    "*Req ID|*Test id|*Party|*Role|*Release|Cycle|*Link|Part of clause|*Verdict|*Run|*Evidence ref|"
    "Stale reason",
)

GAPS = columns("gap", "*Gap|*Subject|*Role|*Release|*What is missing|Owner|Date")

STATUS_ORDER = (
    ExecutionStatus.FAILED,
    ExecutionStatus.BLOCKED,
    ExecutionStatus.IN_PROGRESS,
    ExecutionStatus.NOT_STARTED,
    ExecutionStatus.PASSED_WITH_WORK_OFF,
    ExecutionStatus.PASSED,
)
"""Worst first; the worst of several is their roll-up."""

OUTSIDE = frozenset({ExecutionStatus.NOT_APPLICABLE, ExecutionStatus.DESCOPED})
"""Leave the denominator and are counted apart."""

ROLL_UP_RULES = (
    "Overall status is the worst status over the phases that the requirement needs, at the evidence that a "
    "gate counts.",
    f"Worst first: {', '.join(STATUS_ORDER)}.",
    "'passed' needs every linked test passed and, where coverage is split, every part of it.",
    "'passed with work-off' needs an approved work-off for each failure; a person sets it.",
    "'not applicable' and 'descoped' leave the denominator and are counted apart.",
    "A rehearsal proves the harness and no participant: it shows in 'Status in this run', is never counted "
    "in 'Overall status', and each requirement that has nothing else is a gap.",
    "Negative tests alone do not meet a requirement, unless a refusal is what it asks for.",
    "A repeated test replaces the earlier result; the first-run result stays in its own column.",
    "A parent requirement shows counts, never a colour alone.",
)

PHASE_OF_STAGE: Mapping[str, str] = {
    "pit": "PIT",
    "cit": "CIT",
    "sit-functional": "SIT-F",
    "sit-migration": "SIT-M",
    "sit-non-functional": "SIT-NF",
    "sit-operational": "SIT-O",
    "qualification": "QT",
    "qt": "QT",
}

LISTS: Mapping[str, Mapping[str, str]] = {
    "Verdict (what the machine saw)": {
        Verdict.PASS: "every condition held",
        Verdict.FAIL: "a condition did not hold",
        Verdict.INCONCLUSIVE: "the harness could not tell",
        Verdict.OMITTED: "left out: the target lacks a capability",
        Verdict.SKIPPED: "left out by a person or a precondition",
        Verdict.ERROR: "the harness failed; says nothing of the system under test",
    },
    "Execution status (where the test stands)": {
        ExecutionStatus.NOT_STARTED: "not run",
        ExecutionStatus.IN_PROGRESS: "begun, no result yet",
        ExecutionStatus.BLOCKED: "can't run: a precondition failed",
        ExecutionStatus.PASSED: "run and passed",
        ExecutionStatus.FAILED: "run and failed",
        ExecutionStatus.PASSED_WITH_WORK_OFF: "its only failures have an approved work-off",
        ExecutionStatus.NOT_APPLICABLE: "does not apply to this party",
        ExecutionStatus.DESCOPED: "taken out of scope by approval",
    },
    "Evidence class (what the run can prove)": {
        EvidenceClass.REHEARSAL: "every system was simulated",
        EvidenceClass.SELF_TEST: "one real system",
        EvidenceClass.PAIRED: "two or more real systems beside simulated ones",
        EvidenceClass.INTEGRATED: "every system was real",
    },
    "Blame class (whose move it is)": {
        BlameClass.CONFIGURATION: "settings, network file, certificates",
        BlameClass.ENVIRONMENT: "network, host, clock, an interrupted run",
        BlameClass.TEST_DATA: "data that was loaded or generated",
        BlameClass.CONNECTION_PROVIDER: "the party that connects for the participant",
        BlameClass.CENTRAL_SYSTEM: "the hub or another central system",
        BlameClass.COUNTERPARTY: "another participant in the exchange",
        BlameClass.PARTICIPANT: "the participant under test",
        BlameClass.SPECIFICATION: "the published definition itself",
        BlameClass.TEST_CASE: "the scenario asks for something wrong",
        BlameClass.HARNESS: "this harness",
    },
    "Requirement type": {"F": "functional", "M": "migration", "NF": "non-functional", "O": "operational"},
    "Basis": {
        "published": "an official public text says so",
        "third-party": "a third party's reading says so: a lead, no rule",
        "assumed": "no public source says so; this project's choice",
    },
    "Link": {"verifies": "the test's verdict decides on the requirement for this role"},
    "Coverage": {"none": "no test cites the requirement", "full, partial": "for the party to judge"},
}
"""Allowed values and what they mean."""
