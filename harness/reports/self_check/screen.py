"""A self-check on the terminal: the sentence, the three things to mend first, a table per part."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from harness.evidence.verdicts import Blame, Verdict
from harness.reports.self_check.readiness import Readiness
from harness.selfcheck.check import ADVISORY, Result

STYLES = {
    Verdict.PASS.value: "green",
    ADVISORY: "yellow",
    Verdict.FAIL.value: "bold red",
    Verdict.INCONCLUSIVE.value: "yellow",
    Verdict.OMITTED.value: "dim",
    Verdict.SKIPPED.value: "dim",
    Verdict.ERROR.value: "bold magenta",
}
_STATES = {"ready": "bold green", "not ready": "bold red", "not known": "bold yellow"}


def screen(readiness: Readiness, written: Sequence[Path] = ()) -> RenderableType:
    """Return what a person reads when a self-check ends."""
    parts: list[RenderableType] = []
    for (title, results), (_, passed, judged) in zip(readiness.parts, readiness.scores, strict=True):
        score = f"  {passed} of {judged} pass" if judged else ""
        parts += [Text(), Text.assemble((title, "bold"), (score, "dim")), _table(results)]
    parts += [Text(), Text(readiness.sentence, style=_STATES[readiness.state])]
    if readiness.first:
        label = "To mend first" if len(readiness.fixes) > 1 else "To mend"
        parts += [Text(), Text(label, style="bold"), _fixes(readiness)]
        more = len(readiness.fixes) - len(readiness.first)
        if more:
            parts.append(Text(f"   {more} more {'stands' if more == 1 else 'stand'} in the report", "dim"))
    ended = readiness.ended
    if ended is not None:
        parts += [Text(), _line("evidence", f"{ended.evidence_class}: {ended.evidence_class_reason}.")]
        if ended.interrupted:
            parts.append(_line("", f"interrupted; go on with: dip check run --resume {readiness.folder}"))
    parts += [_line("" if number else "written", str(path)) for number, path in enumerate(written)]
    return Group(*parts)


def line(result: Result) -> Text:
    """Return one line of progress."""
    text = Text(f"{result.shown:<12} ", style=STYLES[result.shown])
    text.append(f"{result.check.id}", style="default not bold")
    if result.verdict not in (Verdict.PASS, Verdict.OMITTED):
        text.append(f"  {result.reason}", style="dim not bold")
    return text


def whose(blame: Blame | None) -> str:
    """Return whose move it is, in words."""
    if blame is None:
        return ""
    return f"{blame.cause.value} ({blame.party})" if blame.party else blame.cause.value


def _table(results: Sequence[Result]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False, show_header=False)
    table.add_column(no_wrap=True, min_width=12)
    table.add_column(overflow="fold")
    for each, others in _together(results):
        if others > 1:
            table.add_row(Text(each.shown, style=STYLES[each.shown]), Text(_many(each, others), style="dim"))
            continue
        text = Text(each.check.title)
        text.append(f"  {each.check.id}", style="dim")
        if each.blocked_by:
            text.append(f"\nwaits for {each.blocked_by}", style="dim")
        elif each.verdict is not Verdict.PASS:
            text.append(f"\n{each.reason}", style="" if each.failures else "dim")
            if each.hint:
                text.append(f"\n{each.hint}", style="italic")
            if each.failures:
                text.append(f"\nmove: {whose(each.blame)}", style="dim")
        for advice in each.advice:
            text.append(f"\n{advice.title}: {advice.actual}. {advice.hint}", style="dim")
        table.add_row(Text(each.shown, style=STYLES[each.shown]), text)
    return table


def _together(results: Sequence[Result]) -> list[tuple[Result, int]]:
    """Return results with their number, those that were left out for one reason as one."""
    found: dict[tuple[str, str], tuple[Result, int]] = {}
    for each in results:
        alike = each.verdict is Verdict.OMITTED
        key = ("", each.blocked_by or each.reason) if alike else (each.check.id, "")
        first, count = found.get(key, (each, 0))
        found[key] = (first, count + 1)
    return list(found.values())


def _many(result: Result, count: int) -> str:
    if result.blocked_by:
        return f"{count} checks wait for {result.blocked_by}"
    return f"{count} checks: {result.reason}"


def _fixes(readiness: Readiness) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False, show_header=False)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for number, fix in enumerate(readiness.first, start=1):
        text = Text(fix.what)
        if fix.how:
            text.append(f"\n{fix.how}", style="italic")
        tail = f"{fix.result.check.id}, move: {whose(fix.result.blame)}"
        if fix.blocks:
            tail += f", {fix.blocks} more {'check waits' if fix.blocks == 1 else 'checks wait'} for it"
        text.append(f"\n{tail}", style="dim")
        table.add_row(f"{number}.", text)
    return table


def _line(label: str, text: str) -> Text:
    return Text.assemble((f"{label:<9}", "bold"), text)
