"""Whether publications came in the order that a hub promises (pure).

Two messages have an order when the second was sent after the first had been accepted. Between messages that
were under way at the same time there is none.
"""

from __future__ import annotations

from collections.abc import Iterable


def overtaken(line: Iterable[tuple[int, float, float]]) -> int:
    """Count messages of one line that arrived before one that was accepted before they were sent.

    An entry is (number of the arrival, when it was sent, when it was accepted).
    """
    earliest, count = float("inf"), 0
    for _, begun, answered in sorted(line, reverse=True):
        count += earliest < begun
        earliest = min(earliest, answered)
    return count
