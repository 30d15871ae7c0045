"""Which status may follow which, as a table (ours: no public source gives a programme-wide one)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from harness.errors import ConfigurationError, nearest
from harness.registers.model import DefectStatus as D
from harness.registers.model import QueryStatus as Q

DEFECT_MOVES: Mapping[D, tuple[D, ...]] = {
    D.NEW: (D.OPEN, D.DEFERRED, D.REJECTED, D.DUPLICATE),
    D.OPEN: (D.FIXED, D.DEFERRED, D.REJECTED, D.DUPLICATE),
    D.FIXED: (D.RETEST, D.CLOSED, D.OPEN),
    D.RETEST: (D.CLOSED, D.OPEN),
    D.DEFERRED: (D.OPEN, D.CLOSED),
    D.REJECTED: (D.OPEN, D.CLOSED),
    D.DUPLICATE: (D.OPEN, D.CLOSED),
    D.CLOSED: (D.OPEN,),
}
"""Closed to open is a reopening: the failure was met again."""

QUERY_MOVES: Mapping[Q, tuple[Q, ...]] = {
    Q.RAISED: (Q.UNDER_REVIEW, Q.CLARIFIED, Q.CHANGE_RAISED, Q.WITHDRAWN),
    Q.UNDER_REVIEW: (Q.CLARIFIED, Q.CHANGE_RAISED, Q.WITHDRAWN),
    Q.CLARIFIED: (Q.RAISED,),
    Q.CHANGE_RAISED: (Q.RAISED,),
    Q.WITHDRAWN: (Q.RAISED,),
}

ENDED: frozenset[StrEnum] = frozenset(
    {D.CLOSED, D.REJECTED, D.DUPLICATE, Q.CLARIFIED, Q.CHANGE_RAISED, Q.WITHDRAWN}
)
"""Statuses in which nobody has to act."""


def allowed(before: StrEnum) -> tuple[StrEnum, ...]:
    """Return the statuses that may follow."""
    return DEFECT_MOVES[before] if isinstance(before, D) else QUERY_MOVES[Q(before)]


def check_move(before: StrEnum, after: StrEnum, where: str) -> None:
    """Raise ConfigurationError for a move that the table does not have."""
    if after not in allowed(before):
        raise ConfigurationError(
            f"'{before}' can't become '{after}'", where=where, mend=nearest(after, allowed(before))
        )
