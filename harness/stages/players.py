"""Stages that something installed plays by itself, without the scenarios of the catalogue.

An entry point of the group ``dip.stages`` is named after the stage.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, cast

from harness.stages.options import RunOptions


class Player(Protocol):
    """Plays what is selected of a stage, and writes events and reports into the run's folder."""

    def __call__(self, options: RunOptions, path: Path | None) -> None:
        """Play; ``path`` is a file or folder in the place of the packaged catalogue's."""


def player(stage: str) -> Player | None:
    """Return who plays a stage; None where its scenarios do."""
    found = [point for point in entry_points(group="dip.stages") if point.name == stage]
    return cast("Player", found[0].load()) if found else None
