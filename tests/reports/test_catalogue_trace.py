"""The trace of the catalogue as it stands, checked in, and what it says is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.data import folder
from harness.reports.catalogue_trace import FILE, CatalogueTrace, catalogue_trace, text
from harness.scenarios.requirements import shipped

_AGAIN = "python -m harness.reports.catalogue_trace > test_catalogue/rttm.json"


@pytest.fixture(scope="module")
def trace() -> CatalogueTrace:
    """Return the trace of the shipped catalogue."""
    return catalogue_trace(folder("test_catalogue"))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return a catalogue of one CIT scenario and the whole register."""
    shipped_folder = folder("test_catalogue")
    for name in ("requirements", "procedures", "setups"):
        shutil.copytree(shipped_folder / name, tmp_path / name)
    shutil.copy(shipped_folder / "themes.yaml", tmp_path)
    (tmp_path / "cit").mkdir()
    shutil.copy(shipped_folder / "cit" / "exchange.yaml", tmp_path / "cit")
    return tmp_path


def test_the_checked_in_trace_is_that_of_the_catalogue(trace: CatalogueTrace) -> None:
    """Whoever changes a scenario or a requirement makes the trace again, so a review sees what moved."""
    kept = (folder("test_catalogue") / FILE).read_text(encoding="utf-8")
    assert kept == text(trace), f"test_catalogue/rttm.json is out of date: {_AGAIN}"


def test_both_directions_tell_the_same(trace: CatalogueTrace) -> None:
    """A requirement names exactly the scenarios that cite it."""
    data = trace.as_dict()
    forward = {(name, test) for name, each in data["requirements"].items() for test in each["tests"]}
    back = {
        (cited, name) for name, each in data["scenarios"].items() for cited in each["requirements"].split()
    }
    assert forward == back
    assert len(forward) > 1000


def test_what_is_cited_is_registered_and_every_test_verifies_something(trace: CatalogueTrace) -> None:
    """The shipped catalogue has no test without a requirement and cites no id that nobody registered."""
    gaps = trace.gaps()
    assert gaps["test without requirement"] == []
    assert gaps["requirement that is cited and not registered"] == []


def test_load_profiles_are_tests_too(trace: CatalogueTrace) -> None:
    """A load profile verifies what it cites, with the interfaces and roles of its flows."""
    mixed = trace.scenarios["NFT-MIXED"]
    assert mixed in trace.tests_of("DH-NFR-014")
    assert ("IF-021", "ActivePower") in mixed.pairs
    assert {"SDS", "REGS", "DIP"} <= mixed.roles


def test_gaps_are_what_no_scenario_does(small: Path) -> None:
    """With one scenario left, every requirement that it does not cite is without a test."""
    trace = catalogue_trace(small, releases=["2.1.0"])
    (only,) = trace.scenarios.values()
    without = trace.gaps()["requirement without test"]
    assert set(without) == set(shipped()) - set(only.requirements)
    assert "DH-SIG-006" in without


def test_a_new_pair_shows(small: Path) -> None:
    """A scenario that names another interface changes the file at that scenario."""
    before = text(catalogue_trace(small, releases=["2.1.0"]))
    path = small / "cit" / "exchange.yaml"
    content = path.read_text(encoding="utf-8")
    path.write_text(content.replace("scenario: ", "scenario: X-", 1), encoding="utf-8")
    after = text(catalogue_trace(small, releases=["2.1.0"]))
    assert before != after
    assert next(iter(json.loads(after)["scenarios"])).startswith("X-")
