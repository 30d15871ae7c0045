"""Registers the harness plugin where the distribution has not done so; what a run's processes share."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

pytest_plugins = ["harness.plugin"]

_NETWORK = "DIP_EMBEDDED_NETWORK"
_LONGEST = frozenset(
    {
        "test_cycle_tutorial.py",
        "test_hub_durability.py",
        "test_quality.py",
        "test_run_command.py",
        "test_scale_chaos.py",
        "test_sit_stages.py",
        "test_tutorial.py",
    }
)
"""Modules with single tests of half a minute and more."""


def pytest_configure(config: pytest.Config) -> None:
    """Let the workers of a run, and the processes that tests start, share keys and compiled code."""
    if config.pluginmanager.hasplugin("hypothesispytest") and not config.getoption("stage", None):
        _patience()
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


def _patience() -> None:
    """Let no generated example fail because all cores are busy: what a test proves is not how fast it is."""
    from hypothesis import HealthCheck, settings

    default = settings.get_profile(settings.get_current_profile_name())
    settings.register_profile(
        "busy", parent=default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    settings.load_profile("busy")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest modules, so that none of them runs alone at the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: item.path.name not in _LONGEST)
