"""Figures that a user can set: how long predecessors may report, how far back and ahead dates may lie."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from harness.clock import message_time
from tests.simulators.participants.publications import METERING, NOW, OTHER_METERING
from tests.simulators.registration import test_direct_contract, test_energisation, test_supplier_data
from tests.simulators.registration.service import Service
from tests.simulators.registration.verdicts import code_of

DAY = timedelta(days=1)


def test_the_period_of_a_predecessor_counts_working_days() -> None:
    """After a hand-over on a Saturday the next Monday is the first working day."""
    service = Service(test_energisation.left(NOW - 2 * DAY))
    block = {
        "energisationStatus": "D",
        "energisationStatusEffectiveFromDate": message_time(NOW - 3 * DAY),
    }
    for days, code in ((0, "REG1003"), (1, None)):
        service.register.terms = replace(service.register.terms, update_period=days)
        sent = service.receive("IF-007", "EnergisationStatusChange", METERING, custom={"B025": block})
        assert code_of(sent) == code
    assert OTHER_METERING in sent[0].primary


def test_how_far_back_a_supplier_may_reach_is_a_term() -> None:
    """With ten days, a date six days ago is taken."""
    service = Service({**test_supplier_data.POINT, "supplier": "2300000001"})
    block = {
        "consentGranularity": "D",
        "consentGranularityEffectiveFromDate": message_time(NOW - 6 * DAY),
    }
    for days, code in ((5, "REG1024"), (10, None)):
        service.register.terms = replace(service.register.terms, retrospective=timedelta(days=days))
        custom = {"B068": block, "B013": None}
        sent = service.receive("IF-025", "ConsentGranularity", "2300000001", custom=custom)
        assert code_of(sent) == code


def test_how_long_a_contract_may_run_is_a_term() -> None:
    """With three years, a contract of two and a half is taken."""
    service, end = Service(test_direct_contract.POINT), NOW + timedelta(days=900)
    for years, code in ((2, "REG1072"), (3, None)):
        service.register.terms = replace(service.register.terms, contract_years=years)
        assert code_of(test_direct_contract.add(service, until=end)) == code
