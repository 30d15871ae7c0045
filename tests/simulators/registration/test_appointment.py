"""The appointment exchange: who is told what, step by step, and what each broken rule leads to."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from harness.spec.codes import codes
from harness.spec.examine import examine
from harness.spec.release import load
from simulators.participants.writing import compose
from simulators.registration.appointment import OPEN, TRANSITIONS, Notice, Stage, Trigger
from simulators.registration.appointment_notices import FORMS
from simulators.registration.rules import RULES
from simulators.registration.services import WORDS, Service
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    MPAN,
    NOW,
    OTHER_DATA,
    OTHER_METERING,
    OTHER_SUPPLIER,
    REGISTRATION,
    SUPPLIER,
)
from tests.simulators.registration.exchange import acting, answer, handed, names, reached, request, started

EFFECTIVE = NOW + timedelta(days=3)
BOTH = {"metering_service": METERING, "data_service": DATA}


def test_a_metering_service_is_appointed_step_by_step() -> None:
    """IF-031 leads to 032 and 033, IF-034 to 035 and the meter details, the effective date to 036 and 037."""
    state, sent = handed(started(**BOTH), request(provider=OTHER_METERING))
    assert names(sent) == ["IF-032 MSAppInitialResp", "IF-033 MSAppSPRequest"]
    assert [message.primary for message in sent] == [(SUPPLIER,), (OTHER_METERING,)]
    assert sent[0].common["R0"] == {"responseCode": "A", "responseMessages": []}
    assert sent[1].custom["B072"] == {
        "incumbentMeteringServiceDIPID": METERING,
        "incumbentMeteringServiceMPID": "MSSA",
    }

    state, sent = handed(state, answer(provider=OTHER_METERING))
    assert names(sent) == ["IF-035 MSAppAccepted", "IF-035 IMS-SendMTD"]
    assert [message.primary for message in sent] == [(SUPPLIER, OTHER_METERING), (METERING,)]
    assert {message.correlation for message in sent} == {"CI-1"}

    before, sent = reached(state, EFFECTIVE - timedelta(seconds=1))
    assert (before, sent) == (state, [])
    state, sent = reached(state, EFFECTIVE)
    assert names(sent) == ["IF-036 MSAppActive", "IF-037 MSDeApp"]
    assert [message.primary for message in sent] == [(OTHER_METERING,), (METERING,)]
    ended = sent[1].custom["B008"]
    assert ended is not None
    assert ended["deAppointmentReasonCode"] == "CSERV"
    appointed = sent[0].custom["B014"]
    assert appointed is not None
    assert ended["meteringServiceEffectiveToDate"] == appointed["incomingMeteringServiceEffectiveFromDate"]
    assert reached(state, EFFECTIVE + timedelta(days=1)) == (state, [])


def test_a_data_service_is_appointed_and_the_meterer_sends_details() -> None:
    """A new data service gets the meter details from the metering service in place."""
    state, _ = handed(started(**BOTH), request(Service.DATA, provider=OTHER_DATA))
    state, sent = handed(state, answer(Service.DATA, provider=OTHER_DATA))
    assert names(sent) == ["IF-035 DSAppAccepted", "IF-035 IMS-SendMTD"]
    assert sent[1].primary == (METERING,)
    _, sent = reached(state, EFFECTIVE)
    assert names(sent) == ["IF-036 DSAppActive", "IF-037 DSDeApp"]
    assert sent[1].primary == (DATA,)


def test_a_first_provider_displaces_nobody() -> None:
    """Where nobody is in place, no meter details are asked for and nobody is de-appointed."""
    state, sent = handed(started(), request(provider=METERING))
    asked = compose(load("2.1.0"), sent[1], acting(), "SIT")["CustomBlock"]
    assert "B072" not in asked
    assert "B070" in asked
    state, sent = handed(state, answer(provider=METERING))
    assert names(sent) == ["IF-035 MSAppAccepted"]
    _, sent = reached(state, EFFECTIVE)
    assert names(sent) == ["IF-036 MSAppActive"]


def test_an_update_of_the_provider_in_place_de_appoints_nobody() -> None:
    """Scenario USP keeps the provider: active again, no IF-037."""
    state, _ = handed(started(**BOTH), request(provider=METERING, scenario="USP"))
    state, sent = handed(state, answer(provider=METERING))
    assert names(sent) == ["IF-035 MSAppAccepted"]
    _, sent = reached(state, EFFECTIVE)
    assert names(sent) == ["IF-036 MSAppActive"]


def test_a_rejection_by_the_provider_ends_it() -> None:
    """The provider's code reaches supplier and provider, and the effective date changes nothing."""
    state, _ = handed(started(**BOTH), request(provider=OTHER_METERING))
    state, sent = handed(state, answer(provider=OTHER_METERING, code="SP004"))
    assert names(sent) == ["IF-035 MSAppRejected"]
    assert sent[0].primary == (SUPPLIER, OTHER_METERING)
    status = sent[0].custom["B007"]
    assert status is not None
    assert status["responseCode"] == "R"
    assert status["proposedAppointmentResponseCode"].startswith("SP004")
    assert reached(state, EFFECTIVE) == (state, [])


