"""What a run can prove, computed from who was real. It is never typed in by a person.

A party is real when the network file gives its webhook a URL; it is simulated when the file says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class EvidenceClass(StrEnum):
    """Totals never add classes; a rehearsal can't become a completion report."""

    REHEARSAL = "rehearsal"
    """Every party and the hub are simulated: it proves the harness, not a participant."""
    SELF_TEST = "self-test"
    """One real system."""
    PAIRED = "paired"
    """Two or more real systems, beside simulated ones."""
    INTEGRATED = "integrated"
    """Everything is real."""


@dataclass(frozen=True, slots=True)
class System:
    """Something that took part: an organisation's system, or the hub."""

    name: str
    real: bool


def evidence_class(systems: Iterable[System]) -> tuple[EvidenceClass, str]:
    """Return the class and the sentence that says why."""
    taking_part = list(systems)
    real = sorted({system.name for system in taking_part if system.real})
    simulated = sorted({system.name for system in taking_part if not system.real})
    if not real:
        return EvidenceClass.REHEARSAL, f"all {len(simulated)} systems are simulated, the DIP included"
    if not simulated:
        return EvidenceClass.INTEGRATED, f"all {len(real)} systems are real"
    if len(real) == 1:
        return EvidenceClass.SELF_TEST, f"one real system: {real[0]}"
    return EvidenceClass.PAIRED, f"{len(real)} real systems: {', '.join(real)}; {len(simulated)} simulated"
