"""The annexes: extracts, and the line that an overarching exit report takes."""

from __future__ import annotations

from collections.abc import Iterable

from harness.reports.completion.document import Cell, Section, Table, Value, table
from harness.reports.completion.extracts import Extract
from harness.reports.completion.roll_up import Roll

_CODES = {"test", "requirement", "defect", "run"}
_SHORT = {
    "Tests": ("evidence_class", "test", "release", "title", "role", "status", "last_verdict", "first_verdict",
              "times_run", "defects", "run"),
    "Requirements": ("evidence_class", "requirement", "external_id", "text", "role", "status", "reason"),
    "Defects": ("defect", "title", "severity", "status", "age_in_days", "found_in", "fixed_in", "tests"),
}  # fmt: skip
"""Columns of an annex; the workbook has all."""


def annexes(found: Iterable[Extract], roll: Iterable[Roll]) -> tuple[Section, ...]:
    """Return annexes A to C, one row each, and D, the roll-up over parties."""
    letters = dict(zip(("Tests", "Requirements", "Defects"), "ABC", strict=True))
    made = [Section(letters[each.name], f"{each.name[:-1]} extract", (_annex(each),)) for each in found]
    return (*made, Section("D", "Roll-up for the overarching exit report", (rolled(roll),)))


def _annex(extract: Extract) -> Table:
    chosen = _SHORT[extract.name]
    places = [[key for key, _ in extract.columns].index(key) for key in chosen]
    return table(
        "",
        [extract.columns[place][1] for place in places],
        [[_cell(key, row[place]) for key, place in zip(chosen, places, strict=True)] for row in extract.rows],
        note="The workbook has every column, and a variant without names.",
    )


def _cell(key: str, value: str | int) -> Value:
    return Cell(value, code=True) if key in _CODES and isinstance(value, str) else value


def rolled(roll: Iterable[Roll]) -> Table:
    """Return a row for each party and evidence class."""
    return table(
        "",
        (
            "Party",
            "Stage",
            "Evidence class",
            "Requirements met",
            "Met with work-off",
            "Tests passed",
            "Tests run",
            "Tests planned",
            "Open defects",
            "Work-off",
            "Exit gate",
            "Report",
        ),
        [
            (
                each.party or "all parties",
                each.stage,
                each.evidence,
                f"{each.requirements_met:,} of {each.requirements:,}",
                each.requirements_with_work_off,
                each.passed,
                each.run,
                each.planned,
                each.open_defects,
                each.work_off,
                each.verdict,
                "draft" if each.draft else "final",
            )
            for each in roll
        ],
        note="One row for each party and evidence class. Nothing is added over classes.",
    )
