"""Making test data that was brought anonymous: pseudonyms for MPANs, addresses, meters, devices, references.

The pseudonyms are those of redacted evidence packs (`harness.evidence.pack.pseudonyms`): one salt gives a
value the same pseudonym in both, an MPAN another of the same distributor with the right check digit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from harness.errors import ConfigurationError
from harness.evidence.pack.pseudonyms import Pseudonyms
from harness.standing_data.table import contents, table
from harness.test_data.columns import BY_NAME, COLUMNS, LIST, WITHIN_ITEMS
from harness.test_data.reading import KNOWN, is_json, json_points
from harness.test_data.writing import as_csv

_IN_JSON: Mapping[tuple[str, str], str] = {
    (str(column.path[0]), next(str(step) for step in reversed(column.path) if isinstance(step, str))):
    column.personal
    for column in COLUMNS
    if column.personal
}  # fmt: skip
"""(item, innermost key) to category: the places of a JSON entry that get a pseudonym."""


@dataclass(frozen=True, slots=True)
class Obfuscated:
    """The data with pseudonyms, and how many different values of each category were replaced."""

    data: bytes
    points: int
    counts: Mapping[str, int]


def obfuscate(path: Path, pseudonyms: Pseudonyms) -> Obfuscated:
    """Return what a file holds with pseudonyms, in the same format; raises ConfigurationError.

    Values are replaced whether they are right or not: a wrong check
    digit stays wrong by as much.
    """
    data = contents(path)
    replacer = _Replacer(pseudonyms)
    if not is_json(data):
        header, found = table(data, str(path), BY_NAME, ["mpan"])
        rows = [{name: replacer.text(name, row[name]) for name in header} for _, row in found]
        return Obfuscated(as_csv(rows, columns=header).encode(), len(rows), replacer.counts())
    document, points = json_points(data, path)
    for place, _, entry in points:
        for item, value in entry.items():
            if item not in KNOWN:
                raise _unknown(item, f"{path}: {place}")
            entry[item] = replacer.inside(item, item, value, f"{path}: {place}/{item}")
    written = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return Obfuscated(written, len(points), replacer.counts())


_WITHIN = frozenset(
    {str(step) for column in COLUMNS for step in column.path[1:]} | {"from", "value", "meters", *WITHIN_ITEMS}
)
"""Keys that are known inside an item."""


def _unknown(name: str, where: str) -> ConfigurationError:
    what = f"'{name}' is no field of test data: it may name somebody, so nothing is written"
    return ConfigurationError(what, where=where, mend="Take it out, or bring it in a field of the format.")


class _Replacer:
    """Replaces values and counts them."""

    def __init__(self, pseudonyms: Pseudonyms) -> None:
        self._pseudonyms = pseudonyms
        self._seen: dict[tuple[str, str], str] = {}

    def counts(self) -> Mapping[str, int]:
        return dict(sorted(Counter(category for category, _ in self._seen).items()))

    def text(self, column: str, text: str) -> str:
        """Return the text of a CSV column."""
        category = BY_NAME[column].personal
        if not category or not text:
            return text
        values = text.split() if BY_NAME[column].form == LIST else [text]
        return " ".join(self._of(category, value) for value in values)

    def inside(self, item: str, key: str, value: Any, where: str) -> Any:
        """Return a value of a JSON entry: texts under a key that names somebody are replaced."""
        if isinstance(value, dict):
            for name in value:
                if name not in _WITHIN:
                    raise _unknown(name, where)
            return {name: self.inside(item, _named(key, name), each, where) for name, each in value.items()}
        if isinstance(value, list):
            return [self.inside(item, key, inner, where) for inner in value]
        category = _IN_JSON.get((item, key))
        return self._of(category, str(value)) if category and value not in (None, "") else value

    def _of(self, category: str, value: str) -> str:
        made = self._pseudonyms.of(category, value)
        self._seen[category, value] = made
        return made


def _named(key: str, name: str) -> str:
    """Return the key that a value stands under; ``value`` is a version of its item."""
    return key if name == "value" else name
