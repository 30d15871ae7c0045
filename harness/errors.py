"""What can go wrong outside a verdict, split by whose move it is.

::

    HarnessError              a fault of the harness itself                exit 4
    ├── ConfigurationError    a file, option or value the user can mend    exit 2
    │   └── SpecError         an API release that contradicts itself       exit 2
    └── EnvironmentFault      a port, disk, process or network             exit 3

A verdict on a system under test is never one of these: verdicts are data (`harness.evidence.verdicts`).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar


class HarnessError(Exception):
    """A fault with the place where it was met and, where known, how to mend it.

    ``str()`` is one sentence for a terminal: ``where: what. mend``.
    """

    exit_code: ClassVar[int] = 4

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        self.what = what.rstrip(".")
        self.where = where
        self.mend = mend
        prefix = f"{where}: " if where else ""
        suffix = f". {mend}" if mend else ""
        super().__init__(f"{prefix}{self.what}{suffix}")


class ConfigurationError(HarnessError):
    """Wrong usage, a malformed file, an unknown name: the user mends it."""

    exit_code = 2


class SpecError(ConfigurationError):
    """A message definition that can't be loaded or contradicts itself."""


class EnvironmentFault(HarnessError):
    """Something around the harness failed: a port in use, a full disk, a process that died."""

    exit_code = 3


_MANY = 20


def nearest(value: str, known: Iterable[str]) -> str:
    """Say which known names are meant: ``"Did you mean '2.1.0'? Known: 1.8.3, 2.0.1."``.

    A name that begins with the value comes first. Of more than 20 known names only similar ones are listed.
    """
    names = sorted(known)
    begun = [name for name in names if value and name.lower().startswith(value.lower())]
    close = begun or difflib.get_close_matches(value, names, n=5, cutoff=0.4)
    meant = f"Did you mean '{close[0]}'? " if close else ""
    listed = names if len(names) <= _MANY else close[1:6]
    if not listed:
        return meant.strip()
    return f"{meant}{'Known' if listed is names else 'Similar'}: {', '.join(listed)}."
