"""What `where` and `has` can say of a value."""

from __future__ import annotations

import pytest

from harness.errors import ConfigurationError
from harness.scenarios.matching import holds, in_words
from harness.scenarios.publications import within


@pytest.mark.parametrize(
    ("value", "condition", "expected"),
    [
        ("A", "A", True),
        ("R", "A", False),
        ("SP004: no", "SP004*", True),
        (True, "true", True),
        (None, "null", True),
        (5, "5", True),
        (None, {"absent": "true"}, True),
        ([], {"absent": "yes"}, True),
        ("x", {"absent": "yes"}, False),
        ("x", {"absent": "no"}, True),
        ("x", {"present": "yes"}, True),
        (None, {"present": "yes"}, False),
        ("R", {"one_of": ["A", "R*"]}, True),
        ("L", {"one_of": ["A", "R"]}, False),
        ("A", {"not": "A"}, False),
        ("A", {"not": "B"}, True),
        (["b", "a"], {"list": ["a", "b"]}, True),
        (["b", "a", "a"], {"list": ["a", "b"]}, False),
        (["b", "a"], {"includes": "a"}, True),
        (["b"], {"includes": ["a", "b"]}, False),
        (["b", "a"], {"count": "2"}, True),
        ("7.5", {"at_least": "7", "at_most": "8"}, True),
        (9, {"at_least": "7", "at_most": "8"}, False),
        (None, {"at_least": "7"}, False),
    ],
)
def test_a_condition_holds_or_not(value: object, condition: object, expected: bool) -> None:
    """Every word means what the guide says, and several words must all hold."""
    assert holds(value, condition) is expected


def test_conditions_are_said_in_words_and_slips_are_refused() -> None:
    """A report reads as a sentence; an unknown word names the nearest one."""
    assert in_words({"one_of": ["A", "R"]}) == "one of A, R"
    assert in_words({"absent": "yes"}) == "absent"
    assert in_words("A") == "A"
    with pytest.raises(ConfigurationError, match="one_of"):
        holds("A", {"one_off": ["A"]})


def test_a_path_may_go_through_every_item_of_a_list() -> None:
    """`*` leads to the list of what each item holds."""
    value = {"meters": [{"id": "a"}, {"id": "b", "deep": [{"x": 1}]}], "plain": 3}
    assert within(value, "meters.*.id") == ["a", "b"]
    assert within(value, "meters.*") == value["meters"]
    assert within(value, "meters.-1.deep.*.x") == [1]
    assert within(value, "plain.*") is None
