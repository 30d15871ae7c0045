"""What distributors maintain (IF-018), the connection type (IF-043) and the enquiry service (IF-050)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from harness.calendars.local_time import clock_midnight, local_date
from harness.clock import message_time
from harness.errors import ConfigurationError
from harness.messages.identifiers import mpan
from harness.spec.release import names
from simulators.registration.items import GreenDeal, Item
from simulators.registration.processes.distributor_data import KINDS
from tests.simulators.participants.publications import DATA, METERING, MPAN, NOW, SUPPLIER
from tests.simulators.registration.service import Service, named

DAY = timedelta(days=1)
POINT = {
    "mpan": MPAN, "supplier": SUPPLIER, "metering_service": METERING, "data_service": DATA,
    "connection_type": "W", "energy_direction": "I", "metered": True, "consent": "D", "market_segment": "S",
    "gsp_group": "_A",
}  # fmt: skip
ADDRESS = {"lines": ["1", None, None, None, None, None, None, "TOWN", None], "postcode": "AB1 2CD"}
VALUES: dict[str, tuple[object, str, str, object]] = {
    "address-changed": (ADDRESS, "B022", "meteringPointPostcode", "AB1 2CD"),
    "gsp-group-changed": ("_B", "B001", "GSPGroupEffectiveFromDate", message_time(NOW + DAY)),
    "dcc-service-flag-changed": ("A", "B029", "DCCServiceFlag", "A"),
    "domestic-indicator-changed": (True, "B028", "domesticPremiseIndicator", True),
    "duos-tariff-changed": ("211", "B024", "DUOSTariffID", "211"),
    "energy-direction-changed": ("I", "B023", "energyDirection", "I"),
    "metered-indicator-changed": (False, "B023", "meteredIndicator", False),
}
"""By word: what is told, and where it must stand in the message."""


@pytest.mark.parametrize("release", names())
@pytest.mark.parametrize("word", KINDS)
def test_what_a_distributor_changes_is_told_and_recorded(release: str, word: str) -> None:
    """Each word leads to its event with the new value, and to the record from the date on."""
    value, block, field, written = VALUES[word]
    service = Service(POINT, release=release)
    before = service.point().at(KINDS[word].item, NOW)
    sent = service.tell(word, value=value, effective=message_time(NOW + DAY))
    assert named(sent) == [f"IF-018 {KINDS[word].event}"]
    assert sent[0].custom[block][field] == written
    assert service.point().at(KINDS[word].item, NOW) == before
    assert service.point().since(KINDS[word].item, NOW + DAY) == NOW + DAY


def test_a_point_that_turns_to_export_needs_another_consent() -> None:
    """The supplier is reminded once of a consent that its point can no longer have."""
    service = Service(POINT)
    sent = service.tell("energy-direction-changed", value="E")
    assert named(sent) == ["IF-018 EnergyDirection", "IF-045 ConsentGranularityInvalid"]
    assert sent[1].primary == (SUPPLIER,)
    assert named(service.tell("energy-direction-changed", value="E")) == ["IF-018 EnergyDirection"]


@pytest.mark.parametrize(
    ("word", "content", "reason"),
    [
        ("duos-tariff-changed", {}, "no value"),
        ("energy-direction-changed", {"value": "Q"}, "expected one of I, E"),
        ("duos-tariff-changed", {"value": "211", "effective": "soon"}, "no time"),
        ("connection-type-changed", {"value": "L", "effective": message_time(NOW + DAY)}, "in the future"),
        ("duos-tariff-changed", {"value": "211", "mpan": mpan("10", 999)}, "not in its register"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(
    word: str, content: dict[str, Any], reason: str
) -> None:
    """A value or date that can't be, and an unknown MPAN, are mistakes of whoever tells them."""
    with pytest.raises(ConfigurationError, match=reason):
        Service(POINT).tell(word, **content)


@pytest.mark.parametrize("release", names())
def test_the_dcc_hears_of_another_connection_type(release: str) -> None:
    """IF-043 has the new type and its date; nothing else is sent while the segment suits."""
    service = Service({**POINT, "market_segment": "A"}, release=release)
    sent = service.tell("connection-type-changed", value="L")
    assert named(sent) == ["IF-043 ConnectionTypeChange"]
    assert sent[0].custom["B023"]["connectionTypeIndicator"] == "L"
    assert sent[0].custom["B023"]["connectionTypeEffectiveFromDate"] == message_time(NOW)
    assert service.point().at(Item.CONNECTION_TYPE, NOW - DAY) == "W"


@pytest.mark.parametrize("release", names())
def test_a_new_point_is_created_and_told_to_the_enquiry_service(release: str) -> None:
    """What is told is on record; without a status the point is new and created, and has no supplier."""
    service, new = Service(POINT, release=release), mpan("10", 700)
    sent = service.tell("mpan-created", mpan=new, connection_type="L", market_segment="A", gsp_group="_A")
    assert named(sent) == ["IF-050 MPANCreation"]
    assert sent[0].mpan == new
    assert (sent[0].custom["B079"]["MPStatus"], sent[0].custom["B079"]["RMPStatus"]) == ("N", "C")
    assert sent[0].custom["B026"]["marketSegmentIndicator"] == "A"
    assert service.point(new).at(Item.CONNECTION_TYPE, NOW) == "L"
    assert service.point(new).supplier_at(NOW) is None
    with pytest.raises(ConfigurationError, match="already"):
        service.tell("mpan-created", mpan=new)


@pytest.mark.parametrize("release", names())
def test_a_green_deal_begins_and_ends(release: str) -> None:
    """IF-050 carries both dates; at the end there is no start any more."""
    service = Service(POINT, release=release)
    begun = service.tell("green-deal", start=message_time(NOW), until=message_time(NOW + 9 * DAY))
    ended = service.tell("green-deal")
    assert named(begun) == named(ended) == ["IF-050 GreenDeal"]
    assert begun[0].custom["B080"] == {
        "greenDealEffectiveFromDate": message_time(NOW),
        "greenDealEffectiveToDate": message_time(NOW + 9 * DAY),
    }
    assert ended[0].custom["B080"]["greenDealEffectiveFromDate"] is None
    assert service.point().history(Item.GREEN_DEAL).versions[0].value == GreenDeal(NOW, NOW + 9 * DAY)


def test_a_new_point_is_operational_from_its_first_supply_on() -> None:
    """Created, registered and started: the enquiry service hears of the status at the supply start."""
    service, new = Service(POINT), mpan("10", 700)
    start = clock_midnight(local_date(NOW + 5 * DAY))
    service.tell("mpan-created", mpan=new, connection_type="W", market_segment="S", gsp_group="_A")
    service.tell(
        "switch-pending",
        mpan=new,
        registration="REG-N",
        supplier=SUPPLIER,
        effective=message_time(start),
        initial=True,
    )
    service.tell("switch-confirmed", mpan=new)
    assert named(service.tell("switch-secured-active", mpan=new)) == ["IF-001 InitialRegistration"]
    assert service.point(new).at(Item.RMP_STATUS, NOW) == "C"
    sent = service.reach(start)
    status = [message for message in sent if message.interface == "IF-050"]
    assert [(m.custom["B079"]["MPStatus"], m.custom["B079"]["RMPStatus"]) for m in status] == [("T", "O")]
    assert service.point(new).since(Item.RMP_STATUS, start) == start
