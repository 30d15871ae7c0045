"""What was in force when, and as known when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from simulators.registration.history import History

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    """Return a day after the start."""
    return START + timedelta(days=number)


changes = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 6), st.integers(0, 3), st.booleans()), max_size=12
)
"""Value, effective day, days since the change before it was recorded, and whether it is a withdrawal."""


def recorded(
    steps: list[tuple[str, int, int, bool]],
) -> tuple[History[str], list[tuple[str | None, int, int]]]:
    """Return a history, and what was recorded as (value or None for withdrawn, effective day, day)."""
    history: History[str] = History()
    known = 0
    noted: list[tuple[str | None, int, int]] = []
    for value, effective, later, withdrawn in steps:
        known += later
        if withdrawn:
            history = history.withdraw(day(effective), day(known))
        else:
            history = history.put(value, day(effective), day(known))
        noted.append((None if withdrawn else value, effective, known))
    return history, noted


def in_force(noted: list[tuple[str | None, int, int]], moment: int, known: int) -> str | None:
    """Say the slow way what is in force on a day as known on a day."""
    latest: dict[int, str | None] = {}
    for value, effective, at in noted:
        if at <= known:
            latest[effective] = value
    held = [effective for effective, value in latest.items() if value is not None and effective <= moment]
    return latest[max(held)] if held else None


@given(changes, st.integers(0, 8), st.integers(0, 40))
def test_what_is_in_force_is_what_was_said_last_of_the_last_date(
    steps: list[tuple[str, int, int, bool]], moment: int, known: int
) -> None:
    """For every day, as known on every day, the history agrees with the plain reading of the notes."""
    history, noted = recorded(steps)
    assert history.at(day(moment), day(known)) == in_force(noted, moment, known)
    assert history.at(day(moment)) == in_force(noted, moment, 1000)


@given(changes, st.integers(0, 40))
def test_what_was_known_never_changes(steps: list[tuple[str, int, int, bool]], known: int) -> None:
    """What is recorded after a day leaves alone what was known on that day."""
    history, noted = recorded(steps)
    before = [step for step, note in zip(steps, noted, strict=True) if note[2] <= known]
    earlier, _ = recorded(before)
    assert history.spans(day(known)) == earlier.spans()


@given(changes)
def test_spans_meet(steps: list[tuple[str, int, int, bool]]) -> None:
    """Each span ends where the next begins, the last is open, and a span is what is in force within it."""
    history, _ = recorded(steps)
    spans = history.spans()
    assert [span.until for span in spans] == [*(span.since for span in spans[1:]), None][: len(spans)]
    assert all(history.span(span.since) == span for span in spans)
