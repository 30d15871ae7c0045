"""What the tests of loads share: a small profile, and the run of one that several tests look at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

SMALL: dict[str, Any] = {
    "profile": "NFT-SMALL",
    "title": "A small load of two flows",
    "stage": "sit-non-functional",
    "area": "volume",
    "why": "The tests of the load generator itself.",
    "requirements": ["DH-NFR-002"],
    "volume": {"basis": "assumed", "source": "chosen for a test"},
    "shape": [{"seconds": 3, "rate": 60}],
    "drain_seconds": 10,
    "flows": [
        {
            "flow": "appointment-requests",
            "interface": "IF-033",
            "event": "DSAppSPRequest",
            "sender": "REGS",
            "participants": 2,
            "to": "SDS",
            "recipients": 2,
        },
        {
            "flow": "consumption",
            "interface": "IF-021",
            "event": "ActivePower",
            "sender": "SDS",
            "participants": 4,
            "points": 20,
            "known": True,
            "recipients": 2,
        },
    ],
    "limits": [
        {"measure": "lost", "at_most": 0, "basis": "agreed", "source": "a test"},
        {"measure": "error_rate", "at_most": 0, "basis": "assumed", "source": "a test"},
        {"measure": "astray", "at_most": 0, "basis": "assumed", "source": "a test"},
        {"measure": "out_of_order", "at_most": 0, "basis": "assumed", "source": "a test"},
    ],
}

Written = Callable[..., Path]


@pytest.fixture
def profile_file(tmp_path: Path) -> Written:
    """Return a function that writes the small profile, with some keys changed, and gives its path."""

    def write(**changes: Any) -> Path:
        path = tmp_path / "profile.yaml"
        content = {key: value for key, value in {**SMALL, **changes}.items() if value is not None}
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def small_profile() -> dict[str, Any]:
    """Return the small profile's content."""
    return SMALL
