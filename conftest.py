"""Registers the harness plugin when the distribution's own entry point has not done so; what a run's processes share."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

pytest_plugins = ["harness.plugin"]

_NETWORK = "DIP_EMBEDDED_NETWORK"


def pytest_configure(config: pytest.Config) -> None:
    """Let the workers of a run, and the hundreds of processes that tests start, share keys and compiled code."""
    if hasattr(config, "workerinput"):
        return
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if _NETWORK in os.environ:
        return
    folder = Path(tempfile.mkdtemp(prefix="dip-tests-"))
    os.environ[_NETWORK] = str(folder / "network")

    def end() -> None:
        os.environ.pop(_NETWORK, None)
        shutil.rmtree(folder, ignore_errors=True)

    config.add_cleanup(end)
