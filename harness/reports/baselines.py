"""Requirement baselines as others issue them, read by a column map, and two of them compared exactly."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError, nearest
from harness.reports.column_map import SHIPPED, checked, header_row, text, titles_of
from harness.reports.tables import read_bytes, read_table
from harness.settings import read

DEFAULT_MAP = SHIPPED / "baseline.yaml"
FIELDS = (
    "external_id", "parent", "title", "text", "source", "version", "clause", "type", "area", "priority",
    "roles", "segments", "interfaces", "events", "data_items", "phases", "method", "covered_by",
)  # fmt: skip
_CLAUSE = "clause"


@dataclass(frozen=True, slots=True)
class BaselineMap:
    """Titles by field; ``optional`` fields may be missing in a table; ``key`` makes a row unique.

    ``words`` (by field, theirs to ours) and ``defaults`` (by field) are for importing; comparing leaves them.
    """

    where: str
    sheet: str
    header_row: int
    titles: Mapping[str, str]
    optional: frozenset[str]
    key: tuple[str, ...]
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """One requirement as its baseline has it; ``place`` names its line or cell."""

    key: tuple[str, ...]
    values: Mapping[str, str]
    place: str

    @property
    def name(self) -> str:
        """The key as words."""
        return " / ".join(filter(None, self.key))


@dataclass(frozen=True, slots=True)
class Baseline:
    """The requirements of one file by key, in its order, with the fields that it has and its SHA-256."""

    where: str
    digest: str
    fields: tuple[str, ...]
    entries: Mapping[tuple[str, ...], Entry]


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one requirement that two baselines give differently."""

    requirement: str
    field: str
    old: str
    new: str
    old_place: str
    new_place: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs. A clause that moved stands in ``moved``, any other field in ``changed``."""

    added: tuple[Entry, ...]
    removed: tuple[Entry, ...]
    changed: tuple[Change, ...]
    moved: tuple[Change, ...]
    not_compared: tuple[str, ...]
    """Fields that one of the two lacks."""

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.added or self.removed or self.changed or self.moved or self.not_compared)

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison for a program."""
        return {
            "same": self.same,
            "added": [_shown(each) for each in self.added],
            "removed": [_shown(each) for each in self.removed],
            "changed": [asdict(each) for each in self.changed],
            "moved": [asdict(each) for each in self.moved],
            "not_compared": list(self.not_compared),
        }


def _shown(entry: Entry) -> dict[str, Any]:
    return {"requirement": entry.name, "place": entry.place, **entry.values}


def read_baseline_map(path: Path) -> BaselineMap:
    """Read a column map; raises ConfigurationError naming file, key and the nearest known."""
    where = str(path)
    data = checked(
        read(path),
        known=("sheet", "header_row", "columns", "key", "words", "defaults"),
        needed=("columns",),
        where=where,
    )
    titles, optional = titles_of(data["columns"], known=FIELDS, needed=("external_id",), where=where)
    key = data.get("key", ["external_id"])
    if not isinstance(key, list) or not key or "external_id" not in key:
        raise ConfigurationError("'key' is a list of columns, 'external_id' among them", where=where)
    for each in key:
        if each not in titles:
            raise ConfigurationError(
                f"'{each}' of 'key' is no column of the map", where=where, mend=nearest(str(each), titles)
            )
    return BaselineMap(
        where=where,
        sheet=text(data, "sheet", "", where=where),
        header_row=header_row(data, where=where),
        titles=titles,
        optional=optional,
        key=tuple(key),
        words=_words(data.get("words", {}), where),
        defaults=_texts(data.get("defaults", {}), FIELDS, f"{where}, defaults"),
    )


def _words(data: Any, where: str) -> Mapping[str, Mapping[str, str]]:
    place = f"{where}, words"
    found = checked(data, known=FIELDS, where=place)
    return {name: _texts(inner, (), f"{place}, {name}") for name, inner in found.items()}


def _texts(data: Any, known: tuple[str, ...], where: str) -> Mapping[str, str]:
    """Return texts by name; of known names alone where any are given."""
    if not isinstance(data, dict):
        raise ConfigurationError("gives no text for a text", where=where)
    found = checked(data, known=known, where=where) if known else data
    return {str(name): text({str(name): value}, str(name), "", where=where) for name, value in found.items()}


def read_baseline(path: Path, columns: BaselineMap) -> Baseline:
    """Read a baseline from CSV or XLSX.

    Raises ConfigurationError for a file, sheet or column that is missing, a row without an id, and an id that
    stands twice.
    """
    table = read_table(path, sheet=columns.sheet, header_row=columns.header_row)
    at = {
        name: found
        for name, title in columns.titles.items()
        if (found := table.column(title) if name in columns.optional else table.needed(title)) is not None
    }
    entries: dict[tuple[str, ...], Entry] = {}
    for line in table.lines:
        values = {name: line.cells[index] for name, index in at.items()}
        place = table.place(line, at["external_id"])
        if not any(values.values()):
            continue
        if not values["external_id"].strip():
            raise ConfigurationError(
                f"the row has no '{columns.titles['external_id']}'",
                where=place,
                mend="Each requirement needs one.",
            )
        key = tuple(values.get(name, "").strip() for name in columns.key)
        if key in entries:
            raise ConfigurationError(
                f"'{' / '.join(filter(None, key))}' stands twice",
                where=place,
                mend=f"First at {entries[key].place}. 'key' of the map says what makes a row unique.",
            )
        entries[key] = Entry(key, values, place)
    if not entries:
        raise ConfigurationError("holds no requirement", where=table.heading)
    return Baseline(str(path), hashlib.sha256(read_bytes(path)).hexdigest(), tuple(at), entries)


def compare(old: Baseline, new: Baseline) -> Comparison:
    """Compare two baselines letter by letter (pure)."""
    both = [name for name in old.fields if name in new.fields]
    differing = [
        Change(was.name, name, was.values[name], now.values[name], was.place, now.place)
        for key, was in old.entries.items()
        if (now := new.entries.get(key)) is not None
        for name in both
        if was.values[name] != now.values[name]
    ]
    return Comparison(
        added=tuple(entry for key, entry in new.entries.items() if key not in old.entries),
        removed=tuple(entry for key, entry in old.entries.items() if key not in new.entries),
        changed=tuple(each for each in differing if each.field != _CLAUSE),
        moved=tuple(each for each in differing if each.field == _CLAUSE),
        not_compared=tuple(sorted(set(old.fields) ^ set(new.fields))),
    )
