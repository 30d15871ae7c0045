"""Section 12: the defects of the register."""

from __future__ import annotations

from collections import Counter
from datetime import date

from harness.registers.model import Defect
from harness.reports.completion.document import Cell, Section, Value, table
from harness.reports.completion.model import Completion
from harness.reports.completion.sections.words import classes, code, listed


def by_severity(report: Completion) -> str:
    """Return the open defects in one line, worst severity first."""
    counted = open_by_severity(report)
    return ", ".join(f"{name}: {count}" for name, count in counted.items() if count) or "none open"


def open_by_severity(report: Completion) -> dict[str, int]:
    """Count open defects by the title of their severity, worst first; not assessed last."""
    counted = Counter(each.severity for each in report.registers.defects if each.open)
    order = [
        *report.registers.severities.values,
        *sorted(set(counted) - set(report.registers.severities.values)),
    ]
    return {report.registers.severity_title(key): counted[key] for key in order}


def age(defect: Defect, as_of: date) -> int | None:
    """Return the days from raising to closing, or to the day of the report."""
    return ((defect.closed or as_of) - defect.raised).days if defect.raised else None


def defects(report: Completion) -> Section:
    """12. By severity and status, age, cause, deferred with approval."""
    registers = report.registers
    statuses = list(dict.fromkeys(each.status for each in registers.defects))
    grid = Counter((each.severity, each.status) for each in registers.defects)
    severities = [
        *registers.severities.values,
        *sorted({each.severity for each in registers.defects} - set(registers.severities.values)),
    ]
    rows: list[tuple[Value, ...]] = [
        (registers.severity_title(key), *(grid[key, status] for status in statuses)) for key in severities
    ]
    return Section(
        "12",
        "Defects",
        (
            table(
                "By severity and status",
                ("Severity", *(each.value for each in statuses)),
                rows if statuses else (),
                empty="The register holds no defect of these tests.",
            ),
            table(
                "Defects",
                (
                    "Defect",
                    "Title",
                    "Severity",
                    "Status",
                    "Owner",
                    "Age in days",
                    "Found in",
                    "Fixed in",
                    "Root cause",
                    "Evidence class",
                    "Tests",
                ),
                [
                    (
                        code(each.id),
                        each.title,
                        registers.severity_title(each.severity),
                        Cell(each.status.value, "open" if each.open else "idle"),
                        each.owner or "no owner",
                        "not dated" if (days := age(each, report.as_of)) is None else days,
                        " ".join(filter(None, (each.release_found, each.build_found))),
                        " ".join(filter(None, (each.release_fixed, each.build_fixed))),
                        each.root_cause,
                        classes(sorted(each.evidence)),
                        listed(dict.fromkeys((*each.cases, *each.blocks)), most=3),
                    )
                    for each in registers.defects
                ],
            ),
            table(
                "Deferred, with approval",
                ("Defect", "Approved by", "On", "Reference"),
                [
                    (code(each.id), each.deferral.by, each.deferral.day.isoformat(), each.deferral.reference)
                    for each in registers.defects
                    if each.deferral
                ],
            ),
            table(
                "Design queries",
                ("Query", "Title", "Status", "Specification", "Answer"),
                [
                    (code(each.id), each.title, each.status.value, each.specification, each.answer)
                    for each in registers.design_queries
                ],
            ),
            table(
                "Definitions of severity",
                ("Severity", "Definition"),
                [(each.title, each.definition) for each in registers.severities.values.values()],
                note=f"Source: {registers.severities.source} ({registers.severities.basis}).",
            ),
        ),
    )
