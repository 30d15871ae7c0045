"""Sections 0 to 6: status page, control, purpose, scope, test basis, environment, entry criteria."""

from __future__ import annotations

from collections.abc import Iterator

from harness.evidence.evidence_class import EvidenceClass
from harness.reports.completion.document import (
    BAD,
    GOOD,
    OPEN,
    Block,
    Cell,
    Facts,
    Section,
    Text,
    Value,
    facts,
    table,
)
from harness.reports.completion.model import Completion
from harness.reports.completion.sections.defects import by_severity
from harness.reports.completion.sections.words import classes, code, listed, moment, of, plural, status
from harness.stages.plan.exemptions import State as Exempt
from harness.stages.plan.gate import Decision
from harness.stages.plan.gate import Verdict as Gate

_LACKS = 200

NOT_PROVEN: dict[EvidenceClass, str] = {
    EvidenceClass.REHEARSAL: "A rehearsal proves the harness and no participant.",
    EvidenceClass.SELF_TEST: "In self-test evidence one system was real. It shows how that system behaves "
    "towards simulated counterparts, and nothing about any other system or about working together.",
    EvidenceClass.PAIRED: "In paired evidence some systems were real and others simulated. It shows nothing "
    "about the systems that were simulated.",
    EvidenceClass.INTEGRATED: "In integrated evidence every system was real, in a test environment. It shows "
    "nothing about production volumes or production data.",
}


def verdict(report: Completion) -> Cell:
    """Return the one line that a forum reads first."""
    decision = report.exit
    if decision is None:
        return Cell("No verdict: the plan has no exit criteria for this stage.", BAD)
    met = sum(each.state.value.startswith("met") for each in decision.criteria)
    said = f"{of(met, len(decision.criteria))} exit criteria met"
    match decision.verdict:
        case Gate.GO:
            return Cell(f"The exit criteria are met: go. {said}.", GOOD)
        case Gate.WITH_WORK_OFF:
            items = plural(len(decision.work_off), "work-off item")
            return Cell(f"The exit criteria are met with work-off: go with {items}. {said}.", OPEN)
        case _:
            return Cell(f"The exit criteria are not met: no-go. {said}.", BAD)


def status_page(report: Completion) -> Section:
    """0. What is asked, on what, and what it does not prove."""
    given = report.given
    blocks: list[Block] = [
        facts(
            ("Status", Cell("Draft", OPEN) if report.draft else Cell("Final", GOOD)),
            ("Document", given.value("document", "id")),
            ("Version", given.value("document", "version")),
            ("Date of the document", given.value("document", "date")),
            ("Stage", f"{report.stage.title} ({report.stage.id})"),
            ("Party", report.party or "All parties of the stage"),
            ("Cycle", listed(_cycles(report), none="") or given.value("cycle")),
            ("Evidence class", classes(report.classes)),
            ("As of", report.as_of.isoformat()),
            ("Decision asked for", given.value("decision", "asked_for")),
            ("Forum", given.value("decision", "forum")),
            ("Date of the forum", given.value("decision", "date")),
            ("Verdict", verdict(report)),
        ),
        *_five_numbers(report),
        table(
            "What this report does not prove",
            ("Limit",),
            [(line,) for line in not_proven(report)],
        ),
    ]
    if report.lacks:
        blocks.append(
            table(
                f"Why it can't be final yet: {plural(len(report.lacks), 'reason')}",
                ("Kind", "What"),
                [(Cell(each.kind, BAD), each.what) for each in report.lacks[:_LACKS]],
                note=""
                if len(report.lacks) <= _LACKS
                else f"The first {_LACKS} of {len(report.lacks):,}; completion-report.json has them all.",
            )
        )
    return Section("0", "Status page", tuple(blocks))


def _cycles(report: Completion) -> list[str]:
    return list(dict.fromkeys(run.cycle for run in report.runs if run.cycle))


def _five_numbers(report: Completion) -> Iterator[Block]:
    rows: list[tuple[Value, ...]] = []
    for kind in report.classes:
        counts, covered = report.totals[kind], report.coverage[kind]
        rows.append(
            (
                kind.value,
                of(covered.covered, covered.in_scope),
                of(covered.met, covered.in_scope),
                counts.tests,
                counts.played,
                counts.passed,
            )
        )
    yield table(
        "Requirements and tests, each evidence class by itself",
        (
            "Evidence class",
            "Requirements covered",
            "Requirements met",
            "Tests planned",
            "Tests run",
            "Tests passed",
        ),
        rows,
        note="Classes are never added.",
        empty="No test counts.",
    )
    work_off = report.exit.work_off if report.exit else ()
    in_force = [each for each in report.exemptions if each.state is Exempt.IN_FORCE]
    yield Facts(
        (
            ("Open defects by severity", by_severity(report)),
            ("Work-off items", len(work_off)),
            ("Exemptions in force", len(in_force)),
        )
    )


