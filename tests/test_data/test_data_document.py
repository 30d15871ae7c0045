"""docs/test-data.md says what the tables say."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.evidence.pack.personal import RULES
from harness.standing_data.lists import LISTS
from harness.test_data.checking import CHECKS, Check
from harness.test_data.columns import COLUMNS
from harness.test_data.profiles import Rule, profiles

ROWS = [
    {cell.strip(" *`") for part in line.split("|") for cell in part.split(",")} | {line}
    for line in (Path(__file__).parents[2] / "docs" / "test-data.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("|")
]


def _sets(sets: dict[str, tuple[str, ...]]) -> str:
    return "; ".join(f"{name} {' or '.join(values)}" for name, values in sets.items())


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_every_check_is_in_the_document(check: Check) -> None:
    """A check has a row with its basis and its reason."""
    assert any(f"| `{check.id}` | {check.basis} | {check.reason} |" in row for row in ROWS)


@pytest.mark.parametrize("rule", profiles().rules, ids=lambda rule: rule.id)
def test_every_rule_is_in_the_document(rule: Rule) -> None:
    """A rule has a row with all that it says."""
    said = (
        f"| {rule.id} | {_sets(dict(rule.when))} | {_sets(dict(rule.only))} | {rule.basis} | {rule.reason} |"
    )
    assert any(said in row for row in ROWS)


def test_every_dimension_column_and_list_is_in_the_document() -> None:
    """Dimensions with their values, columns with their place, lists with their columns."""
    for name, values in profiles().dimensions.items():
        assert any({name, *values} <= row for row in ROWS), name
    for column in COLUMNS:
        if not column.name.startswith("address_line_"):
            assert any({column.name, column.form} <= row for row in ROWS), column.name
    for listing in LISTS.values():
        assert any({listing.file, *listing.columns} <= row for row in ROWS), listing.kind


def test_pseudonyms_are_of_the_categories_of_evidence_packs() -> None:
    """A column's category is one of redaction's, or its pseudonyms would not be those of a redacted pack."""
    assert {column.personal for column in COLUMNS if column.personal} <= {rule.category for rule in RULES}