@pytest.mark.parametrize("response", ["SP777", "REG0000", "nothing"])
def test_an_unpublished_response_code_is_rejected(response: str) -> None:
    """An answer whose code is no published SP or DS code ends in IF-035 rejected with REG1094."""
    state, _ = handed(started(**BOTH), request(provider=OTHER_METERING))
    _, sent = handed(state, answer(provider=OTHER_METERING, code=response, response="A"))
    status = sent[0].custom["B007"]
    assert status is not None
    assert status["proposedAppointmentResponseCode"].startswith("REG1094")


@pytest.mark.parametrize(("code", "response"), [("SP004", "A"), ("SP000", "R")])
def test_an_answer_that_contradicts_itself_is_rejected(code: str, response: str) -> None:
    """Accepting with a refusal's code, or refusing with SP000, ends in IF-035 rejected with REG1094."""
    state, _ = handed(started(**BOTH), request(provider=OTHER_METERING))
    _, sent = handed(state, answer(provider=OTHER_METERING, code=code, response=response))
    assert names(sent) == ["IF-035 MSAppRejected"]
    status = sent[0].custom["B007"]
    assert status is not None
    assert status["proposedAppointmentResponseCode"].startswith("REG1094")


def test_a_retriever_that_is_not_who_it_says_is_rejected() -> None:
    """A nominated retriever whose MPID is another party's ends the appointment with REG1093."""
    state, _ = handed(started(**BOTH), request(Service.DATA, provider=OTHER_DATA))
    received = answer(Service.DATA, provider=OTHER_DATA)
    received.payload["CustomBlock"]["B018"] = {
        "SDSNominatedMDRDIPID": "1600000001",
        "SDSNominatedMDRMPID": "ZZZZ",
        "SDSNominatedMDRRequestedEffectiveFromDate": "2026-03-05T00:00:00+00:00",
    }
    _, sent = handed(state, received)
    status = sent[0].custom["B007"]
    assert status is not None
    assert status["proposedAppointmentResponseCode"].startswith("REG1093")


def test_an_answer_comes_into_force_once() -> None:
    """A second answer of the provider, or one of somebody else, sends nothing and changes nothing."""
    state, _ = handed(started(**BOTH), request(provider=OTHER_METERING))
    assert handed(state, answer(provider=METERING)) == (state, [])
    state, _ = handed(state, answer(provider=OTHER_METERING))
    assert handed(state, answer(provider=OTHER_METERING, code="SP004")) == (state, [])


def test_a_later_request_supersedes_an_open_one() -> None:
    """The earlier request ends with REG1089; only the later provider can become active."""
    state, _ = handed(started(data_service=DATA), request(provider=METERING))
    state, sent = handed(state, request(provider=OTHER_METERING))
    assert names(sent) == ["IF-035 MSAppRejected", "IF-032 MSAppInitialResp", "IF-033 MSAppSPRequest"]
    status = sent[0].custom["B007"]
    assert status is not None
    assert status["proposedAppointmentResponseCode"].startswith("REG1089")
    assert handed(state, answer(provider=METERING)) == (state, [])
    state, sent = handed(state, answer(provider=OTHER_METERING))
    assert names(sent) == ["IF-035 MSAppAccepted"]


