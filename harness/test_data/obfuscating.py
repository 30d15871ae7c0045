"""Making test data that was brought anonymous: pseudonyms for MPANs, addresses, meters, devices, references.

The pseudonyms are those of redacted evidence packs (`harness.evidence.pack.pseudonyms`): one salt gives a
value the same pseudonym in both, an MPAN another of the same distributor with the right check digit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from harness.errors import ConfigurationError
from harness.evidence.pack.pseudonyms import Pseudonyms
from harness.standing_data.table import contents, table
from harness.test_data.columns import BY_NAME, COLUMNS, LIST, WITHIN_ITEMS, WITHOUT_COLUMN
from harness.test_data.reading import KNOWN, WRAPPER, is_json, json_points
from harness.test_data.writing import as_csv

Place: TypeAlias = tuple[str, str]
"""An item of a JSON entry and the innermost key of one of its values."""

_CATEGORY: Mapping[Place, str] = {
    (str(column.path[0]), next(str(step) for step in reversed(column.path) if isinstance(step, str))):
    column.personal
    for column in COLUMNS
}  # fmt: skip
"""The places of a JSON entry, with the category of those that get a pseudonym."""
_PLAIN: frozenset[Place] = frozenset(
    {(item, key) for item in KNOWN for key in ("from", *WITHIN_ITEMS)}
    | {(item, "dip_id") for item in WITHOUT_COLUMN}
    | {(str(column.path[0]),) * 2 for column in COLUMNS if column.path[1:] == ("dip_id",)}
)
"""Further places, which name nobody; a party may be given as its DIP id alone."""
_KEYS: frozenset[Place] = _PLAIN | {
    (item, name)
    for item in KNOWN
    for name in ("value", "meters", *(str(s) for c in COLUMNS if c.path[0] == item for s in c.path[1:]))
}
"""The keys that may stand within an item."""
_DOCUMENT = frozenset({"format", "kind", "made_up", "seed", "as_of", "cohorts", "points"})


@dataclass(frozen=True, slots=True)
class Obfuscated:
    """The data with pseudonyms, and how many different values of each category were replaced."""

    data: bytes
    points: int
    counts: Mapping[str, int]


def obfuscate(path: Path, pseudonyms: Pseudonyms) -> Obfuscated:
    """Return what a file holds with pseudonyms, in the same format; raises ConfigurationError.

    Values are replaced whether they are right or not: a wrong check digit stays wrong by as much. What is not
    of the format is refused, since nobody knows whether it names somebody.
    """
    data = contents(path)
    replacer = _Replacer(pseudonyms)
    if not is_json(data):
        header, found = table(data, str(path), BY_NAME, ["mpan"])
        rows = [{name: replacer.text(name, row[name]) for name in header} for _, row in found]
        return Obfuscated(as_csv(rows, columns=header).encode(), len(rows), replacer.counts())
    document, points = json_points(data, path)
    if isinstance(document, dict):
        _known(document, _DOCUMENT, str(path))
        _known_cohorts(document.get("cohorts", []), str(path))
    for place, wrapper, entry in points:
        _known(wrapper, WRAPPER, f"{path}: {place}")
        _known(entry, KNOWN, f"{path}: {place}")
        for item, value in entry.items():
            entry[item] = replacer.inside(item, item, value, f"{path}: {place}/{item}")
    written = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return Obfuscated(written, len(points), replacer.counts())


def _known(found: Mapping[str, Any], names: Container[str], where: str) -> None:
    for name in found:
        if name not in names:
            raise _unknown(name, where)


def _known_cohorts(cohorts: Any, where: str) -> None:
    """Refuse cohorts of another form than the schema's: they hold parties, and nobody else."""
    from jsonschema import Draft202012Validator

    schema = orjson.loads(Path(__file__).with_name("test-data.schema.json").read_bytes())
    validator = Draft202012Validator(
        {"$ref": "#/properties/cohorts", **{k: schema[k] for k in _SCHEMA_PARTS}}
    )
    if next(validator.iter_errors(cohorts), None) is not None:
        raise _unknown("cohorts", where)


_SCHEMA_PARTS = ("properties", "$defs")


def _unknown(name: str, where: str) -> ConfigurationError:
    what = f"'{name}' is not of the format of test data: it may name somebody, so nothing is written"
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
                if (item, name) not in _KEYS:
                    raise _unknown(name, where)
            return {name: self.inside(item, _named(key, name), each, where) for name, each in value.items()}
        if isinstance(value, list):
            return [self.inside(item, key, inner, where) for inner in value]
        if value is None or (item, key) in _PLAIN:
            return value
        if (item, key) not in _CATEGORY:
            raise _unknown(key, where)
        category = _CATEGORY[item, key]
        return self._of(category, str(value)) if category and value != "" else value

    def _of(self, category: str, value: str) -> str:
        made = self._pseudonyms.of(category, value)
        self._seen[category, value] = made
        return made


def _named(key: str, name: str) -> str:
    """Return the key that a value stands under: a version of an item stands under ``value`` or ``meters``."""
    return key if name in ("value", "meters") else name
