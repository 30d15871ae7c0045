"""Finding what is inconsistent in test data, by row and reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from harness.standing_data.library import StandingData
from harness.test_data.checks import dates, identity, meters, parties, relations, values
from harness.test_data.checks.rule import Check, Ground
from harness.test_data.participants import Participant
from harness.test_data.reading import Brought, TestData

CHECKS: tuple[Check, ...] = (
    *identity.CHECKS,
    *values.CHECKS,
    *meters.CHECKS,
    *dates.CHECKS,
    *parties.CHECKS,
    *relations.CHECKS,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong in one row: where, in which column, by which check."""

    place: str
    mpan: str
    column: str
    check: str
    reason: str
    basis: str

    def as_dict(self) -> dict[str, str]:
        """Return the finding for a program."""
        return asdict(self)


def unchecked(data: TestData) -> tuple[Check, ...]:
    """Return the checks that can't be asked, since the file lacks a column."""
    return tuple(check for check in CHECKS if not set(check.columns) <= data.columns)


def check(
    data: TestData, participants: Iterable[Participant], lists: StandingData, as_of: date
) -> tuple[Finding, ...]:
    """Return the findings, row by row. The parties that the file brings are taken for known too."""
    ground = _ground(data.rows, [*participants, *data.participants], lists, as_of)
    left_out = set(unchecked(data))
    asked = [each for each in CHECKS if each not in left_out]
    return tuple(
        Finding(brought.place, brought.row["mpan"], column, each.id, reason, each.basis)
        for brought in data.rows
        for each in asked
        for column, reason in each.find(ground, brought.row, brought)
    )


def _ground(
    rows: Sequence[Brought], participants: Sequence[Participant], lists: StandingData, as_of: date
) -> Ground:
    by_dip_id: dict[str, list[Participant]] = {}
    for each in participants:
        if each.dip_id and each not in by_dip_id.setdefault(each.dip_id, []):
            by_dip_id[each.dip_id].append(each)
    by_mpan: dict[str, Brought] = {}
    first_of: dict[tuple[str, str], Brought] = {}
    paired: dict[tuple[str, str], tuple[str, Brought]] = {}
    for brought in rows:
        by_mpan.setdefault(brought.row["mpan"], brought)
        for column in (*identity.UNIQUE, "meter_id", "esme_id"):
            first_of.setdefault((column, brought.row.get(column, "")), brought)
        for _, place, party in parties.paired_parties(brought.row):
            paired.setdefault((brought.row["cohort"], place), (party, brought))
    return Ground(
        as_of=as_of,
        lists=lists,
        by_dip_id=by_dip_id,
        legacy=frozenset((each.mpid, each.role) for each in participants if not each.dip_id),
        by_mpan=by_mpan,
        first_of=first_of,
        paired=paired,
    )
