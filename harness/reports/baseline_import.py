"""A requirement baseline of others as a register of ours: ids minted, ids of theirs kept, text as it stands.

The file that comes of it carries its source and stands by itself. ``covered_by`` says which of ours have the
tests that verify one of theirs: from a column, from a table of links, or where one of ours names their id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.errors import ConfigurationError, nearest
from harness.reports.baselines import Baseline, BaselineMap, Entry
from harness.reports.tables import read_table
from harness.scenarios.requirements import Register, Requirement
from harness.spec.release import load, names
from harness.spec.roles import groups, roles

TYPES = ("F", "M", "NF", "O")
METHODS = ("execute", "inspect", "declare")
PHASES = ("PIT", "CIT", "SIT-F", "SIT-M", "SIT-NF", "SIT-O", "QT", "QAD")
SEGMENTS = ("smart", "advanced", "unmetered")
BASES = ("published", "third-party", "assumed")
PREFIX = re.compile(r"[A-Z]{2,4}")
_SPLIT = re.compile(r"[,;\n]")
_LONGEST_TITLE = 120
_LISTS = ("roles", "segments", "interfaces", "events", "data_items", "phases", "covered_by")
_HEAD = "# A requirement baseline of others, imported. Ids with DH- are ours; theirs are external_ids.\n"
_OURS = "covered_by"
_USUAL = {"type": "F", "method": "execute"}


class _Dumper(yaml.SafeDumper):
    """Writes lists of short texts on one line."""


def _short(dumper: yaml.SafeDumper, data: list[Any]) -> yaml.Node:
    flat = all(isinstance(each, str) for each in data)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=flat)


_Dumper.add_representer(list, _short)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a baseline comes from, the scheme of its ids, and the ``prefix`` of the ids that are minted."""

    key: str
    title: str
    publisher: str
    address: str
    basis: str
    scheme: str
    version: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Imported:
    """The register as data, and what is to be known of it."""

    data: Mapping[str, Any]
    without_tests: tuple[str, ...]
    """Ids of theirs that none of our requirements covers."""
    kept: int
    """Ids of ours that an earlier import had given already."""

    @property
    def requirements(self) -> Sequence[Mapping[str, Any]]:
        """The entries."""
        found: Sequence[Mapping[str, Any]] = self.data["requirements"]
        return found

    def text(self) -> str:
        """Return the file's text."""
        return _HEAD + str(
            yaml.dump(dict(self.data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
        )


def read_links(path: Path) -> Mapping[str, tuple[str, ...]]:
    """Read a table of links (``external_id``, ``covered_by``) from CSV or XLSX; a row per link, or lists."""
    table = read_table(path, sheet="", header_row=1)
    theirs, ours = table.needed("external_id"), table.needed("covered_by")
    found: dict[str, list[str]] = {}
    for line in table.lines:
        if line.cells[theirs].strip():
            found.setdefault(line.cells[theirs].strip(), []).extend(_listed(line.cells[ours]))
    return {key: tuple(dict.fromkeys(listed)) for key, listed in found.items()}


def as_register(
    baseline: Baseline,
    columns: BaselineMap,
    origin: Origin,
    ours: Register,
    *,
    links: Mapping[str, tuple[str, ...]],
    earlier: Register | None = None,
) -> Imported:
    """Return a baseline as the data of a register file (pure).

    Rows of one id that differ in roles alone are one requirement. ``earlier`` is a former import: what it
    has keeps its id. Raises ConfigurationError naming the row, what is wrong and the nearest right value.
    """
    merged = _merged(baseline)
    known = {_external(each, origin.scheme): each.id for each in (earlier.values() if earlier else ())}
    for external in sorted(set(links) - {name for name, _ in merged}):
        raise ConfigurationError(
            f"'{external}' of the links is no requirement of the baseline",
            where=baseline.where,
            mend=nearest(external, [name for name, _ in merged]),
        )
    minted = _minted([name for name, _ in merged], known, origin.prefix)
    by_external = {name: minted[number] for number, (name, _) in reversed(list(enumerate(merged)))}
    entries = [
        _entry(name, entry, minted[number], columns, origin, ours, links, by_external)
        for number, (name, entry) in enumerate(merged)
    ]
    note = f"Imported from {Path(baseline.where).name}, SHA-256 {baseline.digest}."
    source = {"title": origin.title, "publisher": origin.publisher, "address": origin.address, "note": note}
    return Imported(
        {"sources": {origin.key: source}, "requirements": entries},
        tuple(name for (name, _), entry in zip(merged, entries, strict=True) if "covered_by" not in entry),
        sum(identifier in set(known.values()) for identifier in minted),
    )


def _merged(baseline: Baseline) -> list[tuple[str, Entry]]:
    """Return the rows; those that differ in roles alone are joined into the first of them."""
    found: dict[tuple[tuple[str, str], ...], Entry] = {}
    for entry in baseline.entries.values():
        same = tuple((name, text) for name, text in entry.values.items() if name != "roles")
        first = found.get(same)
        if first is None:
            found[same] = entry
        else:
            both = ", ".join(filter(None, (first.values.get("roles", ""), entry.values.get("roles", ""))))
            found[same] = Entry(first.key, {**first.values, "roles": both}, first.place)
    return [(entry.values["external_id"].strip(), entry) for entry in found.values()]


def _external(requirement: Requirement, scheme: str) -> str:
    return requirement.external_ids.get(scheme, "")


def _minted(external: Sequence[str], known: Mapping[str, str], prefix: str) -> list[str]:
    """Return an id for each row: that of an earlier import, else the next free number."""
    numbers = [int(each.rsplit("-", 1)[1]) for each in known.values() if each.startswith(f"DH-{prefix}-")]
    free = max(numbers, default=0) + 1
    found, taken = [], set()
    for name in external:
        identifier = known.get(name, "")
        if not identifier or identifier in taken:
            identifier, free = f"DH-{prefix}-{free:04d}", free + 1
        taken.add(identifier)
        found.append(identifier)
    return found


def _entry(
    external: str,
    entry: Entry,
    identifier: str,
    columns: BaselineMap,
    origin: Origin,
    ours: Register,
    links: Mapping[str, tuple[str, ...]],
    by_external: Mapping[str, str],
) -> dict[str, Any]:
    read = _Reader(entry, columns)
    text = read.one("text")
    if not text:
        raise ConfigurationError("the requirement has no text", where=entry.place)
    parent = read.one("parent")
    if parent and parent not in by_external:
        raise ConfigurationError(
            f"its parent '{parent}' is no requirement of the baseline",
            where=entry.place,
            mend=nearest(parent, by_external),
        )
    covered = [*read.listed(_OURS, ours), *links.get(external, ())]
    covered += [each.id for each in ours.values() if _external(each, origin.scheme) == external]
    for each in covered:
        _known(each, ours, _OURS, entry.place)
    document, clause = read.one("source"), read.one("clause")
    made = {
        "id": identifier,
        "title": (read.one("title") or text).splitlines()[0][:_LONGEST_TITLE],
        "text": text,
        "type": read.known("type", TYPES),
        "source": origin.key,
        "clause": ", ".join(filter(None, (document, clause))) or entry.place,
        "roles": list(dict.fromkeys(_spelled(read.listed("roles", ["ALL", *roles(), *groups()])))),
        "basis": origin.basis,
        "method": read.known("method", METHODS),
        "phases": read.listed("phases", PHASES),
        "external_ids": {origin.scheme: external},
    }
    optional = {
        "parent": by_external.get(parent, ""),
        "version": read.one("version") or origin.version,
        "area": read.one("area"),
        "priority": read.one("priority"),
        "interfaces": [] if read.all_interfaces else read.listed("interfaces", _interfaces()),
        "events": [each.strip("[]") for each in read.listed("events", ())],
        "data_items": read.listed("data_items", ()),
        "segments": read.listed("segments", SEGMENTS),
        "covered_by": list(dict.fromkeys(covered)),
    }
    if not made["phases"]:
        raise ConfigurationError(
            "names no phase",
            where=entry.place,
            mend="Map a column to 'phases', or give one under 'defaults'.",
        )
    return {**made, **{name: value for name, value in optional.items() if value}}


@dataclass(frozen=True, slots=True)
class _Reader:
    """The fields of one row: in our words, with the map's defaults."""

    entry: Entry
    columns: BaselineMap

    def one(self, name: str) -> str:
        raw = self.entry.values.get(name, "").strip() or self.columns.defaults.get(name, "")
        return self.columns.words.get(name, {}).get(raw, raw)

    @property
    def all_interfaces(self) -> bool:
        return self.one("interfaces").lower() in {"", "all"}

    def known(self, name: str, allowed: Iterable[str]) -> str:
        value = self.one(name) or _USUAL.get(name, "")
        _known(value, allowed, name, self.entry.place, self.columns.words.get(name, {}))
        return value

    def listed(self, name: str, allowed: Iterable[str]) -> list[str]:
        """Return a list; each of it is of the allowed values where there are any."""
        words, values = self.columns.words.get(name, {}), list(allowed)
        found = [words.get(each, each) for each in _listed(self.one(name))]
        for each in found if values else ():
            _known(each, values, name, self.entry.place, words)
        return list(dict.fromkeys(found))


def _listed(text: str) -> list[str]:
    return [each.strip() for each in _SPLIT.split(text) if each.strip()]


def _known(value: str, allowed: Iterable[str], name: str, where: str, words: Iterable[str] = ()) -> None:
    """Raise ConfigurationError for a value that is neither ours nor given words for."""
    values = list(allowed)
    if value not in values:
        hint = nearest(value, [*words, *values])
        if name != _OURS:
            hint = f"{hint} Say what it stands for under 'words' of the map."
        raise ConfigurationError(f"'{value}' is not allowed as '{name}'", where=where, mend=hint)


def _spelled(names_: Iterable[str]) -> Iterable[str]:
    """Write role groups out; ALL stays."""
    for name in names_:
        yield from groups()[name] if name in groups() and name not in roles() else (name,)


def _interfaces() -> list[str]:
    return sorted({interface for name in names() for interface in load(name).interfaces})
