"""Profiles and their pairs: what is allowed, and that few profiles cover all of it."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.test_data.pairwise import all_pairs, coverage, covering, pairs
from harness.test_data.profiles import Profiles, Rule, profiles

NAMES = ("a", "b", "c", "d")


@st.composite
def tables(draw: st.DrawFn) -> Profiles:
    """Draw a few dimensions, and rules between them."""
    dimensions = {
        name: tuple(f"{name}{n}" for n in range(draw(st.integers(1, 4))))
        for name in NAMES[: draw(st.integers(2, 4))]
    }
    rules = []
    for number in range(draw(st.integers(0, 5))):
        one, other = draw(st.permutations(sorted(dimensions)).map(lambda names: names[:2]))
        when = {one: (draw(st.sampled_from(dimensions[one])),)}
        only = {other: tuple(draw(st.lists(st.sampled_from(dimensions[other]), min_size=1, unique=True)))}
        rules.append(Rule(str(number), when, only, "assumed", ""))
    return Profiles(dimensions, tuple(rules))


@settings(deadline=None)
@given(tables())
def test_allowed_are_all_that_break_no_rule(table: Profiles) -> None:
    """The search finds exactly the combinations that a plain look at every one finds."""
    every = [
        dict(zip(table.dimensions, values, strict=True)) for values in product(*table.dimensions.values())
    ]
    assert list(table.allowed()) == [each for each in every if not list(table.broken(each))]


@settings(deadline=None)
@given(tables())
def test_a_cover_holds_every_pair_that_may_be(table: Profiles) -> None:
    """Covering profiles are allowed ones, hold every pair of the allowed ones, and none is there twice."""
    allowed = table.allowed()
    chosen = covering(allowed)
    assert all(each in allowed for each in chosen)
    assert len({tuple(each.items()) for each in chosen}) == len(chosen)
    found = coverage(chosen, all_pairs(allowed), table.dimensions)
    assert found.missing == ()
    assert found.covered == found.allowed == len({pair for each in allowed for pair in pairs(each)})
    sizes = [len(values) for values in table.dimensions.values()]
    assert found.allowed + found.barred == sum(one * other for one, other in combinations(sizes, 2))


@settings(deadline=None)
@given(tables(), st.data())
def test_coverage_counts_what_is_missing(table: Profiles, data: st.DataObject) -> None:
    """Without some profiles, exactly the pairs that none of the others holds are missing."""
    allowed = table.allowed()
    chosen = [each for each in allowed if data.draw(st.booleans())]
    found = coverage(chosen, all_pairs(allowed), table.dimensions)
    held = {pair for each in chosen for pair in pairs(each)}
    assert set(found.missing) == {pair for each in allowed for pair in pairs(each)} - held
    assert found.covered + len(found.missing) == found.allowed


def test_the_shipped_cover_is_small() -> None:
    """Some forty profiles cover all pairs of the shipped table; every profile would be thousands."""
    allowed = profiles().allowed()
    chosen = covering(allowed)
    assert len(allowed) > 1000
    assert len(chosen) <= 45
    assert covering(allowed) == chosen


def test_every_value_can_be_had_and_every_rule_bars_something() -> None:
    """No value of a dimension is barred altogether, and no rule is without effect."""
    table = profiles()
    allowed = table.allowed()
    for name, values in table.dimensions.items():
        assert {each[name] for each in allowed} == set(values)
    for rule in table.rules:
        others = Profiles(table.dimensions, tuple(each for each in table.rules if each is not rule))
        assert len(others.allowed()) > len(allowed), rule.id


@pytest.mark.parametrize("rule", profiles().rules, ids=lambda rule: rule.id)
def test_every_rule_has_its_basis(rule: Rule) -> None:
    """A rule says where it comes from, and one that claims to be published names what says so."""
    assert rule.basis in {"published", "third-party", "assumed"}
    assert rule.reason.endswith(".")
    if rule.basis == "published":
        assert "REG" in rule.reason or "segment" in rule.reason
