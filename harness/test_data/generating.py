"""Metering points from a seed: profiles that cover every pair first, then a mix, in turn for every cohort.

Assumed: the mix.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from math import prod

from harness.errors import ConfigurationError
from harness.messages.context import DATA_ROLE, METERING_ROLE
from harness.messages.metering_point import HISTORY_ENDS
from harness.test_data.pairwise import Coverage, Pair, all_pairs, coverage, covering
from harness.test_data.participants import (
    RETRIEVER,
    SUPPLIER,
    Cohort,
    Participant,
    cohorts,
)
from harness.test_data.point_rows import Maker, Row
from harness.test_data.profiles import Profile, Profiles, profiles

_PARTNER = {"import": "export", "export": "import", "primary": "secondary", "secondary": "primary"}
_MIX = {
    "segment": {"S": 90, "A": 8, "U": 2},
    "meter_group": {"smart": 75, "traditional": 20, "advanced": 10, "none": 1},
    "consent": {"H": 70, "D": 15, "M": 10, "N": 5},
    "dcc": {"A": 90, "I": 4, "N": 6},
    "connection": {"W": 60, "L": 30, "H": 8, "E": 2, "U": 1},
    "direction": {"I": 95, "E": 5},
    "domestic": {"domestic": 85, "business": 15},
    "relation": {"none": 90, "import": 4, "export": 2, "primary": 2, "secondary": 2},
    "regime": {"mhhs": 60, "legacy": 38, "reverse-migrated": 2},
    "energisation": {"E": 96, "D": 3, "U": 1},
    "distributor_type": {"DNO": 85, "iDNO": 15},
}


@dataclass(frozen=True, slots=True)
class Generated:
    """Rows of test data with what they were made from."""

    seed: int
    as_of: date
    cohorts: tuple[Cohort, ...]
    rows: tuple[Row, ...]
    coverage: Coverage
    left_out: Mapping[str, tuple[str, ...]]
    """Values of a dimension for which the parties are lacking."""


def generate(
    count: int, seed: int, participants: Sequence[Participant], as_of: date, number_of_cohorts: int = 0
) -> Generated:
    """Return ``count`` metering points; the same arguments and standing data give the same ones.

    Raises ConfigurationError where the parties don't suffice for any.
    """
    table = profiles()
    made = cohorts(participants, as_of, number_of_cohorts)
    legacy = {each.role: each for each in reversed(participants) if not each.dip_id}
    left_out = _left_out(table, made, legacy)
    plan = _planned(tuple(left_out.items()))
    if not plan.allowed:
        raise ConfigurationError("the parties don't suffice for any metering point")
    rng = random.Random(f"test data/{seed}")
    maker = Maker(rng, legacy, min(HISTORY_ENDS, as_of))
    used: list[Profile] = []
    rows: list[Row] = []
    for index, profile in enumerate(_sequence(rng, plan)):
        if len(rows) == count:
            break
        cohort = made[index % len(made)]
        alone = len(rows) == count - 1
        group = [profile] if profile["relation"] == "none" else [profile, partner(profile)]
        if alone and len(group) > 1:
            continue
        used += group
        rows += maker.points(group, cohort)
    return Generated(
        seed=seed,
        as_of=as_of,
        cohorts=made,
        rows=tuple(rows),
        coverage=coverage(used, plan.pairs, table.dimensions),
        left_out=left_out,
    )


def partner(profile: Profile) -> Profile:
    """Return the profile of the other point of a relationship: all else is alike.

    An export takes consent H, whatever the import's.
    """
    relation = _PARTNER[profile["relation"]]
    changed = {**profile, "relation": relation}
    if relation in ("import", "export"):
        changed |= {"direction": relation[0].upper(), "consent": "H"}
    return changed


def _left_out(
    table: Profiles, made: Sequence[Cohort], legacy: Mapping[str, Participant]
) -> dict[str, tuple[str, ...]]:
    """Return the values that need parties which some cohort lacks."""
    lacking: dict[str, set[str]] = {}
    for cohort in made:
        types = {each.distributor_type for each in cohort.distributions}
        lacking.setdefault("distributor_type", set()).update(
            set(table.dimensions["distributor_type"]) - types
        )
        held = {*cohort.parties}
        if all("UMSO" in each.parties for each in cohort.distributions):
            held.add("UMSO")
        for segment in table.dimensions["segment"]:
            if not {METERING_ROLE[segment], DATA_ROLE[segment]} <= held:
                lacking.setdefault("segment", set()).add(segment)
        if RETRIEVER not in held:
            lacking.setdefault("dcc", set()).add("A")
    if not {"MOP", "DC"} <= legacy.keys():
        lacking.setdefault("regime", set()).update({"legacy", "reverse-migrated"})
    elif SUPPLIER not in legacy:
        lacking.setdefault("regime", set()).add("reverse-migrated")
    return {name: tuple(sorted(values)) for name, values in lacking.items() if values}


@dataclass(frozen=True, slots=True)
class _Plan:
    """The profiles that may be, those that cover their pairs, and how often each is drawn after these."""

    allowed: tuple[Profile, ...]
    cover: tuple[Profile, ...]
    pairs: tuple[Pair, ...]
    weights: tuple[float, ...]


@cache
def _planned(left_out: tuple[tuple[str, tuple[str, ...]], ...]) -> _Plan:
    allowed = profiles().allowed(dict(left_out))
    weights = tuple(
        prod(_MIX.get(name, {}).get(value, 1) / 100 for name, value in each.items()) for each in allowed
    )
    return _Plan(allowed, tuple(covering(allowed)), all_pairs(allowed), weights)


def _sequence(rng: random.Random, plan: _Plan) -> Iterator[Profile]:
    yield from plan.cover
    while True:
        yield from rng.choices(plan.allowed, plan.weights, k=1000)
