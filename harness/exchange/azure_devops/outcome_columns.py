"""Which column of an exported file holds what of a test point: a map, as requirement baselines have one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ConfigurationError, nearest
from harness.exchange.azure_devops.outcomes import WORST_FIRST
from harness.exchange.azure_devops.results import OTHER, word
from harness.reports.column_map import checked, header_row, one_of, text, titles_of
from harness.settings import read

SHIPPED = Path(__file__).with_name("outcome-columns.yaml")
FIELDS = ("case", "title", "party", "outcome", "tester", "run", "build", "when")
NEEDED = ("case", "party", "outcome")
NONE = "none"
"""For a word that means that nobody has tested yet."""
_BASES = ("published", "third-party", "agreed", "assumed")


@dataclass(frozen=True, slots=True)
class OutcomeMap:
    """Titles by field, and the service's outcome for each word of theirs (in small letters)."""

    where: str
    basis: str
    sheet: str
    header_row: int
    titles: Mapping[str, str]
    optional: frozenset[str]
    ignored: frozenset[str]
    words: Mapping[str, str]

    def outcome(self, said: str, place: str) -> str:
        """Return the service's outcome for a word, empty for none; raises ConfigurationError at ``place``."""
        if not said:
            return ""
        found = self.words.get(said.casefold(), word(said))
        if not found:
            known = [*WORST_FIRST, *OTHER, *self.words]
            raise ConfigurationError(
                f"'{said}' is no outcome",
                where=place,
                mend=f"{nearest(said, known)} Or add it to 'outcomes'.",
            )
        return "" if found == NONE else found


def read_outcome_map(path: Path = SHIPPED) -> OutcomeMap:
    """Read a map; raises ConfigurationError naming file, key and the nearest that is known."""
    where = str(path)
    data = checked(
        read(path),
        known=("basis", "sheet", "header_row", "columns", "ignored", "outcomes"),
        needed=("basis", "columns"),
        where=where,
    )
    titles, optional = titles_of(data["columns"], known=FIELDS, needed=NEEDED, where=where)
    ignored = data.get("ignored", [])
    if not isinstance(ignored, list) or not all(isinstance(each, str) for each in ignored):
        raise ConfigurationError("'ignored' is a list of titles", where=where)
    return OutcomeMap(
        where=where,
        basis=one_of(data, "basis", _BASES, "", where=where),
        sheet=text(data, "sheet", "", where=where),
        header_row=header_row(data, where=where),
        titles=titles,
        optional=optional,
        ignored=frozenset(ignored),
        words=_words(data.get("outcomes", {}), f"{where}, outcomes"),
    )


def _words(data: object, where: str) -> Mapping[str, str]:
    if not isinstance(data, dict):
        raise ConfigurationError("gives an outcome for a word", where=where)
    known = (*WORST_FIRST, *OTHER, NONE)
    return {
        str(theirs).casefold(): one_of({str(theirs): ours}, str(theirs), known, "", where=where)
        for theirs, ours in data.items()
    }
