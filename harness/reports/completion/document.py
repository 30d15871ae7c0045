"""A report as sections of text, facts and tables: what every rendering shows, in this order.

Whatever is counted was counted before; a renderer only sets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

GOOD, BAD, OPEN, IDLE, MISSING = "good", "bad", "open", "idle", "missing"
"""Tones: met, not met, needs somebody, outside, and what nobody gave."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a table or of a line of facts; ``tone`` colours it, ``code`` sets it as an id."""

    text: str
    tone: str = ""
    code: bool = False


Value = str | int | Cell
MOST_ROWS = 1_500
"""Rows of a table that are shown, so that a page stays small."""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str
    tone: str = ""
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values."""

    rows: tuple[tuple[str, Value], ...]
    kind: str = "facts"


@dataclass(frozen=True, slots=True)
class Table:
    """A table; ``empty`` stands in its place where it has no rows, ``wide`` columns get the room.

    ``anchors`` are the ids of the rows that something links to, empty where nothing does.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    empty: str = "None."
    note: str = ""
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class Failure:
    """A test that did not pass: what was expected and found, and its messages."""

    name: str
    title: str
    facts: tuple[tuple[str, Value], ...]
    checks: tuple[tuple[str, str, str], ...]
    """What was judged, expected, actual; those that did not hold."""
    messages: tuple[Message, ...]
    kind: str = "failure"


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message: where it lies, and its text with pseudonyms where it is shown."""

    title: str
    size: int
    sha256: str
    place: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing; ``summary`` says in words what it shows, and a table beside it has the figures."""

    title: str
    svg: str
    """Made by the harness itself, of numbers and escaped names."""
    summary: str
    kind: str = "chart"


Block = Text | Facts | Table | Failure | Chart


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered section, or an annex with a letter."""

    number: str
    title: str
    blocks: tuple[Block, ...] = field(default=())

    @property
    def anchor(self) -> str:
        """The id that links lead to."""
        return f"section-{self.number.lower()}"

    @property
    def heading(self) -> str:
        """Number and title."""
        return (
            f"Annex {self.number}. {self.title}" if self.number.isalpha() else f"{self.number}. {self.title}"
        )


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report; ``stamp`` stands on each page: draft or final, and the evidence classes."""

    title: str
    subtitle: str
    stamp: str
    band: str
    """What the stamp means, in a sentence."""
    verdict: Cell
    sections: tuple[Section, ...]
    draft: bool


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Value]],
    *,
    empty: str = "None.",
    note: str = "",
) -> Table:
    """Return a table of the first `MOST_ROWS` rows, with a note of how many there are.

    A row of another length than the columns is a mistake of ours.
    """
    made = tuple(tuple(row) for row in rows)
    assert all(len(row) == len(columns) for row in made), title
    if len(made) > MOST_ROWS:
        more = (
            f"The first {MOST_ROWS:,} of {len(made):,} rows; the workbook and the JSON file have all tests."
        )
        note = f"{note} {more}".strip()
    return Table(title, tuple(columns), made[:MOST_ROWS], empty, note)


def facts(*rows: tuple[str, Value]) -> Facts:
    """Return names with their values."""
    return Facts(tuple(rows))


def shown(value: Value) -> str:
    """Return a value as it is read: whole numbers with their thousands apart."""
    if isinstance(value, Cell):
        return value.text
    return f"{value:,}" if isinstance(value, int) else value


def tone(value: Value) -> str:
    """Return a value's tone."""
    return value.tone if isinstance(value, Cell) else ""


def as_dict(document: Document) -> dict[str, Any]:
    """Return the sections for a program and for templates."""
    return {
        "title": document.title,
        "subtitle": document.subtitle,
        "stamp": document.stamp,
        "band": document.band,
        "verdict": document.verdict.text,
        "draft": document.draft,
        "sections": [
            {
                "number": section.number,
                "title": section.title,
                "heading": section.heading,
                "blocks": [block_as_dict(block) for block in section.blocks],
            }
            for section in document.sections
        ],
    }


def block_as_dict(block: Block) -> dict[str, Any]:
    """Return a block with every value as it is read."""
    match block:
        case Text():
            return {"kind": "text", "text": block.text, "tone": block.tone}
        case Facts():
            return {
                "kind": "facts",
                "rows": [{"name": name, "value": shown(value)} for name, value in block.rows],
            }
        case Table():
            return {
                "kind": "table",
                "title": block.title,
                "note": block.note,
                "columns": list(block.columns),
                "rows": [{"cells": [shown(value) for value in row]} for row in block.rows],
                "empty": "" if block.rows else block.empty,
            }
        case Chart():
            return {"kind": "chart", "title": block.title, "text": block.summary}
        case Failure():
            return {
                "kind": "failure",
                "name": block.name,
                "title": block.title,
                "facts": [{"name": name, "value": shown(value)} for name, value in block.facts],
                "checks": [
                    {"judged": judged, "expected": expected, "actual": actual}
                    for judged, expected, actual in block.checks
                ],
                "messages": [
                    {"title": each.title, "bytes": each.size, "sha256": each.sha256, "place": each.place}
                    for each in block.messages
                ],
            }
