"""Changing a register's file: an entry is replaced, comments in it too, or added; all else stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from harness.errors import ConfigurationError, HarnessError
from harness.evidence.verdicts import Blame
from harness.registers.locking import held
from harness.registers.model import Defect, DesignQuery, Entry, Override
from harness.registers.reading import DEFECTS, OVERRIDES, TESTS, check, read_registers
from harness.scenarios.sourced import composed, of_node, uncollected
from harness.writing import write_whole

Change = tuple[int, int, str]
"""A piece of a text, from character to character, and what stands there instead."""
_LISTS: Mapping[str, str] = {
    "defects": "defect",
    "design_queries": "query",
    "overrides": "override",
    "tests": "test",
}
"""Lists whose entries are written, and the field that holds an entry's id."""


def write_entries(folder: Path, entries: Sequence[Defect | DesignQuery]) -> Path:
    """Replace or add entries of ``defects.yaml``, whole or not at all; returns its path.

    Who works entries out from what was read holds the folder's lock (`harness.registers.locking`) from the
    reading to the writing.
    Raises ConfigurationError for a file whose lists are written in one line, EnvironmentFault when the disk
    refuses it.
    """
    path = folder / DEFECTS
    lists: dict[str, dict[str, dict[str, Any]]] = {"defects": {}, "design_queries": {}}
    for each in entries:
        name = "defects" if isinstance(each, Defect) else "design_queries"
        lists[name][each.id] = entry_data(each)
    return _write(path, lists)


def write_overrides(folder: Path, overrides: Sequence[Override]) -> Path:
    """Replace or add entries of ``overrides.yaml``; returns and raises as `write_entries`."""
    return _write(folder / OVERRIDES, {"overrides": {each.id: override_data(each) for each in overrides}})


def write_test_ids(folder: Path, scheme: str, ids: Mapping[str, str]) -> Path | None:
    """Put the ids that tests have in another system into ``tests.yaml``; None where all stand there already.

    Ids of other schemes stay. It takes the folder's lock (`harness.registers.locking`). Raises as
    `write_entries` and `held`.
    """
    if not ids:
        return None
    with held(folder):
        known = read_registers(folder).test_ids
        changed = {
            test: {"test": test, "external_ids": {**known.get(test, {}), scheme: identifier}}
            for test, identifier in ids.items()
            if known.get(test, {}).get(scheme) != identifier
        }
        return _write(folder / TESTS, {"tests": changed}) if changed else None


