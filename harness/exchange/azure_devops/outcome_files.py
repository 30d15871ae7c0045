"""Outcomes, testers, runs and builds out of a file that was exported there, into the ledger.

A row belongs to a test point: a test case of ours, found by its id or by our id at the head of its title, and
a party, by the name of the test configuration. What belongs to none is listed with its row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from harness.errors import ConfigurationError
from harness.exchange.azure_devops.comparing import Standing
from harness.exchange.azure_devops.files import number
from harness.exchange.azure_devops.ledger import CaseEntry, Ledger, PointEntry, point_key
from harness.exchange.azure_devops.outcome_columns import FIELDS, OutcomeMap
from harness.exchange.azure_devops.pulling import told
from harness.exchange.azure_devops.pushing import Deed
from harness.exchange.azure_devops.wanted import TestCase
from harness.reports.tables import Table, read_table


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a test point and what is said of it; ``place`` names it in what is told."""

    id: int
    title: str
    party: str
    outcome: str
    tester: str
    run: str
    build: str
    when: str
    place: str


def read_outcomes(path: Path, columns: OutcomeMap) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """Read the rows of a CSV or XLSX file, and the titles of columns that the map doesn't name.

    Raises ConfigurationError with file and cell for a column that is missing, an id that is no number, a row
    without one, a moment that is none, and an outcome that is none.
    """
    table = read_table(path, sheet=columns.sheet, header_row=columns.header_row)
    at: dict[str, int] = {}
    for name, title in columns.titles.items():
        place = table.column(title) if name in columns.optional else table.needed(title)
        if place is not None:
            at[name] = place
    named = {*columns.titles.values(), *columns.ignored, ""}
    return (
        tuple(_row(table, number_of, at, columns) for number_of in range(len(table.lines))),
        tuple(title for title in table.titles if title not in named),
    )


def _row(table: Table, which: int, at: Mapping[str, int], columns: OutcomeMap) -> Row:
    line = table.lines[which]
    cell = {name: line.cells[at[name]].strip() if name in at else "" for name in FIELDS}
    identifier = number(cell["case"], table.place(line, at["case"]))
    if identifier is None:
        raise ConfigurationError("has no id of a test case", where=table.place(line, at["case"]))
    return Row(
        id=identifier,
        title=" ".join(cell["title"].split()),
        party=cell["party"],
        outcome=columns.outcome(cell["outcome"], table.place(line, at["outcome"])),
        tester=cell["tester"],
        run=cell["run"],
        build=cell["build"],
        when=_moment(cell["when"], table.place(line, at["when"]) if "when" in at else ""),
        place=table.place(line, at["case"]),
    )


def _moment(text: str, place: str) -> str:
    """Return a moment as text that sorts by time; raises ConfigurationError for what can't be told apart."""
    if not text:
        return ""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            f"'{text}' is no moment", where=place, mend="Write it as 2026-11-22T09:00:00Z."
        ) from error
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def taken(
    ledger: Ledger, cases: Sequence[TestCase], rows: Iterable[Row], *, parties: Collection[str]
) -> list[Deed]:
    """Take rows into a ledger; returns what is new, and each row that fits nothing or speaks against another.

    ``parties`` are those that may have test points, besides those of the ledger. Of two rows of one point the
    later by ``when`` counts; two that say different things of one time are a conflict, and neither is taken.
    """
    key_of = {entry.id: key for key, entry in ledger.cases.items()}
    ours = {case.key for case in cases}
    known = {*parties, *ledger.configurations}
    deeds: list[Deed] = []
    chosen: dict[str, Row] = {}
    against: dict[str, str] = {}
    for row in rows:
        key = key_of.get(row.id) or row.title.partition(":")[0].strip()
        entry = ledger.cases.get(key)
        if key not in ours:
            deeds.append(Deed("not ours", row.title or f"#{row.id}", row.place))
        elif entry is not None and entry.id != row.id:
            said = f"#{entry.id} and #{row.id}, {Standing.DOUBLED} ({row.place})"
            deeds.append(Deed("conflict", key, said, conflict=True))
        elif row.party not in known:
            deeds.append(Deed("no such party", row.party or "(empty)", f"{key}, {row.place}"))
        else:
            if entry is None:
                ledger.cases[key] = CaseEntry(row.id)
                key_of[row.id] = key
                deeds.append(Deed("id", key, f"#{row.id}"))
            name = point_key(key, row.party)
            before = chosen.get(name)
            if before is None or row.when > before.when:
                chosen[name] = row
                against.pop(name, None)
            elif row.when == before.when and _said(row) != _said(before):
                against[name] = f"{before.place}: {_words(before)}; {row.place}: {_words(row)}"
    for name, row in chosen.items():
        if name in against:
            deeds.append(Deed("conflict", name, against[name], conflict=True))
            continue
        before_entry = ledger.points.get(name) or PointEntry(0, 0)
        deeds += told(name, before_entry, row.outcome, row.tester, by="", place=row.place)
        ledger.points[name] = replace(
            before_entry,
            outcome=row.outcome,
            tester=row.tester or before_entry.tester,
            their_run=row.run,
            build=row.build,
        )
    return deeds


def _said(row: Row) -> tuple[str, ...]:
    return (row.outcome, row.tester, row.run, row.build)


def _words(row: Row) -> str:
    return ", ".join(each for each in (row.outcome or "no outcome", row.tester, row.run, row.build) if each)
