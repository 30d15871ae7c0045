"""A histogram of times whose buckets grow with the time: any percentile to within 1 %, in bounded memory.

Buckets are as wide as 1 % of their lower bound, from 10 microseconds to beyond a day; counts add up across
workers, and two histograms are merged by adding them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

_LEAST = 1e-5
_STEP = math.log(1.01)


class Histogram:
    """Counts of times in seconds."""

    __slots__ = ("counts", "largest", "total")

    def __init__(self, seconds: Iterable[float] = ()) -> None:
        self.counts: Counter[int] = Counter()
        self.largest = 0.0
        self.total = 0
        for each in seconds:
            self.add(each)

    def add(self, seconds: float) -> None:
        """Count one time; one before its due time counts as none at all."""
        self.counts[int(math.log(seconds / _LEAST) / _STEP) + 1 if seconds > _LEAST else 0] += 1
        self.total += 1
        self.largest = max(self.largest, seconds)

    def percentile(self, share: float) -> float:
        """Return the seconds within which a share (0 to 1) lies, to within 1 % above; 0.0 of none."""
        wanted, seen = max(1, math.ceil(self.total * share)), 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= wanted:
                return min(_LEAST * math.exp(bucket * _STEP), self.largest)
        return 0.0

    def share_within(self, seconds: float) -> float:
        """Return the share of times that lie within some seconds, to within a bucket; 1.0 of none."""
        if not self.total:
            return 1.0
        last = int(math.log(seconds / _LEAST) / _STEP) + 1 if seconds > _LEAST else 0
        return sum(count for bucket, count in self.counts.items() if bucket <= last) / self.total

    def curve(self) -> list[tuple[float, float]]:
        """Return (share, seconds) at the shares that a percentile chart shows."""
        shares = (0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999, 1.0)
        return [(share, self.percentile(share)) for share in shares]
