"""The target's clock as the harness follows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from harness.transport.target_clock import TargetClock


class MovedAdmin:
    """An admin API whose clock somebody moves."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 6, 30, 22, 59, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the simulated present."""
        return self.moment


def test_time_runs_on_from_the_last_reading() -> None:
    """Between two readings real time passes, and a move shows with the next reading alone."""
    admin = MovedAdmin()
    clock = TargetClock(admin)  # type: ignore[arg-type]
    assert timedelta() <= clock.now() - admin.moment < timedelta(seconds=5)
    assert clock.now() <= clock.now()
    admin.moment += timedelta(days=14)
    assert admin.moment - clock.now() > timedelta(days=13)
    clock.read()
    assert timedelta() <= clock.now() - admin.moment < timedelta(seconds=5)
