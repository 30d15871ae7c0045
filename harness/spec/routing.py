"""Who sends and who receives each interface-event pair: `swagger/routing.yaml`, groups expanded.

The file is data that a team which holds the interface catalogue replaces (``DIP_ROUTING=FILE.yaml``); every
row carries its basis.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from harness.data import folder
from harness.errors import ConfigurationError, nearest
from harness.settings import read
from harness.spec.roles import expand

TIERS = ("primary", "secondary", "always")
BASES = ("published", "third-party", "assumed")
ACCEPTED, BOTH_SIDES, OF_THE_DAY, UNDECIDED = "accepted", "both-sides", "of-the-day", "undecided"
WHEN: Mapping[str, str] = {
    ACCEPTED: "the message answers another and is no rejection (`R0.responseCode` is not R)",
    BOTH_SIDES: "the party that comes and the one that goes both receive it, near the change",
    OF_THE_DAY: "who served the metering point at the times that the message's values are for receives it",
    UNDECIDED: "the message can't tell; whoever serves the metering point receives it, and nobody is missed",
}
"""What a condition of the secondary or always tier means to a hub, by its key."""

_RULE_KEYS = {"events", "senders", "senders_basis", "senders_note", "receivers"}
_ROW_KEYS = {"roles", "tier", "when", "condition", "basis", "note", "from"}


@dataclass(frozen=True, slots=True)
class Row:
    """One role's part in one event: a sender, or a receiver in a tier under a condition.

    ``condition`` explains it in words, ``when`` is its key in `WHEN` (empty: always, or the sender's choice).
    ``senders`` names the sender roles that the row is for; empty means all of them.
    """

    role: str
    tier: str
    condition: str
    basis: str
    note: str
    senders: tuple[str, ...] = ()
    when: str = ""


@dataclass(frozen=True, slots=True)
class _Rule:
    events: frozenset[str]
    senders: tuple[Row, ...]
    receivers: tuple[Row, ...]


class Routing:
    """Senders and receivers by interface and event (without brackets)."""

    def __init__(self, rules: Mapping[str, Sequence[_Rule]]) -> None:
        self._rules = rules
        self._senders: dict[tuple[str, str], tuple[Row, ...]] = {}
        self._receivers: dict[tuple[str, str, str], tuple[Row, ...]] = {}

    @property
    def interfaces(self) -> tuple[str, ...]:
        """Return the interfaces that the file describes."""
        return tuple(self._rules)

    def senders(self, interface: str, event: str) -> tuple[Row, ...]:
        """Return a row per role that may send the event; empty for an unknown one."""
        key = (interface, event)
        found = self._senders.get(key)
        if found is None:
            found = tuple(row for rule in self._matching(interface, event) for row in rule.senders)
            if found:
                self._senders[key] = found
        return found

    def receivers(self, interface: str, event: str, *, sender: str = "") -> tuple[Row, ...]:
        """Return a row per role that receives the event, or that receives it from the role ``sender``."""
        key = (interface, event, sender)
        found = self._receivers.get(key)
        if found is None:
            found = tuple(
                row
                for rule in self._matching(interface, event)
                for row in rule.receivers
                if not sender or not row.senders or sender in row.senders
            )
            if found:
                self._receivers[key] = found
        return found

    def _matching(self, interface: str, event: str) -> Iterable[_Rule]:
        return (rule for rule in self._rules.get(interface, ()) if not rule.events or event in rule.events)


def load_routing(path: Path | None = None) -> Routing:
    """Read a routing file; raises ConfigurationError naming the interface.

    Without a path it is the one that the environment names in ``DIP_ROUTING``, else the shipped one.
    """
    named = os.environ.get("DIP_ROUTING")
    return _load(path or (Path(named) if named else folder("swagger") / "routing.yaml"))


@cache
def _load(path: Path) -> Routing:
    rules: dict[str, Sequence[_Rule]] = {}
    for interface, entries in read(path).items():
        where = f"{path}, {interface}"
        if not isinstance(entries, list):
            raise ConfigurationError("is no list of rules", where=where, mend="Write '- senders: [...]'.")
        rules[interface] = [_rule(entry, where) for entry in entries]
        _check_once(rules[interface], where)
    return Routing(rules)


def _rule(entry: Any, where: str) -> _Rule:
    if not isinstance(entry, dict):
        raise ConfigurationError("has a rule that is no mapping", where=where)
    _check_keys(entry, _RULE_KEYS, where)
    if not entry.get("senders") or not isinstance(entry.get("receivers"), list):
        raise ConfigurationError("has a rule without senders or receivers", where=where)
    basis = _known(entry.get("senders_basis", "third-party"), BASES, "basis", where)
    senders = tuple(
        Row(role, "sender", "", basis, entry.get("senders_note", ""))
        for role in _roles(entry["senders"], where)
    )
    receivers = tuple(row for raw in entry["receivers"] for row in _receivers(raw, where))
    return _Rule(frozenset(entry.get("events", ())), senders, receivers)


def _receivers(raw: Any, where: str) -> Iterable[Row]:
    if not isinstance(raw, dict):
        raise ConfigurationError("has a receiver that is no mapping", where=where)
    _check_keys(raw, _ROW_KEYS, where)
    tier = _known(raw.get("tier", ""), TIERS, "tier", where)
    basis = _known(raw.get("basis", "assumed"), BASES, "basis", where)
    when = _when(raw, tier, where)
    for role in _roles(raw.get("roles", ()), where):
        yield Row(
            role,
            tier,
            raw.get("condition", ""),
            basis,
            raw.get("note", ""),
            tuple(_roles(raw.get("from", ()), where)),
            when,
        )


def _when(raw: Mapping[str, Any], tier: str, where: str) -> str:
    """Return the key of a row's condition: a hub has to know it, but for what the sender chooses."""
    when, words = raw.get("when", ""), raw.get("condition", "")
    if tier == "primary":
        if when:
            raise ConfigurationError(
                f"has a primary receiver with 'when: {when}'",
                where=where,
                mend="The sender chooses its primary recipients; write only the condition.",
            )
        return ""
    if bool(when) != bool(words):
        raise ConfigurationError(
            f"has a {tier} receiver with {'a key' if when else 'words'} alone for its condition",
            where=where,
            mend=f"Write 'condition' in words and 'when' as one of {', '.join(WHEN)}.",
        )
    return _known(when, tuple(WHEN), "key of a condition", where) if when else ""


def _roles(names: Iterable[str], where: str) -> list[str]:
    return list(dict.fromkeys(role for name in names for role in expand(name, where=where)))


def _check_keys(entry: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in entry:
        if key not in known:
            raise ConfigurationError(f"has the unknown key '{key}'", where=where, mend=nearest(key, known))


def _known(value: str, known: tuple[str, ...], what: str, where: str) -> str:
    if value not in known:
        raise ConfigurationError(f"'{value}' is no {what}", where=where, mend=nearest(value, known))
    return value


def _check_once(rules: Sequence[_Rule], where: str) -> None:
    """Refuse rules of one interface that overlap: an event then had two lists."""
    seen: set[str] = set()
    for rule in rules:
        if (not rule.events and len(rules) > 1) or seen & rule.events:
            raise ConfigurationError(
                "has rules that overlap", where=where, mend="Give each rule its own events."
            )
        seen |= rule.events
