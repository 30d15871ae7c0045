"""Which case catches which seeded fault: `caught.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

_FILE = Path(__file__).with_name("caught.yaml")


@dataclass(frozen=True, slots=True)
class Caught:
    """By fault, in the order of the file."""

    cases: Mapping[str, str]
    """The case that fails because of the fault."""
    twins: Mapping[str, str]
    """Where only perturbed deliveries catch a fault: the twin of a case that perturbs nothing itself."""
    blamed: Mapping[str, str]
    """Where the blame is not with a party of the fault's roles: why nobody can tell."""


def caught() -> Caught:
    """Return the table."""
    rows = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return Caught(rows["cases"], rows["twins"], rows["blamed"])
