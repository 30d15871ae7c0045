"""Why releases differ, where a public source says so (`swagger/release-notes.yaml`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from harness.data import folder
from harness.settings import read
from harness.spec.change import Change
from harness.spec.shelf import ordered


@dataclass(frozen=True, slots=True)
class Note:
    """A published reason: its reference (a change proposal, a work item) and what it says, in our words."""

    release: str
    reference: str
    text: str
    interfaces: frozenset[str]
    shapes: frozenset[str]
    field: str

    def explains(self, change: Change) -> bool:
        """Say whether the change is of what the note names; a note that names nothing explains nothing."""
        named = [
            not self.interfaces or (bool(change.interfaces) and set(change.interfaces) <= self.interfaces),
            not self.shapes or change.block in self.shapes,
            not self.field or change.field == self.field,
        ]
        return all(named) and bool(self.interfaces or self.shapes or self.field)


@cache
def notes() -> tuple[Note, ...]:
    """Return every note, in the order of the file."""
    return tuple(
        Note(
            str(row["release"]),
            str(row["reference"]),
            row["text"],
            frozenset(row.get("interfaces", ())),
            frozenset(row.get("shapes", ())),
            row.get("field", ""),
        )
        for row in read(folder("swagger") / "release-notes.yaml")["notes"]
    )


def reasons(change: Change, old: str, new: str) -> tuple[Note, ...]:
    """Return the notes of the releases after ``old`` up to ``new`` that explain a change between the two."""
    between = ordered({old, new, *(note.release for note in notes())})
    first, last = between.index(old), between.index(new)
    passed = set(between[first + 1 : last + 1])
    return tuple(note for note in notes() if note.release in passed and note.explains(change))
