"""Sections 13 to 18: exit criteria, work-off, assumptions, risks, evidence, conclusion."""

from __future__ import annotations

from fnmatch import fnmatchcase

from harness.evidence.verdicts import Verdict
from harness.reports.completion.document import BAD, GOOD, OPEN, Cell, Section, Value, facts, table
from harness.reports.completion.model import Completion
from harness.reports.completion.sections.opening import criteria, verdict
from harness.reports.completion.sections.words import code, listed, status
from harness.stages.plan.model import WorkOff

ORDER = (
    "prepared",
    "test manager",
    "accountable person",
    "SI assurance",
    "Code Body",
    "Programme",
    "forum",
)


def exit_criteria(report: Completion) -> Section:
    """13. One row each."""
    return Section("13", "Exit criteria", (criteria(report.exit, "exit"),))


def work_off(report: Completion) -> Section:
    """14. What remains to be done after a conditional go."""
    items = report.exit.work_off if report.exit else ()
    return Section(
        "14",
        "Work-off plan",
        (
            table(
                "Work-off items that the exit rests on",
                (
                    "Item",
                    "What",
                    "Criterion",
                    "Covers",
                    "Owner",
                    "Due",
                    "Closed by these tests",
                    "Approved by",
                    "Status",
                ),
                [
                    (
                        code(item.id),
                        item.item,
                        item.criterion,
                        listed(item.covers),
                        item.owner,
                        item.due.isoformat(),
                        listed(_tests(report, item)),
                        item.approved_by,
                        Cell(f"closed {item.closed}", GOOD) if item.closed else Cell("open", OPEN),
                    )
                    for item in items
                ],
            ),
        ),
    )


def _tests(report: Completion, item: WorkOff) -> list[str]:
    return [
        test.case for test in report.standing.tests if any(fnmatchcase(test.case, it) for it in item.covers)
    ]


def assumptions(report: Completion) -> Section:
    """15. Who was simulated, what was assumed, what people overrode."""
    declared = {row["party"]: row for row in report.given.rows("simulated_parties")}
    simulated = [party for party in report.parties if not party.real]
    routing = [each for each in report.assumptions if each.name.startswith("routing:")]
    others = [each for each in report.assumptions if not each.name.startswith("routing:")]
    tested = [test for test in report.standing.tests if test.override]

    def said(*names: str) -> Value:
        row = next((declared[name] for name in names if name in declared), None)
        return str(row["why"]) if row else Cell("not declared", BAD)

    return Section(
        "15",
        "Assumptions and limits",
        (
            table(
                "Simulated parties",
                ("Party", "Organisation", "Role", "Declared: why"),
                [
                    (
                        party.name,
                        party.organisation,
                        party.role,
                        said(party.name, party.organisation, party.dip_id, party.mpid),
                    )
                    for party in simulated
                ],
                empty="None: every system was real.",
            ),
            table(
                "Routing rows assumed",
                ("Row", "What is assumed", "Basis", "Cases that lean on it"),
                [(code(each.name), each.text, each.basis, each.cases) for each in routing],
            ),
            table(
                "Settings that stand in for unknown figures, and other assumptions",
                ("Name", "What is assumed", "Basis", "Cases that lean on it"),
                [(code(each.name), each.text, each.basis, each.cases) for each in others],
            ),
            table(
                "Overrides by people",
                (
                    "Override",
                    "Test",
                    "Evidence class",
                    "Verdict",
                    "Status set",
                    "Reason",
                    "By",
                    "Second",
                    "Approval",
                ),
                [
                    (
                        code(test.override.id),
                        code(test.case),
                        test.evidence.value,
                        status(test.verdict),
                        status(test.override.status),
                        test.override.reason,
                        test.override.by,
                        test.override.second,
                        test.override.approval,
                    )
                    for test in tested
                    if test.override
                ],
                note="The machine's verdict stays what it is."
                if any(test.verdict is not Verdict.PASS for test in tested)
                else "",
            ),
        ),
    )


def risks(report: Completion) -> Section:
    """16. What is carried forward, what was learnt."""
    given = report.given
    return Section(
        "16",
        "Risks and issues carried forward; lessons learned",
        (
            given.listed(
                "risks",
                "Risks",
                {"id": "Id", "risk": "Risk", "impact": "Impact", "owner": "Owner", "response": "Response"},
            ),
            given.listed(
                "issues", "Issues", {"id": "Id", "issue": "Issue", "owner": "Owner", "next": "Next"}
            ),
            given.listed("lessons", "Lessons learned", {"lesson": "Lesson", "action": "Action"}),
        ),
    )


def evidence(report: Completion) -> Section:
    """17. The packs, and how to see what they hold."""
    given = report.given
    return Section(
        "17",
        "Evidence index",
        (
            table(
                "Sealed packs",
                (
                    "Pack",
                    "Run",
                    "Kind",
                    "Evidence class",
                    "Root (SHA-256)",
                    "Files",
                    "Bytes",
                    "Signed by",
                    "Seal",
                ),
                [
                    (
                        pack.name,
                        code(pack.run),
                        pack.kind,
                        pack.evidence,
                        code(pack.root),
                        pack.entries,
                        pack.size,
                        f"{pack.signer}, {pack.signed_at}" if pack.signer else "nobody: integrity only",
                        Cell("verifies", GOOD)
                        if pack.intact
                        else Cell(f"does not verify: {listed(pack.differences, most=2)}", BAD),
                    )
                    for pack in report.packs
                ],
                empty="No pack was given, so nothing here is sealed.",
            ),
            facts(
                ("Redaction", given.value("redaction")),
                ("How to request unredacted samples", given.value("unredacted_samples")),
            ),
            given.listed(
                "assurer_samples",
                "The assurer's sample record",
                {"sample": "Sample", "assurer": "Assurer", "date": "Date", "result": "Result"},
            ),
        ),
    )


def conclusion(report: Completion) -> Section:
    """18. What follows, and who signs."""
    given = report.given
    signed = given.rows("sign_off")
    rows: list[tuple[Value, ...]] = []
    for role in ORDER:
        entries = [row for row in signed if row["as"] == role] or [{}]
        for row in entries:
            rows.append(
                (
                    role.capitalize() if role.islower() else role,
                    row.get("name") or given.missing("sign_off"),
                    row.get("organisation", ""),
                    row.get("date", ""),
                    row.get("decision", ""),
                    row.get("conditions", ""),
                )
            )
    return Section(
        "18",
        "Conclusion and recommendation",
        (
            facts(
                ("Verdict of the exit gate", verdict(report)),
                ("Conclusion", given.value("conclusion")),
                ("Recommendation", given.value("recommendation")),
            ),
            table("Sign-off", ("As", "Name", "Organisation", "Date", "Decision", "Conditions"), rows),
        ),
    )
