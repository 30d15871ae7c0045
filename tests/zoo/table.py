"""The table of the zoo in docs/self-check.md: ``python -m tests.zoo.table`` writes it anew."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.zoo.every import BROKEN, SOUND
from tests.zoo.keeping import Keeper

SETTINGS = Path(__file__).with_name("settings.yaml")
DOCUMENT = Path(__file__).parents[2] / "docs" / "self-check.md"
BEGIN = "<!-- zoo table: begin -->"
END = "<!-- zoo table: end -->"
HEAD = ("animal", "what is wrong with it", "verdict", "check", "blame", "seconds")
Row = tuple[str, ...]


def table(seconds: Mapping[str, float]) -> list[Row]:
    """Return a row per animal, sound ones last; seconds where they are known."""
    rows: list[Row] = []
    for animal in (*BROKEN, *SOUND):
        blame = animal.blame.value if animal.blame else ""
        took = f"{seconds[animal.name]:.1f}" if animal.name in seconds else ""
        fault = " ".join((animal.fault or "Nothing: a sound participant.").split()).replace("|", "\\|")
        check = f"`{animal.check}`" if animal.check else "all"
        rows.append((animal.name, fault, animal.verdict, check, blame, took))
    return rows


def in_document(path: Path = DOCUMENT) -> list[Row]:
    """Return the rows that a document holds; empty where it has no table of the zoo."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    _, _, rest = text.partition(BEGIN)
    lines = [line for line in rest.partition(END)[0].splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines[2:]]


def written(text: str, rows: list[Row]) -> str:
    """Return a document's text with the table in it, in place of the one that was there."""
    before, found, rest = text.partition(BEGIN)
    if not found:
        raise SystemExit(f"{DOCUMENT} has no line {BEGIN}")
    _, _, after = rest.partition(END)
    lines = [f"| {' | '.join(HEAD)} |", "|" + "---|" * len(HEAD)]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}"


def measured() -> dict[str, float]:
    """Visit every animal; returns the seconds of each, and stops where a verdict is another one."""
    os.environ["DIP_SETTINGS"] = str(SETTINGS)
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        keeper = Keeper(Path(folder))
        try:
            keeper.hub()
            for animal in (*BROKEN, *SOUND):
                visit = keeper.visit(animal)
                if animal.check and visit.results[animal.check].shown != animal.verdict:
                    raise SystemExit(f"{animal.name}: {visit.results[animal.check]}")
                seconds[animal.name] = visit.seconds
        finally:
            keeper.close()
    return seconds


def main(path: Path) -> None:
    """Write the table into a document."""
    rows = table(measured())
    path.write_text(written(path.read_text(encoding="utf-8"), rows), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENT)
