"""The signing rules that no public source gives, read once from the settings."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache

from harness.settings import Settings
from harness.settings import current as current_settings


@dataclass(frozen=True, slots=True)
class Policy:
    """What a receiver allows: the date window in seconds, the text hashed for no body, and EC keys or not."""

    skew_seconds: float = 300.0
    empty_body: str = ""
    ecdsa_accepted: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Policy:
        """Read the ``signing.*`` settings."""
        return cls(
            skew_seconds=settings.number("signing.skew_seconds"),
            empty_body=settings.text("signing.empty_body"),
            ecdsa_accepted=settings.flag("signing.ecdsa_accepted"),
        )


def current_policy() -> Policy:
    """Return the policy of the settings in force; the settings file is read once per path."""
    return _policy(os.environ.get("DIP_SETTINGS", ""))


@lru_cache(maxsize=8)
def _policy(_settings_file: str) -> Policy:
    return Policy.of(current_settings())
