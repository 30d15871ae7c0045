"""A report of sections as files: HTML for people, JSON for programs, XLSX for those who sort and count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from harness.reports.completion.document import Document, Table, Value, as_dict, shown
from harness.reports.completion.extracts import Extract
from harness.reports.completion.rendering_html import html
from harness.reports.completion.rendering_xlsx import workbook
from harness.reports.moves import whose_move
from harness.reports.standing.model import Standing, history
from harness.writing import write_whole

_LONGEST_NAME = 31
_TESTS = (
    "Evidence class", "Test", "Release", "Title", "Theme", "Process area", "Interface", "Role", "Status",
    "Why", "First verdict", "Last verdict", "History", "Flaky", "Whose move", "Reason", "Defects", "Last run",
    "Day",
)  # fmt: skip


def write(
    document: Document, data: Mapping[str, Any], folder: Path, name: str, *, more: Iterable[Extract] = ()
) -> list[Path]:
    """Write ``name.html``, ``name.json`` and ``name.xlsx`` into a folder, each whole or not at all.

    The workbook holds the tables of the document and ``more``. Raises EnvironmentFault when the disk refuses
    a file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = {**data, "document": as_dict(document)}
    notes = (document.title, document.subtitle, document.band)
    files = {
        "html": html(document).encode(),
        "json": orjson.dumps(content, option=orjson.OPT_INDENT_2),
        "xlsx": workbook([*sheets(document), *more], document.stamp, notes),
    }
    written = []
    for ending, content_bytes in files.items():
        path = folder / f"{name}.{ending}"
        write_whole(path, content_bytes, parents=True)
        written.append(path)
    return written


def sheets(document: Document) -> list[Extract]:
    """Return the tables of a document as sheets; those of a section with equal columns share one."""
    found: list[Extract] = []
    for section in document.sections:
        alike: dict[tuple[str, ...], list[Table]] = {}
        for block in section.blocks:
            if isinstance(block, Table):
                alike.setdefault(block.columns, []).append(block)
        for number, (columns, tables) in enumerate(alike.items(), start=1):
            name = section.title if len(alike) == 1 else f"{section.number}.{number} {section.title}"
            rows = tuple(
                (table.title, *(_plain(value) for value in row)) for table in tables for row in table.rows
            )
            titles = [("table", "Table"), *((_key(title), title) for title in columns)]
            found.append(Extract(_sheet(name), tuple(titles), rows))
    return found


def sheet_of_tests(standing: Standing) -> Extract:
    """Return every test with its history as a sheet, the evidence class first."""
    rows = tuple(
        (
            test.evidence.value,
            test.id,
            test.release,
            test.started.title,
            test.started.theme,
            test.started.area,
            test.started.interface,
            test.started.role,
            test.status.value,
            test.why,
            test.first.verdict.value,
            test.verdict.value,
            history(test),
            "yes" if test.flaky else "no",
            whose_move(standing, test.last.blame),
            test.last.reason,
            ", ".join(defect.id for defect in test.defects),
            test.last.run,
            test.last.at[:10],
        )
        for test in standing.tests
    )
    return Extract("Tests", tuple((_key(title), title) for title in _TESTS), rows)


def _plain(value: Value) -> str | int:
    return value if isinstance(value, int) else shown(value)


def _key(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")


def _sheet(name: str) -> str:
    """Return a name that a sheet may have."""
    return re.sub(r"[\\[\]*?:/\\\\]", " ", name)[:_LONGEST_NAME].strip()