def not_proven(report: Completion) -> list[str]:
    """Return what no reader may take from the report."""
    lines = [NOT_PROVEN[kind] for kind in report.classes]
    simulated = [party.name for party in report.parties if not party.real]
    if simulated:
        lines.append(f"Nothing about systems that were simulated: {listed(simulated, most=12)}.")
    if report.assumptions:
        lines.append(
            f"{plural(len(report.assumptions), 'assumption stands', 'assumptions stand')} in for what no "
            "public source says; section 15 names them."
        )
    if not report.loads and not report.given.rows("non_functional"):
        lines.append("Nothing about performance: no non-functional result was given.")
    return lines


def control(report: Completion) -> Section:
    """1. Who wrote, read and approved it."""
    given = report.given
    return Section(
        "1",
        "Document control",
        (
            given.listed("authors", "Authors", {"name": "Name", "organisation": "Organisation"}),
            given.listed(
                "reviewers",
                "Reviewers",
                {"name": "Name", "organisation": "Organisation", "date": "Date", "comments": "Comments"},
            ),
            given.listed(
                "approvals",
                "Approvals",
                {"name": "Name", "organisation": "Organisation", "version": "Version", "date": "Date"},
            ),
            facts(
                ("Comments log", given.value("comments_log")),
                ("Distribution", given.value("distribution")),
                ("Classification", given.value("classification")),
                ("Redaction", "Messages in this report carry pseudonyms for MPANs, names and addresses"),
            ),
        ),
    )


def purpose(report: Completion) -> Section:
    """2. What is sought."""
    given = report.given
    return Section(
        "2",
        "Purpose and decision sought",
        (
            facts(
                ("Purpose", given.value("purpose")),
                ("Decision sought", given.value("decision", "asked_for")),
                ("Purpose of the stage, in the plan", report.stage.purpose or "not stated"),
            ),
        ),
    )


def scope(report: Completion) -> Section:
    """3. What was in and out."""
    given = report.given
    segments = sorted({name for test in report.standing.tests for name in test.started.segments})
    roles = sorted({test.started.role for test in report.standing.tests})
    interfaces = sorted({test.started.interface for test in report.standing.tests})
    pairings = sorted(
        {" with ".join(_real_names(report, test.started.parties)) for test in report.standing.tests}
    )
    return Section(
        "3",
        "Scope",
        (
            facts(
                ("In scope", given.value("scope", "in")),
                ("Out of scope", given.value("scope", "out")),
                ("Options", given.value("scope", "options")),
                ("Segments, of the scenarios", listed(segments, most=12, none="none named")),
                ("Roles that sent", listed(roles, most=20)),
                ("Interfaces", listed(interfaces, most=60)),
                ("Pairings of real systems", listed([each for each in pairings if " with " in each])),
            ),
            given.listed(
                "descoped",
                "Descoped during execution",
                {"what": "What", "why": "Why", "approval": "Approval"},
            ),
            table(
                "Exemptions",
                (
                    "Legal entity",
                    "Segment",
                    "Granted by",
                    "Reference",
                    "From",
                    "Until",
                    "State",
                    "What is wrong",
                ),
                [
                    (
                        each.exemption.legal_entity,
                        each.exemption.segment,
                        each.exemption.grantor,
                        each.exemption.reference,
                        str(each.exemption.start or ""),
                        str(each.exemption.until or ""),
                        Cell(each.state.value, BAD if each.problems else ""),
                        "; ".join(each.problems),
                    )
                    for each in report.exemptions
                ],
                empty="The plan has none.",
            ),
            table(
                "Reliance on what others proved",
                ("Statement", "Relying", "Relied on", "Build", "Evidence", "From", "Until", "Reference"),
                [
                    (
                        each.id,
                        each.relying,
                        each.relied_on,
                        each.build,
                        f"{each.evidence.run or each.evidence.pack} ({each.evidence.declared})",
                        each.start.isoformat(),
                        each.until.isoformat(),
                        each.reference,
                    )
                    for each in report.registers.reliance
                ],
                empty="No statement is registered.",
            ),
        ),
    )


def _real_names(report: Completion, parties: list[str]) -> list[str]:
    real = {party.dip_id: party.organisation for party in report.parties if party.real and party.dip_id}
    return sorted({real[name] for name in parties if name in real})


