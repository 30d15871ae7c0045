"""A completion report on disk: page, Word, workbooks with and without names, JSON; each whole or not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import orjson

from harness.registers.writing import replace_file
from harness.reports.completion.document import Document
from harness.reports.completion.extracts import anonymised, extracts
from harness.reports.completion.messages import Shown
from harness.reports.completion.model import Completion
from harness.reports.completion.redacting import redacted, redacted_extracts, redactor
from harness.reports.completion.rendering_docx import SHIPPED, docx
from harness.reports.completion.rendering_html import html
from harness.reports.completion.rendering_json import as_json
from harness.reports.completion.rendering_xlsx import workbook
from harness.reports.completion.sections.whole import document

NAME = "completion-report"


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
    nameless = redacted_extracts(anonymised(report, found), change)
    content = as_json(report, shown, rows)
    notes = (shown.title, shown.subtitle, shown.band, "Evidence classes are never added.")
    return write_all(
        out,
        {
            f"{NAME}.html": html(shown).encode(),
            f"{NAME}.docx": docx(content, template or SHIPPED),
            f"{NAME}.xlsx": workbook(rows, shown.stamp, notes),
            f"{NAME}-anonymised.xlsx": workbook(
                nameless, shown.stamp, (*_unnamed(shown), "Parties are numbered, people are withheld.")
            ),
            f"{NAME}.json": orjson.dumps(content, option=orjson.OPT_INDENT_2, default=str),
        },
    )


def _unnamed(shown: Document) -> tuple[str, ...]:
    return ("Extract of tests, requirements and defects, without names.", shown.band)


def write_all(out: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Write files into a folder, which is made where it is not there."""
    for name, data in files.items():
        replace_file(out / name, data)
    return [out / name for name in files]
