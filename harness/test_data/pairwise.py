"""Pairwise coverage: few profiles that hold every pair of values which may stand together.

Greedy: the next profile is the one with the most pairs that none before has. A pair that no allowed profile
holds can't be covered and isn't counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from harness.test_data.profiles import Profile

Pair = tuple[str, str, str, str]
"""Dimension, value, other dimension, other value."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the pairs that may stand together do, which don't, and how many never may."""

    allowed: int
    covered: int
    missing: tuple[Pair, ...]
    barred: int

    def as_dict(self) -> dict[str, object]:
        """Return the figures for a program."""
        return {
            "pairs_allowed": self.allowed,
            "pairs_covered": self.covered,
            "pairs_barred": self.barred,
            "missing": [[f"{a}={b}", f"{c}={d}"] for a, b, c, d in self.missing],
        }


def pairs(profile: Profile) -> tuple[Pair, ...]:
    """Return every pair of values of a profile, dimensions in their order."""
    return tuple((a, x, b, y) for (a, x), (b, y) in combinations(profile.items(), 2))


def all_pairs(allowed: Iterable[Profile]) -> tuple[Pair, ...]:
    """Return every pair that some profile holds."""
    return tuple(dict.fromkeys(pair for each in allowed for pair in pairs(each)))


def covering(allowed: Sequence[Profile]) -> list[Profile]:
    """Return profiles that together hold every pair of the allowed ones."""
    number = {pair: n for n, pair in enumerate(all_pairs(allowed))}
    masks = [sum(1 << number[pair] for pair in pairs(each)) for each in allowed]
    left = (1 << len(number)) - 1
    chosen: list[Profile] = []
    while left:
        best = max(range(len(masks)), key=lambda n: ((masks[n] & left).bit_count(), -n))
        chosen.append(allowed[best])
        left &= ~masks[best]
    return chosen


def coverage(
    chosen: Iterable[Profile], wanted: Sequence[Pair], dimensions: Mapping[str, Sequence[str]]
) -> Coverage:
    """Return how far some profiles cover the pairs that may stand together."""
    distinct = {tuple(each.items()): each for each in chosen}
    found = {pair for each in distinct.values() for pair in pairs(each)}
    possible = sum(len(one) * len(other) for one, other in combinations(dimensions.values(), 2))
    missing = tuple(pair for pair in wanted if pair not in found)
    return Coverage(len(wanted), len(wanted) - len(missing), missing, possible - len(wanted))
