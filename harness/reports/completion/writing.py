"""A completion report on disk: page, Word, workbooks with and without names, JSON; each whole or not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import orjson

from harness.reports.completion.document import Document
from harness.reports.completion.exit_report import ExitReport, document_of, extract_of, parties_of
from harness.reports.completion.exit_report import as_json as exit_json
from harness.reports.completion.extracts import anonymised, extracts
from harness.reports.completion.messages import Shown
from harness.reports.completion.model import Completion
from harness.reports.completion.redacting import redacted, redacted_extracts, redactor
from harness.reports.completion.rendering_docx import SHIPPED, docx
from harness.reports.completion.rendering_html import html
from harness.reports.completion.rendering_json import as_json
from harness.reports.completion.rendering_xlsx import workbook
from harness.reports.completion.sections.whole import document
from harness.writing import write_whole

NAME = "completion-report"
EXIT_NAME = "exit-report"


def write(
    report: Completion,
    messages: Mapping[tuple[str, str], Shown],
    out: Path,
    *,
    template: Path | None = None,
    salt: Path | None = None,
) -> list[Path]:
    """Write all renderings of a report; returns their paths, the page first.

    Raises EnvironmentFault where the disk refuses, and ConfigurationError for a template that can't be
    filled; then nothing is written.
    """
    found = extracts(report)
    reasons = (test.last.reason for test in report.failed)
    change = redactor(messages, reasons, salt)
    shown = redacted(document(report, found, messages), change)
    rows = redacted_extracts(found, change)
    nameless = redacted_extracts(anonymised(found, report.parties, _raisers(report)), change)
    content = as_json(report, shown, rows)
    notes = (shown.title, shown.subtitle, shown.band, "Evidence classes are never added.")
    return write_all(
        out,
        {
            f"{NAME}.html": html(shown).encode(),
            f"{NAME}.docx": docx(content, template or SHIPPED),
            f"{NAME}.xlsx": workbook(rows, shown.stamp, notes),
            f"{NAME}-anonymised.xlsx": workbook(nameless, shown.stamp, _unnamed(shown)),
            f"{NAME}.json": orjson.dumps(content, option=orjson.OPT_INDENT_2, default=str),
        },
    )


def write_exit(report: ExitReport, out: Path, *, template: Path | None = None) -> list[Path]:
    """Write all renderings of an overarching exit report; returns and raises as `write`.

    What messages named was replaced already in the completion reports that it stands on.
    """
    found = extract_of(report)
    shown = document_of(report)
    content = exit_json(report, shown, found)
    nameless = anonymised(found, parties_of(report), (each.party for each in report.reports))
    return write_all(
        out,
        {
            f"{EXIT_NAME}.html": html(shown).encode(),
            f"{EXIT_NAME}.docx": docx(content, template or SHIPPED),
            f"{EXIT_NAME}.xlsx": workbook(found, shown.stamp, (shown.title, shown.band)),
            f"{EXIT_NAME}-anonymised.xlsx": workbook(nameless, shown.stamp, _unnamed(shown)),
            f"{EXIT_NAME}.json": orjson.dumps(content, option=orjson.OPT_INDENT_2, default=str),
        },
    )


def _raisers(report: Completion) -> list[str]:
    return sorted({each.raised_by for each in report.registers.defects})


def _unnamed(shown: Document) -> tuple[str, ...]:
    return (
        "Extract of tests, requirements and defects, without names: parties are numbered, people withheld.",
        shown.band,
    )


def write_all(out: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write files into a folder, which is made where it is not there."""
    for name, data in files.items():
        write_whole(out / name, data, parents=True)
    return [out / name for name in files]