def basis(report: Completion) -> Section:
    """4. Against what was tested."""
    given = report.given
    releases = sorted({name for run in report.runs for name in run.releases})
    catalogues = dict.fromkeys(run.catalogue for run in report.runs)
    return Section(
        "4",
        "Test basis",
        (
            facts(
                ("Requirement baseline", given.value("test_basis", "requirement_baseline")),
                ("Requirement register", code(f"SHA-256 {report.registers_digest}")),
                ("Code or design release", given.value("test_basis", "design_release")),
                ("API releases", ", ".join(releases)),
                ("Scenario catalogue", code(", ".join(f"SHA-256 {each}" for each in catalogues))),
                ("Harness", listed(dict.fromkeys(run.harness for run in report.runs))),
                ("Approach", given.value("test_basis", "approach")),
                ("Plan", given.value("test_basis", "plan")),
                ("Plan file", report.plan),
                ("Changes in (CRs, DINs)", given.value("test_basis", "changes_in")),
                ("Changes out", given.value("test_basis", "changes_out")),
            ),
            given.listed(
                "deviations",
                "Deviations from the approach",
                {"what": "What", "why": "Why", "approved_by": "Approved by"},
            ),
        ),
    )


def environment(report: Completion) -> Section:
    """5. Where it was run, on which builds."""
    given = report.given
    mixed = [run for run in report.runs if len(run.releases) > 1]
    return Section(
        "5",
        "Environment and configuration",
        (
            facts(
                ("Environments", listed(dict.fromkeys(run.environment for run in report.runs))),
                ("Targets", listed(dict.fromkeys(run.target for run in report.runs))),
                ("DIP build", given.value("environment", "dip_build")),
                ("Adapters", given.value("environment", "adapters")),
                ("Certificates set", given.value("environment", "certificates")),
            ),
            table(
                "Systems",
                ("Organisation", "Party", "Role", "DIP id", "System", "Builds recorded in the runs"),
                [
                    (
                        party.organisation,
                        party.name,
                        party.role,
                        code(party.dip_id),
                        Cell("real", GOOD) if party.real else Cell("simulated", OPEN),
                        ", ".join(party.builds) or "none recorded",
                    )
                    for party in report.parties
                ],
            ),
            given.listed(
                "builds",
                "Builds with dates",
                {"party": "Party", "build": "Build", "from": "From", "until": "Until"},
            ),
            table(
                "Places in the plan",
                ("Party", "Build", "Design", "API release", "Certificates", "Data load", "Loaded", "Ready"),
                [
                    (
                        each.party,
                        each.build,
                        each.design,
                        each.release,
                        each.certificates,
                        each.data_load,
                        str(each.data_loaded or ""),
                        str(each.ready or ""),
                    )
                    for each in report.places
                ],
                empty="The plan has no place of this stage's environment.",
            ),
            given.listed(
                "data_loads",
                "Data loads and who confirmed them",
                {"party": "Party", "load": "Load", "confirmed_by": "Confirmed by", "date": "Date"},
            ),
            given.listed(
                "outages",
                "Outage log",
                {
                    "environment": "Environment",
                    "from": "From",
                    "until": "Until",
                    "lost_hours": "Hours lost",
                    "what": "What",
                },
            ),
            given.listed(
                "mixed_releases",
                "Periods with mixed releases",
                {"from": "From", "until": "Until", "releases": "Releases", "parties": "Parties"},
                note=f"Runs on more than one release: {listed(run.run for run in mixed)}.",
            ),
            table(
                "Runs",
                ("Run", "Evidence class", "Releases", "Began (UTC)", "Ended (UTC)", "Selected", "State"),
                [
                    (
                        code(run.run),
                        run.evidence.value if run.ended else "none: it has not ended",
                        ", ".join(run.releases),
                        moment(run.began),
                        moment(run.ended),
                        run.selected,
                        Cell("open", BAD) if run.open else Cell("ended", GOOD),
                    )
                    for run in report.runs
                ],
            ),
        ),
    )


def entry(report: Completion) -> Section:
    """6. The entry criteria as assessed, with what was late."""
    return Section(
        "6",
        "Entry criteria",
        (
            criteria(report.entry, "entry"),
            report.given.listed(
                "entry_late",
                "Closed late",
                {"criterion": "Criterion", "closed": "Closed on", "how": "How"},
            ),
        ),
    )


def criteria(decision: Decision | None, point: str) -> Block:
    """Return a row for each criterion of a gate."""
    if decision is None:
        return Text(f"The plan has no {point} criteria for this stage.", "missing")
    return table(
        f"{point.capitalize()} criteria as of {decision.as_of}",
        ("Criterion", "Text", "Source", "Actual", "State", "What is against it", "Evidence", "Work-off"),
        [
            (
                code(each.criterion.id),
                each.criterion.text,
                f"{each.criterion.source or 'this plan'} ({each.criterion.basis})",
                each.said,
                status(each.state),
                listed(each.against),
                listed(each.refs, none=""),
                listed((item.id for item in each.work_off), none=""),
            )
            for each in decision.criteria
        ],
    )
