"""docs/fidelity.md is what the harness would write today."""

from __future__ import annotations

from dataclasses import replace

from harness.reports.fidelity import document
from harness.settings import shipped
from harness.spec.obfuscation import load_hiding
from harness.spec.release import load, names
from harness.spec.routing import load_routing
from harness.spec.scope import cit_scope


def test_the_checked_in_document_is_the_generated_one(documents: dict[str, str]) -> None:
    """A stale docs/fidelity.md fails: python -m harness.reports.fidelity > docs/fidelity.md."""
    releases = [load(name) for name in names()]
    fresh = document(shipped(), load_routing(), releases, cit_scope(), load_hiding())
    assert documents["docs/fidelity.md"] == fresh


def test_every_setting_stands_in_the_document_with_its_value_and_reason() -> None:
    """One row per setting, even where its text holds the table's own separator."""
    name, setting = next(iter(shipped().items()))
    odd = replace(setting, value="a|b", reason="One | two.")
    text = document({**shipped(), name: odd}, load_routing(), [load("2.1.0")], cit_scope())
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert sorted(row.split("`")[1] for row in rows) == sorted(shipped())
    assert f"| `{name}` | a\\|b | {setting.unit} | {setting.basis} | One \\| two. |" in rows


def test_the_tallies_add_up() -> None:
    """By tier, by interface and in total, the document counts the same rows."""
    release, routing = load("2.1.0"), load_routing()
    text = document(shipped(), routing, [release], cit_scope())
    expected = sum(
        len(routing.senders(interface, event)) + len(routing.receivers(interface, event))
        for interface, event in {(pair.interface, pair.event) for pair in release.pairs}
    )
    tables = text.split("### By tier")[1].split("### By interface")
    tables[1] = tables[1].split("\n## ")[0]
    cells = [[cell for line in table.splitlines() for cell in line.split("|")[2:5]] for table in tables]
    sums = [sum(int(cell) for cell in each if cell.strip().isdigit()) for each in cells]
    assert sums == [expected, expected]
    assert f"\n{expected} rows: " in text
