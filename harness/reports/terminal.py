"""The few lines that a person reads when a run ends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.evidence.verdicts import Verdict
from harness.reports.impact import impact
from harness.reports.moves import whose_move
from harness.reports.release_matrix import Comparison, comparisons
from harness.reports.run import Run
from harness.reports.tally import BY_PAIR, Score, failure_title, failures, release_scores
from harness.reports.twins import twin_table
from harness.spec.interfaces import dormant
from harness.spec.scope import cit_scope

MOST_FAILURES = 10
"""Failure groups that are listed; the report has all."""

MOST_UNTIED = 5
"""Changes without a scenario that are listed; the report has all."""

_STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.OMITTED: "dim",
    Verdict.SKIPPED: "dim",
    Verdict.ERROR: "bold red",
}


def summary(run: Run, reports: Sequence[Path] = (), *, exit_reason: str = "") -> RenderableType:
    """Return the summary: verdicts, pairs, failures with whose move it is, and where the reports are."""
    parts: list[RenderableType] = [_counts(run)]
    if run.header.stage == BY_PAIR:
        parts += _pairs(run)
    if run.not_started:
        parts.append(Text(f"{run.not_started:,} selected cases never started", style="yellow"))
    listed = failures(run)
    if listed:
        parts += [Text(), _failures(run)]
        if len(listed) > MOST_FAILURES:
            parts.append(
                Text(f"{len(listed) - MOST_FAILURES} more kinds of failure are in the report", style="dim")
            )
    parts += _impact(run)
    parts += [_compared(each) for each in comparisons(run)]
    table = twin_table(run)
    if table.rows:
        fragile = len(table.fragile)
        text = f"{len(table.rows):,} cases were run again as twins; {fragile:,} hold only in the calm"
        parts.append(Text(text, style="yellow" if fragile else ""))
    parts.append(Text())
    parts.append(
        _line("evidence", f"{run.evidence_class}: {run.evidence_class_reason}. This is no completion report.")
    )
    parts += [_line("report" if number == 0 else "", str(path)) for number, path in enumerate(reports)]
    if exit_reason:
        parts.append(_line("exit", exit_reason))
    return Group(*parts)


def _counts(run: Run) -> Text:
    scenarios = {instance.started.scenario for instance in run.instances}
    of = "" if run.header.stage == BY_PAIR else f" of {len(scenarios):,} scenarios"
    text = Text(f"{len(run.instances):,} cases{of}: ")
    shown = [(verdict, count) for verdict, count in run.totals.items() if count]
    for number, (verdict, count) in enumerate(shown):
        text.append(", " if number else "")
        text.append(f"{count:,} {verdict}", style=_STYLES[verdict])
    return text


def _pairs(run: Run) -> list[RenderableType]:
    scope = f"CIT's {len(cit_scope().interfaces)} interfaces"
    return [
        Text(
            f"{each.release}: {each.interfaces.passed} of {each.interfaces.total} interface-event pairs and "
            f"{each.reports.passed} of {each.reports.total} report variants passed "
            f"({each.cit_scope.passed} of {each.cit_scope.total} pairs of {scope}, an assumed list)"
            + _dormant(each.dormant)
        )
        for each in release_scores(run)
    ]


def _dormant(score: Score) -> str:
    if not score.total:
        return ""
    return f"; {score.passed} of {score.total} of {', '.join(sorted(dormant()))}, dormant, counted apart"


def _impact(run: Run) -> list[RenderableType]:
    """Return how many cases were selected by how many changes, and which changes no scenario can touch."""
    found = impact(run)
    if not found.rows:
        return []
    text = f"{len(run.instances):,} cases by {len(found.tested):,} of {len(found.rows):,} changes"
    text += f" since {found.since}"
    if found.without_case:
        text += f"; {len(found.without_case):,} touch what no case here uses"
    lines = [Text(text)]
    if found.untied:
        lines.append(Text(f"{len(found.untied):,} are not tied to a scenario:", style="yellow"))
        lines += [Text(f"  {row.summary}", style="dim") for row in found.untied[:MOST_UNTIED]]
    if len(found.untied) > MOST_UNTIED:
        lines.append(Text(f"  {len(found.untied) - MOST_UNTIED} more are in the report", style="dim"))
    return list(lines)


def _compared(each: Comparison) -> Text:
    text = f"{each.old} to {each.new}: breaks {len(each.breaks):,}, mended {len(each.mended):,}, "
    text += f"alike {each.alike:,}, gone {len(each.gone):,}, new {len(each.new_cases):,}"
    counted = each.by_interface()
    if counted:
        text += f"; by interface {', '.join(f'{name} {count}' for name, count in list(counted.items())[:6])}"
    return Text(text, style="bold red" if each.breaks else "")


def _failures(run: Run) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False, show_header=False)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for each in failures(run)[:MOST_FAILURES]:
        text = Text(each.verdict.value, style=_STYLES[each.verdict])
        text.append(f" {failure_title(each)}", style="default not bold")
        text.append(f"\nmove: {whose_move(run, each.blame)}", style="default not bold")
        text.append(f"\ne.g. {each.instances[0].case}", style="dim not bold")
        table.add_row(f"{len(each.instances):,} x", text)
    return table


def _line(label: str, text: str) -> Text:
    return Text.assemble((f"{label:<9}", "bold"), text)
