"""Profiles of metering points: the dimensions, and which values go together.

Both are data (`test_catalogue/test-data/profiles.yaml`), every rule with its basis.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from harness.data import folder
from harness.errors import ConfigurationError, nearest
from harness.settings import read

Profile = Mapping[str, str]
"""A value for every dimension."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Where ``when`` holds, each dimension of ``only`` has one of the values there."""

    id: str
    when: Mapping[str, tuple[str, ...]]
    only: Mapping[str, tuple[str, ...]]
    basis: str
    reason: str

    def broken(self, values: Profile) -> str | None:
        """Return the dimension that breaks the rule, or None; a dimension without a value breaks nothing."""
        for dimension, fitting in self.when.items():
            if values.get(dimension) not in fitting:
                return None
        for dimension, fitting in self.only.items():
            if dimension in values and values[dimension] not in fitting:
                return dimension
        return None


@dataclass(frozen=True, slots=True)
class Profiles:
    """The dimensions with their values, and the rules between them."""

    dimensions: Mapping[str, tuple[str, ...]]
    rules: tuple[Rule, ...]

    def broken(self, values: Profile) -> Iterator[tuple[Rule, str]]:
        """Yield each rule that the values break, and the dimension that breaks it."""
        for rule in self.rules:
            dimension = rule.broken(values)
            if dimension is not None:
                yield rule, dimension

    def allowed(self, without: Mapping[str, Sequence[str]] | None = None) -> tuple[Profile, ...]:
        """Return every profile that breaks no rule, in a fixed order; ``without`` leaves values out."""
        left_out = without or {}
        dimensions = {
            name: [value for value in values if value not in left_out.get(name, ())]
            for name, values in self.dimensions.items()
        }
        return tuple(self._grown({}, list(dimensions.items())))

    def _grown(self, values: dict[str, str], ahead: list[tuple[str, list[str]]]) -> Iterator[Profile]:
        if not ahead:
            yield dict(values)
            return
        name, choices = ahead[0]
        for choice in choices:
            values[name] = choice
            if next(self.broken(values), None) is None:
                yield from self._grown(values, ahead[1:])
        values.pop(name, None)


@cache
def profiles() -> Profiles:
    """Return the shipped dimensions and rules."""
    path = folder("test_catalogue") / "test-data" / "profiles.yaml"
    raw = read(path)
    dimensions = {name: tuple(map(str, values)) for name, values in raw["dimensions"].items()}
    rules = tuple(
        Rule(
            id=each["id"],
            when=_sets(each["when"], dimensions, f"{path}: {each['id']}"),
            only=_sets(each["only"], dimensions, f"{path}: {each['id']}"),
            basis=each["basis"],
            reason=each["reason"],
        )
        for each in raw["rules"]
    )
    return Profiles(dimensions, rules)


def _sets(
    raw: Mapping[str, Sequence[object]], dimensions: Mapping[str, tuple[str, ...]], where: str
) -> dict[str, tuple[str, ...]]:
    for name, values in raw.items():
        if name not in dimensions:
            raise ConfigurationError(f"'{name}' is no dimension", where=where, mend=nearest(name, dimensions))
        for value in map(str, values):
            if value not in dimensions[name]:
                raise ConfigurationError(
                    f"'{value}' is no value of {name}", where=where, mend=nearest(value, dimensions[name])
                )
    return {name: tuple(map(str, values)) for name, values in raw.items()}
