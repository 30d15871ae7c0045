"""Splitting a selection over jobs."""

from __future__ import annotations

import pytest

from harness.data import folder
from harness.errors import ConfigurationError
from harness.scenarios.catalogue import read_variants, scenario_files
from harness.scenarios.expand import cases_of, read_families
from harness.scenarios.model import Case
from harness.spec.release import load
from harness.spec.routing import load_routing
from harness.stages.options import options
from harness.stages.selection import Selection
from harness.stages.shards import read_shard


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Return the CIT cases of a release."""
    where = folder("test_catalogue") / "cit"
    release, routing, families = load("2.1.0"), load_routing(), read_families(where / "families.yaml")
    return [
        case
        for path in scenario_files(where)
        for scenario in read_variants(path)
        for case in cases_of(scenario, release, routing, families, 1)
    ]


def test_every_case_falls_to_one_shard_and_they_are_of_like_size(cases: list[Case]) -> None:
    """Four shards together are the whole, without overlap, and none is less than half of its share."""
    shards = [{case.key for case in cases if Selection(shard=f"{k}/4").takes(case)} for k in range(1, 5)]
    assert sum(map(len, shards)) == len(cases) == len(set().union(*shards))
    assert min(map(len, shards)) > len(cases) / 8


def test_a_case_stays_in_its_shard_whatever_else_there_is(cases: list[Case]) -> None:
    """Another seed and another order of cases leave each where it is."""
    shard = read_shard("2/3")
    first = {case.key for case in cases if shard.takes(case)}
    assert {case.key for case in reversed(cases) if shard.takes(case)} == first
    assert "CIT-RETRY/IF-027/ConsumptionAmendment/SUP@2.1.0" in {
        case.key for k in (1, 2, 3) for case in cases if read_shard(f"{k}/3").takes(case)
    }


@pytest.mark.parametrize("text", ["0/4", "5/4", "1-4", "1/0", "x", "1/4000"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    """The error shows the form."""
    with pytest.raises(ConfigurationError, match="as 2/4"):
        options(stage="cit", shard=text)
