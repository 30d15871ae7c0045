"""The shipped catalogue, and what a malformed scenario file is answered with."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from harness.data import folder
from harness.errors import ConfigurationError
from harness.messages.mutate import MUTATIONS
from harness.scenarios.catalogue import is_scenario, read_scenario, read_variants, scenario_files
from harness.scenarios.departures import departs, in_words
from harness.scenarios.expand import case_seed, cases_of, read_families
from harness.scenarios.model import ExpectStatus, Fault, Send
from harness.scenarios.requirements import shipped
from harness.settings import shipped as shipped_settings
from harness.spec.release import load, names
from harness.spec.routing import load_routing

CATALOGUE = folder("test_catalogue")
SCENARIOS = [scenario for path in scenario_files(CATALOGUE) for scenario in read_variants(path)]
FAMILIES = read_families(CATALOGUE / "cit" / "families.yaml")

GOOD = {
    "scenario": "CIT-X",
    "title": "A scenario of a test",
    "stage": "cit",
    "area": "tests",
    "polarity": "positive",
    "requirements": ["DH-IF-027"],
    "case": {"interface": "IF-027", "event": "ConsumptionAmendment", "role": "SUP"},
    "steps": [{"send": {}}],
}


def test_scenario_ids_are_unique() -> None:
    """A case id names one scenario."""
    ids = [(scenario.id, scenario.variant) for scenario in SCENARIOS]
    assert sorted(set(ids)) == sorted(ids)
    assert len({scenario.id for scenario in SCENARIOS}) == len({scenario.file for scenario in SCENARIOS})


@pytest.mark.parametrize("release", names())
def test_every_case_cites_requirements_that_are_registered(release: str) -> None:
    """No case verifies a requirement that nobody wrote down."""
    register = shipped()
    for scenario in SCENARIOS:
        for case in cases_of(scenario, load(release), load_routing(), FAMILIES, 1):
            assert set(case.requirements) <= set(register), case.id


@pytest.mark.parametrize("release", names())
def test_the_exchange_has_a_case_for_every_pair_and_every_role_that_sends_it(release: str) -> None:
    """No interface-event pair, report variant or sender role is left out."""
    (exchange,) = [scenario for scenario in SCENARIOS if scenario.id == "CIT-EXC"]
    loaded, routing = load(release), load_routing()
    cases = {
        (case.interface, case.event, case.role) for case in cases_of(exchange, loaded, routing, FAMILIES, 1)
    }
    assert cases == {
        (pair.interface, pair.event, row.role)
        for pair in loaded.pairs
        for row in routing.senders(pair.interface, pair.event)
    }
    assert {(interface, event) for interface, event, _ in cases} == {
        (pair.interface, pair.event) for pair in loaded.pairs
    }


def test_families_hold_every_interface_once() -> None:
    """A scenario per family leaves no interface without a family."""
    listed = [interface for members in FAMILIES.values() for interface in members]
    assert sorted(listed) == sorted({name for release in names() for name in load(release).interfaces})


def test_settings_and_mutations_that_scenarios_name_exist() -> None:
    """A slip in a scenario file can't turn a check into one that always passes."""
    for scenario in SCENARIOS:
        for step in scenario.steps:
            if isinstance(step, ExpectStatus):
                named = [text.removeprefix("setting:") for text in (*step.http, *step.codes) if ":" in text]
                assert set(named) <= set(shipped_settings()), scenario.id
                assert step.http or step.codes or step.handshake, scenario.id
            if isinstance(step, Send) and step.mutate:
                assert step.mutate in MUTATIONS, scenario.id


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario.id}.{scenario.variant}")
def test_polarity_says_whether_anything_wrong_is_sent(scenario: object) -> None:
    """A negative scenario departs from a right request; a positive one ends with a right one."""
    assert hasattr(scenario, "steps")
    sends = [step for step in scenario.steps if isinstance(step, Send)]
    if not sends:
        return
    # Processes leave out what is optional; whether a message is right all the same shows when it is sent.
    wrong = [departs(step, valid=scenario.polarity == "positive") for step in sends]  # type: ignore[attr-defined]
    faulty = any(isinstance(step, Fault) for step in scenario.steps)
    assert any(wrong) or faulty if scenario.polarity == "negative" else not wrong[-1]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("step", "expected", "words"),
    [
        (Send(), False, ""),
        (Send(content="largest-consumption"), False, "content: largest-consumption"),
        (Send(mutate="wrong-case-field"), False, "wrong-case-field: /a: b"),
        (Send(mutate="missing-required"), True, "missing-required: /a: b"),
        (Send(certificate="none"), True, "certificate: none"),
        (Send(through="provider"), False, "through: provider"),
        (Send(through="stranger"), True, "through: stranger"),
        (Send(omit=("R0",)), True, "left out: R0"),
        (Send(reference="again"), False, "reference: again"),
        (Send(reference="same", batch=2), True, "reference: same"),
    ],
)
def test_what_departs_from_a_right_request_is_known_and_said(step: Send, expected: bool, words: str) -> None:
    """Blame depends on whether a request was meant to be right; the report says what was wrong with it."""
    assert departs(step) is expected
    assert departs(step, valid=True) is (expected and not step.omit)
    assert in_words(step, ["/a: b"]) == words


