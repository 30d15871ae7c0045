"""Procedures and variants: what they expand to, and what a wrong one is answered with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.errors import ConfigurationError
from harness.scenarios.catalogue import read_scenario, read_variants
from harness.scenarios.model import Advance, Receive, Send
from harness.scenarios.parameters import filled

SCENARIO: dict[str, Any] = {
    "scenario": "DHF-X",
    "title": "A scenario of a test",
    "stage": "sit-functional",
    "area": "tests",
    "polarity": "positive",
    "requirements": ["DH-IF-027"],
    "case": {"interface": "IF-031", "event": "MSApp", "role": "SUP"},
    "steps": [{"send": {}}],
}
APPOINT = {
    "procedure": "appoint",
    "title": "Appoint somebody",
    "parameters": {
        "provider": {},
        "on": {"default": "{effective}"},
        "kind": {"default": "CSP", "one_of": ["CSP", "COS"]},
    },
    "steps": [
        {
            "send": {
                "by": "sender",
                "set": {"B070.x": "{provider.dip_id}", "B070.on": "{on+1d}", "B070.kind": "{kind}"},
            }
        },
        {"do": {"procedure": "look", "with": {"who": ["{provider}", "sender"]}}},
    ],
}
LOOK = {
    "procedure": "look",
    "parameters": {"who": {}},
    "steps": [{"receive": {"by": "{who}"}}],
}


def catalogue(tmp: Path, scenario: dict[str, Any], *procedures: dict[str, Any]) -> Path:
    """Write a catalogue with one scenario; returns its file."""
    (tmp / "procedures").mkdir(exist_ok=True)
    for procedure in procedures:
        (tmp / "procedures" / f"{procedure['procedure']}.yaml").write_text(
            yaml.safe_dump(procedure, sort_keys=False)
        )
    (tmp / "sit_functional").mkdir(exist_ok=True)
    path = tmp / "sit_functional" / "x.yaml"
    path.write_text(yaml.safe_dump(scenario, sort_keys=False))
    return path


def doing(content: object) -> dict[str, Any]:
    """Return a scenario whose only step does a procedure."""
    return {**SCENARIO, "steps": [{"do": content}]}


@pytest.mark.parametrize("steps", [
    "[{send: {set: &more {B070.x: a}}}, {send: {set: {'+': *more}}}]",
    "[{send: {set: {'+': '{more}'}}}]",
])  # fmt: skip
def test_what_is_laid_over_has_to_be_a_parameters_mapping(tmp_path: Path, steps: str) -> None:
    """An alias of YAML, or a name that is no parameter, is refused where it stands, and in no message."""
    path = catalogue(tmp_path, {**SCENARIO, "steps": []})
    path.write_text(path.read_text().replace("steps: []", f"steps: {steps}"))
    with pytest.raises(ConfigurationError, match=r"at steps/\d/send/set: '\+' stands for no mapping"):
        read_scenario(path)


def test_a_procedure_expands_with_its_parameters_nested_ones_too(tmp_path: Path) -> None:
    """Aliases, moments, whole lists and defaults arrive where the steps name them; origins are kept."""
    path = catalogue(
        tmp_path, doing({"procedure": "appoint", "with": {"provider": "incoming"}}), APPOINT, LOOK
    )
    scenario = read_scenario(path)
    assert scenario.steps == (
        Send(
            by="sender", set={"B070.x": "{incoming.dip_id}", "B070.on": "{effective+1d}", "B070.kind": "CSP"}
        ),
        Receive(by=("incoming", "sender")),
    )
    assert scenario.origins == ("appoint, step 1", "appoint > look, step 1")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"procedure": "apoint", "with": {}}, "Did you mean 'appoint'"),
        ({"procedure": "appoint"}, "needs 'provider'"),
        ({"procedure": "appoint", "with": {"provider": "x", "knd": "COS"}}, "Did you mean 'kind'"),
        ({"procedure": "appoint", "with": {"provider": "x", "kind": "SEG"}}, "Allowed: CSP, COS"),
        ({"procedure": "appoint", "wiht": {}}, "Known: procedure, with"),
        ({"with": {}}, "names no procedure"),
    ],
)
def test_a_wrong_use_of_a_procedure_says_what_and_how(tmp_path: Path, content: object, said: str) -> None:
    """A slip in `do` never runs something else, or nothing."""
    path = catalogue(tmp_path, doing(content), APPOINT, LOOK)
    with pytest.raises(ConfigurationError, match=said):
        read_scenario(path)


def test_procedures_in_a_circle_are_refused(tmp_path: Path) -> None:
    """The error shows the circle."""
    one = {"procedure": "one", "steps": [{"do": {"procedure": "two"}}]}
    two = {"procedure": "two", "steps": [{"do": {"procedure": "one"}}]}
    with pytest.raises(ConfigurationError, match="one > two > one"):
        read_scenario(catalogue(tmp_path, doing({"procedure": "one"}), one, two))


@pytest.mark.parametrize(
    ("procedure", "said"),
    [
        ({"procedure": "p", "steps": []}, "has no steps"),
        ({"procedure": "p", "stps": [{}]}, "Did you mean 'steps'"),
        ({"procedure": "p", "parameters": {"today": {}}, "steps": [{"send": {}}]}, "can't be called 'today'"),
        ({"procedure": "p", "parameters": {"x": {"defalt": "1"}}, "steps": [{"send": {}}]}, "'default'"),
        ({"procedure": "p", "steps": [{"sent": {}}]}, "procedure p, step 1"),
    ],
)
def test_a_malformed_procedure_is_named(tmp_path: Path, procedure: dict[str, Any], said: str) -> None:
    """The error leads to the procedure's file or step, not only to the scenario that does it."""
    with pytest.raises(ConfigurationError, match=said):
        read_scenario(catalogue(tmp_path, doing({"procedure": "p"}), procedure))