def test_an_accepted_appointment_that_is_superseded_lapses() -> None:
    """After an acceptance a later request makes it lapse, and its date changes nothing."""
    state, _ = handed(started(**BOTH), request(provider=OTHER_METERING))
    state, _ = handed(state, answer(provider=OTHER_METERING))
    state, sent = handed(state, request(provider=METERING, scenario="USP", effective=NOW + timedelta(days=9)))
    assert names(sent) == ["IF-035 MSAppLapsed", "IF-032 MSAppInitialResp", "IF-033 MSAppSPRequest"]
    assert sent[0].primary == (SUPPLIER, OTHER_METERING)
    assert reached(state, EFFECTIVE) == (state, [])


def test_an_effective_date_that_has_passed_acts_at_once() -> None:
    """An accepted appointment whose date is behind is due immediately."""
    state, _ = handed(started(**BOTH), request(provider=OTHER_METERING, effective=NOW - timedelta(days=2)))
    state, _ = handed(state, answer(provider=OTHER_METERING))
    _, sent = reached(state, NOW)
    assert names(sent) == ["IF-036 MSAppActive", "IF-037 MSDeApp"]


REFUSED: dict[str, dict[str, Any]] = {
    "REG0000": {"provider": OTHER_METERING, "mpan": "2400000000017"},
    "REG1090": {"provider": OTHER_METERING, "mpid": "MSSA"},
    "REG1091": {"service": Service.DATA, "provider": OTHER_DATA, "mpid": "SDSA"},
    "REG1092": {
        "service": Service.DATA,
        "provider": OTHER_DATA,
        "supplierNominatedMDRDIPID": "1600000001",
        "supplierNominatedMDRMPID": "ZZZZ",
    },
    "REG1033": {"provider": OTHER_METERING, "supplier": OTHER_SUPPLIER},
    "REG1025": {"provider": OTHER_METERING, "scenario": "USP"},
    "REG1026": {"provider": METERING, "scenario": "CSP"},
    "REG1095": {"provider": METERING, "scenario": "SEG"},
    "REG1032": {
        "provider": OTHER_METERING,
        "proposedMeteringServiceDIPEffectiveFromDate": "2026-02-30T00:00:00+00:00",
    },
    "REG1099": {"provider": OTHER_METERING, "effective": NOW + timedelta(days=28, seconds=1)},
}


@pytest.mark.parametrize("code", sorted(REFUSED))
def test_a_broken_rule_refuses_the_request(code: str) -> None:
    """The supplier is told the code in IF-032, nobody else hears of it, and nothing comes of it."""
    state, sent = handed(started(**BOTH), request(**REFUSED[code]))
    (response,) = sent
    assert response.interface == "IF-032"
    assert response.common["R0"]["responseCode"] == "R"
    assert response.common["R0"]["responseMessages"][0].startswith(f"{code} - ")
    assert reached(state, NOW + timedelta(days=40)) == (state, [])


def test_every_rule_has_a_case_and_a_published_code() -> None:
    """No rule is without a test, and none answers with a code that is not published."""
    assert {rule.code for rule in RULES} == set(REFUSED)
    assert all(rule.code in codes() and rule.reason for rule in RULES)


def test_the_last_possible_effective_date_is_accepted() -> None:
    """Exactly 28 days ahead is allowed."""
    _, sent = handed(started(**BOTH), request(provider=OTHER_METERING, effective=NOW + timedelta(days=28)))
    assert names(sent) == ["IF-032 MSAppInitialResp", "IF-033 MSAppSPRequest"]


