"""The appointment exchange: who is told what, step by step."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import timedelta

import pytest

from simulators.registration.items import Item
from simulators.registration.processes.appointment_forms import FORMS
from simulators.registration.processes.appointment_table import TRANSITIONS, Notice, Trigger
from simulators.registration.request import OPEN, Stage
from simulators.registration.services import WORDS, Service
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    MPAN,
    NOW,
    OTHER_DATA,
    OTHER_METERING,
    REGISTRATION,
    RETRIEVER,
    SUPPLIER,
)
from tests.simulators.registration.exchange import SMART, Exchange, midnight, outcome, request
from tests.simulators.registration.service import named, written

RELEASES = ["1.8.3", "2.0.1", "2.1.0", "2.2.1"]


def test_a_metering_service_is_appointed_step_by_step() -> None:
    """IF-031 leads to 032 and 033, IF-034 to 035 and the meter details, the effective date to 036 and 037."""
    service = Exchange(SMART)
    sent = service.ask(provider=OTHER_METERING)
    assert named(sent) == ["IF-032 MSAppInitialResp", "IF-033 MSAppSPRequest"]
    assert [message.primary for message in sent] == [(SUPPLIER,), (OTHER_METERING,)]
    assert sent[0].common["R0"] == {"responseCode": "A", "responseMessages": []}
    assert sent[1].custom["B072"] == {
        "incumbentMeteringServiceDIPID": METERING,
        "incumbentMeteringServiceMPID": "MSSA",
    }

    sent = service.reply(provider=OTHER_METERING)
    assert named(sent) == ["IF-035 MSAppAccepted", "IF-035 IMS-SendMTD"]
    assert [message.primary for message in sent] == [(SUPPLIER, OTHER_METERING), (METERING,)]
    assert {message.correlation for message in sent} == {"CI-1"}

    assert service.reach(midnight(3) - timedelta(seconds=1)) == []
    assert service.tenures("metering_service") == [(METERING, None)]
    sent = service.reach(midnight(3))
    assert named(sent) == ["IF-036 MSAppActive", "IF-037 MSDeApp"]
    assert [message.primary for message in sent] == [(OTHER_METERING,), (METERING,)]
    ended, appointed = sent[1].custom["B008"], sent[0].custom["B014"]
    assert isinstance(ended, Mapping)
    assert isinstance(appointed, Mapping)
    assert ended["deAppointmentReasonCode"] == "CSERV"
    assert ended["meteringServiceEffectiveToDate"] == appointed["incomingMeteringServiceEffectiveFromDate"]
    assert service.reach(midnight(4)) == []


def test_a_data_service_is_appointed_and_the_meterer_sends_details() -> None:
    """A new data service gets the meter details from the metering service in place."""
    service = Exchange(SMART)
    service.ask(Service.DATA, provider=OTHER_DATA)
    sent = service.reply(Service.DATA, provider=OTHER_DATA)
    assert named(sent) == ["IF-035 DSAppAccepted", "IF-035 IMS-SendMTD"]
    assert sent[1].primary == (METERING,)
    sent = service.reach(midnight(3))
    assert named(sent) == ["IF-036 DSAppActive", "IF-037 DSDeApp"]
    assert sent[1].primary == (DATA,)


def test_what_a_data_service_brings_is_on_record() -> None:
    """Consent, domestic indicator and retriever are the request's from the effective date on."""
    service = Exchange({**SMART, "consent": "D", "domestic": False, "mdr": RETRIEVER})
    service.ask(
        Service.DATA,
        provider=OTHER_DATA,
        supplierProposedConsentGranularity="M",
        supplierProposedDomesticIndicator=True,
        traditionalFallBackReadFrequency="Q",
    )
    retriever = {
        "SDSNominatedMDRDIPID": RETRIEVER,
        "SDSNominatedMDRMPID": "MDRA",
        "SDSNominatedMDRRequestedEffectiveFromDate": midnight(4).isoformat(),
    }
    (accepted, _) = service.reply(Service.DATA, provider=OTHER_DATA, retriever=retriever)
    assert accepted.custom["B019"] == {
        "assignedMDRDIPID": RETRIEVER,
        "assignedMDRMPID": "MDRA",
        "assignedMDREffectiveFromDate": midnight(4).isoformat(),
    }
    service.reach(midnight(3))
    point = service.point()
    for item, before, after in ((Item.CONSENT, "D", "M"), (Item.DOMESTIC, False, True)):
        assert point.at(item, midnight(3) - timedelta(seconds=1)) == before
        assert point.at(item, midnight(3)) == after
    assert point.since(Item.MDR, midnight(5)) == midnight(4)
    held = point.provider_at(Service.DATA, midnight(3))
    assert held is not None
    assert held.fallback_frequency == "Q"


