"""Sections 7 to 11: execution, requirements, interfaces and events, non-functional results, failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus, Verdict
from harness.reports.completion.document import (
    BAD,
    GOOD,
    IDLE,
    OPEN,
    Block,
    Cell,
    Failure,
    Section,
    Text,
    Value,
    table,
)
from harness.reports.completion.load_results import LoadResult
from harness.reports.completion.messages import Shown
from harness.reports.completion.model import Completion, RequirementLine
from harness.reports.completion.sections.words import code, listed, moment, of, plural, status
from harness.reports.moves import whose_move
from harness.reports.rttm_layout import OUTSIDE
from harness.reports.standing.model import Facet, Test, Totals

_FACETS: Mapping[Facet, str] = {
    Facet.THEME: "Theme",
    Facet.AREA: "Process area",
    Facet.INTERFACE: "Interface",
    Facet.ROLE: "Role",
    Facet.PARTY: "Party",
    Facet.CYCLE: "Cycle",
}
_COUNTS = (
    "Planned", "Run", "Passed", "With work-off", "Failed", "Blocked", "In progress", "Not run",
    "Not applicable", "Descoped", "Passed at first", "Retests", "Flaky",
)  # fmt: skip
_UNKNOWN = "not named"
_PLACES = (
    "A message lies in the pack, or the run's folder, under its SHA-256 in the place that is named. "
    "What is shown here carries pseudonyms in place of MPANs, names and addresses, so its hash is another."
)
_TYPES = {"F": "Functional", "M": "Migration", "NF": "Non-functional", "O": "Operational"}


def counts(totals: Totals) -> tuple[Value, ...]:
    """Return the figures of one evidence class in the order of the columns."""
    by = totals.statuses
    return (
        totals.tests,
        totals.played,
        by[ExecutionStatus.PASSED],
        by[ExecutionStatus.PASSED_WITH_WORK_OFF],
        by[ExecutionStatus.FAILED],
        by[ExecutionStatus.BLOCKED],
        by[ExecutionStatus.IN_PROGRESS],
        by[ExecutionStatus.NOT_STARTED],
        by[ExecutionStatus.NOT_APPLICABLE],
        by[ExecutionStatus.DESCOPED],
        of(totals.passed_at_first, totals.played),
        totals.retests,
        totals.flaky,
    )


def execution(report: Completion) -> Section:
    """7. Totals of each evidence class by itself, then by everything that tests are grouped by."""
    held = report.standing
    blocks: list[Block] = [
        table(
            "All tests, each evidence class by itself",
            ("Evidence class", *_COUNTS),
            [(kind.value, *counts(report.totals[kind])) for kind in report.classes],
            note="Classes are never added. A test is a case on one release.",
        )
    ]
    for facet, title in _FACETS.items():
        name = held.party_name if facet is Facet.PARTY else str
        rows = [
            (kind.value, name(key) if key else _UNKNOWN, *counts(totals))
            for kind in report.classes
            for key, totals in held.by(facet, kind).items()
        ]
        note = "A test counts with each party that took part." if facet is Facet.PARTY else ""
        blocks.append(table(f"By {title.lower()}", ("Evidence class", title, *_COUNTS), rows, note=note))
    blocks.append(_burn_up(report))
    retested = [test for test in held.tests if test.retests]
    blocks.append(
        table(
            "Retests",
            ("Test", "Evidence class", "First result", "Last result", "Times run", "Flaky", "Last run"),
            [
                (
                    code(test.case),
                    test.evidence.value,
                    status(test.first.verdict),
                    status(test.verdict),
                    test.retests + 1,
                    Cell("flaky", BAD) if test.flaky else "",
                    test.last.run,
                )
                for test in retested
            ],
        )
    )
    return Section("7", "Execution summary", tuple(blocks))


def _burn_up(report: Completion) -> Block:
    """Count, day by day, the tests that had passed by then."""
    passed: Counter[tuple[EvidenceClass, str]] = Counter()
    for test in report.standing.tests:
        first = next((each for each in test.attempts if each.verdict is Verdict.PASS), None)
        if first is not None:
            passed[test.evidence, first.at[:10]] += 1
    rows = []
    for kind in report.classes:
        total = 0
        for day in sorted(day for each, day in passed if each is kind):
            total += passed[kind, day]
            rows.append((kind.value, day, passed[kind, day], total, report.totals[kind].tests))
    return table(
        "Burn-up: tests that had passed once",
        ("Evidence class", "Day", "Passed that day", "Passed by then", "Planned in all"),
        rows,
        note="Against the number planned; a planned figure for each day stands in the progress report.",
    )


def requirements(report: Completion) -> Section:
    """8. Totals by type, MoSCoW and source; what is not met, what was not tested."""
    blocks: list[Block] = [
        table(
            "Requirements, each evidence class by itself",
            (
                "Evidence class",
                "In scope",
                "Covered by a test",
                "Met",
                "Met with work-off",
                "Out of the count",
            ),
            [
                (kind.value, each.in_scope, each.covered, each.met, each.with_work_off, each.apart)
                for kind, each in report.coverage.items()
            ],
            note=f"Source: {report.requirements_from}.",
        )
    ]
    for title, key in (
        ("Type", lambda line: _TYPES.get(line.type, line.type or _UNKNOWN)),
        ("MoSCoW", lambda line: line.moscow or _UNKNOWN),
        ("Source", lambda line: line.source or _UNKNOWN),
    ):
        blocks.append(_grouped(report, title, key))
    tested = [line for line in report.requirements if line.evidence is not None]
    not_met = [
        line
        for line in tested
        if line.status not in {ExecutionStatus.PASSED, ExecutionStatus.PASSED_WITH_WORK_OFF, *OUTSIDE}
    ]
    blocks.append(
        table(
            "Not met",
            ("Requirement", "Text", "Role", "Evidence class", "Status", "Tests", "Reason", "Owner"),
            [
                (
                    code(line.id),
                    line.title,
                    line.role,
                    line.evidence.value if line.evidence else "",
                    status(line.status),
                    listed(line.tests, most=3),
                    line.reason,
                    _owner(report, line),
                )
                for line in not_met
            ],
        )
    )
    blocks.append(
        table(
            "Not tested",
            ("Requirement", "Text", "Role", "Reason", "Owner"),
            [
                (
                    code(line.id),
                    line.title,
                    line.role,
                    line.reason or "no reason was given",
                    _owner(report, line),
                )
                for line in report.requirements
                if line.evidence is None and line.status not in OUTSIDE
            ],
        )
    )
    return Section("8", "Requirements coverage", tuple(blocks))


def _owner(report: Completion, line: RequirementLine) -> Value:
    return line.owner or report.given.missing("not_tested")


def _grouped(report: Completion, title: str, key: Callable[[RequirementLine], str]) -> Block:
    grouped: dict[tuple[str, str], list[RequirementLine]] = {}
    for line in report.requirements:
        kind = line.evidence.value if line.evidence else "not tested"
        grouped.setdefault((kind, key(line)), []).append(line)
    return table(
        f"By {title if title == 'MoSCoW' else title.lower()}",
        ("Evidence class", title, "Requirements", "Met", "Met with work-off", "Not met", "Out of the count"),
        [
            (
                kind,
                name,
                len(lines),
                (met := sum(line.status is ExecutionStatus.PASSED for line in lines)),
                (eased := sum(line.status is ExecutionStatus.PASSED_WITH_WORK_OFF for line in lines)),
                len(lines) - met - eased - (apart := sum(line.status in OUTSIDE for line in lines)),
                apart,
            )
            for (kind, name), lines in sorted(grouped.items())
        ],
    )


def events(report: Completion) -> Section:
    """9. Messages by interface and event; refusals; codes that nobody provoked."""
    return Section(
        "9",
        "Results by interface and event",
        (
            table(
                "Messages of the last attempt of each test",
                (
                    "Evidence class",
                    "Release",
                    "Interface",
                    "Event",
                    "Sent",
                    "Received",
                    "Refused, by code",
                    "Refusals expected",
                    "Refusals right",
                ),
                [
                    (
                        line.evidence.value,
                        line.release,
                        code(line.interface),
                        line.event,
                        line.sent,
                        line.received,
                        ", ".join(f"{name} {count:,}" for name, count in line.refused.items()),
                        line.negatives,
                        line.negatives_met,
                    )
                    for line in report.events
                ],
            ),
            table(
                "Codes never provoked",
                ("Code", "Meaning"),
                [(code(name), meaning) for name, meaning in report.codes_unseen],
                note="Of the codes that the DIP (MSG) or a recipient (RCP) answers with.",
            ),
        ),
    )


def non_functional(report: Completion) -> Section:
    """10. What was measured, where it is in scope."""
    if report.loads:
        blocks = list(_loads(report.loads))
        if report.given.rows("non_functional"):
            blocks.append(_told(report, "Measured elsewhere, from the title block"))
        return Section("10", "Non-functional results", tuple(blocks))
    concerned = "non-functional" in report.stage.id or report.given.rows("non_functional")
    block: Block = (
        _told(report, "Measured against target")
        if concerned
        else Text(f"Not in the scope of the stage {report.stage.title}.")
    )
    return Section("10", "Non-functional results", (block,))


def _loads(loads: Iterable[LoadResult]) -> Iterable[Block]:
    listed_loads = list(loads)
    yield table(
        "Load tests",
        ("Test", "Profile", "Evidence class", "Release", "Run", "Verdict", "Why", "Health of the generator"),
        [
            (
                code(each.test.case),
                each.test.started.title,
                each.test.evidence.value,
                each.test.started.release,
                code(each.test.last.run),
                status(each.test.verdict),
                each.test.last.reason or "every limit was kept",
                Cell(
                    f"{'healthy' if each.healthy else 'not healthy'}: {each.generator}",
                    GOOD if each.healthy else BAD,
                ),
            )
            for each in listed_loads
        ],
        note="From the events of the runs. A result of a generator that was not healthy is inconclusive.",
    )
    yield table(
        "Measured against target",
        ("Test", "Evidence class", "Measure", "Target", "Source of the target", "Measured", "Target kept"),
        [
            (
                code(each.test.case),
                each.test.evidence.value,
                figure.title,
                figure.target,
                figure.source,
                figure.measured,
                _KEPT[figure.kept],
            )
            for each in listed_loads
            for figure in each.figures
        ],
        note="A figure without a target, or with one that was relaxed for a rehearsal, decides nothing.",
    )


_KEPT: Mapping[bool | None, Cell] = {
    True: Cell("yes", GOOD),
    False: Cell("no", BAD),
    None: Cell("decides nothing", IDLE),
}


def _told(report: Completion, title: str) -> Block:
    return report.given.listed(
        "non_functional",
        title,
        {
            "profile": "Profile",
            "measure": "Measure",
            "target": "Target",
            "source": "Source of the target",
            "p50": "p50",
            "p95": "p95",
            "p99": "p99",
            "verdict": "Verdict",
            "generator": "Health of the generator",
        },
    )


def failures(report: Completion, messages: Mapping[tuple[str, str], Shown]) -> Section:
    """11. Each failed or blocked test: expected, actual, whose move, defect, next date; then the messages."""
    moves = {row["test"]: row for row in report.given.rows("next_moves")}
    rows: list[tuple[Value, ...]] = []
    for test in report.failed:
        move = moves.get(test.id) or moves.get(test.case) or {}
        seen = messages.get((test.last.run, test.case))
        first = seen.checks[0] if seen and seen.checks else ("", "", "")
        rows.append(
            (
                code(test.case),
                test.evidence.value,
                status(test.status),
                status(test.verdict),
                f"{first[0]}: {first[1]}" if first[1] else first[0],
                first[2] or test.last.reason,
                f"{test.last.blame.cause.value} {_party(report, test)}".strip() if test.last.blame else "",
                move.get("who") or whose_move(report.standing, test.last.blame),
                listed((each.id for each in test.defects), none="none registered"),
                move.get("date") or report.given.missing("next_moves"),
            )
        )
    blocks: list[Block] = [
        table(
            plural(len(rows), "test that did not pass", "tests that did not pass"),
            (
                "Test",
                "Evidence class",
                "Status",
                "Verdict",
                "Expected",
                "Actual",
                "Blame",
                "Whose move",
                "Defect",
                "Next date",
            ),
            rows,
            empty="Every test passed.",
        )
    ]
    if messages:
        blocks.append(Text(_PLACES))
    blocks += _in_full(report, messages)
    return Section("11", "Failures and blocked tests", tuple(blocks))


def _party(report: Completion, test: Test) -> str:
    return report.standing.party_name(test.last.blame.party) if test.last.blame else ""


def _in_full(report: Completion, messages: Mapping[tuple[str, str], Shown]) -> Iterable[Block]:
    for test in report.failed:
        seen = messages.get((test.last.run, test.case))
        if seen is None:
            continue
        yield Failure(
            name=test.case,
            title=test.started.title,
            facts=(
                ("Result", status(test.verdict)),
                ("Status", status(test.status)),
                ("Why", test.why or test.last.reason or "no reason was recorded"),
                ("Run", f"{test.last.run}, ended {moment(test.last.at)}"),
                ("Evidence class", test.evidence.value),
                ("Requirements", listed(test.started.requirements)),
                ("Defects", listed(each.id for each in test.defects)),
                ("Override", Cell(test.override.id, OPEN) if test.override else "none"),
            ),
            checks=seen.checks,
            messages=seen.messages,
        )
