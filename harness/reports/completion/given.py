"""The title block: what only people know of a completion report, read from a YAML file.

What is absent from it stands in the report as not given, with the name of who gives it; nothing is made up. A
list that is there and empty says that there is none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast

from harness.reports.completion.document import MISSING, Cell, Table, Value, table
from harness.scenarios.sourced import explain, read_checked

_SCHEMA = Path(__file__).with_name("title_block.schema.json")
_USUAL = "the test manager"
_OWNERS: Mapping[str, str] = {
    "document": "the author",
    "party": "the party",
    "decision": "the author",
    "authors": "the author",
    "approvals": "the approvers",
    "reviewers": "the reviewers",
    "builds": "the party",
    "environment": "the environment manager",
    "data_loads": "the party",
    "outages": "the environment manager",
    "mixed_releases": "the environment manager",
    "non_functional": "the performance test lead",
    "assurer_samples": "the assurer",
    "sign_off": "the signatories",
}
"""Who usually gives a part; ``owners`` of the file names somebody else. These names are ours."""


@dataclass(frozen=True, slots=True)
class Given:
    """What people gave, checked against the schema; ``where`` is the file, empty where there is none."""

    parts: Mapping[str, Any] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    where: str = ""

    def owner(self, part: str) -> str:
        """Return who gives a part."""
        return self.owners.get(part) or _OWNERS.get(part, _USUAL)

    def missing(self, part: str) -> Cell:
        """Return what stands where nobody gave a part."""
        return Cell(f"Not given by {self.owner(part)}", MISSING)

    def value(self, part: str, name: str = "") -> Value:
        """Return a text, a list of texts as one, or what stands where it is missing."""
        found = self.parts.get(part)
        if name:
            found = found.get(name) if isinstance(found, Mapping) else None
        if found is None or found == "":
            return self.missing(part)
        if isinstance(found, list):
            return "; ".join(map(str, found)) or f"None, says {self.owner(part)}"
        return str(found)

    def rows(self, part: str) -> tuple[Mapping[str, Any], ...]:
        """Return the entries of a list, none where it was not given."""
        return tuple(self.parts.get(part) or ())

    def listed(self, part: str, title: str, columns: Mapping[str, str], *, note: str = "") -> Table:
        """Return a list as a table, ``columns`` from field to heading; says why where it is empty."""
        absent = part not in self.parts
        return table(
            title,
            tuple(columns.values()),
            [tuple(_text(row.get(name)) for name in columns) for row in self.rows(part)],
            empty=f"{self.missing(part).text}." if absent else f"None, says {self.owner(part)}.",
            note=note,
        )


def _text(value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value or "")


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of title blocks."""
    return cast("dict[str, Any]", json.loads(_SCHEMA.read_text(encoding="utf-8")))


def read_given(path: Path) -> Given:
    """Read a title block; raises ConfigurationError naming file, line, what is wrong and the nearest name."""
    data = read_checked(path, schema(), _explained).data
    parts = {name: value for name, value in data.items() if name not in {"title_block", "owners"}}
    return Given(parts, data.get("owners", {}), str(path))


def _explained(problem: Any) -> str:
    if problem.validator == "const":
        return f"format '{problem.instance}' is not read here; write {problem.validator_value}"
    return explain(problem)