def test_variants_are_one_scenario_each_with_its_parameters(tmp_path: Path) -> None:
    """Parameters are filled in before typing, so numbers, lists and texts within texts can vary."""
    variants = {"early": {"days": "2", "who": ["a"]}, "late": {"days": "9", "who": ["a", "b"]}}
    steps = [{"advance": {"days": "{days}"}}, {"receive": {"by": "{who}"}}]
    content = {**SCENARIO, "title": "Waits {days} days", "variants": variants, "steps": steps}
    early, late = read_variants(catalogue(tmp_path, content))
    assert (early.variant, early.title, early.steps) == (
        "early",
        "Waits 2 days",
        (Advance(days=2), Receive(by=("a",))),
    )
    assert (late.variant, late.steps) == ("late", (Advance(days=9), Receive(by=("a", "b"))))
    assert early.id == late.id


@pytest.mark.parametrize(
    ("variants", "said"),
    [
        ([], "no mapping"),
        ({"a b": {}}, "no plain name"),
        ({"a": {"event": "x"}}, "can't be called 'event'"),
        ({"a": {"days": "many"}}, "variant a"),
    ],
)
def test_wrong_variants_are_refused(tmp_path: Path, variants: object, said: str) -> None:
    """The error names the variant."""
    content = {**SCENARIO, "variants": variants, "steps": [{"advance": {"days": "{days}"}}]}
    with pytest.raises(ConfigurationError, match=said):
        read_variants(catalogue(tmp_path, content))


def test_what_follows_a_parameter_stays_inside_the_braces() -> None:
    """Only names that are parameters are touched; the rest is for when the case runs."""
    values = {"who": "incoming", "on": "{today}", "n": "3"}
    assert (
        filled("{who.dip_id} {on-1d.date} {other} x{n}", values)
        == "{incoming.dip_id} {today-1d.date} {other} x3"
    )
