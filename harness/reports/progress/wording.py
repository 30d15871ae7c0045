"""A progress report in sections: nothing is counted here."""

from __future__ import annotations

from collections.abc import Iterator

from harness.evidence.verdicts import ExecutionStatus
from harness.reports.completion.document import (
    BAD,
    GOOD,
    OPEN,
    Block,
    Cell,
    Chart,
    Document,
    Facts,
    Section,
    Table,
    Text,
    Value,
    facts,
    table,
)
from harness.reports.completion.sections.words import classes, code, listed, moment, of, plural, status
from harness.reports.progress.burn_up import drawing
from harness.reports.progress.model import ClassProgress, Progress
from harness.reports.standing.model import Facet, Totals, history
from harness.stages.plan.model import Plan, Rag

_FACETS = {
    Facet.PARTY: "By party",
    Facet.ROLE: "By role of the sender",
    Facet.THEME: "By theme",
    Facet.AREA: "By process area",
    Facet.INTERFACE: "By interface",
}
_COLUMNS = (
    "Tests", "Run", "Passed", "With work-off", "Failed", "Blocked", "In progress", "Not run",
    "Outside", "Passed at first", "Retests", "Flaky",
)  # fmt: skip
_REHEARSALS = "Rehearsals, which never count"
_OUTSIDE = (ExecutionStatus.NOT_APPLICABLE, ExecutionStatus.DESCOPED)


def document(found: Progress) -> Document:
    """Return the sections of a progress report."""
    what = f"{', '.join(found.stages) or 'no stage'}{f', cycle {found.cycle}' if found.cycle else ''}"
    rehearsed = [each for each in found.classes if not each.counts]
    sections: list[tuple[str, list[Block]]] = [
        ("Where it stands", list(_summary(found))),
        ("Burn-up against the plan", [block for each in found.counting for block in _burn_up(each, found)]),
        ("Trend", [_trend(each, found) for each in found.counting]),
        ("Parties, roles, areas and themes", [b for each in found.counting for b in _groups(each, found)]),
        ("What holds it up, and whose move it is", [_blockers(each) for each in found.counting]),
        ("Flaky tests", [_flaky(each) for each in found.counting]),
        ("Next moves", [_moves(found)]),
        (_REHEARSALS, [block for each in rehearsed for block in _rehearsal(each, found)]),
        ("Runs", list(_runs(found))),
    ]
    shown = [(title, blocks) for title, blocks in sections if blocks or title != _REHEARSALS]
    return Document(
        title=f"Progress: {what}",
        subtitle=f"As of {found.as_of}, compared with {found.since}",
        stamp=f"Progress as of {found.as_of}: {classes(each.evidence for each in found.classes)}",
        verdict=_verdict(found),
        sections=tuple(
            Section(str(number), title, tuple(blocks) or (Text(f"No run here counts. See: {_REHEARSALS}."),))
            for number, (title, blocks) in enumerate(shown, start=1)
        ),
        draft=False,
        band="No completion report. Evidence classes are never added up, and a rehearsal never counts.",
    )


def rag(found: Rag | None, plan: Plan | None) -> Cell:
    """Return a RAG value with the name of its scale, in its colour."""
    if found is None:
        return Cell("no colour")
    values = plan.scales[found.scale].values if plan is not None and found.scale in plan.scales else ()
    place = values.index(found.value) if found.value in values else len(values)
    return Cell(str(found), (GOOD, OPEN, BAD)[min(place, 2)] if place < len(values) else "")


def _verdict(found: Progress) -> Cell:
    if not found.classes:
        return Cell("No run of this stage, cycle and time was given", OPEN)
    if not found.counting:
        return Cell("Rehearsals alone: nothing counts towards the plan yet", OPEN)
    best = found.counting[0]
    said = f"{of(best.totals.passed, best.totals.tests)} tests passed ({best.evidence})"
    if best.rag is None:
        return Cell(f"{said}; {best.rag_reason}", OPEN)
    return Cell(f"{said}; {best.rag}: {best.rag_reason}", rag(best.rag, found.plan).tone)


