"""Somebody's own workbook, matched on ids and filled from runs; what did not match is said, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from openpyxl.styles.numbers import is_date_format
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel

from harness.errors import ConfigurationError, nearest
from harness.reports.fill_map import FillMap
from harness.reports.rows_of_runs import Case, Shown, value
from harness.reports.rttm import HUB
from harness.reports.tables import Table, open_workbook, sheet_table
from harness.reports.validation_lists import Allowed, allowed_values
from harness.reports.workbook_cells import Place, formulas, refuse, written
from harness.spec.roles import expand

_GUESSED = 100
"""Rows that the nearest id is looked for; it takes some milliseconds each."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell with what was written or, where ``reason`` is given, was not, because ``there`` stands there."""

    cell: str
    column: str
    id: str
    value: str
    there: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A row that nothing of ours belongs to, or that no run says anything of."""

    cell: str
    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Filling:
    """What came of it; ``data`` is the new workbook, None where no cell is to be written."""

    data: bytes | None
    sheet: str
    written: tuple[Cell, ...]
    kept: tuple[Cell, ...]
    unmatched: tuple[Unmatched, ...]
    without_result: tuple[Unmatched, ...]
    without_row: tuple[tuple[str, int], ...]
    """Ids with results that no row has, and how many cases each."""
    without_id: tuple[str, ...]
    """Ids of ours that have results and no id of the map's scheme."""

    def as_dict(self) -> dict[str, Any]:
        """Return it for a program."""
        return {
            "sheet": self.sheet,
            "written": [_short(each) for each in self.written],
            "kept": [asdict(each) for each in self.kept],
            "rows_unmatched": [asdict(each) for each in self.unmatched],
            "rows_without_result": [asdict(each) for each in self.without_result],
            "results_without_row": [{"id": key, "cases": cases} for key, cases in self.without_row],
            "results_without_id": list(self.without_id),
        }


def _short(cell: Cell) -> dict[str, str]:
    return {key: text for key, text in asdict(cell).items() if key != "reason"}


def fill(data: bytes, where: str, columns: FillMap, results: Shown) -> Filling:
    """Fill a workbook's bytes (pure).

    Raises ConfigurationError for a workbook that can't be filled, a column that it lacks, titles in merged
    cells, and a value that a cell's list of allowed values doesn't have.
    """
    book = open_workbook(data, where)
    refuse(data, where)
    table = sheet_table(book, where, sheet=columns.sheet, header_row=columns.header_row)
    page = book[table.sheet]
    _refuse_merged_titles(page, table, columns)
    targets = {each.column: table.needed(each.column) for each in columns.fill}
    key_at = table.needed(columns.column)
    role_at = table.needed(columns.role) if columns.role else None
    calculated = formulas(data, table.sheet, where)
    allowed = allowed_values(book, page)
    unmatched: list[Unmatched] = []
    without_result: list[Unmatched] = []
    done: list[Cell] = []
    kept: list[Cell] = []
    cells: dict[Place, str | float] = {}
    seen = set()
    for line in table.lines:
        identifier = line.cells[key_at].strip()
        at = f"{get_column_letter(key_at + 1)}{line.number}"
        seen.add(identifier)
        said = line.cells[role_at].strip() if role_at is not None else ""
        role = columns.roles.get(said, said)
        if reason := _unknown(identifier, role, results, columns, guess=len(unmatched) < _GUESSED):
            unmatched.append(Unmatched(at, identifier, reason))
            continue
        found = results.cases.get(identifier, ())
        values = [(each, value(each, found, role)) for each in columns.fill]
        if all(new is None for _, new in values):
            for_role = f" with role {role}" if found and role else ""
            reason = f"no run has a case of it{for_role}"
            without_result.append(Unmatched(at, identifier, reason))
        for each, new in values:
            if new is None:
                continue
            place = (line.number, targets[each.column] + 1)
            old = page.cell(*place)
            there = line.cells[targets[each.column]]
            cell = Cell(f"{get_column_letter(place[1])}{place[0]}", each.column, identifier, str(new), there)
            if place in calculated:
                kept.append(_kept(cell, "holds a formula"))
            elif type(old).__name__ == "MergedCell":
                kept.append(_kept(cell, "lies in merged cells"))
            elif page.protection.sheet and old.protection.locked:
                kept.append(_kept(cell, "is locked on a protected sheet"))
            elif there == str(new):
                continue
            elif there and not columns.replace:
                kept.append(_kept(cell, "is filled already; 'filled_cells: replace' of the map replaces it"))
            else:
                _check(allowed, place, cell, table)
                cells[place] = _stored(new, book.epoch if is_date_format(old.number_format) else None)
                done.append(cell)
    return Filling(
        data=written(data, table.sheet, cells, where) if cells else None,
        sheet=table.sheet,
        written=tuple(done),
        kept=tuple(kept),
        unmatched=tuple(unmatched),
        without_result=tuple(without_result),
        without_row=_without_row(results.cases, seen),
        without_id=results.without_id,
    )


def _unknown(identifier: str, role: str, results: Shown, columns: FillMap, *, guess: bool) -> str:
    """Say why a row belongs to nothing of ours, empty where it does; ``guess`` adds the nearest id."""
    subject = columns.subject.removesuffix("s")
    if not identifier:
        return "the row has no id"
    if identifier not in results.known:
        meant = nearest(identifier, results.known) if guess else ""
        meant = meant.split("Known:")[0].split("Similar:")[0].strip()
        return f"no {subject} has this id. {meant}".strip()
    roles = {*expand("Public"), HUB, ""}
    if role not in roles:
        return f"'{role}' is no role; 'roles' of the map gives the code for it. {nearest(role, roles - {''})}"
    return ""


def _without_row(cases: Mapping[str, tuple[Case, ...]], seen: set[str]) -> tuple[tuple[str, int], ...]:
    return tuple(
        (key, len({case.key for case in listed})) for key, listed in sorted(cases.items()) if key not in seen
    )


def _kept(cell: Cell, reason: str) -> Cell:
    return Cell(cell.cell, cell.column, cell.id, cell.value, cell.there, reason)


def _stored(new: str | date, epoch: datetime | None) -> str | float:
    """Return what is stored: a day as the number of days since the epoch, if one is given; else text."""
    if isinstance(new, str):
        return new
    return int(to_excel(new, epoch)) if epoch else new.isoformat()  # type: ignore[no-untyped-call]


def _check(allowed: Allowed, place: Place, cell: Cell, table: Table) -> None:
    listed = allowed.of(place)
    if listed is not None and cell.value not in listed:
        raise ConfigurationError(
            f"the cell's list of allowed values lacks '{cell.value}'",
            where=f"{table.heading}, cell {cell.cell}",
            mend=f"'words' of the map says it in the workbook's words. {nearest(cell.value, listed)}",
        )


def _refuse_merged_titles(page: Any, table: Table, columns: FillMap) -> None:
    for span in page.merged_cells.ranges:
        if span.min_row <= columns.header_row <= span.max_row:
            raise ConfigurationError(
                f"the titles in {span.coord} are merged cells, so columns can't be told apart",
                where=table.heading,
                mend="Unmerge them, or name a row of single titles as 'header_row' of the map.",
            )
