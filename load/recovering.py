"""How a system got over a disturbance: what waited when it ended, and how fast that was worked off (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from load.judging import shown


@dataclass(frozen=True, slots=True)
class Recovery:
    """One disturbance of a run, in seconds of the run and in publications."""

    began: float
    lasted: float
    waiting: int
    """Accepted and not yet delivered when it ended."""
    most: int
    """Waiting at most, from its beginning on."""
    worked_off_per_s: float | None
    """Publications delivered a second from its end until what was due before had arrived; None: not told."""


def recoveries(content: Mapping[str, Any]) -> tuple[Recovery, ...]:
    """Return what a `load.json` tells of its disturbances; the pace is that after the last one."""
    course, width = content["course"], content["slot_seconds"]
    took = content["measures"]["recovery_seconds"]
    found = []
    for began, ended in content["disturbed"]:
        at = min(len(course) - 1, int(ended / width))
        last = ended == max(until for _, until in content["disturbed"])
        after = course[at : at + max(1, round((took or 0.0) / width))]
        pace = sum(slot["delivered"] for slot in after) / (len(after) * width)
        found.append(
            Recovery(
                began,
                ended - began,
                course[max(0, at - 1)]["waiting"],
                max(slot["waiting"] for slot in course[int(began / width) :]),
                pace if last and took is not None else None,
            )
        )
    return tuple(found)


def sentences(content: Mapping[str, Any]) -> tuple[str, ...]:
    """Say what held through the disturbance: nothing lost, order, repetitions, in words."""
    measures = content["measures"]
    order = content["order"]
    ordered = (
        f"{shown('out_of_order', measures['out_of_order'])} out of order ({order})"
        if measures["out_of_order"] is not None
        else "no order was promised"
    )
    return (
        f"{shown('lost', measures['lost'])} lost",
        f"{shown('repeated', measures['repeated'])} repeated",
        ordered,
    )
