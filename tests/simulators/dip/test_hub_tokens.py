"""What makes a transaction id one of a kind, and how its row is found again."""

from __future__ import annotations

import re
from pathlib import Path

from simulators.dip.rows import number_of
from simulators.dip.store import Store


def test_tokens_rise_and_never_repeat(tmp_path: Path) -> None:
    """Two processes over one store give different tokens, each in rising order, of 20 hexadecimal digits."""
    given = []
    for _ in range(2):
        store = Store(tmp_path / "store.sqlite3")
        given.append([*store.numbers(200), *store.numbers(100)])
    first, second = ([token for _, token in each] for each in given)
    assert first == sorted(first)
    assert second == sorted(second)
    assert len({*first, *second}) == 600
    assert all(re.fullmatch("[0-9a-f]{20}", token) for token in first)
    assert all(number_of(f"T-IF-031-{token}") == number for number, token in given[0])


def test_a_text_that_is_no_transaction_id_stands_in_no_row() -> None:
    """Whatever a caller names, the row to look at is a whole number; 0 is none."""
    assert [number_of(text) for text in ("", "T-1", "x" * 65, "T-IF-031-0000000G", "É" * 8)] == [0] * 5
