"""Disconnection, reconnection and de-registration (IF-009): the table, who hears of it, and what ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.calendars.local_time import clock_midnight, local_date
from harness.clock import message_time
from harness.errors import ConfigurationError
from harness.spec.release import names
from simulators.registration.items import Item
from simulators.registration.processes.disconnection import FORMS, TRANSITIONS
from simulators.registration.request import Stage
from tests.simulators.participants.publications import (
    DATA,
    METERING,
    MPAN,
    NOW,
    OTHER_DATA,
    SUPPLIER,
)
from tests.simulators.registration.service import Service, named

DAY = timedelta(days=1)
POINT = {
    "mpan": MPAN, "supplier": SUPPLIER, "metering_service": METERING, "data_service": DATA,
    "mp_status": "T", "rmp_status": "O",
}  # fmt: skip
BLOCKS = {
    "mpan-disconnected": ("MPANDisconnection", "B041", "disconnectionEffectiveFromDate"),
    "mpan-reconnected": ("MPANReconnection", "B098", "reconnectionEffectiveFromDate"),
    "css-deregistered": ("CSSDeRegistration", "B042", "CSSMPANDeRegistrationDate"),
}


@pytest.mark.parametrize("release", names())
@pytest.mark.parametrize("word", BLOCKS)
def test_each_event_has_its_date_and_the_new_status(release: str, word: str) -> None:
    """IF-009 names the date; the enquiry service gets the new status as well."""
    point = {**POINT, "mp_status": "X"} if word == "mpan-reconnected" else POINT
    service = Service(point, release=release)
    sent = service.tell(word, effective=message_time(NOW - DAY))
    event, block, field = BLOCKS[word]
    assert named(sent)[-2:] == [f"IF-009 {event}", "IF-050 MPStatusChange"]
    assert sent[-2].custom[block][field] == message_time(NOW - DAY)
    assert sent[-2].primary == ((SUPPLIER,) if word == "css-deregistered" else ())
    transition = TRANSITIONS[word, point["mp_status"], "O"]
    assert service.point().at(Item.MP_STATUS, NOW - DAY) == transition.mp_status or point["mp_status"]
    assert sent[-1].custom["B079"]["RMPStatus"] == (transition.rmp_status or "O")


def waiting(service: Service) -> None:
    """Ask for another data service, which does not answer."""
    sent = service.receive("IF-031", "DSApp", SUPPLIER, custom={"B013": None, "B071": {
        "appointmentScenario": "CSP",
        "proposedDataServiceDIPID": OTHER_DATA,
        "proposedDataServiceMPID": "SDSB",
        "proposedDataServiceDIPEffectiveFromDate": message_time(clock_midnight(local_date(NOW + 5 * DAY))),
        "supplierNominatedMDRDIPID": None,
        "supplierNominatedMDRMPID": None,
        "supplierNominatedMDREffectiveFromDate": None,
        "supplierProposedConsentGranularity": "H",
    }})  # fmt: skip
    assert named(sent) == ["IF-032 DSAppInitialResp", "IF-033 DSAppSPRequest"], sent[0].common


def test_a_disconnection_leaves_services_and_requests_alone() -> None:
    """Only the statuses change: the services are not told, and what is queued goes on."""
    service = Service(POINT)
    waiting(service)
    sent = service.tell("mpan-disconnected", note="demolished")
    assert named(sent) == ["IF-009 MPANDisconnection", "IF-050 MPStatusChange"]
    assert sent[0].custom["B041"]["additionalInformation"] == "demolished"
    assert service.point().at(Item.METERING_SERVICE, NOW).dip_id == METERING
    assert [each.open for each in service.point().appointments] == [True]


def test_a_de_registration_ends_services_and_requests() -> None:
    """Both services leave with the reason DEREG and without successor; the request lapses."""
    service = Service(POINT)
    waiting(service)
    sent = service.tell("css-deregistered")
    assert named(sent) == [
        "IF-037 MSDeApp",
        "IF-037 DSDeApp",
        "IF-035 DSAppLapsed",
        "IF-009 CSSDeRegistration",
        "IF-050 MPStatusChange",
    ]
    assert [message.primary for message in sent[:2]] == [(METERING,), (DATA,)]
    assert sent[3].primary == (SUPPLIER,)
    assert sent[0].custom["B008"]["deAppointmentReasonCode"] == "DEREG"
    assert sent[0].custom["B010"] is None
    assert service.point().at(Item.METERING_SERVICE, NOW) is None
    assert service.point().at(Item.DATA_SERVICE, NOW) is None
    assert [each.stage for each in service.point().appointments] == [Stage.LAPSED]


@pytest.mark.parametrize("word", FORMS)
@pytest.mark.parametrize("mp", "NRTX")
@pytest.mark.parametrize("rmp", "COT")
def test_what_the_table_lacks_cannot_happen(word: str, mp: str, rmp: str) -> None:
    """A pair with a row changes the statuses as it says; one without is refused and changes nothing."""
    service = Service({**POINT, "mp_status": mp, "rmp_status": rmp})
    transition = TRANSITIONS.get((word, mp, rmp))
    if transition is None:
        with pytest.raises(ConfigurationError, match="can't happen"):
            service.tell(word)
        expected = (mp, rmp)
    else:
        service.tell(word)
        expected = (transition.mp_status or mp, transition.rmp_status or rmp)
    assert (service.point().at(Item.MP_STATUS, NOW), service.point().at(Item.RMP_STATUS, NOW)) == expected


@given(st.lists(st.sampled_from(sorted(FORMS)), max_size=8))
@settings(max_examples=30, deadline=None)
def test_nothing_happens_after_a_de_registration(words: list[str]) -> None:
    """A terminated point stays terminated, and no later event of it is accepted or told."""
    service, ended = Service(POINT), False
    for word in words:
        try:
            sent = service.tell(word)
        except ConfigurationError:
            continue
        assert not ended
        assert named(sent)[-2].startswith("IF-009")
        ended = word == "css-deregistered"
    assert (service.point().at(Item.RMP_STATUS, NOW) == "T") is ended


def test_a_date_in_the_future_is_refused() -> None:
    """Registration is told what has happened."""
    with pytest.raises(ConfigurationError, match="in the future"):
        Service(POINT).tell("mpan-disconnected", effective=message_time(NOW + DAY))
