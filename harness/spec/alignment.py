"""Which interim release, catalogue, API release and schemaVersion go together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from harness.data import folder
from harness.settings import read


@dataclass(frozen=True, slots=True)
class Aligned:
    """One row; "" where no public source says. ``stage`` is claimed only where a source gives it."""

    interim_release: str
    api_release: str
    catalogue: str
    published: str
    shipped: bool
    stage: str
    schema_versions: Mapping[str, tuple[str, ...]]


@cache
def alignment() -> tuple[Aligned, ...]:
    """Return every row, oldest first."""
    return tuple(
        Aligned(
            row["interim_release"] or "",
            row["api_release"] or "",
            row["catalogue"] or "",
            str(row["published"] or ""),
            row["shipped"],
            row["stage"] or "",
            MappingProxyType(
                {kind: tuple(versions) for kind, versions in row.get("schema_version", {}).items()}
            ),
        )
        for row in read(folder("swagger") / "alignment.yaml")["rows"]
    )


@cache
def alignment_notes() -> tuple[str, ...]:
    """Return what a reader of the table has to know."""
    return tuple(" ".join(note.split()) for note in read(folder("swagger") / "alignment.yaml")["notes"])