def test_a_new_data_service_without_a_retriever_ends_the_old_ones() -> None:
    """A retriever goes with the data service that it worked for; a mere update of the contract keeps it."""
    for scenario, provider, left in (("CSP", OTHER_DATA, None), ("USP", DATA, RETRIEVER)):
        service = Exchange({**SMART, "mdr": RETRIEVER})
        service.ask(Service.DATA, provider=provider, scenario=scenario)
        service.reply(Service.DATA, provider=provider)
        service.reach(midnight(3))
        held = service.point().retriever_at(midnight(3))
        assert (held.dip_id if held else None) == left


def test_an_old_retriever_ends_with_its_data_service_although_the_new_one_begins_later() -> None:
    """Between the two dates nobody retrieves."""
    service = Exchange({**SMART, "mdr": RETRIEVER})
    service.ask(
        Service.DATA,
        provider=OTHER_DATA,
        supplierNominatedMDRDIPID=RETRIEVER,
        supplierNominatedMDRMPID="MDRA",
        supplierNominatedMDREffectiveFromDate=midnight(5).isoformat(),
    )
    service.reply(Service.DATA, provider=OTHER_DATA)
    service.reach(midnight(3))
    point = service.point()
    held = [point.retriever_at(midnight(days)) for days in (2, 3, 4, 5)]
    assert [one.dip_id if one else None for one in held] == [RETRIEVER, None, None, RETRIEVER]


def test_a_first_provider_displaces_nobody() -> None:
    """Where nobody is in place, no meter details are asked for and nobody is de-appointed."""
    service = Exchange({"mpan": MPAN, "supplier": SUPPLIER})
    sent = service.ask(provider=METERING)
    asked = written(sent[1], service.acting())["CustomBlock"]
    assert "B072" not in asked
    assert "B070" in asked
    assert named(service.reply(provider=METERING)) == ["IF-035 MSAppAccepted"]
    assert named(service.reach(midnight(3))) == ["IF-036 MSAppActive"]


def test_an_update_of_the_provider_in_place_de_appoints_nobody() -> None:
    """Scenario USP keeps the provider: active again with the new contract, no IF-037, no meter details."""
    service = Exchange(SMART)
    service.ask(provider=METERING, scenario="USP", contractReferenceMeteringService="NEW")
    assert named(service.reply(provider=METERING)) == ["IF-035 MSAppAccepted"]
    assert named(service.reach(midnight(3))) == ["IF-036 MSAppActive"]
    held = service.point().provider_at(Service.METERING, midnight(3))
    assert held is not None
    assert held.reference == "NEW"


def test_a_rejection_by_the_provider_ends_it() -> None:
    """The provider's code reaches supplier and provider, and the effective date changes nothing."""
    service = Exchange(SMART)
    service.ask(provider=OTHER_METERING)
    sent = service.reply(provider=OTHER_METERING, code="SP004")
    assert named(sent) == ["IF-035 MSAppRejected"]
    assert sent[0].primary == (SUPPLIER, OTHER_METERING)
    assert outcome(sent[0]) == ("R", "SP004")
    assert service.reach(midnight(3)) == []


@pytest.mark.parametrize("provider", [DATA, METERING])
def test_an_answer_of_somebody_else_changes_nothing(provider: str) -> None:
    """Only the provider that was asked can answer."""
    service = Exchange(SMART)
    service.ask(provider=OTHER_METERING)
    before = service.point()
    assert service.reply(provider=provider) == []
    assert service.point() == before