def counts(totals: Totals) -> tuple[Value, ...]:
    """Return the figures of a group in the order of the columns."""
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
        sum(by[each] for each in _OUTSIDE),
        of(totals.passed_at_first, totals.played),
        totals.retests,
        totals.flaky,
    )


def _summary(found: Progress) -> Iterator[Block]:
    yield facts(
        ("As of", str(found.as_of)),
        ("Plan", f"{found.plan.title} ({found.plan.where})" if found.plan else Cell("none was given", OPEN)),
        ("Runs", plural(len(found.standing.runs), "run")),
        ("Runs without an end", plural(len(found.standing.open_runs), "run")),
    )
    yield table(
        "Each evidence class by itself",
        ("Evidence class", *_COLUMNS),
        [(each.evidence.value, *counts(each.totals)) for each in found.counting],
        empty="No run with a real system was given.",
        note="Outside: not applicable or descoped. Passed at first: of the tests that were run, "
        "how many passed the first time.",
    )
    for each in found.counting:
        yield _aim(each, found)


def _aim(found: ClassProgress, whole: Progress) -> Facts:
    due = found.planned.by(whole.as_of)
    basis = f" (basis of the scale: {whole.scale_basis})" if found.rag else ""
    return facts(
        ("Evidence class", found.evidence.value),
        ("Tests planned", f"{found.planned.tests:,}: {found.planned.tests_from}"),
        ("Planned to have passed by now", f"{due:,}" if due is not None else "not planned by day"),
        ("Days of the plan", found.planned.points_from),
        ("Against the plan", rag(found.rag, whole.plan)),
        ("Because", f"{found.rag_reason}{basis}"),
        ("Passed at first", of(found.totals.passed_at_first, found.totals.played)),
    )


def _burn_up(found: ClassProgress, whole: Progress) -> Iterator[Block]:
    now = found.now
    said = f"{found.evidence}: by {whole.as_of} {plural(now.run, 'test')} run, {now.passed:,} passed, "
    said += f"{now.failed:,} failing. By the machine's verdicts; overrides and work-off don't move the lines."
    yield Chart(str(found.evidence), drawing(found.days, found.planned, whole.as_of), said)
    days = sorted({each.day for each in found.days})
    at = {each.day: each for each in found.days}
    yield table(
        "",
        ("Day", "Planned to have passed", "Run", "Passed", "Failing"),
        [
            (
                str(day),
                "not planned" if (due := found.planned.by(day)) is None else due,
                at[day].run,
                at[day].passed,
                at[day].failed,
            )
            for day in days[-31:]
        ],
        note="The last 31 days on which something was run." if len(days) > 31 else "",
    )


def _trend(found: ClassProgress, whole: Progress) -> Table:
    now, before = found.now, found.week_ago
    earlier = found.before_last_run
    by = found.totals.statuses
    rows: list[tuple[Value, ...]] = [
        ("Run", now.run, _change(now.run - before.run), _against(found.totals.played, earlier, "run")),
        ("Passed", now.passed, _change(now.passed - before.passed), _against(now.passed, earlier, "passed")),
        ("Failing", now.failed, _change(now.failed - before.failed), _against(now.failed, earlier, "failed")),
        (
            "Blocked",
            by[ExecutionStatus.BLOCKED],
            "",
            _against(by[ExecutionStatus.BLOCKED], earlier, "blocked"),
        ),
    ]
    return table(
        str(found.evidence),
        ("Tests", "Now", f"Since {whole.since}", f"By the last run ({found.last_run})"),
        rows,
        note="By the machine's verdicts.",
    )


def _change(number: int) -> str:
    return f"{number:+,}" if number else "as before"


def _against(now: int, earlier: Totals | None, what: str) -> str:
    if earlier is None:
        return "the first run"
    before = {
        "run": earlier.played,
        "passed": sum(count for verdict, count in earlier.verdicts.items() if verdict.value == "pass"),
        "failed": sum(count for verdict, count in earlier.verdicts.items() if verdict.value == "fail"),
        "blocked": earlier.statuses[ExecutionStatus.BLOCKED],
    }
    return _change(now - before[what])


