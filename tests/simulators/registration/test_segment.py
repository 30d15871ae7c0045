"""The market segment (IF-044): it follows meters and connection once services of the new one are accepted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from harness.calendars.local_time import clock_midnight, local_date
from harness.clock import message_time
from harness.spec.release import names
from simulators.participants.behaviours import Outgoing
from simulators.registration.items import Item
from simulators.registration.services import WORDS
from simulators.registration.services import Service as Kind
from tests.simulators.participants.publications import DATA, FIRST, METERING, MPAN, NOW, SUPPLIER
from tests.simulators.registration.service import Service, named
from tests.simulators.registration.verdicts import code_of

DAY = timedelta(days=1)
MSA, ADS = FIRST["MSA"], FIRST["ADS"]
PROVIDER = {Kind.METERING: (MSA, "MSAA"), Kind.DATA: (ADS, "ADSA")}
SINCE = NOW - 300 * DAY
VISIT = NOW - timedelta(hours=50)
SMART = {
    "serial": "SMART1", "kind": "S2ADE", "esme": "0C-A2-F4-00-00-76-21-BC", "location": "K", "digits": 5,
    "installed": message_time(SINCE),
}  # fmt: skip
POINT = {
    "mpan": MPAN, "supplier": {"dip_id": SUPPLIER, "from": message_time(SINCE)}, "connection_type": "W",
    "metering_service": {"dip_id": METERING, "from": message_time(SINCE)}, "market_segment": "S",
    "data_service": {"dip_id": DATA, "from": message_time(SINCE)}, "consent": "D", "meters": [SMART],
    "energy_direction": "I",
}  # fmt: skip


def accepted(service: Service, *kinds: Kind) -> None:
    """Ask providers of the advanced segment by scenario SEG, then have them accept."""
    for kind in kinds:
        ask(service, kind)
    for kind in kinds:
        accept(service, kind)


def ask(service: Service, kind: Kind) -> None:
    """Ask for a provider of the advanced segment."""
    words, (provider, mpid) = WORDS[kind], PROVIDER[kind]
    block = {
        "appointmentScenario": "SEG",
        words.proposed_dip_id: provider,
        words.proposed_mpid: mpid,
        words.proposed_from: message_time(clock_midnight(local_date(NOW + 5 * DAY))),
    }
    if kind is Kind.DATA:
        block |= {
            "supplierNominatedMDRDIPID": None, "supplierNominatedMDRMPID": None,
            "supplierNominatedMDREffectiveFromDate": None, "supplierProposedConsentGranularity": "H",
        }  # fmt: skip
    sent = service.receive(
        "IF-031", f"{words.prefix}App", SUPPLIER, custom={"B013": None, words.proposal: block}
    )
    assert named(sent)[-1] == f"IF-033 {words.prefix}AppSPRequest", sent[0].common


def accept(service: Service, kind: Kind) -> None:
    """Accept the appointment."""
    words, (provider, _) = WORDS[kind], PROVIDER[kind]
    answer = {
        "B007": {
            "responseCode": "A",
            "proposedAppointmentResponseCode": "SP000 - Proposed Appointment ACCEPTED",
        },
        "B012": {"serviceProviderAppointmentRequestingSupplierDIPID": SUPPLIER},
        "B013": None,
        "B018": None,
    }
    sent = service.receive("IF-034", f"{words.prefix}AppSPResponse", provider, custom=answer)
    assert named(sent)[0] == f"IF-035 {words.prefix}AppAccepted"


def exchange(service: Service, sender: str = MSA) -> list[Outgoing]:
    """Exchange the smart meter for an advanced one."""
    meter = {
        "meterID": "ADV1", "meterType": "H", "manufacturersMakeAndType": "MAKE", "ESMEGUID": None,
        "meterLocation": "M", "numberOfDisplayedRegisterDigits": 7, "modifiedMeterID": None,
        "meterInstallationDate": message_time(VISIT),
    }  # fmt: skip
    owner = {"meterAssetProviderID": "MAPA", "meterAssetProviderEffectiveFromDate": message_time(VISIT)}
    custom: dict[str, Any] = {
        "B906": {"existingMeter": meter, "historyMAP": [owner]},
        "B039": {"meterIDRemoved": "SMART1", "meterRemovalDate": message_time(VISIT)},
        "B030": None,
    }
    return service.receive("IF-005", "MeterExchange", sender, custom=custom)


BOTH = [
    "IF-044 MarketSegmentChange",
    "IF-036 MSAppActive",
    "IF-037 MSDeApp",
    "IF-036 DSAppActive",
    "IF-037 DSDeApp",
]


@pytest.mark.parametrize("release", names())
def test_an_exchange_by_the_accepted_service_changes_the_segment(release: str) -> None:
    """IF-006, IF-044, then the services change, at the midnight that began the day of the visit."""
    service = Service(POINT, release=release)
    accepted(service, *Kind)
    sent = exchange(service)
    assert named(sent) == ["IF-006 MeterExchange", *BOTH]
    midnight = clock_midnight(local_date(VISIT))
    assert sent[1].custom["B026"] == {
        "marketSegmentIndicator": "A",
        "marketSegmentIndicatorEffectiveFromDate": message_time(midnight),
    }
    ended = next(message for message in sent if message.event == "MSDeApp").custom["B008"]
    assert (ended["deAppointmentReasonCode"], ended["meteringServiceEffectiveToDate"]) == (
        "CSEGM",
        message_time(midnight),
    )
    point = service.point()
    assert point.since(Item.MARKET_SEGMENT, NOW) == midnight
    assert (point.at(Item.METERING_SERVICE, NOW).dip_id, point.at(Item.DATA_SERVICE, NOW).dip_id) == (
        MSA,
        ADS,
    )


def test_a_change_of_connection_gives_its_own_reason() -> None:
    """The DCC is told, the segment changes, and the services leave with CCONN."""
    service = Service(POINT)
    accepted(service, *Kind)
    sent = service.tell("connection-type-changed", value="L")
    assert named(sent)[:2] == ["IF-043 ConnectionTypeChange", "IF-044 MarketSegmentChange"]
    assert named(sent)[-4:] == BOTH[1:]
    assert sent[-1].custom["B009"]["deAppointmentReasonCode"] == "CCONN"


def test_without_accepted_services_the_supplier_is_reminded_once() -> None:
    """The segment stays; the supplier hears of it when the meters first ask for another one."""
    service = Service(POINT)
    sent = exchange(service, METERING)
    assert named(sent) == ["IF-006 MeterExchange", "IF-045 InvalidMarketSegment"]
    assert sent[1].primary == (SUPPLIER,)
    assert service.point().at(Item.MARKET_SEGMENT, NOW) == "S"
    assert named(service.tell("connection-type-changed", value="L")) == ["IF-043 ConnectionTypeChange"]


def test_an_exchange_within_the_segment_changes_nothing() -> None:
    """Where the meters ask for the segment that is held, nothing but the outcome is sent."""
    service = Service({**POINT, "market_segment": "A", "consent": "H"})
    assert named(exchange(service, METERING)) == ["IF-006 MeterExchange"]


def test_services_that_are_accepted_after_the_exchange_become_active() -> None:
    """The first acceptance changes the segment, unsuited to the consent; the second brings its own."""
    service = Service(POINT)
    exchange(service, METERING)
    accepted(service, *Kind)
    sent = named(service.sent)
    changed = ["IF-044 MarketSegmentChange", "IF-036 MSAppActive", "IF-037 MSDeApp"]
    assert [each for each in sent if each in changed] == changed
    assert sent.count("IF-045 ConsentGranularityInvalid") == 1
    assert sent[-2:] == ["IF-036 DSAppActive", "IF-037 DSDeApp"]
    point = service.point()
    assert point.at(Item.MARKET_SEGMENT, NOW) == "A"
    assert (point.at(Item.METERING_SERVICE, NOW).dip_id, point.at(Item.DATA_SERVICE, NOW).dip_id) == (
        MSA,
        ADS,
    )


def test_what_does_not_become_effective_in_its_window_lapses() -> None:
    """REG1037 to supplier and provider when the window is over, with a reminder; not a second earlier."""
    service = Service(POINT)
    accepted(service, Kind.METERING)
    (appointment,) = service.point().appointments
    assert appointment.held_until is not None
    assert service.reach(appointment.held_until - timedelta(seconds=1)) == []
    sent = service.reach(appointment.held_until)
    assert named(sent) == ["IF-035 MSAppLapsed", "IF-045 InvalidMarketSegment"]
    assert sent[0].primary == (SUPPLIER, MSA)
    assert sent[0].custom["B007"]["proposedAppointmentResponseCode"].startswith("REG1037")
    assert code_of(exchange(service)) == "REG1027"


def test_two_services_that_lapse_at_once_are_one_reminder() -> None:
    """The reminder is of the metering point's segment: with both services gone the supplier hears it once."""
    service = Service(POINT)
    accepted(service, *Kind)
    (until,) = {each.held_until for each in service.point().appointments}
    assert until is not None
    sent = named(service.reach(until))
    assert sent == ["IF-035 MSAppLapsed", "IF-035 DSAppLapsed", "IF-045 InvalidMarketSegment"]


def test_an_exchange_in_the_window_keeps_the_appointment() -> None:
    """Once the segment has changed, the end of the window means nothing."""
    service = Service(POINT)
    accepted(service, Kind.METERING)
    (appointment,) = service.point().appointments
    exchange(service)
    assert appointment.held_until is not None
    assert service.reach(appointment.held_until) == []
    assert service.point().at(Item.METERING_SERVICE, service.now).dip_id == MSA
