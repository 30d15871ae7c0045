"""docs/fidelity.md is what the harness would write today."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from harness.calendars.book import load as load_calendars
from harness.errors import ConfigurationError
from harness.reports.behaviours import load_behaviours
from harness.reports.fidelity import document
from harness.settings import shipped
from harness.spec.obfuscation import load_hiding
from harness.spec.release import load, names
from harness.spec.routing import load_routing
from harness.spec.scope import cit_scope


def test_the_checked_in_document_is_the_generated_one(documents: dict[str, str]) -> None:
    """A stale docs/fidelity.md fails: python -m harness.reports.fidelity > docs/fidelity.md."""
    releases = [load(name) for name in names()]
    seen = (load_hiding(), load_behaviours(), load_calendars())
    fresh = document(shipped(), load_routing(), releases, cit_scope(), *seen)
    assert documents["docs/fidelity.md"] == fresh


_SEEN = """limits signing pki spec delivery addressing refusal receiver status replay requeue journal service
    obfuscation"""
"""Groups of settings whose effect a participant can see."""
_UNSEEN = {"receiver.kept_receipts", "receiver.kept_bytes"}


def test_every_setting_that_can_be_seen_belongs_to_a_behaviour(none_found: Callable[..., None]) -> None:
    """What a setting of the hub changes is told as a behaviour, with its basis."""
    named = {name for each in load_behaviours() for name in each.settings} | _UNSEEN
    seen = (name for name in shipped() if name.split(".")[0] in _SEEN.split())
    none_found("Settings without a behaviour in harness/behaviours.yaml", (n for n in seen if n not in named))


def test_every_behaviour_has_a_test_that_is_there(
    tests_there: Mapping[str, frozenset[str]], none_found: Callable[..., None]
) -> None:
    """Pytest collects the test that each behaviour names."""
    none_found("Tests that are not there", {each.test for each in load_behaviours()} - tests_there.keys())


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("{says: x, basis: assumed}", "lacks 'test'"),
        ("{says: x, basis: published, test: y}", "source"),
        ("{says: x, basis: assumed, source: z, test: y}", "source"),
        ("{says: x, basis: guessed, test: y}", "no basis"),
        ("{says: x, basis: assumed, test: y, settings: [limits.body_byte]}", "limits.body_bytes"),
        ("{says: x, basis: assumed, test: y, note: z}", "unknown key"),
    ],
)
def test_a_wrong_behaviour_is_told(tmp_path: Path, entry: str, says: str) -> None:
    """A behaviour that can't be used is a ConfigurationError that names its area."""
    path = tmp_path / "behaviours.yaml"
    path.write_text(f"Area:\n  - {entry}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=says) as refused:
        load_behaviours(path)
    assert "Area 1" in str(refused.value)


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
