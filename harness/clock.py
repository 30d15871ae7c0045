"""The one source of time. Certificates alone use real time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, always aware and in UTC."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""


class SystemClock:
    """Real time."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)


class OffsetClock:
    """Real time moved by an offset that can be set while it runs (the simulated clock)."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return real time plus the offset."""
        return datetime.now(UTC) + self._offset

    def set(self, moment: datetime) -> None:
        """Make ``moment`` (aware) the present; time runs on from there."""
        self._offset = moment - datetime.now(UTC)

    def advance(self, span: timedelta) -> None:
        """Move forward by ``span``."""
        self._offset += span


class FixedClock:
    """A clock that stands still: for pure functions and tests."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        """Return the fixed moment."""
        return self._moment


def message_time(moment: datetime) -> str:
    """Write a moment as DIP messages do: 25 characters, ``2026-03-29T00:00:00+00:00``.

    Source: type DT-003-DateTime, minLength and maxLength 25 in every shipped release.
    """
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def header_time(moment: datetime) -> str:
    """Write a moment as the signature date header does: UTC, milliseconds, ``Z``.

    Source: observed in two independent clients; the Code of Connection's own text is not public.
    """
    moment = moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
