"""When messages are due: an open arrival model, fixed beforehand and blind to how the system fares (pure).

A participant's messages are due where the integral of its rate passes whole numbers (even arrivals), or the
points of a Poisson process of rate one (random arrivals). Nothing that the system does moves them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence

from load.profile import Phase


def due_times(
    phases: Sequence[Phase], share: float, *, offset: float = 0.0, seed: str | None = None
) -> Iterator[float]:
    """Yield when requests are due, in seconds from the start, ascending.

    ``share`` scales the phases' rates to requests a second of this participant; ``offset`` (0 to 1) moves
    even arrivals by a part of a gap, so that participants don't send in step; ``seed`` makes them random.
    """
    rng = random.Random(seed) if seed is not None else None
    position = rng.expovariate(1.0) if rng else offset
    done, start = 0.0, 0.0
    for phase in phases:
        first, last = phase.rate * share, phase.to * share
        inside = (first + last) / 2 * phase.seconds
        while position < done + inside:
            yield start + _moment(position - done, first, last, phase.seconds)
            position += rng.expovariate(1.0) if rng else 1.0
        done += inside
        start += phase.seconds


def _moment(count: float, first: float, last: float, seconds: float) -> float:
    """Return when ``count`` requests were due in a phase whose rate goes from ``first`` to ``last``."""
    slope = (last - first) / seconds
    if abs(slope) < 1e-12:
        return count / first
    return (math.sqrt(max(0.0, first * first + 2 * slope * count)) - first) / slope


def due_in_all(phases: Sequence[Phase], share: float) -> float:
    """Return how many requests the phases hold, as a fraction."""
    return sum((phase.rate + phase.to) / 2 * phase.seconds for phase in phases) * share