def test_an_answer_comes_into_force_once() -> None:
    """A second answer of the provider sends nothing and changes nothing."""
    service = Exchange(SMART)
    service.ask(provider=OTHER_METERING)
    service.reply(provider=OTHER_METERING)
    before = service.point()
    assert service.reply(provider=OTHER_METERING, code="SP004") == []
    assert service.point() == before


def test_a_message_that_comes_twice_is_applied_once() -> None:
    """A second delivery of one transaction asks nobody a second time."""
    service = Exchange(SMART)
    payload = dict(request(provider=OTHER_METERING).payload)
    assert len(service.hand(payload, "T-1")) == 2
    assert service.hand(payload, "T-1") == []
    assert len(service.point().appointments) == 1


def test_a_later_request_supersedes_an_open_one() -> None:
    """The earlier request ends with REG1089; only the later provider can become active."""
    service = Exchange({"mpan": MPAN, "supplier": SUPPLIER, "data_service": DATA})
    service.ask(provider=METERING)
    sent = service.ask(provider=OTHER_METERING)
    assert named(sent) == ["IF-035 MSAppRejected", "IF-032 MSAppInitialResp", "IF-033 MSAppSPRequest"]
    assert outcome(sent[0]) == ("R", "REG1089")
    assert sent[0].primary == (SUPPLIER, METERING)
    assert service.reply(provider=METERING) == []
    assert named(service.reply(provider=OTHER_METERING)) == ["IF-035 MSAppAccepted"]
    assert [message.primary for message in service.reach(midnight(3))] == [(OTHER_METERING,)]


def test_an_accepted_appointment_that_is_superseded_lapses() -> None:
    """After an acceptance a request for an earlier date makes it lapse, and its date changes nothing."""
    service = Exchange(SMART)
    service.ask(provider=OTHER_METERING, effective=midnight(9))
    service.reply(provider=OTHER_METERING)
    sent = service.ask(provider=METERING, scenario="USP")
    assert named(sent) == ["IF-035 MSAppLapsed", "IF-032 MSAppInitialResp", "IF-033 MSAppSPRequest"]
    assert sent[0].primary == (SUPPLIER, OTHER_METERING)
    assert outcome(sent[0]) == ("L", "REG1089")
    service.reply(provider=METERING)
    service.reach(midnight(10))
    assert [dip_id for dip_id, _ in service.tenures("metering_service")] == [METERING, METERING]


def test_a_request_for_a_later_date_waits_its_turn() -> None:
    """While a provider has an earlier request, a later one is accepted, queued, and asked for afterwards."""
    service = Exchange(SMART)
    service.ask(provider=OTHER_METERING)
    assert named(service.ask(provider=METERING, effective=midnight(9))) == ["IF-032 MSAppInitialResp"]
    sent = service.reply(provider=OTHER_METERING)
    assert named(sent) == ["IF-035 MSAppAccepted", "IF-035 IMS-SendMTD", "IF-033 MSAppSPRequest"]
    assert sent[2].primary == (METERING,)
    service.reply(provider=METERING)
    service.reach(midnight(10))
    assert [dip_id for dip_id, _ in service.tenures("metering_service")] == [
        METERING,
        OTHER_METERING,
        METERING,
    ]


def test_the_rules_are_held_against_a_request_again_when_it_is_its_turn() -> None:
    """A queued request that now proposes the provider in place is rejected to its supplier alone."""
    service = Exchange(SMART)
    service.ask(provider=OTHER_METERING)
    service.ask(provider=METERING, effective=midnight(9))
    sent = service.reply(provider=OTHER_METERING, code="SP004")
    assert named(sent) == ["IF-035 MSAppRejected", "IF-035 MSAppRejected"]
    assert outcome(sent[1]) == ("R", "REG1026")
    assert sent[1].primary == (SUPPLIER,)


def test_silence_lapses() -> None:
    """A request that nobody answers ends on its date; the answer that then comes changes nothing."""
    service = Exchange(SMART)
    service.ask(provider=OTHER_METERING)
    sent = service.reach(midnight(3))
    assert named(sent) == ["IF-035 MSAppLapsed"]
    assert sent[0].primary == (SUPPLIER, OTHER_METERING)
    assert service.reply(provider=OTHER_METERING) == []
    assert service.tenures("metering_service") == [(METERING, None)]


