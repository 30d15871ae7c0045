"""The layout of a submission: sheets, columns, who fills them, and the rules that it prints.

It is this project's own, made so that it can be mapped onto the programme's, which is not public.
"""

from __future__ import annotations

from collections.abc import Mapping

from harness.reports.rttm_layout import LISTS as RUN_LISTS
from harness.reports.rttm_layout import STATUS_ORDER, Column, columns

REQUIREMENTS = (
    *columns(
        "identity",
        "*Req ID (external)|*Our ID|*Parent|*Source document|*Source version|*Clause or process step|"
        "*Requirement text|*Type|*Process area|*MoSCoW|*Level",
    ),
    *columns(
        "applicability",
        "*Role|*Segment or feature condition|*Interfaces|*Event codes|*Data items|*Applies to this party|"
        "*Reason or exemption ref",
    ),
    *columns("reliance", "*Basis of reliance|*Relied-on party|*Reliance ref|*Expiry|*Part kept"),
    *columns(
        "coverage plan",
        "*Phases required|*Method|*PIT scenario ids|*SIT or QT test ids|*Mapped by|*Coverage|*Coverage note",
    ),
    *columns(
        "status",
        "*PIT status|*SIT or QT status|*Regression status|*Overall status|*Met|*By evidence class|*As of|"
        "*Evidence class|*Release|*Builds|*Stale (reason)",
    ),
    *columns("evidence", "*Evidence refs|*Pack hash|*Executed by|Witness"),
    *columns(
        "exceptions",
        "*Open defects by severity|*Defect ids|*Work-off ref|*Target date|*Not-tested reason|*Owner",
    ),
    *columns(
        "review",
        "*Change since last submission|Party comment|Assurer comment|Assurer decision|Assurer|Date",
    ),
)
TESTS = columns(
    "test",
    "*Our test id|*Programme or QT id|*ADO id|*Title|*Stage|*Theme|*Process area|*Type|*Roles|*Profile|"
    "*Preconditions|*Expected result|*Release|*Evidence class|*Cycle|*Pairing|*Parties real or simulated|"
    "*Executed by|Witness|*Planned date|*Actual start|*Actual end|*Attempts|*First-run result|*Final result|"
    "*Execution status|*Override (who, why)|*Flaky|*Stale (reason)|*Blame class|*Blame party|"
    "*Assumptions leaned on|*Defects|*Evidence ref|*SHA-256",
)
TRACE = columns(
    "trace",
    "*Req ID|*Test id|*Party|*Role|*Release|*Evidence class|*Cycle|*Link|*Part of clause|*Verdict|"
    "*Execution status|*Run|*Evidence ref|*Stale reason",
)
GAPS = columns("gap", "*Gap|*Subject|*Role|*Release|*What is missing|Owner|Date")
DEFECTS = columns(
    "defect",
    "*Defect id|*External id|*Kind|*Title|*Severity|*Status|*Open|*Owner|*Raised by|*Raised|*Closed|"
    "*Environment|*Evidence classes|*Release found|*Release fixed|*Build found|*Build fixed|*Blame class|"
    "*Blame party|*Root cause|*Tests that fail|*Tests blocked|*Requirements|*Links|"
    "*Deferral approval|*Retest",
)
WORK_OFF = columns(
    "work-off",
    "*Work-off ref|*Criterion|*Item|*Owner|*Due|*Approved by|*State|*Closed|*Covers|*Tests covered|"
    "*Requirements",
)
EXEMPTIONS = columns(
    "exemption",
    "*Legal entity|*Segment|*State|*Grantor|*Reference|*From|*Until|*Cap|*Metering points seen|"
    "*What follows|*What is wrong",
)
RELIANCE = columns(
    "reliance",
    "*Reliance ref|*Relied-on party|*Requirement|*State|*Reason|*System|*Build|*Evidence class|*Run|*From|"
    "*Until|*Part kept|*Agreed by|*Reference|*Notes",
)
CHANGES = columns("change", "*Sheet|*Subject|*Column|*Old value|*New value|*Why")

SHEETS: Mapping[str, tuple[Column, ...]] = {
    "Requirements": REQUIREMENTS,
    "Tests": TESTS,
    "Trace": TRACE,
    "Gaps": GAPS,
    "Defects": DEFECTS,
    "Work-off": WORK_OFF,
    "Exemptions": EXEMPTIONS,
    "Reliance": RELIANCE,
    "Changes": CHANGES,
}

ROLL_UP_RULES = (
    "A test stands where its last result, an override by two people, and approved work-off put it. Its first "
    "result stays in a column of its own; being left out replaces no result.",
    "Evidence classes are never added up: each is worked out alone. What a run with this party's system "
    "simulated shows counts as a rehearsal of this party, whatever else was real.",
    "A phase stands where one evidence class puts it, of those that count (Control says the least): the most "
    "real one that came to an end. What passed with less real parties hides no failure of more real ones.",
    "Overall status is the worst of the phases that the requirement needs and that this submission is for.",
    f"Worst first: {', '.join(STATUS_ORDER)}. So blocked beats not run, and failed beats blocked.",
    "'passed' needs every link 'verifies' and 'partly verifies' passed, and every requirement that covers "
    "a part of it to have such a link. Links 'exercises' (perturbed twins) are shown and decide nothing.",
    "'passed with work-off' needs approved, open work-off in time for each failed test.",
    "A result that went stale (requirement, scenario, release or a system changed in what the test uses) "
    "counts as not started until the test is run again; a failure stays one. A new build alone makes nothing "
    "stale.",
    "What another party's evidence covers (Reliance) counts as passed while its statement holds for the row; "
    "the part kept is this party's own to pass.",
    "'not applicable' and 'descoped' leave the denominator and are counted apart: another role's "
    "requirement, a phase that this submission is not for, an exemption in force.",
    "Negative tests alone do not meet a requirement, unless a refusal is what it asks for.",
    "A parent requirement shows how many of its own are met ('7 of 9'), and has the worst of their statuses.",
)

LISTS: Mapping[str, Mapping[str, str]] = {
    **{name: values for name, values in RUN_LISTS.items() if name not in {"Link", "Coverage"}},
    "Applies to this party": {
        "Y": "the role has to meet it in a phase of this submission, or tests of such a phase verify it",
        "N": "another role's, or no phase of this submission needs or shows it",
        "Exempt": "an exemption in force takes every test of it out of scope",
    },
    "Basis of reliance": {
        "own": "this party's own tests",
        "relied": "another party's evidence, by a statement that holds",
        "split": "the same, and tests of its own for the part kept",
        "not covered": "a statement names it and does not hold for it: the Reliance sheet says why",
    },
    "Level": {"requirement": "stands for itself", "parent": "stands for others, which stand below it"},
    "Method": {"execute": "a test shows it", "inspect": "somebody looks", "declare": "somebody says so"},
    "Coverage": {
        "full": "tests for each phase required, and for each part",
        "partial": "a phase or a part without a test, or negative tests alone",
        "none": "no test of this role cites it",
    },
    "Link": {
        "verifies": "the test's result decides on the requirement",
        "partly verifies": "it decides on one part of it",
        "exercises": "it uses it and decides nothing",
    },
    "Assurer decision": {
        "accepted": "the evidence is enough",
        "query": "a question is open",
        "rejected": "it is not",
    },
    "Work-off state": {
        "holds": "approved, open and in time: it carries the failures that it covers",
        "not approved": "nobody has approved it",
        "overdue": "its day has passed",
        "closed": "done",
    },
}
"""Allowed values and what they mean."""
