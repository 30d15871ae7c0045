"""All sections in their order: 0 to 18, then the annexes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from harness.reports.completion.document import Document
from harness.reports.completion.extracts import Extract
from harness.reports.completion.messages import Shown
from harness.reports.completion.model import Completion
from harness.reports.completion.roll_up import roll_up
from harness.reports.completion.sections import closing, opening, results
from harness.reports.completion.sections.annexes import annexes
from harness.reports.completion.sections.defects import defects
from harness.reports.completion.sections.words import classes


def document(
    report: Completion, found: Iterable[Extract], messages: Mapping[tuple[str, str], Shown]
) -> Document:
    """Return the report as it is read (pure)."""
    title = report.given.value("document", "title")
    return Document(
        title=title if isinstance(title, str) else f"Completion report: {report.stage.title}",
        subtitle=f"{report.party or 'All parties'}, as of {report.as_of}",
        stamp=f"{'DRAFT' if report.draft else 'FINAL'} · {classes(report.classes)}",
        band=_band(report),
        verdict=opening.verdict(report),
        draft=report.draft,
        sections=(
            opening.status_page(report),
            opening.control(report),
            opening.purpose(report),
            opening.scope(report),
            opening.basis(report),
            opening.environment(report),
            opening.entry(report),
            results.execution(report),
            results.requirements(report),
            results.events(report),
            results.non_functional(report),
            results.failures(report, messages),
            defects(report),
            closing.exit_criteria(report),
            closing.work_off(report),
            closing.assumptions(report),
            closing.risks(report),
            closing.evidence(report),
            closing.conclusion(report),
            *annexes(found, roll_up(report)),
        ),
    )


def _band(report: Completion) -> str:
    if not report.draft:
        return "Final completion report. Evidence classes stand apart and are never added."
    if not report.lacks:
        return "A draft by choice: nothing stands against the final report."
    return "A draft: section 0 says why it can't be final. Evidence classes stand apart and are never added."