def test_a_provider_has_its_time_to_answer_although_the_date_is_reached() -> None:
    """A request for tomorrow may be answered within the time that the settings give."""
    service = Exchange(SMART)
    service.ask(provider=OTHER_METERING, effective=midnight(1))
    assert service.reach(NOW + timedelta(hours=47)) == []
    sent = service.reply(provider=OTHER_METERING)
    assert named(sent)[-2:] == ["IF-036 MSAppActive", "IF-037 MSDeApp"]
    assert service.tenures("metering_service")[1:] == [(OTHER_METERING, None)]
    assert service.point().since(Item.METERING_SERVICE, service.now) == midnight(1)


def test_an_effective_date_that_has_passed_acts_at_once_and_from_its_date() -> None:
    """The current supplier's appointment whose date is behind is active from that date, known from now."""
    service = Exchange(SMART)
    service.ask(provider=OTHER_METERING, effective=midnight(-2))
    sent = service.reply(provider=OTHER_METERING)
    assert named(sent)[-2:] == ["IF-036 MSAppActive", "IF-037 MSDeApp"]
    point = service.point()
    held = point.at(Item.METERING_SERVICE, midnight(-1))
    assert held.dip_id == OTHER_METERING
    assert point.at(Item.METERING_SERVICE, midnight(-1), NOW - timedelta(hours=1)).dip_id == METERING


def test_what_is_due_together_happens_by_date() -> None:
    """When the clock jumps past two effective dates, the earlier appointment becomes active first."""
    service = Exchange(SMART)
    service.ask(provider=OTHER_METERING, effective=midnight(5))
    service.reply(provider=OTHER_METERING)
    service.ask(Service.DATA, provider=OTHER_DATA, effective=midnight(2))
    service.reply(Service.DATA, provider=OTHER_DATA)
    sent = service.reach(midnight(9))
    assert [message.event for message in sent] == ["DSAppActive", "DSDeApp", "MSAppActive", "MSDeApp"]
    ended = sent[1].custom["B009"]
    assert isinstance(ended, Mapping)
    assert ended["dataServiceEffectiveToDate"] == midnight(2).isoformat()


def test_who_left_without_a_successor_is_told_of_him() -> None:
    """A provider comes after a gap: his predecessor learns his name by an update, not by a de-appointment."""
    gone = [{"dip_id": METERING}]
    service = Exchange({**SMART, "metering_service": gone})
    service.register.keep(service.point().put(Item.METERING_SERVICE, None, midnight(-3), NOW))
    service.ask(provider=OTHER_METERING)
    service.reply(provider=OTHER_METERING)
    sent = service.reach(midnight(3))
    assert named(sent) == ["IF-036 MSAppActive", "IF-037 MSDeAppUpdate"]
    assert sent[1].primary == (METERING,)


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


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("service", list(Service))
def test_every_message_of_the_exchange_is_valid(release: str, service: Service) -> None:
    """In every release each message that registration sends is valid and says what it must."""
    incoming = {Service.METERING: OTHER_METERING, Service.DATA: OTHER_DATA}[service]
    registrar = Exchange(SMART, release=release)
    registrar.ask(service, provider=incoming)
    registrar.reply(service, provider=incoming)
    registrar.reach(midnight(3))
    assert len(registrar.sent) == 6
    for message in registrar.sent:
        payload = written(message, registrar.acting())
        assert message.release == release
        assert payload["CommonBlock"]["S1"]["senderDIPID"] == REGISTRATION
        assert payload["CommonBlock"]["M0"]["MPANCore"] == MPAN
        assert payload["CommonBlock"]["A0"]["primaryRecipients"] == list(message.primary)
        block = payload["CustomBlock"].get(WORDS[service].proposal)
        assert block is None or block[WORDS[service].proposed_dip_id] == incoming
        assert "B012" not in payload["CustomBlock"] or SUPPLIER in payload["CustomBlock"]["B012"].values()
