"""The static checks, each one a test, so that one command says whether the project is sound."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def _check(root: Path, *command: str) -> None:
    """Run a checker that stands beside this Python; its own output is the failure."""
    program = shutil.which(command[0], path=str(Path(sys.executable).parent))
    assert program, f"{command[0]} is not installed: pip install -e '.[test]'"
    done = subprocess.run(
        [program, *command[1:]], cwd=root, capture_output=True, text=True, encoding="utf-8", check=False
    )
    if done.returncode != 0:
        pytest.fail(f"{' '.join(command)}\n{done.stdout}{done.stderr}", pytrace=False)


def test_ruff_finds_nothing(root: Path) -> None:
    """Lint rules hold in every Python file."""
    _check(root, "ruff", "check", "--output-format", "concise")


def test_the_code_is_formatted(root: Path) -> None:
    """Every Python file is as ruff formats it."""
    _check(root, "ruff", "format", "--check")


def test_types_are_sound(root: Path) -> None:
    """Mypy strict finds no error in the packages."""
    _check(root, "mypy")


def test_imports_go_down_only(root: Path) -> None:
    """The layer contracts of pyproject.toml hold."""
    _check(root, "lint-imports")
