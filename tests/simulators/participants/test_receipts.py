"""What is kept of what was received, and for how long."""

from __future__ import annotations

from simulators.participants.receipts import Receipt, Receipts, Remembered
from tests.simulators.participants.publications import NOW


def receipt(*tags: str, body: bytes = b"x" * 100) -> Receipt:
    """Return a receipt with tags."""
    return Receipt("p", "SUP", "2.1.0", "u", NOW, {}, body, 201, b"", frozenset(tags), (), ())


def test_the_oldest_receipts_go_first() -> None:
    """Beyond the number that is kept the oldest is forgotten, under each of its tags."""
    kept = Receipts(count=2, size=10_000)
    first, second, third = receipt("a", "b"), receipt("b"), receipt("b")
    for one in (first, second, third):
        kept.add(one)
    assert kept.with_tag("a") == []
    assert kept.with_tag("b") == [second, third]
    assert len(kept) == 2


def test_the_bytes_kept_are_bounded() -> None:
    """Beyond the bytes that are kept the oldest are forgotten; the latest stays, however long."""
    kept = Receipts(count=100, size=250)
    for number in range(5):
        kept.add(receipt(str(number)))
    assert [number for number in range(5) if kept.with_tag(str(number))] == [3, 4]
    kept.add(receipt("long", body=b"x" * 1000))
    assert len(kept) == 1
    assert kept.with_tag("long")


def test_only_so_many_keys_are_remembered() -> None:
    """The oldest key is forgotten when one more than the limit is set."""
    memory = Remembered(2)
    for key in "abc":
        memory[key] = key
    assert list(memory) == ["b", "c"]
