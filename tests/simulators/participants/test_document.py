"""The document about the simulated participants."""

from __future__ import annotations

from pathlib import Path

from simulators.participants.document import document

DOCUMENT = Path(__file__).parents[3] / "docs" / "participants.md"


def test_the_document_says_what_the_tables_say() -> None:
    """`docs/participants.md` is what the code writes; if not, write it again."""
    assert DOCUMENT.read_text(encoding="utf-8") == document()
