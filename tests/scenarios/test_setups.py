"""Setups: what many scenarios start from."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ConfigurationError
from harness.scenarios.parameters import filled
from harness.scenarios.setups import over, with_setup

SETUP = """
setup: site
title: A site
parameters:
  meterer: {default: MSS, one_of: [MSS, MSA]}
given:
  parties: {sender: SUP, metering: "{meterer}"}
  points: {point: {segment: smart, meters: [one]}}
"""


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    """Return where a scenario of a catalogue with one setup would lie."""
    (tmp_path / "setups").mkdir()
    (tmp_path / "setups" / "site.yaml").write_text(SETUP, encoding="utf-8")
    return tmp_path / "area" / "scenario.yaml"


def test_what_the_scenario_gives_goes_over_its_setup(scenario: Path) -> None:
    """Mappings are laid over each other, a list replaces a list, parameters are filled."""
    given = {
        "setup": {"name": "site", "with": {"meterer": "MSA"}},
        "parties": {"ees": "EES"},
        "points": {"point": {"meters": ["two"]}},
    }
    assert with_setup(given, scenario) == {
        "parties": {"sender": "SUP", "metering": "MSA", "ees": "EES"},
        "points": {"point": {"segment": "smart", "meters": ["two"]}},
    }


def test_without_a_setup_nothing_changes(scenario: Path) -> None:
    """What is given without one stays as it is."""
    assert with_setup({"parties": {}}, scenario) == {"parties": {}}
    assert over({"a": {"b": 1}}, {"a": 2}) == {"a": 2}


@pytest.mark.parametrize(
    ("setup", "words"),
    [
        ("sight", "Did you mean 'site'"),
        ({"with": {}}, "names no setup"),
        ({"name": "site", "with": {"meter": "MSA"}}, "no parameter of setup 'site'"),
        ({"name": "site", "with": {"meterer": "SDS"}}, "Allowed: MSS, MSA"),
    ],
)
def test_a_wrong_use_is_told(scenario: Path, setup: object, words: str) -> None:
    """The error names the file, what is wrong and what would be right."""
    with pytest.raises(ConfigurationError) as caught:
        with_setup({"setup": setup}, scenario)
    assert words in str(caught.value)
    assert "scenario.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "is no mapping"),
        ("setup: other\ngiven: {a: b}", "not named as its file"),
        ("setup: site\ngiven: []", "gives nothing"),
        ("setup: site\ngivn: {}", "Did you mean 'given'"),
    ],
)
def test_a_broken_setup_is_told(scenario: Path, text: str, words: str) -> None:
    """The error names the setup's file."""
    (scenario.parents[1] / "setups" / "site.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        with_setup({"setup": "site"}, scenario)
    assert words in str(caught.value)
    assert "site.yaml" in str(caught.value)


def test_a_mapping_is_laid_over_the_one_it_stands_in() -> None:
    """Under ``+`` a parameter's mapping adds to the fields beside it and replaces those of the same name."""
    content = {"set": {"a": "1", "b": "{two}", "+": "{more}"}}
    assert filled(content, {"two": "2", "more": {"b": "3", "c": "4"}}) == {
        "set": {"a": "1", "b": "3", "c": "4"}
    }
    assert filled({"+": "kept"}, {}) == {"+": "kept"}
