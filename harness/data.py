"""Where the data folders (`swagger`, `test_catalogue`) lie, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

from harness.errors import HarnessError

_HERE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """Return the data folder ``name``; raises HarnessError when the installation lacks it."""
    for candidate in (_HERE / "_data" / name, _HERE.parent / name):
        if candidate.is_dir():
            return candidate
    raise HarnessError(f"the data folder '{name}' is missing", mend="Install dip-harness again.")
