"""What makes a transaction id one of a kind."""

from __future__ import annotations

import itertools
import re

from simulators.dip.accept import tokens


def test_tokens_rise_and_never_repeat() -> None:
    """Two processes over one store give different tokens, each in rising order, of 20 hexadecimal digits."""
    first, second = (list(itertools.islice(tokens(), 300)) for _ in range(2))
    assert first == sorted(first)
    assert second == sorted(second)
    assert len({*first, *second}) == 600
    assert all(re.fullmatch("[0-9a-f]{20}", token) for token in first)
