"""Where API releases lie: those that the harness ships, and those that a user imported.

Imported ones lie in the folder ``releases`` of the working folder, or where ``DIP_RELEASES`` says, one
folder each with the seven files of a release and ``source.json``, which says what they were made from and
pins their content.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from harness.data import folder

VARIABLE = "DIP_RELEASES"
SOURCE = "source.json"
NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}")
"""What an imported release may be called: it becomes the name of a folder and a part of URLs."""


def shipped() -> tuple[str, ...]:
    """Return the names of the shipped releases, oldest first."""
    found = (path.parent.name for path in folder("swagger").glob("*/types.json"))
    return tuple(sorted(found, key=_version))


def imports() -> Path:
    """Return the folder of imported releases, whether it exists or not."""
    return Path(os.environ.get(VARIABLE) or "releases").resolve()


def imported() -> tuple[str, ...]:
    """Return the names of the imported releases, in the order of their numbers."""
    found = (path.parent.name for path in imports().glob(f"*/{SOURCE}"))
    return tuple(sorted((name for name in found if NAME.fullmatch(name)), key=_version))


def place(name: str) -> Path:
    """Return the folder of a release; a shipped one goes before an imported one of the same name."""
    return folder("swagger") / name if name in shipped() else imports() / name


def ordered(names: set[str]) -> tuple[str, ...]:
    """Return release names in the order of their numbers; parts that are no numbers come last."""
    return tuple(sorted(names, key=_version))


def _version(name: str) -> tuple[tuple[int, str], ...]:
    return tuple(
        (int(part), "") if part.isascii() and part.isdigit() else (10**9, part) for part in name.split(".")
    )
