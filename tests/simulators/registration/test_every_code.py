"""Every official REG code is decided by a rule with a test, follows from a process, or can't be reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

import simulators.registration.processes
from harness.spec.codes import codes
from harness.spec.items import items
from harness.spec.release import load, names
from harness.spec.routing import BASES, load_routing
from simulators.registration.notices import FORMS
from simulators.registration.rule import CONSEQUENCES, RULES, UNREACHABLE
from tests.simulators.participants.publications import METERING, REGISTRATION, publication
from tests.simulators.registration import (
    test_appointment_rules,
    test_direct_contract,
    test_energisation,
    test_meter_details,
    test_relationships,
    test_retriever,
    test_supplier_data,
)
from tests.simulators.registration.service import validated
from tests.simulators.registration.verdicts import codes_of

assert simulators.registration.processes.ALL
OFFICIAL = {name for name in codes() if name.startswith("REG")}


def _parametrized(test: Any) -> dict[str, Any]:
    """Return the cases of a test by the code that is their last value."""
    return {values[-1]: values for values in test.pytestmark[0].args[1]}


TESTED: Mapping[str, Mapping[str, Any]] = {
    "appointment": test_appointment_rules.REFUSED,
    "answer to an appointment": _parametrized(
        test_appointment_rules.test_an_answer_against_the_rules_ends_the_appointment
    ),
    "meters": test_meter_details.CASES,
    "energisation": test_energisation.CASES,
    "supplier data": test_supplier_data.CASES,
    "import/export relationship": test_relationships.LINKED_CASES,
    "related relationship": test_relationships.RELATED_CASES,
    "direct contract": test_direct_contract.CASES,
    "meter data retriever": test_retriever.CASES,
}
"""By process: the table of the test that provokes each of its codes."""


def test_every_official_code_is_given_or_known_to_be_out_of_reach() -> None:
    """No code is left out, none is both, and none that is not official is used."""
    given = {rule.code for rows in RULES.values() for rule in rows} | set(CONSEQUENCES)
    assert given | set(UNREACHABLE) == OFFICIAL
    assert not given & set(UNREACHABLE)


def test_every_code_of_every_process_has_a_test_that_provokes_it() -> None:
    """The tables of the tests name exactly the codes that the processes' rules give."""
    assert set(TESTED) == set(RULES)
    for process, table in TESTED.items():
        assert set(table) == codes_of(process), process


def test_every_rule_and_form_says_where_it_comes_from() -> None:
    """Each has one of the three bases and a reason in words."""
    rows = [row for rules in RULES.values() for row in rules]
    for row in [*rows, *(form for forms in FORMS.values() for form in forms)]:
        assert row.basis in BASES, row
        assert row.reason, row
    assert all(basis in BASES and reason for basis, reason in CONSEQUENCES.values())


@pytest.mark.parametrize("release", names())
def test_every_form_is_a_message_that_registration_sends(release: str) -> None:
    """Interface and event exist in the release and are registration's to send."""
    for form in (form for forms in FORMS.values() for form in forms):
        for event in {form.event.format(prefix) for prefix in ("MS", "DS")}:
            assert load(release).message_for(form.interface, event) is not None, form
            senders = {row.role for row in load_routing().senders(form.interface, event)}
            assert "REGS" in senders, form


@pytest.mark.parametrize("release", names())
@pytest.mark.parametrize(
    ("event", "block"), [("MeterInstall", "B039"), ("MeterRemoval", "B906")], ids=["REG0001", "REG0002"]
)
def test_a_block_of_the_wrong_event_is_refused_by_every_release(release: str, event: str, block: str) -> None:
    """The codes for such a block are out of reach: the message definition refuses it first."""
    donor = publication("IF-005", "MeterExchange", sender=METERING, recipient=REGISTRATION, name=release)
    payload = publication("IF-005", event, sender=METERING, recipient=REGISTRATION, name=release)
    del payload["CommonBlock"]["D0"]
    assert validated(release, payload) == []
    payload["CustomBlock"][block] = donor["CustomBlock"][block]
    assert validated(release, payload)


@pytest.mark.parametrize("release", names())
def test_another_location_is_refused_by_every_release(release: str) -> None:
    """REG1048 is out of reach: a message can only have the locations that the data item lists."""
    known = items()["DI-090"].codes
    for location in [*known, "Q", "1"]:
        payload = publication("IF-005", "MeterInstall", sender=METERING, recipient=REGISTRATION, name=release)
        del payload["CommonBlock"]["D0"]
        payload["CustomBlock"]["B906"]["existingMeter"]["meterLocation"] = location
        assert (validated(release, payload) == []) is (location in known), location