class _Plain(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes values that are the same twice in full, without anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def entry_data(entry: Defect | DesignQuery) -> dict[str, Any]:
    """Return a defect or design query as its file holds it, without what is empty."""
    if isinstance(entry, Defect):
        data: dict[str, Any] = {
            "defect": entry.id,
            "title": entry.title,
            "status": entry.status.value,
            "severity": entry.severity,
            "blame": _blame(entry.blame),
            **_place(entry),
            "release_found": entry.release_found,
            "build_found": entry.build_found,
            "release_fixed": entry.release_fixed,
            "build_fixed": entry.build_fixed,
            "root_cause": entry.root_cause,
            **_tests(entry),
            "deferral": {
                "by": entry.deferral.by,
                "day": entry.deferral.day,
                "reference": entry.deferral.reference,
            }
            if entry.deferral
            else None,
            "retest": {
                "run": entry.retest.run,
                "verdict": entry.retest.verdict,
                "evidence": entry.retest.evidence.value,
                "day": entry.retest.day,
            }
            if entry.retest
            else None,
            **_story(entry),
        }
    else:
        data = {
            "query": entry.id,
            "title": entry.title,
            "status": entry.status.value,
            "specification": entry.specification,
            "answer": entry.answer,
            **_place(entry),
            **_tests(entry),
            **_story(entry),
        }
    return _filled(data)


def _blame(blame: Blame | None) -> dict[str, Any] | None:
    return _filled(blame.as_dict()) if blame else None


def _place(entry: Entry) -> dict[str, Any]:
    return {
        "key": entry.key,
        "owner": entry.owner,
        "raised_by": entry.raised_by,
        "raised": entry.raised,
        "closed": entry.closed,
        "environment": entry.environment,
        "interface": entry.interface,
    }


def _tests(entry: Entry) -> dict[str, Any]:
    return {
        "cases": list(entry.cases),
        "blocks": list(entry.blocks),
        "requirements": list(entry.requirements),
        "links": [{"kind": each.kind, "ref": each.ref} for each in entry.links],
    }


def _story(entry: Entry) -> dict[str, Any]:
    return {
        "seen": [
            _filled(
                {
                    "run": each.run,
                    "evidence": each.evidence.value,
                    "release": each.release,
                    "day": each.day,
                }
            )
            for each in entry.seen
        ],
        "history": [
            _filled(
                {
                    "day": each.day,
                    "by": each.by,
                    "from": each.before,
                    "to": each.after,
                    "note": each.note,
                    "run": each.run,
                }
            )
            for each in entry.history
        ],
        "external_ids": dict(entry.external_ids),
        "note": entry.note,
    }


def override_data(override: Override) -> dict[str, Any]:
    """Return an override as its file holds it, without what is empty."""
    return _filled(
        {
            "override": override.id,
            "cases": override.cases,
            "release": override.release,
            "run": override.run,
            "evidence": override.evidence.value if override.evidence else "",
            "status": override.status.value,
            "reason": override.reason,
            "by": override.by,
            "second": override.second,
            "day": override.day,
            "approval": override.approval,
            "withdrawn": override.withdrawn,
            "external_ids": dict(override.external_ids),
        }
    )


def _filled(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value not in ("", None, [], {})}


@uncollected()
def _write(path: Path, lists: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Path:
    text = _text(path) if path.exists() else ""
    root = composed(text, path)
    wanted = dict(of_node(root, path).data)
    changes: list[Change] = []
    for name, entries in lists.items():
        if entries:
            changes += _spliced(text, root, name, entries, path)
            key = _LISTS[name]
            merged = {each[key]: each for each in wanted.get(name) or []}
            wanted[name] = list((merged | {each: _texts(data) for each, data in entries.items()}).values())
    text = _changed(text, changes)
    written = of_node(composed(text, path), path)
    if written.data != wanted:
        raise HarnessError("would not be as it was meant", where=str(path), mend="Nothing was written.")
    try:
        check(written)
    except ConfigurationError as error:
        raise ConfigurationError(
            f"would not be readable, {error.where.rsplit(', ', 1)[-1]}: {error.what}",
            where=str(path),
            mend="Nothing was written.",
        ) from error
    return write_whole(path, text.encode(), parents=True)


def _text(path: Path) -> str:
    """Return a file's text with the ends of its lines as they are."""
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"can't be read: {error}", where=str(path)) from error


def _changed(text: str, changes: Iterable[Change]) -> str:
    """Return a text with pieces of it replaced: (start, end, instead), none within another."""
    parts, done = [], 0
    for start, end, instead in sorted(changes):
        parts += [text[done:start], instead]
        done = end
    return "".join([*parts, text[done:]])


def _texts(value: Any) -> Any:
    """Return data as a reader sees it that takes every scalar for a text."""
    if isinstance(value, Mapping):
        return {key: _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else str(value)


def _spliced(
    text: str, root: Any, name: str, entries: Mapping[str, Mapping[str, Any]], path: Path
) -> list[Change]:
    newline = "\r\n" if "\r\n" in text else "\n"
    found = _list_of(root, name)
    if getattr(root, "flow_style", False) or (getattr(found, "flow_style", False) and found.value):
        raise ConfigurationError(
            f"its list '{name}' is written in brackets, so that an entry can't be put in its place",
            where=str(path),
            mend="Write each entry on lines of its own, beginning with a dash.",
        )
    if found is None or not found.value:
        return [_with_list(text, name, found, entries, newline)]
    changes: list[Change] = []
    there: set[str] = set()
    for node in found.value:
        identifier = next(value.value for key, value in node.value if key.value == _LISTS[name])
        if identifier in entries:
            there.add(identifier)
            if node.flow_style:
                block = yaml.dump(
                    entries[identifier],
                    Dumper=_Plain,
                    sort_keys=False,
                    allow_unicode=True,
                    default_flow_style=True,
                    width=9999,
                ).strip()
            else:
                block = _block(entries[identifier], node.start_mark.column, newline)
            changes.append((node.start_mark.index, _end(node, text), block))
    added = [data for identifier, data in entries.items() if identifier not in there]
    if added:
        indent = found.start_mark.column
        last = _end(found.value[-1], text)
        line = text.find("\n", last)
        end = last + len(text[last : len(text) if line < 0 else line].rstrip("\r"))
        block = "".join(f"{newline}{' ' * indent}- {_block(each, indent + 2, newline)}" for each in added)
        changes.append((end, end, block))
    return changes


def _with_list(
    text: str,
    name: str,
    empty: yaml.Node | None,
    entries: Mapping[str, Mapping[str, Any]],
    newline: str,
) -> Change:
    """Put a list where there is none, or an empty one."""
    block = "".join(f"{newline}- {_block(each, 2, newline)}" for each in entries.values())
    if empty is not None:
        return (empty.start_mark.index, empty.end_mark.index, block)
    before = "" if not text or text.endswith("\n") else newline
    return (len(text), len(text), f"{before}{name}:{block}{newline}")


def _list_of(root: yaml.Node | None, name: str) -> Any:
    if not isinstance(root, yaml.MappingNode):
        return None
    return next((value for key, value in root.value if key.value == name), None)


def _end(node: yaml.Node, text: str) -> int:
    """Return where a node's own text ends: of a block, that of its last value."""
    if isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
        return _end(node.value[-1][1], text)
    if isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        return _end(node.value[-1], text)
    start, end = int(node.start_mark.index), int(node.end_mark.index)
    return start + len(text[start:end].rstrip())


def _block(data: Mapping[str, Any], indent: int, newline: str) -> str:
    """Return an entry as YAML; its first line stands where the text already is."""
    lines = (
        yaml.dump(dict(data), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100)
        .rstrip("\n")
        .split("\n")
    )
    return newline.join([lines[0], *(f"{' ' * indent}{line}" if line else "" for line in lines[1:])])
