"""The wheel that users install holds the data that the harness reads."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel once and return the names in it."""
    folder = tmp_path_factory.mktemp("wheel")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=root, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize("folder", ["swagger", "test_catalogue"])
def test_the_wheel_holds_the_data_folders(
    root: Path, tracked: list[Path], wheel: set[str], folder: str, none_found: Callable[..., None]
) -> None:
    """Every tracked file of a data folder is in the wheel, where harness.data looks for it."""
    wanted = {
        f"harness/_data/{path.relative_to(root).as_posix()}"
        for path in tracked
        if path.relative_to(root).parts[0] == folder
    }
    assert wanted
    none_found("Missing in the wheel", wanted - wheel)


def test_the_wheel_holds_the_packages_and_their_files(
    root: Path, tracked: list[Path], wheel: set[str], none_found: Callable[..., None]
) -> None:
    """Settings, templates and every module go along; tests and documents don't."""
    wanted = {
        path.relative_to(root).as_posix()
        for path in tracked
        if path.relative_to(root).parts[0] in {"harness", "simulators", "load", "benchmarks"}
    }
    none_found("Missing in the wheel", wanted - wheel)
    none_found(
        "Too much in the wheel", (name for name in wheel if name.startswith(("tests/", "docs/", "runs/")))
    )
