"""Changes of systems with what they touch, from a YAML file: what makes results stale beside the catalogue.

A result of an earlier day goes stale where all that a change names fits: an interface that the test used, a
role that took part, a requirement that is asked for. It has to name one of them: a build alone is no reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, cast

from harness.errors import ConfigurationError, nearest
from harness.scenarios.requirements import Register
from harness.scenarios.sourced import explain, read_checked
from harness.spec.release import load, names
from harness.spec.roles import roles

_SCHEMA = Path(__file__).with_name("impacts.schema.json")


@dataclass(frozen=True, slots=True)
class SystemChange:
    """One change; an empty field says nothing. ``party`` is any of a party's names."""

    words: str
    start: date
    party: str
    interfaces: frozenset[str]
    roles: frozenset[str]
    requirements: frozenset[str]

    def touches(
        self,
        *,
        day: date,
        interfaces: Iterable[str],
        roles: Iterable[str],
        parties: Iterable[str],
        requirement: str,
    ) -> bool:
        """Say whether it touches a result of a day, for a requirement."""
        return (
            day < self.start
            and (not self.party or self.party in set(parties))
            and (not self.interfaces or bool(self.interfaces & set(interfaces)))
            and (not self.roles or bool(self.roles & set(roles)))
            and (not self.requirements or requirement in self.requirements)
        )


@cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of the file."""
    return cast("dict[str, Any]", json.loads(_SCHEMA.read_text(encoding="utf-8")))


def read_changes(path: Path, register: Register) -> tuple[SystemChange, ...]:
    """Read changes; raises ConfigurationError naming file, line, what is wrong and the nearest name."""
    source = read_checked(path, schema(), _explained)
    known = {
        "interfaces": sorted({each for name in names() for each in load(name).interfaces}),
        "roles": [*roles()],
        "requirements": [*register],
    }
    for number, entry in enumerate(source.data["changes"]):
        for field, allowed in known.items():
            for index, value in enumerate(entry.get(field, [])):
                if value not in allowed:
                    raise source.fail(
                        ("changes", number, field, index), f"'{value}' is not known", nearest(value, allowed)
                    )
    return tuple(_change(entry) for entry in source.data["changes"])


def _change(entry: dict[str, Any]) -> SystemChange:
    return SystemChange(
        words=entry["change"],
        start=date.fromisoformat(entry["from"]),
        party=entry.get("party", ""),
        interfaces=frozenset(entry.get("interfaces", ())),
        roles=frozenset(entry.get("roles", ())),
        requirements=frozenset(entry.get("requirements", ())),
    )


def _explained(problem: Any) -> str:
    if problem.validator == "anyOf":
        return "names neither interfaces nor roles nor requirements: a change alone makes nothing stale"
    return explain(problem)


def check_parties(changes: Iterable[SystemChange], parties: Iterable[str], where: str) -> None:
    """Raise ConfigurationError for a change of a party that nobody knows."""
    known = sorted(set(parties))
    for each in changes:
        if each.party and each.party not in known:
            raise ConfigurationError(
                f"'{each.party}' of change '{each.words}' is no party",
                where=where,
                mend=nearest(each.party, known),
            )
