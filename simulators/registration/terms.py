"""What a registration service goes by, beside its register: who is qualified, how long it waits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one registration service in one test instance."""

    unqualified: frozenset[str] = frozenset()
    """DIP ids of suppliers that may not migrate metering points yet."""
