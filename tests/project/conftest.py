"""What the tests of the project itself read: the checkout, its tracked files, its documents."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from harness.reports.behaviours import load_behaviours
from simulators.dip.document import ON_REQUEST, PASSED_ON, catalogue
from tests.project.collected import collected

_ROOT = Path(__file__).resolve().parents[2]
_ALIEN = {".venv", "venv", "runs", "build", "dist", "node_modules"}


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the top of the checkout."""
    return _ROOT


@pytest.fixture(scope="session")
def tracked(root: Path) -> list[Path]:
    """Return every file of the project: what git holds or, in an unpacked archive, what lies there."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=False)
    if listing.returncode == 0:
        names = [name for name in listing.stdout.decode().split("\0") if name]
        return [root / name for name in names if (root / name).is_file()]
    return [
        path
        for path in root.rglob("*")
        if path.is_file()
        and not any(
            part in _ALIEN or part == "__pycache__" or (part.startswith(".") and part != ".ci")
            for part in path.relative_to(root).parts[:-1]
        )
    ]


@pytest.fixture(scope="session")
def documents(root: Path, tracked: list[Path]) -> dict[str, str]:
    """Return the text of every Markdown document by its path from the top."""
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in tracked
        if path.suffix == ".md"
    }


@pytest.fixture(scope="session")
def tests_there(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, frozenset[str]]:
    """Return the tests in the files that documents name, each with the codes that it says it provokes."""
    named = {each.test for each in load_behaviours()} | {each.test for each in catalogue().provoked}
    files = {test.partition("::")[0] for test in named | {ON_REQUEST, PASSED_ON}}
    return collected(root, files, tmp_path_factory.mktemp("collected"))


@pytest.fixture(scope="session")
def readme(root: Path) -> str:
    """Return the text of README.md."""
    return (root / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def none_found() -> Callable[[str, Iterable[object]], None]:
    """Return a check that fails with the whole list of what was found, one a line."""

    def check(what: str, found: Iterable[object]) -> None:
        if lines := sorted(str(each) for each in found):
            pytest.fail("\n".join([f"{what}:", *lines]), pytrace=False)

    return check
