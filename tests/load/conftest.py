"""What the tests of loads share: a small profile, and the run of one that several tests look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.stages.options import options
from load.figures import Result
from load.playing import Request
from load.profile import read_profile
from load.running import run
from simulators.network import default_network

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


@pytest.fixture(scope="session")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write settings under which a busy machine makes no verdict inconclusive: no test is timed."""
    path = tmp_path_factory.mktemp("settings") / "settings.yaml"
    path.write_text(yaml.safe_dump({"load.late_seconds": 30.0, "load.others_share": 1.0}), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def base_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the default network once: keys take their time."""
    folder = tmp_path_factory.mktemp("base") / "network"
    default_network(folder)
    return folder


Played = Callable[..., Result]


@pytest.fixture
def played(
    profile_file: Written,
    patient: Path,
    base_network: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Played:
    """Return a function that plays the small profile with changes and faults, and gives its result."""
    monkeypatch.setenv("DIP_SETTINGS", str(patient))

    def play(
        *, faults: Sequence[dict[str, Any]] = (), disturbed: Sequence[dict[str, Any]] = (), **changes: Any
    ) -> Result:
        profile = read_profile(profile_file(faults=list(disturbed), **changes))
        chosen = options(stage="sit-non-functional", out=tmp_path / "run")
        (found,) = run([Request(profile, faults=tuple(faults), network=base_network)], chosen)
        return found

    return play
