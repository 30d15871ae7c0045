"""Asking the lists: `standing_data().valid("map_id", "MAPA", on=day)`.

The shipped lists are a made-up sample (`test_catalogue/standing-data/`). ``DIP_STANDING_DATA=FOLDER`` puts a
user's own in their place, file by file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType

from harness.calendars.local_time import local_date
from harness.data import folder
from harness.errors import ConfigurationError, nearest
from harness.spec.items import items
from harness.standing_data.lists import CODE_LISTS, LISTS
from harness.standing_data.reading import Entry, read_list

VARIABLE = "DIP_STANDING_DATA"
HIDDEN = "x"
"""The code of a value that a recipient is not shown; it is no value of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class StandingData:
    """The lists of a process. Days are dates in Great Britain; a moment (aware) stands for its local date."""

    lists: Mapping[str, Mapping[str, tuple[Entry, ...]]]
    """Kind to value to entries."""
    in_order: Mapping[tuple[str, ...], tuple[Entry, ...]]
    """Entries in the order of the file: by kind, and by kind, scope column and its value."""
    samples: frozenset[str]
    """The kinds whose values are made up."""

    def valid(self, kind: str, value: str | None, *, on: date | datetime, **scope: str) -> bool:
        """Say whether a value is in force on a day.

        ``scope`` narrows by another column: ``role="MDR"``, ``distributor_id="10"``. Raises
        ConfigurationError for an unknown kind or column.
        """
        if kind in CODE_LISTS:
            return value in codes(kind)
        return self.find(kind, value, on=on, **scope) is not None

    def find(self, kind: str, value: str | None, *, on: date | datetime, **scope: str) -> Entry | None:
        """Return the entry of a value that is in force on a day, or None."""
        day = _day(on)
        for entry in self._of(kind, scope).get(value or "", ()):
            if entry.on(day) and all(entry.values[name] == wanted for name, wanted in scope.items()):
                return entry
        return None

    def known(self, kind: str, value: str) -> bool:
        """Say whether a list has a value at all, on whatever day."""
        return value in codes(kind) if kind in CODE_LISTS else value in self._of(kind, {})

    def entries(self, kind: str, *, on: date | datetime | None = None, **scope: str) -> tuple[Entry, ...]:
        """Return the entries of a list in the order of the file, with ``on`` those in force on that day."""
        self._of(kind, scope)
        narrow = next(((kind, name, scope[name]) for name in LISTS[kind].scope if name in scope), (kind,))
        found = self.in_order.get(narrow, ())
        day = None if on is None else _day(on)
        return tuple(
            entry
            for entry in found
            if (day is None or entry.on(day))
            and all(entry.values[name] == wanted for name, wanted in scope.items())
        )

    def qualified(self, mpid: str, role: str, *, on: date | datetime) -> bool:
        """Say whether a participant is in force and qualified for the half-hourly arrangements on a day."""
        entry = self.find("mpid", mpid, on=on, role=role)
        since = entry.values["qualified_from"] if entry else ""
        return bool(since) and date.fromisoformat(since) <= _day(on)

    def meter_group(self, meter_type: str, *, on: date | datetime) -> str | None:
        """Return the group of a meter type (``smart``, ``traditional``, ``advanced``, ``check``), or None."""
        entry = self.find("meter_type", meter_type, on=on)
        return entry.values["meter_group"] if entry else None

    def _of(self, kind: str, scope: Mapping[str, str]) -> Mapping[str, tuple[Entry, ...]]:
        if kind not in self.lists:
            known = [*self.lists, *CODE_LISTS]
            raise ConfigurationError(f"'{kind}' is no list of standing data", mend=nearest(kind, known))
        for name in scope:
            if name not in LISTS[kind].columns:
                raise ConfigurationError(
                    f"'{name}' is no column of {kind}", mend=nearest(name, LISTS[kind].columns)
                )
        return self.lists[kind]


@cache
def codes(kind: str) -> Mapping[str, str]:
    """Return the codes and meanings of a list that the API publishes (`CODE_LISTS`)."""
    found = items()[CODE_LISTS[kind]].codes
    return MappingProxyType({code: meaning for code, meaning in found.items() if code != HIDDEN})


def standing_data() -> StandingData:
    """Return the lists: the shipped sample, with a user's own files in its place (``DIP_STANDING_DATA``)."""
    return load(os.environ.get(VARIABLE) or None)


@cache
def load(own: str | None = None) -> StandingData:
    """Return the lists, those of the folder ``own`` in place of the shipped.

    Raises ConfigurationError for a folder that is not there, a CSV file in it that is no list, and all that
    `read_list` refuses.
    """
    shipped = folder("test_catalogue") / "standing-data"
    files = {listing.kind: shipped / listing.file for listing in LISTS.values()}
    if own:
        files |= _own_files(Path(own))
    lists: dict[str, Mapping[str, tuple[Entry, ...]]] = {}
    in_order: dict[tuple[str, ...], tuple[Entry, ...]] = {}
    samples = set()
    for kind, listing in LISTS.items():
        entries, sample = read_list(listing, files[kind])
        lists[kind] = MappingProxyType(_grouped(entries, lambda entry: entry.value))
        in_order[(kind,)] = entries
        for column in listing.scope:
            for value, found in _grouped(entries, partial(_in_column, column)).items():
                in_order[(kind, column, value)] = found
        if sample:
            samples.add(kind)
    return StandingData(MappingProxyType(lists), MappingProxyType(in_order), frozenset(samples))


def _grouped(entries: Iterable[Entry], key: Callable[[Entry], str]) -> dict[str, tuple[Entry, ...]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(key(entry), []).append(entry)
    return {name: tuple(each) for name, each in found.items()}


def _in_column(column: str, entry: Entry) -> str:
    return entry.values[column]


def _own_files(path: Path) -> dict[str, Path]:
    if not path.is_dir():
        raise ConfigurationError("is no folder", where=f"{VARIABLE}={path}")
    found = {}
    for file in sorted(path.glob("*.csv")):
        if file.stem not in LISTS:
            names = (listing.file for listing in LISTS.values())
            raise ConfigurationError(
                "is no list of standing data", where=str(file), mend=nearest(file.name, names)
            )
        found[file.stem] = file
    if not found:
        raise ConfigurationError("holds no CSV file", where=f"{VARIABLE}={path}")
    return found


def _day(on: date | datetime) -> date:
    return local_date(on) if isinstance(on, datetime) else on
