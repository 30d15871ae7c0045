"""The shape of a check, and the ground that checks stand on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from harness.standing_data.library import StandingData
from harness.test_data.participants import Participant
from harness.test_data.reading import Brought

Told: TypeAlias = Iterator[tuple[str, str]]
"""Column and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a row is held against: standing data, the parties, the other rows."""

    as_of: date
    lists: StandingData
    by_dip_id: Mapping[str, Sequence[Participant]]
    legacy: frozenset[tuple[str, str]]
    """MPID and role of those who have no DIP id."""
    by_mpan: Mapping[str, Brought]
    """The first row of each MPAN."""
    first_of: Mapping[tuple[str, str], Brought]
    """(column, value) to the first row that has it, of columns whose values are used once."""
    paired: Mapping[tuple[str, str], tuple[str, Brought]]
    """(cohort, role) to the party that the cohort's first row has there."""


@dataclass(frozen=True, slots=True)
class Check:
    """A rule: it is asked where the file has all of its columns."""

    id: str
    columns: tuple[str, ...]
    find: Callable[[Ground, Mapping[str, str], Brought], Told]
    basis: str
    reason: str


def day(row: Mapping[str, str], column: str) -> date | None:
    """Return the day of a column, None where it has none or none that is one."""
    try:
        return date.fromisoformat(row.get(column, ""))
    except ValueError:
        return None


def meters(brought: Brought) -> Iterator[Mapping[str, str]]:
    """Yield each meter of a row: its own columns, then those of further meters."""
    if any(brought.row.get(name) for name in ("meter_id", "meter_type", "esme_id", "meter_installed")):
        yield brought.row
    yield from brought.further_meters