def test_a_provider_of_the_wrong_kind_is_refused() -> None:
    """A data service proposed as metering service does not match, whatever its MPID."""
    _, sent = handed(started(**BOTH), request(provider=DATA))
    assert sent[0].common["R0"]["responseMessages"][0].startswith("REG1090")


def test_what_is_due_together_happens_by_date() -> None:
    """When the clock jumps past two effective dates, the earlier appointment becomes active first."""
    state, _ = handed(started(**BOTH), request(provider=OTHER_METERING, effective=NOW + timedelta(days=5)))
    state, _ = handed(state, answer(provider=OTHER_METERING))
    state, _ = handed(state, request(Service.DATA, provider=OTHER_DATA, effective=NOW + timedelta(days=2)))
    state, _ = handed(state, answer(Service.DATA, provider=OTHER_DATA))
    _, sent = reached(state, NOW + timedelta(days=9))
    assert [message.event for message in sent] == ["DSAppActive", "DSDeApp", "MSAppActive", "MSDeApp"]


def test_a_change_of_supplier_takes_effect_with_the_appointment() -> None:
    """In scenario COS the requesting supplier is the supplier from the effective date."""
    state, _ = handed(
        started(**BOTH), request(provider=OTHER_METERING, scenario="COS", supplier=OTHER_SUPPLIER)
    )
    state, _ = handed(state, answer(provider=OTHER_METERING))
    assert state.points[MPAN].supplier == SUPPLIER
    state, sent = reached(state, EFFECTIVE)
    assert state.points[MPAN].supplier == OTHER_SUPPLIER
    ended = sent[1].custom["B008"]
    assert ended is not None
    assert ended["deAppointmentReasonCode"] == "CSUPP"


def test_the_table_leaves_terminal_stages_alone() -> None:
    """No trigger leads out of a stage that is not open, and every open stage has a way on."""
    starts = {stage for stage, _ in TRANSITIONS}
    assert starts == OPEN
    assert {transition.stage for transition in TRANSITIONS.values()} == set(Stage) - {Stage.REQUESTED}
    assert {trigger for _, trigger in TRANSITIONS} == set(Trigger)


def test_every_notice_is_sent_by_some_row_and_written_by_one_form() -> None:
    """The table and the forms name the same notices."""
    sent = set(itertools.chain.from_iterable(transition.notices for transition in TRANSITIONS.values()))
    assert sent == set(Notice) == set(FORMS)


@pytest.mark.parametrize("release", ["1.8.3", "2.0.1", "2.1.0", "2.2.1"])
@pytest.mark.parametrize("service", list(Service))
@pytest.mark.parametrize("scenario", ["CSP", "COS"])
def test_every_message_of_the_exchange_is_valid(release: str, service: Service, scenario: str) -> None:
    """In every release each message that registration sends is valid and says what it must."""
    incoming = {Service.METERING: OTHER_METERING, Service.DATA: OTHER_DATA}[service]
    supplier = OTHER_SUPPLIER if scenario == "COS" else SUPPLIER
    state, first = handed(
        started(**BOTH), request(service, provider=incoming, scenario=scenario, supplier=supplier)
    )
    state, second = handed(state, answer(service, provider=incoming))
    _, third = reached(state, EFFECTIVE)
    assert len(first + second + third) == 6
    for message in first + second + third:
        payload = compose(load(release), message, acting(), "SIT")
        examination = examine(load(release), payload)
        assert examination.findings == (), message.event
        assert payload["CommonBlock"]["S1"]["subText"] == "run/case"
        assert payload["CommonBlock"]["S1"]["senderDIPID"] == REGISTRATION
        assert payload["CommonBlock"]["S1"]["senderCorrelationID"] == message.correlation
        assert payload["CommonBlock"]["M0"]["MPANCore"] == MPAN
        assert payload["CommonBlock"]["A0"]["primaryRecipients"] == list(message.primary)
        block = payload["CustomBlock"].get(WORDS[service].proposal)
        assert block is None or block[WORDS[service].proposed_dip_id] == incoming
        assert "B012" not in payload["CustomBlock"] or supplier in payload["CustomBlock"]["B012"].values()
