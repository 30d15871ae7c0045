"""When messages are due: counts and moments follow the shape, and nothing else."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from load.arrivals import due_in_all, due_times
from load.profile import Phase


def test_at_a_constant_rate_the_gaps_are_equal() -> None:
    """Ten a second for two seconds are twenty, a tenth apart, shifted by the offset."""
    times = list(due_times([Phase(2, 10, 10)], 1.0, offset=0.5))
    assert times == pytest.approx([0.05 + 0.1 * number for number in range(20)])


def test_a_rising_rate_sends_more_in_the_second_half() -> None:
    """From 0 to 20 a second in 10 s: a hundred messages, a quarter of them in the first half."""
    times = list(due_times([Phase(10, 0, 20)], 1.0))
    assert len(times) == 100
    assert sum(time < 5 for time in times) == pytest.approx(25, abs=1)


@given(
    st.lists(
        st.builds(
            Phase,
            st.floats(0.5, 20),
            st.sampled_from([0.0, 1.0, 7.5, 40.0]),
            st.sampled_from([0.0, 3.0, 40.0]),
        ),
        min_size=1,
        max_size=4,
    ),
    st.floats(0, 0.99),
)
def test_any_shape_is_kept_to_within_one_message(phases: list[Phase], offset: float) -> None:
    """The number is that of the shape, and due times ascend within it."""
    times = list(due_times(phases, 1.0, offset=offset))
    assert abs(len(times) - due_in_all(phases, 1.0)) <= 1
    assert times == sorted(times)
    assert all(0 <= time <= sum(phase.seconds for phase in phases) + 1e-6 for time in times)


def test_random_arrivals_come_from_the_seed() -> None:
    """The same seed gives the same moments, another one others, at about the same rate."""
    one, same, other = (list(due_times([Phase(100, 20, 20)], 1.0, seed=seed)) for seed in ("a", "a", "b"))
    assert one == same
    assert one != other
    assert len(one) == pytest.approx(2000, rel=0.1)
    gaps = [later - earlier for earlier, later in pairwise(one)]
    assert max(gaps) > 5 * sum(gaps) / len(gaps)
