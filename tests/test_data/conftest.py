"""What the tests of test data share: generated points, and a check of changed ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from harness.standing_data.library import standing_data
from harness.test_data.checking import Finding, check
from harness.test_data.columns import BY_NAME
from harness.test_data.generating import Generated, generate
from harness.test_data.participants import Participant, of_standing_data
from harness.test_data.reading import Brought, TestData

AS_OF = date(2026, 1, 5)


@pytest.fixture(scope="session")
def parties() -> tuple[Participant, ...]:
    """Return the parties of the shipped standing data."""
    return of_standing_data(standing_data(), AS_OF)


@pytest.fixture(scope="session")
def generated(parties: tuple[Participant, ...]) -> Generated:
    """Return 300 points of seed 1."""
    return generate(300, 1, parties, AS_OF)


@pytest.fixture(scope="session")
def find(parties: tuple[Participant, ...]) -> Callable[..., tuple[Finding, ...]]:
    """Return a check of rows against the shipped standing data."""

    def checked(rows: list[dict[str, str]]) -> tuple[Finding, ...]:
        brought = tuple(Brought(f"line {number}", row) for number, row in enumerate(rows, 2))
        return check(TestData(brought, frozenset(BY_NAME)), parties, standing_data(), AS_OF)

    return checked
