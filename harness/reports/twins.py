"""Which scenarios hold only in the calm: a table of cases against their perturbed twins (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.evidence.verdicts import Verdict
from harness.reports.run import Instance, Run


@dataclass(frozen=True, slots=True)
class TwinRow:
    """A case in the calm, and its twins by the name of the perturbation."""

    calm: Instance
    twins: Mapping[str, Instance]

    @property
    def only_in_the_calm(self) -> tuple[str, ...]:
        """The perturbations under which the case does not pass, though in the calm it does."""
        if self.calm.verdict is not Verdict.PASS:
            return ()
        return tuple(name for name, twin in self.twins.items() if twin.verdict is not Verdict.PASS)


@dataclass(frozen=True, slots=True)
class TwinTable:
    """All cases of a run that were run again."""

    names: tuple[str, ...]
    """The perturbations, in the order in which they were run."""
    rows: tuple[TwinRow, ...]

    @property
    def fragile(self) -> tuple[TwinRow, ...]:
        """The rows of cases that hold only in the calm."""
        return tuple(row for row in self.rows if row.only_in_the_calm)


def twin_table(run: Run) -> TwinTable:
    """Return the table; without rows where no case was run again."""
    names: dict[str, None] = {}
    found: dict[str, dict[str, Instance]] = {}
    for instance in run.instances:
        name = instance.started.twin
        if name:
            names[name] = None
            calm = instance.id.removesuffix(f"~{name}")
            found.setdefault(f"{calm}@{instance.started.release}", {})[name] = instance
    calm_cases = {instance.case: instance for instance in run.instances if not instance.started.twin}
    rows = [TwinRow(calm_cases[case], twins) for case, twins in found.items() if case in calm_cases]
    asked = run.header.options.get("twins") or []
    order = tuple(name for name in asked if name in names) or tuple(names)
    return TwinTable(order, tuple(sorted(rows, key=lambda row: row.calm.case)))


def as_dict(table: TwinTable) -> dict[str, Any]:
    """Return the table as `results.json` has it."""
    return {
        "names": list(table.names),
        "scenarios": [
            {
                "id": row.calm.id,
                "release": row.calm.started.release,
                "calm": row.calm.verdict.value,
                "twins": {name: row.twins[name].verdict.value for name in table.names if name in row.twins},
                "only_in_the_calm": list(row.only_in_the_calm),
            }
            for row in table.rows
        ],
    }