def test_seeds_depend_on_run_and_case_alone() -> None:
    """Any worker that plays a case plays it with the same data."""
    assert case_seed(1, "a") == case_seed(1, "a")
    assert len({case_seed(run, case) for run in range(20) for case in "abcdefgh"}) == 160


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"steps": [{"sent": {}}]}, "'sent' is not known here. Did you mean 'send'"),
        ({"steps": [{"send": {"mutation": "x"}}]}, "'mutation' is not known here"),
        ({"steps": [{"send": {}, "receive": {"by": ["addressed"]}}]}, "steps/0"),
        ({"steps": [{"send": {"certificate": "expird"}}]}, "Did you mean 'expired'"),
        ({"stage": "cti"}, "'cti' is not allowed. Did you mean 'cit'"),
        ({"matrix": {"pairs": "every"}}, "both or neither of 'matrix' and 'case'"),
        ({"case": None}, "'null' is not of type 'object'"),
        ({"title": None}, "title"),
        ({"steps": [{"send": {"batch": "many"}}]}, "'many' is not of type 'integer'"),
        ({"scenario": "lower-case"}, "scenario"),
    ],
)
def test_a_slip_in_a_scenario_file_is_named_with_its_place(
    tmp_path: Path, change: dict[str, object], says: str
) -> None:
    """The sentence names the file, the place and what was meant."""
    path = tmp_path / "slip.yaml"
    path.write_text(yaml.safe_dump(GOOD | change, sort_keys=False))
    with pytest.raises(ConfigurationError) as caught:
        read_scenario(path)
    assert says in str(caught.value)
    assert "slip.yaml" in str(caught.value)


def test_scalars_are_text_until_the_schema_types_them(tmp_path: Path) -> None:
    """``011`` stays a text, a count becomes a number."""
    path = tmp_path / "typed.yaml"
    path.write_text(
        yaml.safe_dump(GOOD, sort_keys=False).replace(
            "- send: {}", "- send:\n    batch: 3\n    set: {S0.schemaVersion: 011}"
        )
    )
    (step,) = read_scenario(path).steps
    assert isinstance(step, Send)
    assert (step.batch, step.set["S0.schemaVersion"]) == (3, "011")


def test_other_yaml_files_are_no_scenarios(tmp_path: Path) -> None:
    """Families, requirements and what can't be read are told apart from scenarios."""
    assert not is_scenario(CATALOGUE / "cit" / "families.yaml")
    (tmp_path / "broken.yaml").write_text("scenario: [")
    with pytest.raises(ConfigurationError, match="can't be read as YAML"):
        read_scenario(tmp_path / "broken.yaml")


def test_a_case_of_another_release_is_refused_or_left_out(tmp_path: Path) -> None:
    """A scenario for an interface that a release lacks says so, unless it names its releases."""
    path = tmp_path / "later.yaml"
    later = GOOD | {"case": {"interface": "IF-051", "event": "EESRefresh", "role": "REGS"}}
    path.write_text(yaml.safe_dump(later, sort_keys=False))
    with pytest.raises(ConfigurationError, match=r"release 1\.8\.3 has no IF-051"):
        cases_of(read_scenario(path), load("1.8.3"), load_routing(), FAMILIES, 1)
    path.write_text(yaml.safe_dump(later | {"releases": ["2.1.0"]}, sort_keys=False))
    assert cases_of(read_scenario(path), load("1.8.3"), load_routing(), FAMILIES, 1) == []
    assert len(cases_of(read_scenario(path), load("2.1.0"), load_routing(), FAMILIES, 1)) == 1
