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
    update_period: int = 10
    """Working days after its appointment in which a metering service may still report (REG1003, REG0008)."""
    retrospective: timedelta = timedelta(days=5)
    """How far back a supplier's change of data may reach (REG1024)."""
    contract_years: int = 2
    """How long a direct contract may run (REG1072)."""


def terms(settings: Settings, unqualified: frozenset[str]) -> Terms:
    """Return the terms that the settings give."""
    return Terms(
        unqualified,
        timedelta(hours=settings.number("registration.provider_reply_hours")),
        settings.integer("registration.segment_window_days"),
        settings.text("registration.midnight_offset"),
        settings.integer("registration.update_period_days"),
        timedelta(days=settings.number("registration.retrospective_days")),
        settings.integer("registration.direct_contract_years"),
    )
