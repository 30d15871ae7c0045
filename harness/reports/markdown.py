"""Runs in Markdown, as a CI server shows them beside a job: short, and classes of evidence apart (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from harness.evidence.evidence_class import EvidenceClass
from harness.evidence.verdicts import ExecutionStatus, Verdict
from harness.reports.moves import whose_move
from harness.reports.run import Run
from harness.reports.standing.model import Standing, Test

MOST_KINDS = 20
"""Kinds of failure that are listed."""
MOST_NAMES = 10
"""Names in any other list."""
_LONGEST = 200
_REHEARSAL = "A rehearsal shows that tests, data and set-up work, and nothing about anybody's system."


def markdown(standing: Standing) -> str:
    """Return the summary; it is complete in its counts and cut in its lists."""
    parts = [
        "# DIP tests",
        "",
        *_totals(standing),
        "",
        *_moves(standing),
        *_noticed(standing),
        "## Runs",
        "",
        *_runs(standing),
    ]
    return "\n".join(parts) + "\n"


def in_order(standing: Standing) -> bool:
    """Say whether every test passed, or was left out, and every run came to its end."""
    fine = {ExecutionStatus.PASSED, ExecutionStatus.PASSED_WITH_WORK_OFF, ExecutionStatus.NOT_APPLICABLE}
    fine.add(ExecutionStatus.DESCOPED)
    bad = [test for test in standing.tests if test.status not in fine and test.verdict is not Verdict.OMITTED]
    return not bad and not standing.open_runs and not any(run.not_started for run in standing.runs)


def _totals(standing: Standing) -> Iterator[str]:
    shown = [ExecutionStatus.PASSED, ExecutionStatus.FAILED, ExecutionStatus.BLOCKED]
    others = [status for status in ExecutionStatus if status not in shown]
    used = [
        status for status in others if any(counts.statuses[status] for counts in standing.totals.values())
    ]
    columns = [*shown, *used]
    yield from _head(
        "evidence", "tests", *(status.value for status in columns), "passed at first", "flaky", right=True
    )
    for kind, counts in standing.totals.items():
        yield _row(
            f"**{kind}**",
            f"{counts.tests:,}",
            *(f"{counts.statuses[status]:,}" for status in columns),
            f"{counts.passed_at_first:,}",
            f"{counts.flaky:,}",
        )
    if len(standing.totals) > 1:
        yield from ("", "Classes of evidence are never added up.")
    if EvidenceClass.REHEARSAL in standing.totals:
        yield from ("", _REHEARSAL)


def _moves(standing: Standing) -> Iterator[str]:
    """Group what did not pass by what did not hold and whose move it is."""
    groups: dict[tuple[str, str, str], list[Test]] = {}
    by_run = {run.header.run: run for run in standing.runs}
    for test in standing.tests:
        if test.status in {ExecutionStatus.FAILED, ExecutionStatus.BLOCKED, ExecutionStatus.IN_PROGRESS}:
            last = test.last
            move = whose_move(by_run[last.run], last.blame)
            groups.setdefault((test.status.value, last.key, move), []).append(test)
    if not groups:
        return
    order = [ExecutionStatus.FAILED, ExecutionStatus.BLOCKED, ExecutionStatus.IN_PROGRESS]
    listed = sorted(
        groups.items(), key=lambda each: (order.index(ExecutionStatus(each[0][0])), -len(each[1]))
    )
    yield from ("## Whose move it is", "")
    yield from _head("tests", "status", "what", "move", "e.g.", "defects")
    for (status, _, move), tests in listed[:MOST_KINDS]:
        defects = sorted({defect.id for test in tests for defect in test.defects if defect.open})
        yield _row(
            f"{len(tests):,}",
            status,
            _cell(tests[0].last.reason or tests[0].started.title),
            _cell(move),
            f"`{tests[0].case}`",
            _cell(_some(defects)),
        )
    if len(listed) > MOST_KINDS:
        yield from ("", f"{len(listed) - MOST_KINDS:,} more kinds are in the runs' own reports.")
    yield ""


def _noticed(standing: Standing) -> Iterator[str]:
    flaky = [test.case for test in standing.tests if test.flaky]
    later = [
        test.case
        for test in standing.tests
        if test.verdict is Verdict.PASS and test.first.verdict is Verdict.FAIL
    ]
    overridden = [f"{test.case} ({test.override.id})" for test in standing.tests if test.override]
    for words, names in (
        ("passed and failed under equal conditions", flaky),
        ("passed only after a retest", later),
        ("stand as people decided, not as the verdict says", overridden),
    ):
        if names:
            yield from (f"{len(names):,} {words}: {_cell(_some(names))}", "")


def _runs(standing: Standing) -> Iterator[str]:
    yield from _head("run", "stage", "release", "shard", "evidence", "began", "cases", "end")
    for run in standing.runs:
        header = run.header
        yield _row(
            f"`{header.run}`",
            header.stage,
            ", ".join(header.releases),
            str(header.options.get("shard", "")),
            run.evidence_class.value,
            header.at[:16].replace("T", " "),
            f"{len(run.instances):,} of {header.selected:,}",
            _end(run),
        )


def _end(run: Run) -> str:
    if run.interrupted:
        return "**cut off**"
    return f"{run.not_started:,} never started" if run.not_started else "whole"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _head(*titles: str, right: bool = False) -> Iterable[str]:
    marks = ["---", *["---:" if right else "---"] * (len(titles) - 1)]
    return (_row(*titles), _row(*marks))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Return text that stays text in a cell: no markup, one line, not over-long."""
    short = " ".join(text.split())
    short = f"{short[: _LONGEST - 1]}…" if len(short) > _LONGEST else short
    for mark in "\\`*_[]|":
        short = short.replace(mark, f"\\{mark}")
    return short.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