def _groups(found: ClassProgress, whole: Progress) -> Iterator[Block]:
    standing = whole.standing
    for facet, title in _FACETS.items():
        groups = standing.by(facet, found.evidence)
        rows = [
            ((standing.party_name(name) if facet is Facet.PARTY else name) or "none", *extra, *counts(totals))
            for name, totals in sorted(groups.items(), key=lambda each: _simulated(each[0], whole))
            for extra in ([_of_party(name, whole)] if facet is Facet.PARTY else [()])
        ]
        columns = ("System", "RAG in the plan") if facet is Facet.PARTY else ()
        note = "A test counts with each party that has a part in it." if facet is Facet.PARTY else ""
        what = facet.value.capitalize()
        yield table(f"{title}, {found.evidence}", (what, *columns, *_COLUMNS), rows, note=note)


def _simulated(name: str, whole: Progress) -> bool:
    """Say whether a name is that of a simulated party, so that real ones come first."""
    party = whole.standing.parties.get(name)
    return party is not None and not party.real


def _of_party(dip_id: str, whole: Progress) -> tuple[Value, Value]:
    """Return whether a party's system was real, and its colour in the plan."""
    party = whole.standing.parties.get(dip_id)
    if party is None:
        return "unknown", ""
    for each in whole.plan.parties.values() if whole.plan else ():
        same = each.organisation == party.organisation and each.role == party.role
        if (each.dip_id == dip_id or (same and not each.dip_id)) and each.rag:
            return _real(party.real), rag(each.rag, whole.plan)
    return _real(party.real), ""


def _real(real: bool) -> str:
    return "real" if real else "simulated"


def _blockers(found: ClassProgress) -> Table:
    return table(
        str(found.evidence),
        ("Whose move", "Tests", "Since", "Open defects", "Which"),
        [
            (each.move, len(each.tests), each.since, listed(each.defects), listed(each.tests, most=4))
            for each in found.blockers
        ],
        empty="Nothing fails, is blocked or is in progress.",
    )


def _flaky(found: ClassProgress) -> Table:
    return table(
        str(found.evidence),
        ("Test", "Release", "One run", "Verdict", "Another", "Verdict there", "History"),
        [
            (
                code(test.id),
                test.release,
                code(pair[0].run),
                status(pair[0].verdict),
                code(pair[1].run),
                status(pair[1].verdict),
                history(test),
            )
            for test in found.flaky
            if (pair := test.flaky)
        ],
        empty="None: no test passed and failed with nothing changed between.",
        note="Nothing changed: scenario, release, seed, target, environment, harness, recorded builds, and "
        "whose system was real. A flaky test has its last result; it is never averaged.",
    )


def _moves(found: Progress) -> Table:
    return table(
        "",
        ("What", "Who", "About", "Command"),
        [
            (each.what, each.who, each.about, code(each.command) if each.command else "")
            for each in found.moves
        ],
        empty="Nothing waits for anybody.",
    )


def _rehearsal(found: ClassProgress, whole: Progress) -> Iterator[Block]:
    yield Text("Every system was simulated. It shows the harness and the catalogue, and no participant.")
    yield table("", ("Evidence class", *_COLUMNS), [(found.evidence.value, *counts(found.totals))])
    yield _blockers(found)
    yield _flaky(found)
    yield from list(_groups(found, whole))[2:4]


def _runs(found: Progress) -> Iterator[Block]:
    yield table(
        "",
        ("Run", "Stage", "Cycle", "Began", "Ended", "Evidence class", "Tests", "Never started", "Builds"),
        [
            (
                code(run.header.run),
                run.header.stage,
                run.header.cycle or "none",
                moment(run.header.at),
                Cell("interrupted or cut off", BAD) if run.interrupted else moment(run.finished),
                run.evidence_class.value,
                len(run.instances),
                run.not_started,
                listed(
                    [f"{party} {build}" for party, build in run.header.builds.items()], none="not recorded"
                ),
            )
            for run in found.standing.runs
        ],
    )
    if found.left_out:
        yield Text(f"Not of this stage, cycle or time, so left out: {', '.join(found.left_out)}.", OPEN)
