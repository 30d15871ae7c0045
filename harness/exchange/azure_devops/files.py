"""The CSV and XLSX layout of Azure Test Plans: a row per test case, then a row per step, both ways.

Its import wants the columns ID, Work Item Type, Title, Test Step, Step Action and Step Expected, spelled so;
an ID that is filled changes that test case, an empty one makes a new one. A title may have 128 characters.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font

from harness.errors import ConfigurationError
from harness.exchange.azure_devops.comparing import Standing
from harness.exchange.azure_devops.ledger import CaseEntry, Ledger
from harness.exchange.azure_devops.pushing import Deed
from harness.exchange.azure_devops.steps import TestStep, tidy
from harness.exchange.azure_devops.wanted import TestCase, content_digest
from harness.reports.tables import read_table
from harness.writing import write_whole

ID, TYPE, TITLE, STEP, ACTION, EXPECTED = (
    "ID",
    "Work Item Type",
    "Title",
    "Test Step",
    "Step Action",
    "Step Expected",
)
AREA, ASSIGNED, STATE = "Area Path", "Assigned To", "State"
COLUMNS = (ID, TYPE, TITLE, STEP, ACTION, EXPECTED, AREA, ASSIGNED, STATE)
TEST_CASE, SHARED_STEPS = "Test Case", "Shared Steps"
_WIDTHS = (10, 16, 60, 10, 60, 60, 24, 24, 12)
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Row:
    """A test case as a file has it; ``place`` names its cell in errors."""

    id: int | None
    title: str
    steps: tuple[TestStep, ...]
    assigned_to: str
    state: str
    place: str


def export_cases(out: Path, cases: Iterable[TestCase], *, ids: Mapping[str, int], area_path: str) -> None:
    """Write test cases to a new file; raises ConfigurationError for a wrong ending or a file that exists."""
    if out.suffix.lower() not in {".csv", ".xlsx"}:
        raise ConfigurationError(
            f"'{out.suffix}' is no ending of a table", where=str(out), mend="Use .csv or .xlsx."
        )
    if out.exists():
        raise ConfigurationError("exists", where=str(out), mend="Name a new file; nothing is overwritten.")
    rows = list(_rows(cases, ids, area_path))
    write_whole(out, _csv(rows) if out.suffix.lower() == ".csv" else _xlsx(rows), parents=True)


def _rows(cases: Iterable[TestCase], ids: Mapping[str, int], area_path: str) -> Iterable[Sequence[str]]:
    for case in cases:
        identifier = str(ids[case.key]) if case.key in ids else ""
        yield (identifier, TEST_CASE, case.title, "", "", "", area_path, "", "Design")
        for number, step in enumerate(case.steps, start=1):
            yield ("", "", "", str(number), step.action, step.expected, "", "", "")


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return stream.getvalue().encode("utf-8-sig")


def _xlsx(rows: Iterable[Sequence[str]]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Test Cases"
    sheet.append(list(COLUMNS))
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    for line, row in enumerate(rows, start=2):
        for column, value in enumerate(row, start=1):
            if value == "":
                continue
            cell = sheet.cell(line, column)
            cell.value = int(value) if COLUMNS[column - 1] in {ID, STEP} else value
            if isinstance(value, str) and value.startswith(_FORMULA) and not isinstance(cell.value, int):
                cell.data_type = "s"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for column, width in enumerate(_WIDTHS, start=1):
        sheet.column_dimensions[chr(ord("A") + column - 1)].width = width
    sheet.freeze_panes = "A2"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def read_file(path: Path) -> tuple[Row, ...]:
    """Read test cases out of a file that was exported; raises ConfigurationError with file and cell."""
    table = read_table(path, sheet="", header_row=1)
    place = {name: table.needed(name) for name in (ID, TYPE, TITLE, STEP, ACTION, EXPECTED)}
    extra = {name: table.column(name) for name in (ASSIGNED, STATE)}
    found: list[tuple[Row, list[TestStep]]] = []
    steps: list[TestStep] | None = None
    for line in table.lines:
        cell = {name: line.cells[column].strip() for name, column in place.items()}
        if cell[TYPE]:
            steps = []
            if cell[TYPE].casefold() == TEST_CASE.casefold():
                others = {
                    name: line.cells[at].strip() if at is not None else "" for name, at in extra.items()
                }
                identifier = number(cell[ID], table.place(line, place[ID]))
                title, where = " ".join(cell[TITLE].split()), table.place(line, place[TITLE])
                found.append((Row(identifier, title, (), others[ASSIGNED], others[STATE], where), steps))
            elif cell[TYPE].casefold() != SHARED_STEPS.casefold():
                raise ConfigurationError(
                    f"'{cell[TYPE]}' is no type of a work item that is read here",
                    where=table.place(line, place[TYPE]),
                    mend=f"Known: {TEST_CASE}, {SHARED_STEPS}.",
                )
        elif cell[STEP] or cell[ACTION] or cell[EXPECTED]:
            if steps is None:
                raise ConfigurationError(
                    "a step comes before its test case", where=table.place(line, place[STEP])
                )
            steps.append(TestStep(tidy(cell[ACTION]), tidy(cell[EXPECTED])))
    return tuple(replace(row, steps=tuple(steps)) for row, steps in found)


def number(text: str, place: str) -> int | None:
    """Return the id in a cell, None for an empty one; raises ConfigurationError naming the cell."""
    if not text:
        return None
    if not text.isdecimal():
        raise ConfigurationError(f"'{text}' is no id of a work item", where=place)
    return int(text)


def taken(ledger: Ledger, cases: Sequence[TestCase], rows: Iterable[Row]) -> list[Deed]:
    """Take ids, states and assignments of a file into a ledger; what does not fit is listed.

    A row belongs to the test case that has its id, else to the one whose id stands at the head of its title.
    """
    by_key = {case.key: case for case in cases}
    key_of = {entry.id: key for key, entry in ledger.cases.items()}
    deeds: list[Deed] = []
    seen: dict[str, int] = {}
    for row in rows:
        key = key_of.get(row.id or 0) or row.title.partition(":")[0].strip()
        if key not in by_key:
            deeds.append(Deed("not ours", row.title, row.place))
            continue
        if row.id is None:
            deeds.append(Deed("without id", key, f"{row.place}: it was not imported there yet"))
            continue
        known = ledger.cases.get(key)
        if (known is not None and known.id != row.id) or seen.get(key, row.id) != row.id:
            first = known.id if known is not None else seen[key]
            deeds.append(Deed("conflict", key, f"#{first} and #{row.id}, {Standing.DOUBLED}", conflict=True))
            continue
        seen[key] = row.id
        deeds += _taken(ledger, by_key[key], row, row.id)
    return deeds


def _taken(ledger: Ledger, case: TestCase, row: Row, identifier: int) -> list[Deed]:
    deeds = []
    known = ledger.cases.get(case.key)
    if known is None:
        known = ledger.cases[case.key] = CaseEntry(identifier)
        deeds.append(Deed("id", case.key, f"#{identifier}"))
    for what, field, now in (("state", "state", row.state), ("assigned", "assigned_to", row.assigned_to)):
        if now and getattr(known, field) != now:
            deeds.append(Deed(what, case.key, f"{getattr(known, field) or 'nothing'} -> {now}"))
            setattr(known, field, now)
    digest = content_digest(row.title, row.steps)
    if digest == case.digest:
        known.ours = known.theirs = digest
    elif known.theirs != digest:
        both = bool(known.ours) and case.digest != known.ours
        deeds.append(
            Deed(
                "conflict" if both else "changed there",
                case.key,
                f"#{identifier}: title or steps are not ours ({row.place})",
                conflict=both,
            )
        )
    return deeds
