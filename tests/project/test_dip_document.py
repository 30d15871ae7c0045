"""docs/dip-simulator.md says what code and tests say: operations, statuses, codes and what provokes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from harness.errors import ConfigurationError
from harness.settings import shipped
from harness.spec.codes import codes
from harness.spec.release import load, names
from harness.spec.routing import BASES
from simulators.dip import document


def test_the_checked_in_tables_are_the_generated_ones(documents: dict[str, str]) -> None:
    """Stale tables fail: python -m simulators.dip.document docs/dip-simulator.md."""
    checked_in = documents["docs/dip-simulator.md"]
    assert document.into(checked_in) == checked_in


def test_a_document_without_marks_is_refused() -> None:
    """Where the tables have no place they are not written."""
    with pytest.raises(ConfigurationError, match="begin"):
        document.into("# The simulated DIP\n")


def test_every_operation_of_every_release_has_its_row() -> None:
    """Each operation stands in the table with each of the four releases, once."""
    table = document.document().split("\n## ")[0]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| `")]
    for name in names():
        for operation in load(name).operations:
            label = f"| `{operation.method} {operation.path}`"
            found = [row for row in rows if row[0] == label and name in row[1].split(", ")]
            assert len(found) == 1, (name, label)
            assert {int(status) for status in operation.statuses} <= {
                int(status) for cell in found[0][2:4] for status in cell.split(", ") if status.strip()
            }


def test_every_code_is_provoked_by_the_test_that_is_named(
    tests_there: Mapping[str, frozenset[str]], none_found: Callable[..., None]
) -> None:
    """Pytest collects each named test, and it is marked as provoking its code, which it then has to hear."""
    provoked = document.catalogue().provoked
    wanted = [(each.code.code, each.test) for each in provoked]
    recipients = [code for code in codes() if code.startswith("RCP") and code != "RCP0000"]
    wanted += [(code, test) for code in recipients for test in (document.PASSED_ON, document.ON_REQUEST)]
    none_found(
        "Codes that the named test does not provoke",
        (f"{code}: {test}" for code, test in wanted if code not in tests_there.get(test, ())),
    )


def test_every_code_has_a_basis_and_settings_that_are_there() -> None:
    """Each provoked code has one of the bases, and its settings are settings."""
    for each in document.catalogue().provoked:
        assert each.basis in BASES
        assert {name for name in each.setting.split(", ") if name} <= shipped().keys()
