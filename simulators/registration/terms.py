"""What a registration service goes by, beside its register: who is qualified, how long it waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from harness.settings import Settings


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one registration service in one test instance."""

    unqualified: frozenset[str] = frozenset()
    """DIP ids of suppliers that may not migrate metering points yet."""
    reply_within: timedelta = timedelta(hours=48)
    """How long a proposed provider has to answer."""
    segment_window: int = 10
    """Working days after its date for which an accepted SEG appointment waits for the work on site."""
    midnight_offset: str = "utc"
    """How a clock midnight is written: ``utc``, ``local`` or ``either``."""


def terms(settings: Settings, unqualified: frozenset[str]) -> Terms:
    """Return the terms that the settings give."""
    return Terms(
        unqualified,
        timedelta(hours=settings.number("registration.provider_reply_hours")),
        settings.integer("registration.segment_window_days"),
        settings.text("registration.midnight_offset"),
    )
