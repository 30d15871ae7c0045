"""Two loads side by side: which figures moved, by how much, and for better or worse (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from load.measures import MEASURES

SAME = 0.05
"""A figure that moved by less than this share of its former value is called the same."""
_NOT_JUDGED = frozenset({"offered_per_s"})


@dataclass(frozen=True, slots=True)
class Row:
    """One figure before and after; ``change`` is the share by which it grew, None from or to nothing."""

    measure: str
    before: float | None
    after: float | None
    change: float | None
    verdict: str
    """better, worse, same, or empty where it can't be told"""


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Row, ...]:
    """Return the figures that either load has."""
    rows = []
    for name in MEASURES:
        old, new = before["measures"].get(name), after["measures"].get(name)
        if old is None and new is None:
            continue
        rows.append(_row(name, old, new))
    return tuple(rows)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """Say in words why two loads are not alike: another profile, scale, time or release."""
    titles = {
        "profile": "the profile",
        "sha256": "the profile's content",
        "release": "the release",
        "scale": "the scale",
        "seconds": "the time",
        "rehearsal": "whether the target is simulated",
    }
    return tuple(
        f"{title} ({before[key]} and {after[key]})" if key != "sha256" else title
        for key, title in titles.items()
        if before[key] != after[key]
    )


def _row(name: str, old: float | None, new: float | None) -> Row:
    if old is None or new is None:
        return Row(name, old, new, None, "")
    change = (new - old) / old if old else None
    if name in _NOT_JUDGED:
        return Row(name, old, new, change, "")
    if old == new or (change is not None and abs(change) < SAME):
        return Row(name, old, new, change, "same")
    better = (new > old) == MEASURES[name].more_is_better
    return Row(name, old, new, change, "better" if better else "worse")
