"""Which values of a message are hidden from which recipients: `swagger/obfuscation.yaml`, groups expanded.

Published is that four items accept ``x`` in place of their value; from whom each is hidden is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from harness.data import folder
from harness.errors import ConfigurationError, nearest
from harness.spec.roles import expand
from harness.spec.routing import BASES

HIDDEN = "x"
ITEMS = (
    "consentGranularity",
    "supplierProposedConsentGranularity",
    "traditionalFallBackReadFrequency",
    "responseCode",
)
"""The items whose lists of values hold ``x`` in every shipped release."""
_KEYS = {"interface", "events", "items", "hidden_from", "basis", "reason"}


@dataclass(frozen=True, slots=True)
class Hiding:
    """Items that some roles don't get to see; no interface or events means any."""

    items: tuple[str, ...]
    roles: frozenset[str]
    interface: str
    events: tuple[str, ...]
    basis: str
    reason: str

    def concerns(self, role: str, interface: str, event: str) -> bool:
        """Say whether it holds for a recipient's role in a message."""
        return (
            role in self.roles
            and self.interface in ("", interface)
            and (not self.events or event in self.events)
        )


def load_hiding(path: Path | None = None) -> tuple[Hiding, ...]:
    """Read a file of hidden values, the shipped one by default; raises ConfigurationError naming the row."""
    return _load(path or folder("swagger") / "obfuscation.yaml")


@cache
def _load(path: Path) -> tuple[Hiding, ...]:
    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"can't be read as YAML: {error}", where=str(path)) from error
    if not isinstance(rows, list):
        raise ConfigurationError("is no list of rows", where=str(path))
    return tuple(_row(row, f"{path}, row {place}") for place, row in enumerate(rows, 1))


def _row(row: Any, where: str) -> Hiding:
    if not isinstance(row, dict):
        raise ConfigurationError("is no mapping", where=where)
    for key in row:
        if key not in _KEYS:
            raise ConfigurationError(
                f"has the unknown key '{key}'", where=where, mend=nearest(str(key), _KEYS)
            )
    items = tuple(row.get("items") or ())
    for item in items:
        if item not in ITEMS:
            raise ConfigurationError(f"'{item}' can't be hidden", where=where, mend=nearest(str(item), ITEMS))
    roles = frozenset(role for name in row.get("hidden_from") or () for role in expand(name, where=where))
    if not items or not roles:
        raise ConfigurationError("names no items or nobody to hide them from", where=where)
    basis = row.get("basis", "assumed")
    if basis not in BASES:
        raise ConfigurationError(f"'{basis}' is no basis", where=where, mend=nearest(str(basis), BASES))
    events = tuple(row.get("events") or ())
    return Hiding(items, roles, row.get("interface", ""), events, basis, row.get("reason", ""))
