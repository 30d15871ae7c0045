"""The mapping that participants keep their records in: like a dict, and never changed in place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.participants.sharded import Sharded

ENTRIES = st.lists(st.tuples(st.text(max_size=3), st.integers()))


@given(ENTRIES, ENTRIES)
def test_it_is_the_dict_that_the_same_changes_make(
    first: list[tuple[str, int]], then: list[tuple[str, int]]
) -> None:
    """Whatever is put in, it equals the dict; what it was made from stays as it was."""
    made = Sharded(dict(first))
    changed = made
    for key, value in then:
        changed = changed.put(key, value)
    assert dict(made) == dict(first)
    assert dict(changed) == dict(first) | dict(then)
    assert (len(made), len(changed)) == (len(dict(first)), len(dict(first) | dict(then)))
    assert all(changed[key] == value for key, value in dict(then).items())


def test_what_is_not_there_is_a_key_error() -> None:
    """As in a dict."""
    with pytest.raises(KeyError):
        Sharded({"a": 1})["b"]
    assert Sharded().get("b") is None
